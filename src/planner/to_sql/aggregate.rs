//! Groups of rows as SQL: the values of each row, one grouping over them, then the JSON of each group.
//!
//! Three levels, because a key with a bind parameter in it (a time zone) is not the same expression twice for PostgreSQL, and
//! because relations of keys are joined to the few groups, not to the rows.

use crate::base::ScalarType;
use crate::base::{ColumnName, Value};
use crate::planner::aggregate::{
    AggregateField, AggregateInput, AggregatePlan, BucketUnit, DateBucket, GroupKey, GroupOrder, GroupOrderBy, KeyField, Measure,
    MeasureField, MeasureIndex, Statistic, key_label,
};
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::filter::filter_condition;
use crate::planner::to_sql::relation::to_one_join;
use crate::planner::to_sql::row::{json_rows, row_object};
use crate::sql::{Alias, Column, CompareOp, Expr, From, Join, OrderTerm, Select};

/// The number of a group in the order of the groups. No response key has this name: GraphQL names have no `#`.
const PLACE: &str = "#place";

/// Renders an aggregate over the rows for which `condition` holds too: one row with `j` (the array of groups), `rows` (how many
/// groups) and, where reads are audited, `seen`.
pub(crate) fn aggregate_select(
    plan: &AggregatePlan,
    condition: impl FnOnce(Alias) -> Option<Expr>,
    aliases: &mut Aliases,
) -> Select {
    let groups = aliases.next();
    let mut parts = GroupParts { plan, groups, joins: Vec::new(), seen: Vec::new() };
    let has_joins = plan.key_rows().any(|relation| !relation.row.source.is_empty());
    let grouped = grouped(plan, condition, aliases);
    // The groups come in their order; only joins could mix them up.
    let grouped = if has_joins { numbered(grouped, aliases) } else { grouped };
    let columns = plan.fields.iter().map(|(label, field)| Column::new(parts.field(field, aliases), label.clone())).collect();
    let GroupParts { joins, seen, .. } = parts;
    let mut select = Select::new(Vec::new(), From::Subselect(Box::new(grouped), groups));
    select.joins = joins;
    if has_joins {
        select.order = vec![ascending(Expr::labelled(groups, PLACE))];
    }
    let seen = (!seen.is_empty()).then(|| Expr::Call("concat_ws", [vec![Expr::Fixed("','")], seen].concat()));
    let has_seen = seen.is_some();
    let rows = json_rows(select, columns, seen, aliases);
    let all = aliases.next();
    let aggregate = |function, label| Expr::Aggregate { function, argument: Box::new(Expr::labelled(all, label)), filter: None };
    let list = Expr::Call("coalesce", vec![aggregate("json_agg", "j"), Expr::Fixed("'[]'::json")]);
    let mut columns = vec![Column::fixed(list, "j"), Column::fixed(Expr::Fixed("count(*)"), "rows")];
    if has_seen {
        let seen = Expr::Call("string_agg", vec![Expr::labelled(all, "seen"), Expr::Fixed("','")]);
        columns.push(Column::fixed(seen, "seen"));
    }
    Select::new(columns, From::Subselect(Box::new(rows), all))
}

/// The groups in their order: keys `k0`, `k1`, ..., measures `m0`, ....
fn grouped(plan: &AggregatePlan, condition: impl FnOnce(Alias) -> Option<Expr>, aliases: &mut Aliases) -> Select {
    let values = aliases.next();
    let row = aliases.next();
    let base = base(plan, row, condition);
    let keys: Vec<Expr> = (0..plan.keys.len()).map(|index| Expr::labelled(values, &key_label(index))).collect();
    let mut columns: Vec<Column> = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        columns.push(labelled(key.clone(), &key_label(index)));
    }
    for (index, measure) in plan.measures.iter().enumerate() {
        columns.push(labelled(measure_expr(plan, measure, values), &measure_label(MeasureIndex(index))));
    }
    let mut select = Select::new(columns, From::Subselect(Box::new(base), values));
    select.group = keys;
    let having = plan.having.iter().map(|(index, test)| having_condition(plan, &plan.measures[index.0], test, values));
    let is_large = plan.floor.rows().map(|rows| is_at_least(Expr::Fixed("count(*)"), rows));
    select.having = Some(Expr::all(is_large.into_iter().chain(having))).filter(|having| !having.is_always());
    if plan.keys.is_empty() {
        // Without keys there is one group, also of no rows.
        if select.columns.is_empty() {
            select.columns.push(Column::bare(Expr::Fixed("count(*)")));
        }
        return select;
    }
    select.order = plan.order.iter().map(|term| order_term(plan, term, values)).collect();
    select.limit = Some(plan.first);
    select
}

