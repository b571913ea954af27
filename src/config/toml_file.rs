//! `toolcrib.toml`: its keys with their places.

use crate::config::auth::ProviderEntry;
use crate::config::entries::Entries;
use crate::config::{Origin, Problem, ProviderSettings, keys};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The one key that is a list of tables.
const PROVIDERS: &str = "auth.providers";

/// Adds what the file says, and gives the providers that it lists; a file that is not there says nothing.
pub(super) fn read(path: &Path, entries: &mut Entries, variables: &BTreeMap<String, String>) -> Vec<ProviderSettings> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let file = TomlFile { path, text: &text };
            file.read(entries);
            return file.read_providers(entries, variables);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => entries.report(Problem::Unreadable { path: path.to_owned(), source }),
    }
    Vec::new()
}

/// The part of the file that is no list of single values.
#[derive(Deserialize)]
struct WithProviders {
    auth: Option<AuthTable>,
}

#[derive(Deserialize)]
struct AuthTable {
    #[serde(default)]
    providers: Vec<Spanned<ProviderEntry>>,
}

struct TomlFile<'a> {
    path: &'a Path,
    text: &'a str,
}

impl TomlFile<'_> {
    fn read(&self, entries: &mut Entries) {
        match DeTable::parse(self.text) {
            Ok(table) => self.read_table("", table.get_ref(), entries),
            Err(error) => {
                let origin = self.origin(error.span().unwrap_or(0..0));
                entries.report(Problem::Syntax { origin, message: error.message().to_owned() });
            }
        }
    }

    fn read_providers(&self, entries: &mut Entries, variables: &BTreeMap<String, String>) -> Vec<ProviderSettings> {
        if DeTable::parse(self.text).is_err() {
            return Vec::new(); // Reported already.
        }
        let listed = match toml::from_str::<WithProviders>(self.text) {
            Ok(file) => file.auth.map_or_else(Vec::new, |auth| auth.providers),
            Err(error) => {
                let origin = self.origin(error.span().unwrap_or(0..0));
                entries.report(Problem::BadTable { origin, message: error.message().to_owned() });
                return Vec::new();
            }
        };
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let mut ids = BTreeSet::new();
        let mut providers = Vec::with_capacity(listed.len());
        for entry in listed {
            let origin = self.origin(entry.span());
            match entry.into_inner().check(directory, variables) {
                Ok(provider) if ids.insert(provider.id.clone()) => providers.push(provider),
                Ok(provider) => {
                    let message = format!("`{}`: another provider has this `id`", provider.id);
                    entries.report(Problem::BadTable { origin, message });
                }
                Err(message) => entries.report(Problem::BadTable { origin, message }),
            }
        }
        providers
    }

    fn read_table(&self, prefix: &str, table: &DeTable<'_>, entries: &mut Entries) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) if keys::find(&name).is_none() && is_section(&name) => {
                    self.read_table(&format!("{name}."), inner, entries);
                }
                DeValue::Array(_) if name == PROVIDERS => {}
                _ => self.read_entry(&name, key.span(), value, entries),
            }
        }
    }

    fn read_entry(&self, name: &str, place: Range<usize>, value: &Spanned<DeValue<'_>>, entries: &mut Entries) {
        let Some(key) = keys::find(name) else {
            let nearest = keys::nearest(name).to_owned();
            return entries.report(Problem::UnknownKey { origin: self.origin(place), name: name.to_owned(), nearest });
        };
        let origin = self.origin(value.span());
        match value.get_ref() {
            DeValue::String(text) => entries.set(key, text.to_string(), origin),
            DeValue::Integer(number) => entries.set(key, number.as_str().to_owned(), origin),
            DeValue::Boolean(is_so) => entries.set(key, is_so.to_string(), origin),
            DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                entries.report(Problem::BadValue { origin, key, expected: "a text or a whole number".to_owned() });
            }
        }
    }

    fn origin(&self, place: Range<usize>) -> Origin {
        let before = self.text.get(..place.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        Origin::File {
            path: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// Whether keys begin with this section's name.
fn is_section(name: &str) -> bool {
    keys::all().any(|key| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}
