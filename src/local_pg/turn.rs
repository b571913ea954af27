//! Whose turn it is, and who else is here: two lock files, which the kernel releases when a process dies.

use crate::local_pg::LocalPostgresError;
use crate::local_pg::layout::Layout;
use std::fs::File;
use std::path::Path;

/// The right to start or stop the server; one process at a time.
#[derive(Debug)]
pub(super) struct Turn {
    _file: File,
}

impl Turn {
    /// Waits for the turn.
    pub(super) fn take(layout: &Layout) -> Result<Self, LocalPostgresError> {
        let path = layout.directory.join("turn.lock");
        let file = open(&path)?;
        file.lock().map_err(LocalPostgresError::directory(&path))?;
        Ok(Self { _file: file })
    }
}

/// Everyone who uses the server holds this lock together. Only asked and joined while one has the [`Turn`].
#[derive(Debug)]
pub(super) struct Users {
    file: File,
}

impl Users {
    /// Opens the lock without joining.
    pub(super) fn open(layout: &Layout) -> Result<Self, LocalPostgresError> {
        Ok(Self { file: open(&layout.directory.join("users.lock"))? })
    }

    /// Whether no other process uses the server. Gives up our own part of the lock for the answer.
    pub(super) fn is_nobody_else(&mut self) -> bool {
        self.file.try_lock().is_ok()
    }

    /// Joins the users.
    pub(super) fn join(&mut self) -> Result<(), LocalPostgresError> {
        self.file.lock_shared().map_err(LocalPostgresError::directory(Path::new("users.lock")))
    }
}

fn open(path: &Path) -> Result<File, LocalPostgresError> {
    File::options().create(true).append(true).open(path).map_err(LocalPostgresError::directory(path))
}
