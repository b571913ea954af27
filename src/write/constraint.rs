//! A constraint's refusal in the words of the schema: the field, never the constraint.

use crate::catalog::{Catalog, Collection, CompoundUnique, Field, compound_unique_name};
use crate::db::{ConstraintKind, DbError};
use crate::write::WriteError;

/// Turns a constraint's error into words about a field. Other errors stay what they are.
pub(crate) fn explain(catalog: &Catalog, operation: &str, error: DbError) -> WriteError {
    let DbError::Constraint { kind, table, name } = &error else {
        return WriteError::Database(error);
    };
    let Some(collection) = catalog.collections.iter().find(|collection| *collection.table.name == **table) else {
        return WriteError::Database(error);
    };
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
        ConstraintKind::Check => match field.max_length {
            Some(length) if constraint.ends_with("_length_check") => {
                format!("`{name}` of `{collection}` is longer than {length} characters")
            }
            _ => format!("`{name}` of `{collection}` does not accept this value"),
        },
    }
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
