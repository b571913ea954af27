//! PostgreSQL's programs on this machine.

use crate::local_pg::LocalPostgresError;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest supported version.
const MINIMUM: u32 = 15;

/// Where the programs of one version lie.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    directory: PathBuf,
    version: u32,
}

impl Programs {
    /// The programs of the version that made the data, or else the newest.
    pub(super) fn find(made_by: Option<(PathBuf, u32)>) -> Result<Self, LocalPostgresError> {
        let mut all: Vec<Self> = directories().into_iter().filter_map(Self::look_into).collect();
        if let Some((path, version)) = made_by {
            let same = all.into_iter().find(|programs| programs.version == version);
            return same.ok_or(LocalPostgresError::OtherVersion { path, version });
        }
        all.sort_by_key(|programs| programs.version);
        let newest = all.pop();
        let found = newest.as_ref().map(|programs| programs.version);
        newest.filter(|programs| programs.version >= MINIMUM).ok_or(LocalPostgresError::NotInstalled { minimum: MINIMUM, found })
    }

    /// The path of a program.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn look_into(directory: PathBuf) -> Option<Self> {
        if !directory.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
        let version = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { directory, version })
    }
}

/// The newest of PostgreSQL's client programs of this name on this machine, with its major version.
pub fn find_client_program(name: &str) -> Option<(PathBuf, u32)> {
    let found = directories().into_iter().map(|directory| directory.join(name)).filter(|path| path.is_file());
    let with_version = found.filter_map(|path| {
        let output = Command::new(&path).arg("--version").output().ok()?;
        let version = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some((path, version))
    });
    with_version.max_by_key(|(_, version)| *version)
}

/// Debian's and Red Hat's places, which are in nobody's `PATH`; then `PATH`; then what `pg_config` says.
fn directories() -> Vec<PathBuf> {
    let mut directories = versioned("/usr/lib/postgresql", "");
    directories.extend(versioned("/usr", "pgsql-"));
    directories.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        directories.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    let mut unique: Vec<PathBuf> = Vec::new();
    for directory in directories {
        if !unique.contains(&directory) {
            unique.push(directory);
        }
    }
    unique
}

/// `<parent>/<prefix><number>/bin`
fn versioned(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(parent)).into_iter().flatten().flatten();
    let is_version = |name: &str| name.strip_prefix(prefix).is_some_and(|number| number.parse::<u32>().is_ok());
    entries.filter(|entry| entry.file_name().to_str().is_some_and(is_version)).map(|entry| entry.path().join("bin")).collect()
}

/// `postgres (PostgreSQL) 15.13 (Debian 15.13-1)` is 15; a `17beta1` is 17.
fn parse_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().nth(2)?;
    let digits = number.find(|character: char| !character.is_ascii_digit()).unwrap_or(number.len());
    number[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_postgres_says() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18\n"), Some(18));
        assert_eq!(parse_version("postgres (PostgreSQL) 17beta1\n"), Some(17));
        assert_eq!(parse_version("nothing"), None);
    }

    #[test]
    fn data_of_a_version_that_is_gone_say_which_to_install() {
        let error = Programs::find(Some((PathBuf::from("/srv/data"), 9))).unwrap_err();
        assert_eq!(error.to_string(), "the data in `/srv/data` need PostgreSQL 9: run `apt-get install postgresql-9`");
    }
}
