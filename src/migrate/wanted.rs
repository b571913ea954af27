//! The tables that the catalog asks for.

use crate::base::{ColumnName, FieldName, ScalarType, TableName, TypeName, Value};
use crate::catalog::{
    Backfill, Catalog, Collection, CompoundUnique, ConstraintKind, DefaultValue, Field, FieldId, FieldKind, SearchConfig,
    SearchGroup, SearchWeight, ValueLimits, compound_unique_name, constraint_name,
};
use crate::migrate::names;

/// The audit log names users without referencing them: an event outlives whom it names.
const UNREFERENCING: (&str, &str) = ("toolcrib", "audit_events");

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedTable {
    /// Its name.
    pub name: TableName,
    /// The collection that it stores.
    pub type_name: TypeName,
    /// The names that the collection had before.
    pub former_names: Vec<TypeName>,
    /// Whether the platform's own migrations make it; then only columns that the tool adds can be missing.
    pub is_platform: bool,
    /// Its columns, `id` first.
    pub columns: Vec<WantedColumn>,
    /// The indexes over several columns.
    pub indexes: Vec<WantedIndex>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedColumn {
    /// The field that it stores.
    pub field: FieldName,
    /// Its name.
    pub name: ColumnName,
    /// The names that it may have in a database of before.
    pub former_names: Vec<ColumnName>,
    /// Whether the platform's own migrations make it.
    pub is_platform: bool,
    /// The type of the column, or of its elements.
    pub scalar: ScalarType,
    /// Whether it is an array.
    pub is_list: bool,
    /// Whether it is NOT NULL.
    pub is_required: bool,
    /// Its default.
    pub default: Option<WantedDefault>,
    /// What the rows that are there get when it is added or becomes required.
    pub fill: Option<WantedFill>,
    /// Whether no two rows may have the same.
    pub is_unique: bool,
    /// The values of an enum, in order.
    pub values: Option<Vec<String>>,
    /// The values of an enum that are called otherwise now: before and now.
    pub former_values: Vec<(String, String)>,
    /// The most characters.
    pub max_length: Option<u32>,
    /// What else its values have to keep to.
    pub limits: ValueLimits,
    /// The table that it points to.
    pub reference: Option<TableName>,
    /// The indexes by which rows are looked up and lists ordered.
    pub indexes: Vec<WantedIndex>,
}

/// An index of a column, followed by `id` because every order ends with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedIndex {
    /// Its name.
    pub name: String,
    /// The column.
    pub column: ColumnName,
    /// The values of an enum whose places are what is indexed, as lists are ordered by them.
    pub order: Option<Vec<String>>,
    /// Greatest first and nulls last, which no index in the usual direction gives when it is read backwards.
    pub is_descending: bool,
    /// Other columns with which this one is unique. Then the index is not for orders, and `id` is not in it.
    pub unique_with: Vec<ColumnName>,
    /// The words of texts, for full-text search. Then the index has nothing else in it.
    pub words: Option<WantedWords>,
}

/// The words of columns, as `planner` looks for them: an index over the same expression, so that the table has no column for it
/// that would have to be computed anew for every row under a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedWords {
    /// How texts are taken apart.
    pub config: SearchConfig,
    /// The columns with their weights.
    pub columns: Vec<(ColumnName, SearchWeight)>,
}

/// What a column holds when nobody says.
#[derive(Clone, Debug, PartialEq)]
pub enum WantedDefault {
    /// An SQL expression of the program's own, `now()`.
    Fixed(&'static str),
    /// A literal.
    Literal(Value),
    /// The next number of a sequence, formatted.
    Sequence(SequenceFormat),
}

/// What rows get that have no value yet.
#[derive(Clone, Debug, PartialEq)]
pub enum WantedFill {
    /// The same literal for all.
    Literal(Value),
    /// An SQL expression over the columns of the row.
    Sql(String),
}

/// `CASE-{:06}`: what stands around the number, and how many digits it has at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceFormat {
    /// Before the number.
    pub prefix: String,
    /// The least number of digits.
    pub width: u32,
    /// After the number.
    pub suffix: String,
}

