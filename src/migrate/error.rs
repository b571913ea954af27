//! Why the database cannot be brought to the catalog.

use crate::base::{Fault, FaultCode};
use crate::db::ConnectError;
use crate::db::migrations::PlatformMigrationError;
use crate::migrate::{Asked, Refusal, Step};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::path::{Path, PathBuf};

/// The oldest supported PostgreSQL.
pub(super) const MINIMUM_VERSION: i32 = 15;

/// Why the database cannot be brought to the catalog.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// There is no way to the database.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server is too old.
    #[error("the database is PostgreSQL {found}; {MINIMUM_VERSION} is the oldest that will do")]
    TooOld {
        /// Its major version.
        found: i32,
    },
    /// Another server has been migrating for too long.
    #[error("another process has been migrating this database for {seconds} s; try again when it is done")]
    Busy {
        /// How long we waited.
        seconds: u64,
    },
    /// A backup is only restored where nothing can be lost.
    #[error("the database is not empty: it has {}; restore into a new one", tables.join(", "))]
    NotEmpty {
        /// Some of what it has.
        tables: Vec<String>,
    },
    /// A statement waited too long for a lock.
    #[error("{doing}: another session holds a lock on the table; try again when it is quiet, it goes on where it stopped")]
    LockTimeout {
        /// What was being done.
        doing: String,
    },
    /// The login may not do it.
    #[error("{doing}: the login of `database.url` may not; it has to own the database and be allowed to create roles")]
    NotAllowed {
        /// What was being done.
        doing: String,
        /// What the database says.
        #[source]
        source: DieselError,
    },
    /// Rows do not keep what the schema asks of them.
    #[error("{doing}: {problem}")]
    BrokenByRows {
        /// What was being done.
        doing: String,
        /// What the rows do, and what to do about it.
        problem: String,
        /// What the database says.
        #[source]
        source: DieselError,
    },
    /// Steps lose data or lock a table for long, and nobody gave their word.
    #[error("{}\nif that is meant, run `toolcrib migrate {command} --allow-destructive`", costs(asked))]
    NeedsConsent {
        /// The migrations, at least one.
        asked: Vec<Asked>,
        /// The command, without the flag.
        command: &'static str,
    },
    /// Rules give somebody more than those that were applied, and nobody gave their word.
    #[error(
        "the rules give more than those that were applied to this database:{}\nif that is meant, run `toolcrib migrate apply --accept-widening \"why\"`",
        lines(changes)
    )]
    Widens {
        /// Who gains what, at least one.
        changes: Vec<String>,
    },
    /// The server's rules are not those that the database was prepared for.
    #[error(
        "the rules of the schema are not those that were applied to this database:{}\nrun `toolcrib migrate apply`",
        lines(changes)
    )]
    RulesNotApplied {
        /// Who gains or loses what, at least one.
        changes: Vec<String>,
    },
    /// The rules that were applied are written in words that this release does not have.
    #[error("the rules that were applied to this database cannot be read by this release of Toolcrib")]
    UnreadableRules,
    /// Anything else that the database says.
    #[error("{doing} failed")]
    Database {
        /// What was being done.
        doing: String,
        /// What the database says.
        #[source]
        source: DieselError,
    },
    /// The platform's own migrations.
    #[error(transparent)]
    Platform(#[from] PlatformMigrationError),
    /// A role of ours has rights that go around every rule.
    #[error("the database role `{role}` {problem}; rules would not bind it: mend the role, or use another server")]
    UnsafeRole {
        /// The role.
        role: String,
        /// Which.
        problem: &'static str,
    },
    /// A migration that was applied has another text now.
    #[error("the migration `{name}` was changed after it was applied: put its `up.sql` back and write a further migration")]
    ChangedFile {
        /// The migration.
        name: String,
    },
    /// A migration that was applied is gone.
    #[error("the migration `{name}` was applied to this database, but is not in `{}`: put it back", directory.display())]
    MissingFile {
        /// The migration.
        name: String,
        /// The tool's migrations.
        directory: PathBuf,
    },
    /// A directory that cannot be a migration.
    #[error("`{}` is no migration: {problem}", path.display())]
    BadMigration {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// A file cannot be read or written.
    #[error("cannot use `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A name that cannot be a migration's.
    #[error("`{name}` cannot name a migration: use small letters, digits and `_`, as in `add_tickets`")]
    BadName {
        /// The name.
        name: String,
    },
    /// A name that cannot be a database login's.
    #[error(
        "`{name}` cannot name a database login: use small letters, digits and `_`, at most 63, beginning with a letter, and \
         neither with `toolcrib_` nor with `pg_`"
    )]
    BadLogin {
        /// The name.
        name: String,
    },
    /// PostgreSQL has a role of the name that is not ours to change.
    #[error("PostgreSQL has a role `{name}` that was not made for this database: take another name")]
    LoginTaken {
        /// The name.
        name: String,
    },
    /// No login of this name was made.
    #[error("there is no database login `{name}`: `toolcrib db role list` shows those there are")]
    UnknownLogin {
        /// The name.
        name: String,
    },
    /// Nobody to read for.
    #[error("there is no active user `{email}`")]
    UnknownUser {
        /// The mail address.
        email: String,
    },
    /// The database fits the catalog.
    #[error("there is nothing to migrate: the database fits the schema")]
    NothingToDo,
    /// Some differences need a hand-written migration.
    #[error("the schema asks for changes that are not planned by themselves:{}", lines(refusals))]
    Refused {
        /// At least one.
        refusals: Vec<Refusal>,
    },
    /// Migrations wait.
    #[error("{} waiting to be applied: run `toolcrib migrate apply`", counted(names))]
    Pending {
        /// Their names.
        names: Vec<String>,
    },
    /// The migrations do not lead to the catalog.
    #[error("the database does not fit the schema:{}{}\n{}", lines(steps), lines(refusals), next_command(refusals))]
    Unplanned {
        /// What is missing.
        steps: Vec<Step>,
        /// What stands in the way.
        refusals: Vec<Refusal>,
    },
    /// Row-level security is not what the rules say.
    #[error("row-level security is not what the rules of the schema say; run `toolcrib migrate apply`: {}", shorten(pieces))]
    OtherRules {
        /// What would be made or dropped.
        pieces: Vec<String>,
    },
}

