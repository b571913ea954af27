//! The rows of a change as a table expression, and the values that each of them gives.

use crate::base::{ColumnName, ScalarType, Value};
use crate::planner::to_sql::change::{INPUT, cross, id_of, same_id};
use crate::planner::{ChangedRow, EachRow, WriteColumn, WriteValue};
use crate::sql::{Alias, Column, CompareOp, Cte, CteBody, Expr, From, Label, Select};

const VERSION: &str = "if_version";

/// `input(id, event_id, ...)`: the rows to change, with the values that differ from row to row: `v0` for the plan's first
/// column, `g0` for whether a row gives it.
///
/// One row is written as two values and not as two lists of one: for lists PostgreSQL expects ten rows as long as it does not
/// look inside, thinks that a plan for this very list is cheaper, and plans every single change anew, which took longer than
/// the change.
pub(crate) fn input_cte(rows: &[ChangedRow], if_version: Option<&WriteValue>, columns: &[WriteColumn]) -> Cte {
    let value = |value: Value| Expr::Value(value);
    if let [ChangedRow { id, event_id }] = rows {
        let columns = vec![Column::fixed(value(Value::Id(*id)), "id"), Column::fixed(value(Value::Id(*event_id)), "event_id")];
        return Cte { name: INPUT, body: CteBody::Select(Select { columns, ..Select::default() }) };
    }
    let ids = rows.iter().map(|row| Value::Id(row.id)).collect();
    let events = rows.iter().map(|row| Value::Id(row.event_id)).collect();
    let mut input = Input::default();
    input.add("id", &EachRow::of(ScalarType::Id, ids));
    input.add("event_id", &EachRow::of(ScalarType::Id, events));
    if let Some(WriteValue::Each(versions)) = if_version {
        input.add(VERSION, versions);
    }
    for (index, write) in columns.iter().enumerate() {
        let WriteValue::Each(each) = &write.value else { continue };
        input.add(&value_name(index), each);
        if let Some(given) = &each.given {
            let flags = given.iter().copied().map(Value::Boolean).collect();
            input.add(&flag_name(index), &EachRow::of(ScalarType::Boolean, flags));
        }
    }
    let from = From::Unnest(input.arrays, INPUT, input.names);
    Cte { name: INPUT, body: CteBody::Select(Select::new(input.columns, from)) }
}

/// Parallel arrays as they grow.
#[derive(Default)]
struct Input {
    arrays: Vec<Expr>,
    names: Vec<ColumnName>,
    columns: Vec<Column>,
}

impl Input {
    fn add(&mut self, name: &str, each: &EachRow) {
        let column = Expr::labelled(INPUT, name);
        let (scalar, values, column) = if each.is_list {
            // PostgreSQL has no arrays of arrays of different lengths: each list travels as JSON.
            let lists = each.values.iter().map(json_list).collect();
            (ScalarType::Json, lists, list_of(each.scalar, column))
        } else {
            (each.scalar, each.values.clone(), column)
        };
        self.arrays.push(Expr::Value(Value::List(scalar, values)));
        self.names.push(ColumnName::new(name));
        self.columns.push(Column { expr: column, label: Label::new(name) });
    }
}

impl EachRow {
    fn of(scalar: ScalarType, values: Vec<Value>) -> Self {
        Self { scalar, is_list: false, values, given: None }
    }
}

fn json_list(list: &Value) -> Value {
    if list.is_null() { Value::Null(ScalarType::Json) } else { Value::Json(list.to_json()) }
}

/// The array that a JSON list stands for.
fn list_of(scalar: ScalarType, json: Expr) -> Expr {
    let elements = match scalar {
        ScalarType::Json => "jsonb_array_elements",
        _ => "jsonb_array_elements_text",
    };
    let elements = Expr::Call(elements, vec![json.clone()]);
    let array = Expr::ArrayOf(Box::new(Select { columns: vec![Column::bare(elements)], ..Select::default() }));
    Expr::Case(vec![(Expr::IsNotNull(Box::new(json)), Expr::Cast(Box::new(array), array_type(scalar)))], None)
}

