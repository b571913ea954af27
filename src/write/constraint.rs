//! A constraint's refusal in the words of the schema: the field, never the constraint.

use crate::base::Value;
use crate::catalog::{Catalog, Collection, CompoundUnique, ConstraintKind as CheckKind, Field, compound_unique_name};
use crate::db::{ConstraintKind, DbError};
use crate::write::WriteError;

/// What the platform's own tables keep by triggers, in words.
const INVARIANTS: [(&str, &str); 1] =
    [("users_last_admin", "the last active admin cannot be removed, demoted or deactivated; make somebody else admin first")];

/// Turns a constraint's error into words about a field. Other errors stay what they are.
pub(crate) fn explain(catalog: &Catalog, operation: &str, error: DbError) -> WriteError {
    let DbError::Constraint { kind, table, name } = &error else {
        return WriteError::Database(error);
    };
    let Some(collection) = catalog.collections.iter().find(|collection| *collection.table.name == **table) else {
        return WriteError::Database(error);
    };
    if let Some((_, sentence)) = INVARIANTS.iter().find(|(invariant, _)| name == invariant) {
        return WriteError::Constraint((*sentence).to_owned());
    }
    if let Some(unique) = find_unique(collection, name) {
        return WriteError::Constraint(unique);
    }
    let Some(field) = find_field(collection, name) else {
        return WriteError::Constraint(format!("a constraint of `{}` refuses the change", collection.name));
    };
    WriteError::Constraint(sentence(operation, *kind, collection, field, name))
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

/// `@unique(fields:)`: another row has the same values of these fields together.
fn find_unique(collection: &Collection, constraint: &str) -> Option<String> {
    let is_meant = |unique: &&CompoundUnique| compound_unique_name(&collection.table, unique.columns(collection)) == constraint;
    let unique = collection.uniques.iter().find(is_meant)?;
    let names: Vec<String> = unique.of(collection).map(|field| format!("`{}`", field.name)).collect();
    Some(format!("{}: another `{}` already has these values together", names.join(", "), collection.name))
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
