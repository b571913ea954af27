//! The tool's migrations on disk: `<timestamp>_<name>/{up,down}.sql`.

use crate::migrate::script::{self, Section};
use crate::migrate::{MigrateError, Plan};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// How many digits a version has: year to second, in UTC.
const VERSION_DIGITS: usize = 14;

/// The same for the clock.
const VERSION_FORMAT: &str = "%Y%m%d%H%M%S";

/// A migration of the tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolMigration {
    /// The timestamp, which orders migrations.
    pub version: String,
    /// What follows it.
    pub name: String,
    /// The steps of `up.sql`, at least one.
    pub up: Vec<Section>,
    /// The steps of `down.sql`, if there is one; the first one takes the last one of `up.sql` back.
    pub down: Option<Vec<Section>>,
}

impl ToolMigration {
    /// The name of its directory.
    pub fn full_name(&self) -> String {
        format!("{}_{}", self.version, self.name)
    }

    /// SHA-256 of `up.sql`, in hexadecimal.
    pub fn checksum(&self) -> String {
        self.checksum_of(self.up.len())
    }

    /// SHA-256 of the first steps.
    pub(super) fn checksum_of(&self, steps: usize) -> String {
        let mut digest = Sha256::new();
        self.up.iter().take(steps).for_each(|section| digest.update(section.text.as_bytes()));
        hex::encode(digest.finalize())
    }
}

/// Every migration in a directory, in order. A directory that is not there holds none.
///
/// # Errors
/// [`MigrateError::BadMigration`] for a directory that holds an `up.sql` but is not named like a migration, or the other way
/// round: what is skipped silently is missed only in production.
pub fn read(directory: &Path) -> Result<Vec<ToolMigration>, MigrateError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(MigrateError::File { path: directory.to_owned(), source }),
    };
    let mut migrations = Vec::new();
    for entry in entries {
        let path = entry.map_err(MigrateError::file(directory))?.path();
        if path.is_dir() {
            migrations.extend(read_one(&path)?);
        }
    }
    migrations.sort_by(|left: &ToolMigration, right| left.version.cmp(&right.version));
    if let Some(pair) = migrations.windows(2).find(|pair| pair[0].version == pair[1].version) {
        let path = directory.join(pair[1].full_name());
        return Err(MigrateError::BadMigration { path, problem: "another one has the same timestamp" });
    }
    Ok(migrations)
}

fn read_one(path: &Path) -> Result<Option<ToolMigration>, MigrateError> {
    let bad = |problem| Err(MigrateError::BadMigration { path: path.to_owned(), problem });
    let up_path = path.join("up.sql");
    let directory_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some((version, name)) = parse_name(directory_name) else {
        return if up_path.exists() { bad("its name is not `<14 digits>_<name>`") } else { Ok(None) };
    };
    if !up_path.exists() {
        return bad("it has no `up.sql`");
    }
    let down_path = path.join("down.sql");
    let up = read_sections(&up_path)?;
    let down = if down_path.exists() { Some(read_sections(&down_path)?) } else { None };
    Ok(Some(ToolMigration { version: version.to_owned(), name: name.to_owned(), up, down }))
}

fn read_sections(path: &Path) -> Result<Vec<Section>, MigrateError> {
    let text = fs::read_to_string(path).map_err(MigrateError::file(path))?;
    script::parse(&text).map_err(|problem| MigrateError::BadMigration { path: path.to_owned(), problem })
}

fn parse_name(directory: &str) -> Option<(&str, &str)> {
    let (version, name) = directory.split_once('_')?;
    let is_version = version.len() == VERSION_DIGITS && version.bytes().all(|byte| byte.is_ascii_digit());
    (is_version && is_name(name)).then_some((version, name))
}

fn is_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.bytes().all(is_allowed)
}

