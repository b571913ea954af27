//! Keys that every server over one database shares, made by `migrate apply`.

use crate::db::schema::toolcrib::server_keys;
use crate::db::{Database, DbError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Encrypts cursors.
pub const CURSOR: &str = "cursor";

/// Signs the watermarks of exports.
pub const WATERMARK: &str = "watermark";

/// Keys the hashes that stand for masked values.
pub const MASK: &str = "mask";

/// The key of this name, if there is one.
///
/// # Errors
/// [`DbError`].
pub async fn find(database: &Database, name: &str) -> Result<Option<Vec<u8>>, DbError> {
    let transaction = database.begin_system().await?;
    let query = server_keys::table.filter(server_keys::name.eq(name)).select(server_keys::key);
    let key = query.first::<Vec<u8>>(&mut transaction.pg()).await.optional()?;
    transaction.commit().await?;
    Ok(key)
}
