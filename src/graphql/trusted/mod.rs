//! Trusted documents: those that the tool's own clients were built with. They are read from manifests when the server starts;
//! a new manifest is served after a restart.

mod manifest;

pub use manifest::ManifestError;

use crate::base::{Actor, FaultCode};
use crate::config::{GraphqlSettings, Roles, TrustedDocumentMode};
use crate::graphql::{GraphqlError, GraphqlRequest};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// Which documents are run for whom.
#[derive(Clone, Debug)]
pub struct TrustedDocuments {
    mode: TrustedDocumentMode,
    /// Who may run any document where only trusted ones are run.
    any_document_for: Roles,
    /// By the id of the manifest, and by the SHA-256 of the text.
    by_id: HashMap<String, Arc<str>>,
    texts: HashSet<Arc<str>>,
}

impl TrustedDocuments {
    /// Reads the manifests that the settings name. Where documents need no trust, none is read.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn load(settings: &GraphqlSettings) -> Result<Self, ManifestError> {
        let mut documents = Self {
            mode: settings.trusted_documents,
            any_document_for: settings.any_document_for.clone(),
            by_id: HashMap::new(),
            texts: HashSet::new(),
        };
        if documents.mode != TrustedDocumentMode::Off {
            for (path, entries) in manifest::read(&settings.documents)? {
                entries.into_iter().try_for_each(|(id, text)| documents.add(&path, id, &text))?;
            }
        }
        Ok(documents)
    }

    fn add(&mut self, path: &Path, id: String, text: &str) -> Result<(), ManifestError> {
        let text = self.texts.get(text).cloned().unwrap_or_else(|| Arc::from(text));
        self.texts.insert(Arc::clone(&text));
        for id in [sha256_hex(&text), id] {
            match self.by_id.get(&id) {
                Some(other) if *other != text => return Err(ManifestError::Conflict { path: path.to_owned(), id }),
                Some(_) => {}
                None => drop(self.by_id.insert(id, Arc::clone(&text))),
            }
        }
        Ok(())
    }

    /// Every text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    /// The document that a request asks for, by its text or by its id.
    ///
    /// # Errors
    /// PERSISTED_QUERY_NOT_FOUND for an id that no manifest has, FORBIDDEN for a text where only trusted ones are run.
    pub(crate) fn resolve<'r>(&self, request: &'r GraphqlRequest, actor: &Actor) -> Result<Cow<'r, str>, GraphqlError> {
        let bad_input = |message: &str| GraphqlError::request(FaultCode::BadUserInput, message);
        let hash = persisted_hash(request)?;
        let query = request.query.as_str();
        match (query.is_empty(), request.document_id.as_deref(), hash) {
            (false, Some(_), _) => Err(bad_input("send either `query` or `documentId`: which of them would be run?")),
            (_, Some(_), Some(_)) => Err(bad_input("send either `documentId` or `extensions.persistedQuery`, not both")),
            (true, Some(id), None) | (true, None, Some(id)) => self.find(id).map(|text| Cow::Owned(text.to_string())),
            (true, None, None) => Err(bad_input("`query` is missing: the GraphQL document to run")),
            (false, None, Some(hash)) if !hash.eq_ignore_ascii_case(&sha256_hex(query)) => {
                Err(bad_input("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`, in hexadecimal digits"))
            }
            (false, None, _) => self.check_text(query, actor).map(|()| Cow::Borrowed(query)),
        }
    }

    fn find(&self, id: &str) -> Result<&Arc<str>, GraphqlError> {
        let found = self.by_id.get(id).or_else(|| self.by_id.get(id.strip_prefix("sha256:")?));
        found.ok_or_else(|| {
            // Clients that remember documents by themselves (Apollo, urql) answer this code by sending the document.
            let message = match self.mode {
                TrustedDocumentMode::Off => "documents are not kept here; send the document itself as `query`",
                TrustedDocumentMode::Warn => {
                    "no manifest has a document of this id; send the document itself as `query`, or put it into a manifest and \
                     restart the server"
                }
                TrustedDocumentMode::Enforce => {
                    "no manifest has a document of this id; put it into a manifest of `graphql.documents` and restart the server"
                }
            };
            GraphqlError::request(FaultCode::PersistedQueryNotFound, message)
        })
    }

    fn check_text(&self, text: &str, actor: &Actor) -> Result<(), GraphqlError> {
        if self.mode == TrustedDocumentMode::Off || self.texts.contains(text) {
            return Ok(());
        }
        if self.mode == TrustedDocumentMode::Warn {
            let id = sha256_hex(text);
            tracing::warn!(document.id = %id, actor.role = %actor.role, "a document was run that no manifest has: sha256:{id}");
            return Ok(());
        }
        if self.any_document_for.contain(&actor.role) {
            return Ok(());
        }
        let message = "only trusted documents are run, and this is none of them; put it into a manifest of `graphql.documents` \
             and restart the server, or let your role run any with `graphql.any_document_for`";
        Err(GraphqlError::request(FaultCode::Forbidden, message))
    }
}

/// Apollo's way to name a document: `extensions: {persistedQuery: {version: 1, sha256Hash: "..."}}`.
fn persisted_hash(request: &GraphqlRequest) -> Result<Option<&str>, GraphqlError> {
    let Some(persisted) = request.extensions.get("persistedQuery").filter(|persisted| !persisted.is_null()) else {
        return Ok(None);
    };
    let hash = persisted.get("sha256Hash").and_then(|hash| hash.as_str());
    let is_known = persisted.get("version").is_none_or(|version| version.as_u64() == Some(1));
    match hash {
        Some(hash) if is_known => Ok(Some(hash)),
        _ => {
            let message = "`extensions.persistedQuery` has to be `{\"version\": 1, \"sha256Hash\": \"...\"}`";
            Err(GraphqlError::request(FaultCode::BadUserInput, message))
        }
    }
}

fn sha256_hex(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
