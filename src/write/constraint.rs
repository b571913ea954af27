//! A constraint's refusal in the words of the schema: the field, never the constraint.

use crate::base::{ColumnName, Value};
use crate::catalog::{Catalog, Collection, CompoundUnique, ConstraintKind as CheckKind, Field, compound_unique_name};
use crate::db::{Candidates, ConstraintKind, DbError, Transaction, find_taken};
use crate::planner::WriteValue;
use crate::write::WriteError;
use crate::write::error::taken;
use crate::write::verdict::Subject;

/// What the platform's own tables keep by triggers, in words.
const INVARIANTS: [(&str, &str); 4] = [
    ("users_last_admin", "the last active admin cannot be removed, demoted or deactivated; make somebody else admin first"),
    ("users_kind_kept", "`kind`: what a user is stays what it was made; make another user"),
    ("record_shares_ended", "the share has ended already; a share is only ended, once, and never changed otherwise"),
    ("record_shares_one_grantee_check", "a row is shared with one user, one team or one role"),
];

/// Turns a constraint's error into words about a field. Other errors stay what they are.
pub(crate) async fn explain(transaction: &Transaction, catalog: &Catalog, subject: Subject<'_>, error: DbError) -> WriteError {
    if let DbError::Refused { id } = &error {
        return subject.refused(*id);
    }
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
        let index = find_row(transaction, subject, collection, unique.columns(collection).collect()).await;
        return in_row(subject, index, WriteError::Constraint(together(collection, unique)));
    }
    let Some(field) = find_field(collection, name) else {
        return WriteError::Constraint(format!("a constraint of `{}` refuses the change", collection.name));
    };
    let error = WriteError::Constraint(sentence(subject.operation, *kind, collection, field, name));
    let index = match kind {
        ConstraintKind::Unique => find_row(transaction, subject, collection, field.column().into_iter().collect()).await,
        ConstraintKind::ForeignKey | ConstraintKind::NotNull | ConstraintKind::Check => None,
    };
    in_row(subject, index, error)
}

fn in_row(subject: Subject<'_>, index: Option<usize>, error: WriteError) -> WriteError {
    match index {
        Some(index) => subject.at(index, error),
        None => error,
    }
}

/// The row of a list that brings values which are there already. It tells no more than one row alone would: whether its own values
/// are taken. A failure to look is no reason to hide the error itself.
async fn find_row(
    transaction: &Transaction,
    subject: Subject<'_>,
    collection: &Collection,
    columns: Vec<&ColumnName>,
) -> Option<usize> {
    if subject.rows.len() < 2 || collection.name != subject.collection {
        return None;
    }
    let given = |column: &&ColumnName| Some(&subject.given.iter().find(|given| given.column == **column)?.value);
    let given: Vec<&WriteValue> = columns.iter().map(given).collect::<Option<_>>()?;
    let text = |value: &WriteValue, index: usize| match value {
        WriteValue::Same(value) => shown(value),
        WriteValue::Each(each) => each.values.get(index).and_then(shown),
    };
    let values_of = |index| given.iter().map(|value| text(value, index)).collect();
    let values = (0..subject.rows.len()).map(values_of).collect();
    let ids = subject.rows.iter().map(|row| row.id).collect();
    let candidates = Candidates { table: &collection.table, columns, ids, values };
    find_taken(transaction, &candidates).await.unwrap_or_else(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "the row of a list whose value is taken is not known");
        None
    })
}

/// A value as a text that PostgreSQL reads.
fn shown(value: &Value) -> Option<String> {
    match value.to_json() {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn sentence(operation: &str, kind: ConstraintKind, collection: &Collection, field: &Field, constraint: &str) -> String {
    let (collection, name) = (&collection.name, &field.name);
    match kind {
        ConstraintKind::Unique => taken(&[name.as_str()], collection.as_str()),
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
    let fields: Vec<&str> = unique.of(collection).map(|field| field.name.as_str()).collect();
    taken(&fields, collection.name.as_str())
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
