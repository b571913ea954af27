//! `rules/*.toml`.
//!
//! ```toml
//! # Rows by type and name. What has to be there and is not given is made up; relations name other rows.
//! [rows.User.ana]
//! role = "agent"
//! team = "billing"
//!
//! [rows.Ticket.own]
//! team = "billing"
//!
//! [[case]]
//! name = "an agent sees the tickets of the own team"
//! as = ["ana"]
//! operation = "READ"
//! on = "Ticket"
//! allowed = ["own"]
//! denied = ["other"]
//!
//! [[invariant]]
//! name = "viewers change nothing"
//! roles = ["viewer"]
//! operations = ["CREATE", "UPDATE", "DELETE"]
//! never = ["*"]
//! ```

use crate::cli::arguments::PolicyOperation;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Rows by type and name, each with its fields.
pub(super) type Rows = BTreeMap<String, BTreeMap<String, toml::Table>>;

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    /// The rows that the cases are about.
    #[serde(default)]
    pub(super) rows: Rows,
    /// The cases.
    #[serde(default, rename = "case")]
    pub(super) cases: Vec<Case>,
    /// What holds whatever the rows.
    #[serde(default, rename = "invariant")]
    pub(super) invariants: Vec<Invariant>,
}

/// Who may do something to which rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// What it shows.
    pub(super) name: String,
    /// Rows of `User`; what is expected holds of each.
    #[serde(rename = "as")]
    pub(super) actors: Vec<String>,
    /// What they do.
    pub(super) operation: PolicyOperation,
    /// The type of the rows.
    pub(super) on: String,
    /// A field of them that they see, or set.
    pub(super) field: Option<String>,
    /// What an update sets.
    #[serde(default)]
    pub(super) set: toml::Table,
    /// Rows that they may do this to.
    #[serde(default)]
    pub(super) allowed: Vec<String>,
    /// Rows that they may not do this to.
    #[serde(default)]
    pub(super) denied: Vec<String>,
    /// Whether they used a second factor.
    #[serde(default)]
    pub(super) mfa: bool,
    /// Where they ask from.
    pub(super) ip: Option<IpAddr>,
}

/// What holds of roles, whoever of them asks for whichever row: decided by the rules alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Invariant {
    /// What it says.
    pub(super) name: String,
    /// Of whom.
    pub(super) roles: Vec<String>,
    /// Of what they do.
    pub(super) operations: Vec<PolicyOperation>,
    /// To what they never may: types, fields as `Ticket.internalNote`, or `*` for every type of the tool.
    #[serde(default)]
    pub(super) never: Vec<String>,
    /// To what they always may.
    #[serde(default)]
    pub(super) always: Vec<String>,
}

impl RuleFile {
    /// Reads one; what it expects has to be something.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
        let file: Self = toml::from_str(&text).with_context(|| format!("`{}` is no file of cases", path.display()))?;
        for Case { name, actors, allowed, denied, .. } in &file.cases {
            if actors.is_empty() || (allowed.is_empty() && denied.is_empty()) {
                bail!("{}: the case `{name}` expects nothing: give `as`, and `allowed` or `denied`", path.display());
            }
        }
        for Invariant { name, roles, operations, never, always } in &file.invariants {
            if roles.is_empty() || operations.is_empty() || (never.is_empty() && always.is_empty()) {
                bail!(
                    "{}: the invariant `{name}` says nothing: give `roles`, `operations`, and `never` or `always`",
                    path.display()
                );
            }
        }
        if file.cases.is_empty() && file.invariants.is_empty() {
            bail!("`{}` has no `[[case]]` and no `[[invariant]]`", path.display());
        }
        Ok(file)
    }
}

/// The files of a tool, by name.
pub(super) fn find_files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let rules = directory.join("rules");
    let entries =
        std::fs::read_dir(&rules).with_context(|| format!("there are no cases: `{}` cannot be read", rules.display()))?;
    let mut files: Vec<PathBuf> = entries.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    if files.is_empty() {
        bail!("there are no cases: `{}` holds no `*.toml`", rules.display());
    }
    Ok(files)
}
