//! `backup.json`: what a backup is, and the sign that it is complete.

use crate::backup::{BackupError, DUMP};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

const FILE: &str = "backup.json";

/// The form of the directory; another number is another form.
const FORMAT: u32 = 1;

/// What a backup is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    format: u32,
    /// The release that wrote it.
    pub toolcrib_version: String,
    /// The server's major version: only this one and newer ones can restore it.
    pub postgres_version: u32,
    /// When the dump was begun.
    pub created_at: DateTime<Utc>,
    /// Toolcrib's roles, which a dump of a database does not have.
    pub roles: Vec<String>,
    /// How many files of exports there are.
    pub export_files: usize,
    /// SHA-256 of the dump, in hexadecimal.
    pub dump_sha256: String,
}

impl Manifest {
    /// Describes the backup in a directory, whose dump is complete.
    pub(super) fn new(
        directory: &Path,
        created_at: DateTime<Utc>,
        postgres_version: u32,
        roles: Vec<String>,
        export_files: usize,
    ) -> Result<Self, BackupError> {
        let dump_sha256 = checksum(&directory.join(DUMP))?;
        let toolcrib_version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Self { format: FORMAT, toolcrib_version, postgres_version, created_at, roles, export_files, dump_sha256 })
    }

    /// Makes the directory a backup.
    pub(super) fn write(&self, directory: &Path) -> Result<(), BackupError> {
        let path = directory.join(FILE);
        let text = serde_json::to_string_pretty(self).expect("texts and numbers are JSON");
        fs::write(&path, text + "\n").map_err(BackupError::file("write", &path))
    }

    /// Reads what a backup is, and whether its dump is whole.
    pub(super) fn read(directory: &Path) -> Result<Self, BackupError> {
        let missing = || BackupError::NoManifest(directory.to_owned());
        let text = fs::read_to_string(directory.join(FILE)).map_err(|_| missing())?;
        let manifest: Self = serde_json::from_str(&text).map_err(|_| missing())?;
        if manifest.format != FORMAT {
            return Err(missing());
        }
        let dump = directory.join(DUMP);
        if checksum(&dump)? == manifest.dump_sha256 { Ok(manifest) } else { Err(BackupError::Damaged(dump)) }
    }
}

fn checksum(path: &Path) -> Result<String, BackupError> {
    let hash = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let (mut digest, mut chunk) = (Sha256::new(), vec![0; 64 * 1024]);
        loop {
            match file.read(&mut chunk)? {
                0 => return Ok(hex::encode(digest.finalize())),
                read => digest.update(&chunk[..read]),
            }
        }
    };
    hash().map_err(BackupError::file("read", path))
}
