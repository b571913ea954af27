//! `[graphql]`

use crate::base::RoleName;
use crate::config::Roles;
use crate::config::entries::Entries;
use std::path::{Path, PathBuf};

/// Whether documents have to be known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustedDocumentMode {
    /// No; none is kept.
    Off,
    /// No, but whoever runs another is logged.
    Warn,
    /// Yes.
    Enforce,
}

/// Which documents are run, and who may ask for the schema.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphqlSettings {
    /// Who may introspect, and is told names of the schema in messages.
    pub introspection_for: Roles,
    /// Whether documents have to be known beforehand.
    pub trusted_documents: TrustedDocumentMode,
    /// A manifest of trusted documents, or a folder of them.
    pub documents: PathBuf,
    /// Who may run any document where only trusted ones are run.
    pub any_document_for: Roles,
}

impl GraphqlSettings {
    pub(super) const KEYS: &'static [&'static str] =
        &["graphql.introspection_for", "graphql.trusted_documents", "graphql.documents", "graphql.any_document_for"];

    pub(super) fn read(entries: &mut Entries, directory: &Path) -> Self {
        let staff = || Roles::Only(["admin", "manager"].map(RoleName::new).to_vec());
        let mode = entries.read("graphql.trusted_documents", "`off`, `warn` or `enforce`", |text| match text {
            "off" => Some(TrustedDocumentMode::Off),
            "warn" => Some(TrustedDocumentMode::Warn),
            "enforce" => Some(TrustedDocumentMode::Enforce),
            _ => None,
        });
        let mut roles = |key, otherwise: Roles| entries.read(key, Roles::EXPECTED, Roles::parse).unwrap_or(otherwise);
        Self {
            introspection_for: roles("graphql.introspection_for", staff()),
            any_document_for: roles("graphql.any_document_for", Roles::Only(Vec::new())),
            trusted_documents: mode.unwrap_or(TrustedDocumentMode::Off),
            documents: entries.read_path("graphql.documents", directory).unwrap_or_else(|| directory.join("documents")),
        }
    }

    /// The same for a demo, where everybody shall look around.
    pub fn for_demo(self) -> Self {
        Self { introspection_for: Roles::All, ..self }
    }

    /// The settings that name roles, for whoever knows which roles there are.
    pub fn role_lists(&self) -> [(&'static str, &Roles); 2] {
        [("graphql.introspection_for", &self.introspection_for), ("graphql.any_document_for", &self.any_document_for)]
    }
}
