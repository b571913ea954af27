//! Files under the data directory: written under a hidden name, given their own only when they are complete and on disk.

use crate::export::{ExportError, ExportFormat};
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The directory of export files.
#[derive(Clone, Debug)]
pub(crate) struct Spool {
    directory: PathBuf,
}

/// A complete file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpooledFile {
    /// SHA-256, in hexadecimal.
    pub(crate) checksum: String,
    /// In bytes.
    pub(crate) size: u64,
}

impl Spool {
    /// The files in a directory.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Where the file of an export is.
    pub(crate) fn path(&self, export: Uuid, format: ExportFormat) -> PathBuf {
        self.directory.join(format!("{export}.{}", format.extension()))
    }

    /// Begins a file. Only the server's own account can read it: it holds what rules decide about.
    ///
    /// # Errors
    /// [`ExportError::File`].
    pub(crate) fn create(&self, export: Uuid, format: ExportFormat) -> Result<PartFile, ExportError> {
        self.create_directory().map_err(ExportError::file("make the directory of"))?;
        let part = self.part_path(export, format);
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(ExportError::file("create"))?;
        let path = self.path(export, format);
        Ok(PartFile { file, part, path, digest: Sha256::new(), size: 0, is_published: false })
    }

    /// Deletes whatever there is of an export.
    pub(crate) fn remove(&self, export: Uuid) {
        for format in ExportFormat::ALL {
            for path in [self.part_path(export, format), self.path(export, format)] {
                remove(&path);
            }
        }
    }

    fn part_path(&self, export: Uuid, format: ExportFormat) -> PathBuf {
        self.directory.join(format!(".{export}.{}.part", format.extension()))
    }

    fn create_directory(&self) -> io::Result<()> {
        if let Some(parent) = self.directory.parent() {
            fs::create_dir_all(parent)?;
        }
        match DirBuilder::new().mode(0o700).create(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }
}

/// A file that is being written. Dropped before [`PartFile::publish`], it is deleted.
#[derive(Debug)]
pub(crate) struct PartFile {
    file: File,
    part: PathBuf,
    path: PathBuf,
    digest: Sha256,
    size: u64,
    is_published: bool,
}

impl PartFile {
    /// Gives the file its name, once it would survive a crash of the machine.
    ///
    /// # Errors
    /// [`ExportError::File`].
    pub(crate) fn publish(mut self) -> Result<SpooledFile, ExportError> {
        self.file.sync_all().map_err(ExportError::file("write"))?;
        fs::rename(&self.part, &self.path).map_err(ExportError::file("name"))?;
        self.is_published = true;
        // The name is on disk only when its directory is.
        let directory = self.path.parent().unwrap_or(Path::new("."));
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(ExportError::file("name"))?;
        Ok(SpooledFile { checksum: hex::encode(std::mem::take(&mut self.digest).finalize()), size: self.size })
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.is_published {
            remove(&self.part);
        }
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(error = %error, file.path = %path.display(), "an export's file could not be deleted");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_complete() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("data/exports");
        let spool = Spool::new(directory.clone());
        let id = Uuid::nil();
        let mut part = spool.create(id, ExportFormat::Csv).unwrap();
        part.write_all(b"abc").unwrap();
        assert_eq!(names(&directory), [format!(".{id}.csv.part")]);
        let file = part.publish().unwrap();
        assert_eq!(names(&directory), [format!("{id}.csv")]);
        assert_eq!(file.size, 3);
        assert_eq!(file.checksum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&spool.path(id, ExportFormat::Csv))), (0o700, 0o600));
        spool.remove(id);
        assert_eq!(names(&directory), [""; 0]);
    }

    #[test]
    fn what_is_not_completed_is_deleted() {
        let home = tempfile::tempdir().unwrap();
        let spool = Spool::new(home.path().join("exports"));
        drop(spool.create(Uuid::nil(), ExportFormat::Json).unwrap());
        assert_eq!(names(&home.path().join("exports")), [""; 0]);
    }
}
