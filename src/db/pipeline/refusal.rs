//! PostgreSQL's errors as Diesel's, so that there is one way from either driver to [`crate::db::DbError`].

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::ErrorResponseBody;
use std::io;

/// An error message of the protocol.
#[derive(Debug, Default)]
struct Refusal {
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    table: Option<String>,
    column: Option<String>,
    constraint: Option<String>,
    position: Option<i32>,
}

impl DatabaseErrorInformation for Refusal {
    fn message(&self) -> &str {
        &self.message
    }

    fn details(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    fn table_name(&self) -> Option<&str> {
        self.table.as_deref()
    }

    fn column_name(&self) -> Option<&str> {
        self.column.as_deref()
    }

    fn constraint_name(&self) -> Option<&str> {
        self.constraint.as_deref()
    }

    fn statement_position(&self) -> Option<i32> {
        self.position
    }
}

/// Reads an error. Source: "Error and Notice Message Fields" and appendix "PostgreSQL Error Codes" of PostgreSQL's manual.
///
/// # Errors
/// [`io::Error`] if it is malformed.
pub(super) fn refusal(body: &ErrorResponseBody) -> io::Result<DieselError> {
    let (mut refusal, mut kind) = (Refusal::default(), DatabaseErrorKind::Unknown);
    let mut fields = body.fields();
    while let Some(field) = fields.next()? {
        let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => kind = kind_of(&value),
            b'M' => refusal.message = value,
            b'D' => refusal.detail = Some(value),
            b'H' => refusal.hint = Some(value),
            b't' => refusal.table = Some(value),
            b'c' => refusal.column = Some(value),
            b'n' => refusal.constraint = Some(value),
            b'P' => refusal.position = value.parse().ok(),
            _ => {}
        }
    }
    Ok(DieselError::DatabaseError(kind, Box::new(refusal)))
}

/// As diesel-async sorts them.
fn kind_of(sqlstate: &str) -> DatabaseErrorKind {
    match sqlstate {
        "23505" => DatabaseErrorKind::UniqueViolation,
        "23503" => DatabaseErrorKind::ForeignKeyViolation,
        "23001" => DatabaseErrorKind::RestrictViolation,
        "23P01" => DatabaseErrorKind::ExclusionViolation,
        "23502" => DatabaseErrorKind::NotNullViolation,
        "23514" => DatabaseErrorKind::CheckViolation,
        "40001" => DatabaseErrorKind::SerializationFailure,
        "25006" => DatabaseErrorKind::ReadOnlyTransaction,
        _ => DatabaseErrorKind::Unknown,
    }
}
