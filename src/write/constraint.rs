//! A constraint's refusal in the words of the schema: the field, never the constraint.

use crate::base::{ColumnName, Value};
use crate::catalog::{Catalog, Collection, CompoundUnique, ConstraintKind as CheckKind, Field, compound_unique_name};
use crate::db::{ConstraintKind, DbError, TakenValues};
use crate::planner::WriteValue;
use crate::write::WriteError;
use crate::write::verdict::Subject;

/// What the platform's own tables keep by triggers, in words.
const INVARIANTS: [(&str, &str); 1] =
    [("users_last_admin", "the last active admin cannot be removed, demoted or deactivated; make somebody else admin first")];

/// Turns a constraint's error into words about a field. Other errors stay what they are.
pub(crate) fn explain(catalog: &Catalog, subject: Subject<'_>, error: DbError) -> WriteError {
    let DbError::Constraint { kind, table, name, taken } = &error else {
        return WriteError::Database(error);
    };
    let Some(collection) = catalog.collections.iter().find(|collection| *collection.table.name == **table) else {
        return WriteError::Database(error);
    };
    let is_own = collection.name == subject.collection;
    let in_row = |columns: &[&ColumnName], error| match find_row(subject, columns, taken).filter(|_| is_own) {
        Some(index) => subject.at(index, error),
        None => error,
    };
    if let Some((_, sentence)) = INVARIANTS.iter().find(|(invariant, _)| name == invariant) {
        return WriteError::Constraint((*sentence).to_owned());
    }
    if let Some(unique) = find_unique(collection, name) {
        let columns: Vec<&ColumnName> = unique.columns(collection).collect();
        return in_row(&columns, WriteError::Constraint(together(collection, unique)));
    }
    let Some(field) = find_field(collection, name) else {
        return WriteError::Constraint(format!("a constraint of `{}` refuses the change", collection.name));
    };
    let columns: Vec<&ColumnName> = field.column().into_iter().collect();
    in_row(&columns, WriteError::Constraint(sentence(subject.operation, *kind, collection, field, name)))
}

/// The row of a list that brings values again which are there already: the last, because of two rows of the list that have the
/// same it is the second that comes too late.
fn find_row(subject: Subject<'_>, columns: &[&ColumnName], taken: &TakenValues) -> Option<usize> {
    let given: Option<Vec<&WriteValue>> =
        columns.iter().map(|column| Some(&subject.given.iter().find(|given| given.column == **column)?.value)).collect();
    let given = given?;
    let text = |value: &WriteValue, index: usize| match value {
        WriteValue::Same(value) => Some(shown(value)),
        WriteValue::Each(each) => each.values.get(index).map(shown),
    };
    (0..subject.rows.len()).rev().find(|index| {
        let values: Option<Vec<String>> = given.iter().map(|value| text(value, *index)).collect();
        values.is_some_and(|values| taken.are(&values.join(", ")))
    })
}

/// A value as PostgreSQL prints it in a complaint. Kinds that it prints in another way are not found there, and then no row is
/// named.
fn shown(value: &Value) -> String {
    match value.to_json() {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

fn sentence(operation: &str, kind: ConstraintKind, collection: &Collection, field: &Field, constraint: &str) -> String {
    let (collection, name) = (&collection.name, &field.name);
    match kind {
        ConstraintKind::Unique => format!("`{name}`: another `{collection}` already has this value"),
        ConstraintKind::NotNull => format!("`{name}` of `{collection}` needs a value"),
        ConstraintKind::ForeignKey if operation == "delete" => {
            format!("a `{collection}` still points here with `{name}`; delete or change it first")
        }
        ConstraintKind::ForeignKey => format!("the row that `{name}` points to was not found"),
        ConstraintKind::Check => broken_limit(collection.as_str(), field, constraint),
    }
}

/// The check that a value does not keep, by the end of its name.
fn broken_limit(collection: &str, field: &Field, constraint: &str) -> String {
    let Field { name, max_length, limits, .. } = field;
    let is = |kind: CheckKind| constraint.ends_with(&format!("_{}", kind.ending()));
    let shown = |value: &Value| value.to_json().to_string();
    // `min_length_check` ends like `length_check`, so it is asked first.
    let said = if is(CheckKind::MinLengthCheck) {
        limits.min_length.map(|length| format!("is shorter than {length} characters"))
    } else if is(CheckKind::LengthCheck) {
        max_length.map(|length| format!("is longer than {length} characters"))
    } else if is(CheckKind::MinCheck) {
        limits.min.as_ref().map(|min| format!("is less than {}", shown(min)))
    } else if is(CheckKind::MaxCheck) {
        limits.max.as_ref().map(|max| format!("is more than {}", shown(max)))
    } else if is(CheckKind::PatternCheck) {
        limits.pattern.as_ref().map(|pattern| format!("is not like `{pattern}`"))
    } else {
        None
    };
    format!("`{name}` of `{collection}` {}", said.unwrap_or_else(|| "does not accept this value".to_owned()))
}

/// The `@unique(fields:)` of a constraint.
fn find_unique<'c>(collection: &'c Collection, constraint: &str) -> Option<&'c CompoundUnique> {
    let is_meant = |unique: &&CompoundUnique| compound_unique_name(&collection.table, unique.columns(collection)) == constraint;
    collection.uniques.iter().find(is_meant)
}

fn together(collection: &Collection, unique: &CompoundUnique) -> String {
    let names: Vec<String> = unique.of(collection).map(|field| format!("`{}`", field.name)).collect();
    format!("{}: another `{}` already has these values together", names.join(", "), collection.name)
}

/// Constraint names begin with the table and the column, `tickets_case_id_key`; NOT NULL gives the column alone. The longest
/// column wins, so that `tickets_status_note_check` is not taken for `status`.
fn find_field<'c>(collection: &'c Collection, constraint: &str) -> Option<&'c Field> {
    let rest = constraint.strip_prefix(&format!("{}_", collection.table.name)).unwrap_or(constraint);
    let matching = collection.stored_fields().filter(|field| {
        let column = field.column().map_or("", |column| column.as_str());
        rest == column || rest.strip_prefix(column).is_some_and(|suffix| suffix.starts_with('_'))
    });
    matching.max_by_key(|field| field.column().map_or(0, |column| column.as_str().len()))
}
