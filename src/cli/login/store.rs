//! Sessions of this account, by server: a file that nobody else can read.

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

/// A session of this account at a server.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredSession {
    /// The bearer token.
    #[serde(serialize_with = "expose")]
    pub(super) token: SecretString,
    /// When it ends.
    pub(super) expires_at: String,
}

fn expose<S: Serializer>(token: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose_secret())
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    last_server: Option<String>,
    sessions: BTreeMap<String, StoredSession>,
}

/// The sessions of this account.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    content: Content,
}

impl Store {
    /// Reads `toolcrib/sessions.json` in the account's configuration directory; none is empty.
    pub(super) fn open() -> anyhow::Result<Self> {
        let home = || std::env::var_os("HOME").filter(|home| !home.is_empty()).map(|home| PathBuf::from(home).join(".config"));
        let configured = std::env::var_os("XDG_CONFIG_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
        let directory = configured.or_else(home).context("neither `XDG_CONFIG_HOME` nor `HOME` says where settings are kept")?;
        let path = directory.join("toolcrib/sessions.json");
        let content = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("`{}` is broken; delete it", path.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Content::default(),
            Err(error) => return Err(error).with_context(|| format!("`{}` cannot be read", path.display())),
        };
        Ok(Self { path, content })
    }

    /// The server of the last sign-in.
    pub(super) fn last_server(&self) -> Option<&str> {
        self.content.last_server.as_deref()
    }

    /// The session at a server, or at that of the last sign-in.
    pub(super) fn find(&self, server: Option<&str>) -> Option<(&str, &StoredSession)> {
        let server = server.or(self.last_server())?;
        self.content.sessions.get_key_value(server).map(|(address, session)| (address.as_str(), session))
    }

    /// Keeps a session.
    pub(super) fn keep(&mut self, server: &str, session: StoredSession) -> anyhow::Result<()> {
        self.content.sessions.insert(server.to_owned(), session);
        self.content.last_server = Some(server.to_owned());
        self.write()
    }

    /// Forgets one.
    pub(super) fn forget(&mut self, server: &str) -> anyhow::Result<()> {
        self.content.sessions.remove(server);
        self.write()
    }

    /// Writes a new file that is the account's own from its first byte, and puts it into the old one's place.
    fn write(&self) -> anyhow::Result<()> {
        let directory = self.path.parent().context("a file in a directory")?;
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let unfinished = self.path.with_extension("new");
        let _ = fs::remove_file(&unfinished);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(serde_json::to_string_pretty(&self.content)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, &self.path).with_context(|| format!("`{}` cannot be written", self.path.display()))
    }
}