/// The groups with their number in the order. `row_number() over ()` numbers the rows as they come: the order has to be in a
/// subselect of its own.
fn numbered(groups: Select, aliases: &mut Aliases) -> Select {
    let ordered = aliases.next();
    let columns = vec![Column::bare(Expr::WholeRow(ordered)), Column::fixed(Expr::Fixed("row_number() over ()"), PLACE)];
    Select::new(columns, From::Subselect(Box::new(groups), ordered))
}

/// The rows with the values that are grouped and computed: `k0`, ..., `v0`, .... A collection that the caller may not read at
/// all is not even named, for the database role may lack the privilege.
fn base(plan: &AggregatePlan, row: Alias, condition: impl FnOnce(Alias) -> Option<Expr>) -> Select {
    let is_empty = plan.source.is_empty();
    let value = |input: &AggregateInput| if is_empty { typed_null(input.column.scalar()) } else { known_value(input, row) };
    let keys = plan.keys.iter().enumerate().map(|(index, key)| {
        let value = value(&plan.inputs[key.input]);
        labelled(bucketed(value, key), &key_label(index))
    });
    let values = plan.inputs.iter().enumerate().map(|(index, input)| labelled(value(input), &value_label(index)));
    let mut columns: Vec<Column> = keys.chain(values).collect();
    if columns.is_empty() {
        columns.push(Column::bare(Expr::Fixed("1")));
    }
    if is_empty {
        return Select { columns, filter: Some(Expr::never()), ..Select::default() };
    }
    let (from, rule) = plan.source.source(row);
    let conditions = [condition(row), Some(rule), Some(filter_condition(&plan.filter, row, 0))];
    Select::new(columns, from).filtered(Expr::all(conditions.into_iter().flatten()))
}

/// The value as the caller may know it. A relation to a hidden row counts as none: groups must not tell hidden rows apart.
fn known_value(input: &AggregateInput, row: Alias) -> Expr {
    let value = input.column.value(row);
    match &input.target {
        None => value,
        Some(target) if target.is_unrestricted() => value,
        Some(target) if target.is_empty() => typed_null(input.column.scalar()),
        Some(target) => {
            let inner = Alias::Filter(0);
            let (from, rule) = target.source(inner);
            let is_target = Expr::compare(CompareOp::Equal, Expr::column(inner, &ColumnName::new("id")), value.clone());
            let is_known = Expr::Exists(Box::new(Select::new(Vec::new(), from).filtered(Expr::all([is_target, rule]))));
            Expr::Case(vec![(is_known, value)], None)
        }
    }
}

fn typed_null(scalar: ScalarType) -> Expr {
    Expr::Cast(Box::new(Expr::Fixed("null")), scalar.sql_type())
}

fn bucketed(value: Expr, key: &GroupKey) -> Expr {
    let Some(DateBucket { unit, time_zone }) = &key.bucket else { return value };
    let unit = Expr::Fixed(match unit {
        BucketUnit::Hour => "'hour'",
        BucketUnit::Day => "'day'",
        BucketUnit::Week => "'week'",
        BucketUnit::Month => "'month'",
        BucketUnit::Quarter => "'quarter'",
        BucketUnit::Year => "'year'",
    });
    match time_zone {
        Some(time_zone) => Expr::Call("date_trunc", vec![unit, value, Expr::Value(Value::Text(time_zone.clone()))]),
        None => {
            let midnight = Expr::Cast(Box::new(value), "timestamp without time zone");
            Expr::Cast(Box::new(Expr::Call("date_trunc", vec![unit, midnight])), "date")
        }
    }
}

/// What is computed; null where it is of fewer values than may be told of, also for `having` and the order.
fn measure_expr(plan: &AggregatePlan, measure: &Measure, values: Alias) -> Expr {
    let Some(input) = measure.input else { return Expr::Fixed("count(*)") };
    let value = Expr::labelled(values, &value_label(input));
    let aggregate = |function, argument| Expr::Aggregate { function, argument: Box::new(argument), filter: None };
    let known = aggregate("count", value.clone());
    let computed = match measure.statistic {
        Statistic::Count => aggregate("count", value),
        Statistic::CountDistinct => aggregate("count", Expr::Distinct(Box::new(value))),
        Statistic::Sum => aggregate("sum", value),
        Statistic::Avg => Expr::Cast(Box::new(aggregate("avg", value)), measure.scalar.sql_type()),
        Statistic::Min => aggregate("min", value),
        Statistic::Max => aggregate("max", value),
    };
    match plan.floor.rows() {
        Some(rows) => Expr::Case(vec![(is_at_least(known, rows), computed)], None),
        None => computed,
    }
}

