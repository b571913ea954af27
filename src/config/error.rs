//! What can be wrong with settings.

use crate::base::{Fault, FaultCode};
use std::fmt;
use std::path::PathBuf;

/// Where a setting was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line, `--listen`.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A place in the file; lines and columns count from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(formatter, "flag {flag}"),
            Self::Variable(name) => write!(formatter, "variable {name}"),
            Self::File { path, line, column } => write!(formatter, "{}:{line}:{column}", path.display()),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A key that does not exist.
    #[error("{origin}: there is no setting `{name}`; did you mean `{nearest}`?")]
    UnknownKey {
        /// Where it stands.
        origin: Origin,
        /// What was written.
        name: String,
        /// The nearest one that exists.
        nearest: String,
    },
    /// A value that is not of its key's form. The value itself is left out: it may be a secret.
    #[error("{origin}: `{key}` has to be {expected}")]
    BadValue {
        /// Where it stands.
        origin: Origin,
        /// Its key.
        key: &'static str,
        /// The form it should have, with an example.
        expected: String,
    },
    /// A key that others make necessary.
    #[error("`{key}` is missing: {why}")]
    Missing {
        /// The key.
        key: &'static str,
        /// Who needs it.
        why: &'static str,
    },
    /// One of several tables of a kind that makes no sense.
    #[error("{origin}: {message}")]
    BadTable {
        /// Where the tables stand.
        origin: Origin,
        /// What is wrong.
        message: String,
    },
    /// The file is not TOML.
    #[error("{origin}: {message}")]
    Syntax {
        /// Where reading stopped.
        origin: Origin,
        /// What the parser says.
        message: String,
    },
    /// The file is there but cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Settings that were refused, with every reason at once.
#[derive(Debug)]
pub struct ConfigError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.problems.iter().find_map(std::error::Error::source)
    }
}

impl Fault for ConfigError {
    fn code(&self) -> FaultCode {
        FaultCode::InternalServerError
    }
}
