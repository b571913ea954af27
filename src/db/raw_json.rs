//! JSON text as PostgreSQL built it, never parsed on its way into the answer.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Json;

/// A JSON text.
#[derive(Clone, Debug, PartialEq, Eq, FromSqlRow)]
pub struct RawJson(pub String);

impl FromSql<Json, Pg> for RawJson {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(std::str::from_utf8(value.as_bytes())?.to_owned()))
    }
}
