//! As whom PostgreSQL runs: it refuses to run as root.

use crate::local_pg::LocalPostgresError;
use nix::unistd::{Gid, Uid, User, getegid, geteuid};
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The account of the database's processes and files.
#[derive(Clone, Debug)]
pub(super) struct Account {
    uid: Uid,
    gid: Gid,
    is_dropped: bool,
}

impl Account {
    /// Our own, or an unprivileged one when we are root.
    pub(super) fn choose() -> Result<Self, LocalPostgresError> {
        if !geteuid().is_root() {
            return Ok(Self { uid: geteuid(), gid: getegid(), is_dropped: false });
        }
        let user = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten());
        let user = user.filter(|user| !user.uid.is_root()).ok_or(LocalPostgresError::NoAccount)?;
        Ok(Self { uid: user.uid, gid: user.gid, is_dropped: true })
    }

    /// The user id, as file metadata has it.
    pub(super) fn uid(&self) -> u32 {
        self.uid.as_raw()
    }

    /// Makes a program run as this account. Dropping the user id drops root's supplementary groups too.
    pub(super) fn apply(&self, command: &mut Command) {
        if self.is_dropped {
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
    }

    /// Gives a file or directory to this account.
    pub(super) fn own(&self, path: &Path) -> Result<(), LocalPostgresError> {
        if !self.is_dropped {
            return Ok(());
        }
        chown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw())).map_err(LocalPostgresError::directory(path))
    }

    /// Whether this account can reach what is inside `directory`: every directory on the way lets it pass.
    pub(super) fn can_enter(&self, directory: &Path) -> bool {
        !self.is_dropped || directory.ancestors().all(|step| step.metadata().is_ok_and(|metadata| self.may_pass(&metadata)))
    }

    fn may_pass(&self, metadata: &Metadata) -> bool {
        let bit = if metadata.uid() == self.uid.as_raw() {
            0o100
        } else if metadata.gid() == self.gid.as_raw() {
            0o010
        } else {
            0o001
        };
        metadata.mode() & bit != 0
    }
}
