//! PostgreSQL's own programs, told by variables which database.

use crate::backup::BackupError;
use crate::config::DatabaseUrl;
use crate::db::DatabaseAddress;
use crate::local_pg::find_client_program;
use std::ffi::OsString;
use tokio::process::Command;

/// Runs a program to its end. `needed` is the version of the server, or of the backup.
pub(super) async fn run(
    name: &'static str,
    needed: u32,
    database: &DatabaseUrl,
    arguments: Vec<OsString>,
) -> Result<(), BackupError> {
    let (path, found) = find_client_program(name).ok_or(BackupError::NoProgram { name })?;
    if found < needed {
        return Err(BackupError::OldProgram { name, found, needed });
    }
    let mut command = Command::new(path);
    command.args(arguments).envs(DatabaseAddress::variables(database.expose())?).kill_on_drop(true);
    let failed = |message: String| BackupError::Program { name, message };
    let output = command.output().await.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr).lines().take(3).collect::<Vec<_>>().join("; ");
    Err(failed(message))
}