/// Whether a count is as large as it has to be to be told of.
pub(crate) fn is_at_least(count: Expr, rows: u32) -> Expr {
    Expr::compare(CompareOp::GreaterOrEqual, count, Expr::Value(Value::BigInt(i64::from(rows))))
}

fn having_condition(plan: &AggregatePlan, measure: &Measure, test: &crate::planner::FilterTest, values: Alias) -> Expr {
    let result = measure_expr(plan, measure, values);
    match test {
        crate::planner::FilterTest::Compare(op, operand) => Expr::compare(*op, result, Expr::Value(operand.clone())),
        // `having` has no other tests.
        _ => Expr::always(),
    }
}

fn order_term(plan: &AggregatePlan, term: &GroupOrder, values: Alias) -> OrderTerm {
    let expr = match term.by {
        GroupOrderBy::Measure(index) => measure_expr(plan, &plan.measures[index.0], values),
        GroupOrderBy::Key(index) => {
            let key = Expr::labelled(values, &key_label(index));
            match &plan.keys[index].enum_order {
                Some(names) => Expr::PlaceIn(Box::new(key), names.clone()),
                None => key,
            }
        }
    };
    OrderTerm { expr, is_descending: term.is_descending, is_nulls_first: Some(term.is_nulls_first) }
}

/// Builds the JSON of a group.
struct GroupParts<'p> {
    plan: &'p AggregatePlan,
    groups: Alias,
    joins: Vec<Join>,
    seen: Vec<Expr>,
}

impl GroupParts<'_> {
    fn field(&mut self, field: &AggregateField, aliases: &mut Aliases) -> Expr {
        match field {
            AggregateField::Typename(name) => text(name),
            AggregateField::Measure(index) => self.measure(*index),
            AggregateField::Keys(fields) => {
                let columns = fields.iter().map(|(label, field)| Column::new(self.key(field, aliases), label.clone())).collect();
                row_object(columns, aliases)
            }
            AggregateField::Measures(fields) => {
                let columns = fields.iter().map(|(label, field)| {
                    let expr = match field {
                        MeasureField::Typename(name) => text(name),
                        MeasureField::Measure(index) => self.measure(*index),
                    };
                    Column::new(expr, label.clone())
                });
                row_object(columns.collect(), aliases)
            }
        }
    }

    fn key(&mut self, field: &KeyField, aliases: &mut Aliases) -> Expr {
        match field {
            KeyField::Typename(name) => text(name),
            KeyField::NotGrouped => Expr::Fixed("null::text"),
            KeyField::Value(index) => shown(Expr::labelled(self.groups, &key_label(*index)), self.plan.keys[*index].scalar),
            KeyField::Row(_, relation) if relation.row.source.is_empty() => Expr::Fixed("null::json"),
            KeyField::Row(_, relation) => {
                let joined = to_one_join(relation, self.groups, aliases);
                self.joins.push(joined.join);
                self.seen.extend(joined.seen);
                joined.json
            }
        }
    }

    fn measure(&self, index: MeasureIndex) -> Expr {
        shown(Expr::labelled(self.groups, &measure_label(index)), self.plan.measures[index.0].scalar)
    }
}

/// Numbers that JSON clients would round are shown as text.
fn shown(value: Expr, scalar: ScalarType) -> Expr {
    match scalar {
        ScalarType::Decimal | ScalarType::BigInt => Expr::Cast(Box::new(value), "text"),
        _ => value,
    }
}

fn measure_label(index: MeasureIndex) -> String {
    format!("m{}", index.0)
}

fn value_label(index: usize) -> String {
    format!("v{index}")
}

fn labelled(expr: Expr, name: &str) -> Column {
    Column { expr, label: crate::sql::Label::new(name) }
}

fn ascending(expr: Expr) -> OrderTerm {
    OrderTerm { expr, is_descending: false, is_nulls_first: None }
}

fn text(text: &str) -> Expr {
    Expr::Cast(Box::new(Expr::Value(Value::Text(text.to_owned()))), "text")
}
