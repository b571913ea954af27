//! The schemas whose rules were applied.

use crate::db::migrations::is_there;
use crate::db::schema::toolcrib::applied_schemas;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A file of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedSource {
    /// How it was called.
    pub path: String,
    /// What it said.
    pub text: String,
}

/// The schema that was applied last; `None` if none was.
///
/// # Errors
/// What the database says; also if the record cannot be read.
pub async fn find(connection: &mut AsyncPgConnection) -> QueryResult<Option<Vec<AppliedSource>>> {
    if !is_there(connection, "toolcrib.applied_schemas").await? {
        return Ok(None);
    }
    let last = applied_schemas::table.order(applied_schemas::id.desc()).select(applied_schemas::sources);
    let sources: Option<serde_json::Value> = last.first(connection).await.optional()?;
    let sources = sources.map(serde_json::from_value).transpose();
    sources.map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}

/// Adds a schema, in the transaction that applies its rules.
///
/// # Errors
/// What the database says.
pub async fn record(connection: &mut AsyncPgConnection, sources: &[AppliedSource]) -> QueryResult<()> {
    let sources = serde_json::to_value(sources).map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let values = (applied_schemas::id.eq(Uuid::now_v7()), applied_schemas::sources.eq(sources));
    diesel::insert_into(applied_schemas::table).values(values).execute(connection).await.map(drop)
}
