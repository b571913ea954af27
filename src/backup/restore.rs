//! Bringing a backup back.

use crate::app::Storage;
use crate::backup::save::copy_exports;
use crate::backup::{BackupError, DUMP, EXPORTS, Manifest, program};
use crate::base::RoleName;
use crate::config::DatabaseUrl;
use crate::migrate;
use std::path::Path;

/// Restores a backup into a database without tables, in one transaction, then copies the files of exports. What the server's
/// own login needs is done by `migrate::apply` afterwards.
///
/// # Errors
/// [`BackupError`]; the database has no tables then.
pub async fn restore(storage: &Storage, data_dir: &Path, from: &Path) -> Result<Manifest, BackupError> {
    let manifest = Manifest::read(from)?;
    let roles: Vec<RoleName> = manifest.roles.iter().map(RoleName::new).collect();
    let mut connection = migrate::connect(storage.owner_url.expose()).await?;
    migrate::prepare_restore(&mut connection, &roles).await?;
    drop(connection);
    let arguments = vec![
        "--single-transaction".into(),
        "--exit-on-error".into(),
        "--no-password".into(),
        // The place of the database is in variables; the name alone says that there is one.
        format!("--dbname={}", name_of(&storage.owner_url)?).into(),
        from.join(DUMP).into(),
    ];
    program::run("pg_restore", manifest.postgres_version, &storage.owner_url, arguments).await?;
    copy_exports(&from.join(EXPORTS), &data_dir.join(EXPORTS))?;
    Ok(manifest)
}

fn name_of(url: &DatabaseUrl) -> Result<String, BackupError> {
    let variables = crate::db::DatabaseAddress::variables(url.expose())?;
    let name = variables.into_iter().find(|(name, _)| *name == "PGDATABASE").map(|(_, value)| value);
    Ok(name.unwrap_or_else(|| "postgres".to_owned()))
}