impl SequenceFormat {
    /// Reads the argument of `@sequence(format:)`; `None` if it has no place for the number.
    pub fn parse(format: &str) -> Option<Self> {
        let (prefix, rest) = format.split_once('{')?;
        let (digits, suffix) = rest.split_once('}')?;
        let width = match digits.strip_prefix(":0") {
            Some(width) => width.parse().ok()?,
            None if digits.is_empty() => 0,
            None => return None,
        };
        Some(Self { prefix: prefix.to_owned(), width, suffix: suffix.to_owned() })
    }
}

impl WantedColumn {
    /// The column's type as `format_type` prints it.
    pub fn sql_type(&self) -> String {
        format!("{}{}", self.scalar.sql_type(), if self.is_list { "[]" } else { "" })
    }
}

/// Every table of the catalog, in its order. `indexed` are the fields that rules look rows up by.
pub fn tables(catalog: &Catalog, indexed: &[FieldId]) -> Vec<WantedTable> {
    catalog.collections.iter().map(|collection| wanted_table(catalog, collection, indexed)).collect()
}

fn wanted_table(catalog: &Catalog, collection: &Collection, indexed: &[FieldId]) -> WantedTable {
    let columns = collection.stored_fields().filter_map(|field| wanted_column(catalog, collection, field, indexed));
    WantedTable {
        name: collection.table.clone(),
        type_name: collection.name.clone(),
        former_names: collection.former_names.clone(),
        is_platform: collection.is_platform,
        columns: columns.collect(),
        indexes: table_indexes(collection),
    }
}

fn wanted_column(catalog: &Catalog, collection: &Collection, field: &Field, indexed: &[FieldId]) -> Option<WantedColumn> {
    let name = field.column()?.clone();
    let scalar = field.stored_scalar()?;
    let enum_values = match &field.kind {
        FieldKind::Enum { enum_id, .. } => Some(&catalog.enum_type(*enum_id).values),
        FieldKind::Scalar { .. } | FieldKind::ToOne { .. } | FieldKind::ToMany { .. } => None,
    };
    let values: Option<Vec<String>> = enum_values.map(|values| values.iter().map(|value| value.name.to_string()).collect());
    let former_values = enum_values
        .into_iter()
        .flatten()
        .flat_map(|value| value.former_names.iter().map(|former| (former.to_string(), value.name.to_string())));
    let indexes = wanted_indexes(collection, field, values.as_ref(), indexed.contains(&field.id));
    Some(WantedColumn {
        field: field.name.clone(),
        name,
        former_names: field.former_columns.clone(),
        is_platform: collection.is_platform && (field.is_implicit || field.is_platform()),
        scalar,
        is_list: field.is_list(),
        is_required: field.is_required,
        default: wanted_default(field, scalar),
        fill: wanted_fill(field, scalar),
        is_unique: field.is_unique,
        former_values: former_values.collect(),
        values,
        max_length: field.max_length,
        limits: field.limits.clone(),
        reference: reference(catalog, collection, field),
        indexes,
    })
}

/// Rows are looked up by foreign keys, by what rules compare and by `@index`; lists are ordered by `@index`, and by the time
/// of creation more often than by anything else.
fn wanted_indexes(collection: &Collection, field: &Field, values: Option<&Vec<String>>, is_in_rule: bool) -> Vec<WantedIndex> {
    let is_json = field.stored_scalar() == Some(ScalarType::Json);
    // A unique column has an index already, and neither documents nor lists are looked up by their whole value.
    let (Some(column), false) = (field.column(), field.is_unique || field.is_list() || is_json || field.name == "id") else {
        return Vec::new();
    };
    let is_creation = field.is_implicit && field.name == "createdAt" && !collection.is_platform;
    let is_looked_up = matches!(field.kind, FieldKind::ToOne { .. }) || field.is_indexed || is_in_rule || is_creation;
    // The platform's own lists are ordered by what its migrations have an index for.
    let is_ordered = field.is_indexed && !collection.is_platform;
    let index = |kind, order, is_descending| WantedIndex {
        name: constraint_name(&collection.table, column, kind),
        column: column.clone(),
        order,
        is_descending,
        unique_with: Vec::new(),
        words: None,
    };
    let mut indexes = Vec::new();
    if is_looked_up {
        indexes.push(index(ConstraintKind::Index, None, false));
    }
    if let (true, Some(values)) = (is_ordered, values) {
        indexes.push(index(ConstraintKind::OrderIndex, Some(values.clone()), false));
    }
    if is_ordered && !field.is_required {
        indexes.push(index(ConstraintKind::DescendingIndex, values.cloned(), true));
    }
    indexes
}

