//! One text for each key, from whichever layer says it last, and the problems met on the way.

use crate::config::{ConfigError, DIRECTORY_VARIABLE, Origin, Overrides, Problem, keys};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a key is set to.
#[derive(Debug)]
struct Entry {
    text: String,
    origin: Origin,
}

/// The settings as text. Layers are added from the weakest to the strongest.
#[derive(Debug, Default)]
pub(super) struct Entries {
    values: BTreeMap<&'static str, Entry>,
    problems: Vec<Problem>,
}

impl Entries {
    /// Sets a key that is known.
    pub(super) fn set(&mut self, key: &'static str, text: String, origin: Origin) {
        self.values.insert(key, Entry { text, origin });
    }

    /// Keeps a problem for the end, so that all are reported together.
    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Keeps that a key is needed which nobody set.
    pub(super) fn report_missing(&mut self, key: &'static str, why: &'static str) {
        self.report(Problem::Missing { key, why });
    }

    /// Adds `TOOLCRIB_*` variables, and `DATABASE_URL` below them, because that is the name which hosts give.
    pub(super) fn add_variables(&mut self, variables: BTreeMap<String, String>) {
        if let Some(url) = variables.get("DATABASE_URL") {
            self.set("database.url", url.clone(), Origin::Variable("DATABASE_URL".to_owned()));
        }
        for (name, text) in variables {
            if !name.starts_with(keys::VARIABLE_PREFIX) || name == DIRECTORY_VARIABLE {
                continue;
            }
            match keys::all().find(|key| keys::to_variable(key) == name) {
                Some(key) => self.set(key, text, Origin::Variable(name)),
                None => {
                    let nearest = keys::to_variable(keys::nearest_to_variable(&name));
                    self.report(Problem::UnknownKey { origin: Origin::Variable(name.clone()), name, nearest });
                }
            }
        }
    }

    /// Adds the flags.
    pub(super) fn add_overrides(&mut self, overrides: &Overrides) {
        let Overrides { listen, data_dir, schema, database_url } = overrides;
        // A path on the command line starts where the user stands, not where the tool is.
        let from_here = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string();
        let flags = [
            ("listen", "--listen", listen.clone()),
            ("data_dir", "--data-dir", data_dir.as_ref().map(from_here)),
            ("schema", "--schema", schema.as_ref().map(from_here)),
            ("database.url", "--database-url", database_url.clone()),
        ];
        for (key, flag, text) in flags {
            if let Some(text) = text {
                self.set(key, text, Origin::Flag(flag));
            }
        }
    }

    /// The value of a key in the form that `parse` gives it; `None` if nobody set it, or if it is not of that form, which is
    /// then reported.
    pub(super) fn read<T>(&mut self, key: &'static str, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let entry = self.values.get(key)?;
        let value = parse(&entry.text);
        if value.is_none() {
            let problem = Problem::BadValue { origin: entry.origin.clone(), key, expected: expected.to_owned() };
            self.report(problem);
        }
        value
    }

    /// The text of a key and where it was said; `None` if nobody set it.
    pub(super) fn said(&self, key: &str) -> Option<(&str, &Origin)> {
        self.values.get(key).map(|entry| (entry.text.as_str(), &entry.origin))
    }

    /// A path, joined to the tool directory.
    pub(super) fn read_path(&mut self, key: &'static str, directory: &Path) -> Option<PathBuf> {
        self.read(key, "a path", |text| (!text.is_empty()).then(|| directory.join(text)))
    }

    /// A number of at least one.
    pub(super) fn read_count(&mut self, key: &'static str) -> Option<usize> {
        self.read(key, "a whole number above zero", |text| text.replace('_', "").parse().ok().filter(|count| *count > 0))
    }

    /// Everything that was wrong.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigError { problems: self.problems }) }
    }
}