fn array_type(scalar: ScalarType) -> &'static str {
    match scalar {
        ScalarType::Id => "uuid[]",
        ScalarType::String | ScalarType::Url | ScalarType::Email => "text[]",
        ScalarType::Int => "integer[]",
        ScalarType::BigInt => "bigint[]",
        ScalarType::Float => "double precision[]",
        ScalarType::Boolean => "boolean[]",
        ScalarType::DateTime => "timestamp with time zone[]",
        ScalarType::Date => "date[]",
        ScalarType::Decimal => "numeric[]",
        ScalarType::Json => "jsonb[]",
    }
}

fn value_name(index: usize) -> String {
    format!("v{index}")
}

fn flag_name(index: usize) -> String {
    format!("g{index}")
}

/// The value that a row of `input` gives a column of the plan; `None` for a column that the plan does not write.
pub(crate) fn given_value(columns: &[WriteColumn], column: &ColumnName) -> Option<Expr> {
    let (index, write) = columns.iter().enumerate().find(|(_, write)| write.column == *column)?;
    Some(match &write.value {
        WriteValue::Same(value) => Expr::Value(value.clone()),
        WriteValue::Each(_) => Expr::labelled(INPUT, &value_name(index)),
    })
}

/// Whether a row of `input` gives the column, if that is not so for all of them.
pub(crate) fn is_given(columns: &[WriteColumn], column: &ColumnName) -> Option<Expr> {
    let (index, write) = columns.iter().enumerate().find(|(_, write)| write.column == *column)?;
    matches!(&write.value, WriteValue::Each(EachRow { given: Some(_), .. })).then(|| Expr::labelled(INPUT, &flag_name(index)))
}

/// The value of a column after the change: the given one, or the stored one where a row gives none.
pub(crate) fn changed_value(columns: &[WriteColumn], column: &ColumnName, stored: Expr) -> Option<Expr> {
    let value = given_value(columns, column)?;
    Some(match is_given(columns, column) {
        Some(is_given) => Expr::Case(vec![(is_given, value)], Some(Box::new(stored))),
        None => value,
    })
}

/// Whether any value differs from row to row.
pub(crate) fn has_values(columns: &[WriteColumn]) -> bool {
    columns.iter().any(|write| matches!(write.value, WriteValue::Each(_)))
}

/// The version that the caller last saw against the one of the row that `alias` names.
pub(crate) fn is_fresh(if_version: Option<&WriteValue>, alias: Alias) -> Expr {
    let stored = Expr::column(alias, &ColumnName::new("version"));
    match if_version {
        None => Expr::Fixed("true"),
        Some(WriteValue::Same(version)) if version.is_null() => Expr::Fixed("true"),
        Some(WriteValue::Same(version)) => Expr::compare(CompareOp::Equal, stored, Expr::Value(version.clone())),
        Some(WriteValue::Each(_)) => {
            let seen = Expr::labelled(INPUT, VERSION);
            Expr::Call("coalesce", vec![Expr::compare(CompareOp::Equal, stored, seen), Expr::Fixed("true")])
        }
    }
}

/// `input.id`
pub(crate) fn input_id() -> Expr {
    id_of(INPUT)
}

/// The stored rows among those of a plan. One row is named by its values alone, several through `input`.
pub(crate) struct StoredRows<'p>(pub(crate) &'p [ChangedRow]);

impl StoredRows<'_> {
    /// `input`, where there has to be one.
    pub(crate) fn cte(&self, if_version: Option<&WriteValue>, columns: &[WriteColumn]) -> Option<Cte> {
        (self.only().is_none()).then(|| input_cte(self.0, if_version, columns))
    }

    /// Adds `input` to a SELECT of the rows that `alias` names, and that they are those of the plan.
    pub(crate) fn joined(&self, mut select: Select, alias: Alias) -> Select {
        match self.only() {
            Some(row) => select.filtered(Expr::compare(CompareOp::Equal, id_of(alias), Expr::Value(Value::Id(row.id)))),
            None => {
                select.joins.insert(0, cross(From::Cte(INPUT, INPUT)));
                select.filtered(same_id(alias, INPUT))
            }
        }
    }

    /// The id of a row's audit event.
    pub(crate) fn event_id(&self) -> Expr {
        self.only().map_or_else(|| Expr::labelled(INPUT, "event_id"), |row| Expr::Value(Value::Id(row.event_id)))
    }

    /// The row, if there is one alone.
    fn only(&self) -> Option<&ChangedRow> {
        if let [row] = self.0 { Some(row) } else { None }
    }
}