/// The time as a version; after those that are there, whatever the clock says.
fn next_version(directory: &Path, time: DateTime<Utc>) -> Result<String, MigrateError> {
    let now = time.format(VERSION_FORMAT).to_string();
    let last = read(directory)?.pop().map(|migration| migration.version).unwrap_or_default();
    if last < now {
        return Ok(now);
    }
    let problem = "its timestamp is no time";
    let bad = || MigrateError::BadMigration { path: directory.join(&last), problem };
    let last = NaiveDateTime::parse_from_str(&last, VERSION_FORMAT).map_err(|_| bad())?;
    Ok((last + TimeDelta::seconds(1)).format(VERSION_FORMAT).to_string())
}

/// Writes a plan as a migration and returns its directory.
///
/// # Errors
/// [`MigrateError`] if the name cannot be one, the plan is empty or has refusals, or the files cannot be written.
pub fn write(plan: &Plan, directory: &Path, name: &str, time: DateTime<Utc>) -> Result<PathBuf, MigrateError> {
    if !is_name(name) {
        return Err(MigrateError::BadName { name: name.to_owned() });
    }
    if !plan.refusals.is_empty() {
        return Err(MigrateError::Refused { refusals: plan.refusals.clone() });
    }
    if plan.steps.is_empty() {
        return Err(MigrateError::NothingToDo);
    }
    let path = directory.join(format!("{}_{name}", next_version(directory, time)?));
    fs::create_dir_all(&path).map_err(MigrateError::file(&path))?;
    let up = format!(
        "-- Planned from the schema. What stands here is what runs: review it, change it, then apply it.\n\n{}",
        plan.up_sql()
    );
    let down = format!("-- Takes `up.sql` back. Columns and tables go with what they hold.\n\n{}", plan.down_sql());
    for (file, text) in [("up.sql", up), ("down.sql", down)] {
        let file = path.join(file);
        fs::write(&file, text).map_err(MigrateError::file(&file))?;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(directory: &Path, name: &str, file: &str) {
        fs::create_dir_all(directory.join(name)).unwrap();
        fs::write(directory.join(name).join(file), "select 1").unwrap();
    }

    #[test]
    fn migrations_are_read_in_order_and_other_directories_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path(), "20260102000000_second", "up.sql");
        make(directory.path(), "20260101000000_first", "up.sql");
        make(directory.path(), "notes", "readme.md");
        let names: Vec<String> = read(directory.path()).unwrap().iter().map(ToolMigration::full_name).collect();
        assert_eq!(names, ["20260101000000_first", "20260102000000_second"]);
        assert_eq!(read(&directory.path().join("nowhere")).unwrap(), []);
    }

    #[test]
    fn what_looks_like_a_migration_and_is_none_is_refused() {
        for (name, file) in [("2026_first", "up.sql"), ("20260101000000_First", "up.sql"), ("20260101000000_first", "down.sql")] {
            let directory = tempfile::tempdir().unwrap();
            make(directory.path(), name, file);
            assert!(matches!(read(directory.path()), Err(MigrateError::BadMigration { .. })), "{name}/{file}");
        }
        let directory = tempfile::tempdir().unwrap();
        make(directory.path(), "20260101000000_one", "up.sql");
        make(directory.path(), "20260101000000_two", "up.sql");
        assert!(matches!(read(directory.path()), Err(MigrateError::BadMigration { .. })));
    }

    #[test]
    fn a_migration_always_comes_after_those_that_are_there() {
        let directory = tempfile::tempdir().unwrap();
        let time: DateTime<Utc> = "2026-01-01T00:00:59Z".parse().unwrap();
        assert_eq!(next_version(directory.path(), time).unwrap(), "20260101000059");
        make(directory.path(), "20260101000059_first", "up.sql");
        assert_eq!(next_version(directory.path(), time).unwrap(), "20260101000100");
        make(directory.path(), "99999999999999_never", "up.sql");
        assert!(matches!(next_version(directory.path(), time), Err(MigrateError::BadMigration { .. })));
    }

    #[test]
    fn names_of_migrations_are_plain() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["", "Add", "add tickets", "../x"] {
            assert!(matches!(write(&Plan::default(), directory.path(), name, Utc::now()), Err(MigrateError::BadName { .. })));
        }
        assert!(matches!(write(&Plan::default(), directory.path(), "add", Utc::now()), Err(MigrateError::NothingToDo)));
    }
}
