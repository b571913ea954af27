//! Writing a backup.

use crate::app::Storage;
use crate::backup::{BackupError, DUMP, EXPORTS, Manifest, program};
use crate::base::RoleName;
use crate::migrate::{self, Origins};
use chrono::Utc;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Writes the database, the names of its roles and the files of exports into a new directory that only this account can enter.
/// The dump is one moment of the database, whatever is written meanwhile; files are copied after it, so that every export that
/// is complete in the dump has its file.
///
/// # Errors
/// [`BackupError`]; the directory then has no manifest, and is no backup.
pub async fn save(storage: &Storage, data_dir: &Path, to: &Path) -> Result<Manifest, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let created_at = Utc::now();
    let mut connection = migrate::connect(storage.owner_url.expose()).await?;
    let Origins { version, roles } = migrate::read_origins(&mut connection).await?;
    drop(connection);
    DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(BackupError::file("make", to))?;
    let mut file = std::ffi::OsString::from("--file=");
    file.push(to.join(DUMP));
    program::run("pg_dump", version, &storage.owner_url, vec!["--format=custom".into(), "--no-password".into(), file]).await?;
    let export_files = copy_exports(&data_dir.join(EXPORTS), &to.join(EXPORTS))?;
    let roles = roles.iter().map(RoleName::to_string).collect();
    let manifest = Manifest::new(to, created_at, version, roles, export_files)?;
    manifest.write(to)?;
    Ok(manifest)
}

/// Copies complete files of exports, with their modes; returns how many.
pub(super) fn copy_exports(from: &Path, to: &Path) -> Result<usize, BackupError> {
    if !from.is_dir() {
        return Ok(0);
    }
    DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(BackupError::file("make", to))?;
    let mut copied = 0;
    for entry in fs::read_dir(from).map_err(BackupError::file("read", from))? {
        let path = entry.map_err(BackupError::file("read", from))?.path();
        // What begins with a dot is not complete.
        let name = path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'));
        let Some(name) = name.filter(|_| path.is_file()) else { continue };
        fs::copy(&path, to.join(name)).map_err(BackupError::file("copy", &path))?;
        copied += 1;
    }
    Ok(copied)
}