/// The first few of a list.
fn shorten(pieces: &[String]) -> String {
    const SHOWN: usize = 5;
    let rest = pieces.len().saturating_sub(SHOWN);
    let shown = pieces.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}

impl MigrateError {
    /// For `map_err` on statements.
    pub(super) fn while_doing(doing: impl Into<String>) -> impl FnOnce(DieselError) -> Self {
        let doing = doing.into();
        move |source| Self::classify(doing, source)
    }

    /// For `map_err` on file operations.
    pub(super) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// diesel-async keeps no SQLSTATE for the last two; PostgreSQL's own words are all there is.
    fn classify(doing: String, source: DieselError) -> Self {
        if let Some(problem) = broken_by_rows(&source) {
            return Self::BrokenByRows { doing, problem, source };
        }
        let DieselError::DatabaseError(DatabaseErrorKind::Unknown, information) = &source else {
            return Self::Database { doing, source };
        };
        let message = information.message();
        if message.contains("due to lock timeout") {
            Self::LockTimeout { doing }
        } else if ["permission denied", "must be owner", "must have", "must be able", "must be member"]
            .iter()
            .any(|words| message.contains(words))
        {
            Self::NotAllowed { doing, source }
        } else {
            Self::Database { doing, source }
        }
    }
}

impl Fault for MigrateError {
    fn code(&self) -> FaultCode {
        FaultCode::InternalServerError
    }
}

/// What rows do that a constraint does not allow. Never their values: what is said here ends up in logs.
fn broken_by_rows(source: &DieselError) -> Option<String> {
    let DieselError::DatabaseError(kind, information) = source else { return None };
    let table = || information.table_name().map_or_else(String::new, |table| format!(" of `{table}`"));
    let constraint = || information.constraint_name().unwrap_or("the constraint").to_owned();
    Some(match kind {
        DatabaseErrorKind::UniqueViolation => {
            format!("rows{} share a value that `{}` wants once; make them differ, then apply again", table(), constraint())
        }
        DatabaseErrorKind::CheckViolation => {
            format!("rows{} do not keep `{}`; mend them, then apply again", table(), constraint())
        }
        DatabaseErrorKind::ForeignKeyViolation => {
            format!("rows{} point to rows that are not there, see `{}`; mend them, then apply again", table(), constraint())
        }
        DatabaseErrorKind::NotNullViolation => {
            let column = information.column_name().unwrap_or("a column");
            format!("rows{} have no value for `{column}`; give them one, with `@backfill` or by hand, then apply again", table())
        }
        _ => return None,
    })
}

fn costs(asked: &[Asked]) -> String {
    let texts = asked
        .iter()
        .map(|Asked { name, costs }| format!("the migration `{name}` loses data or locks a table for long:{}", lines(costs)));
    texts.collect::<Vec<_>>().join("\n")
}

fn lines<T: ToString>(items: &[T]) -> String {
    items.iter().map(|item| format!("\n  {}", item.to_string())).collect()
}

fn counted(names: &[String]) -> String {
    match names {
        [name] => format!("the migration `{name}` is"),
        _ => format!("{} migrations are", names.len()),
    }
}

fn next_command(refusals: &[Refusal]) -> &'static str {
    if refusals.is_empty() {
        "run `toolcrib migrate plan --write NAME`, review the migration, then `toolcrib migrate apply`"
    } else {
        "mend the schema or write a migration by hand"
    }
}