/// The indexes over several columns: what is unique together, and what is searched together.
pub(super) fn table_indexes(collection: &Collection) -> Vec<WantedIndex> {
    let index = |unique: &CompoundUnique| {
        let mut columns = unique.columns(collection).cloned();
        Some(WantedIndex {
            name: compound_unique_name(&collection.table, unique.columns(collection)),
            column: columns.next()?,
            order: None,
            is_descending: false,
            unique_with: columns.collect(),
            words: None,
        })
    };
    let uniques = collection.uniques.iter().filter_map(index);
    let groups = collection
        .search
        .iter()
        .flat_map(|search| search.groups(collection).into_iter().filter_map(|group| search_index(search.config, group)));
    uniques.chain(groups).collect()
}

fn search_index(config: SearchConfig, group: SearchGroup<'_>) -> Option<WantedIndex> {
    let columns = group.columns();
    Some(WantedIndex {
        name: group.index,
        column: columns.first()?.0.clone(),
        order: None,
        is_descending: false,
        unique_with: Vec::new(),
        words: Some(WantedWords { config, columns }),
    })
}

fn reference(catalog: &Catalog, collection: &Collection, field: &Field) -> Option<TableName> {
    let FieldKind::ToOne { target, .. } = &field.kind else { return None };
    let is_unreferencing = (&*collection.table.schema, &*collection.table.name) == UNREFERENCING;
    (!is_unreferencing).then(|| catalog.collection(*target).table.clone())
}

fn wanted_default(field: &Field, scalar: ScalarType) -> Option<WantedDefault> {
    if let Some(format) = &field.sequence {
        return SequenceFormat::parse(format).map(WantedDefault::Sequence);
    }
    if field.is_implicit {
        return match field.name.as_str() {
            "id" => Some(WantedDefault::Fixed("gen_random_uuid()")),
            "version" => Some(WantedDefault::Fixed("1")),
            _ => Some(WantedDefault::Fixed("now()")),
        };
    }
    match &field.default {
        // An expression needs the actor: the server computes it.
        Some(DefaultValue::Literal(text)) if !field.is_list() => Value::parse(scalar, text).ok().map(WantedDefault::Literal),
        Some(DefaultValue::Literal(_) | DefaultValue::Expression(_)) | None => None,
    }
}

/// What fills the rows that are there: `@backfill`, or else a literal default.
fn wanted_fill(field: &Field, scalar: ScalarType) -> Option<WantedFill> {
    let literal = match (&field.backfill, &field.default) {
        (Some(Backfill::Sql(sql)), _) => return Some(WantedFill::Sql(sql.clone())),
        (Some(Backfill::Literal(text)), _) | (None, Some(DefaultValue::Literal(text))) => text,
        (None, Some(DefaultValue::Expression(_)) | None) => return None,
    };
    if !field.is_list() {
        return Value::parse(scalar, literal).ok().map(WantedFill::Literal);
    }
    let texts: Vec<String> = serde_json::from_str(literal).ok()?;
    let values = texts.iter().map(|text| Value::parse(scalar, text)).collect::<Result<Vec<_>, _>>().ok()?;
    Some(WantedFill::Literal(Value::List(scalar, values)))
}

/// The sequence of a column, if its default takes one.
pub fn sequence_of(table: &WantedTable, column: &WantedColumn) -> Option<TableName> {
    matches!(column.default, Some(WantedDefault::Sequence(_))).then(|| names::sequence(&table.name, &column.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_formats_have_one_place_for_the_number() {
        let format = |prefix: &str, width, suffix: &str| {
            Some(SequenceFormat { prefix: prefix.to_owned(), width, suffix: suffix.to_owned() })
        };
        assert_eq!(SequenceFormat::parse("CASE-{:06}"), format("CASE-", 6, ""));
        assert_eq!(SequenceFormat::parse("{}/A"), format("", 0, "/A"));
        for refused in ["CASE", "CASE-{", "CASE-{x}", "CASE-{:0x}"] {
            assert_eq!(SequenceFormat::parse(refused), None, "{refused}");
        }
    }
}
