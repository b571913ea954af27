//! The keys without a section: where to listen, which files make up the tool.

use crate::config::ProxySettings;
use crate::config::entries::Entries;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Where to listen and which files make up the tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerSettings {
    /// The address to listen on. Loopback by default: opening it to a network is a decision.
    pub listen: SocketAddr,
    /// The proxies whose word about addresses is taken.
    pub proxies: ProxySettings,
    /// Where the server keeps what it may make anew or must keep: the private PostgreSQL, export files.
    pub data_dir: PathBuf,
    /// The SDL file.
    pub schema: PathBuf,
    /// The directory of the tool's migrations.
    pub migrations: PathBuf,
    /// The folder of the operations that GraphiQL opens in tabs; it does not have to be there.
    pub examples: PathBuf,
}

impl ServerSettings {
    pub(super) const KEYS: &'static [&'static str] =
        &["listen", "trusted_proxies", "proxy_header", "data_dir", "schema", "migrations", "examples"];

    pub(super) fn read(entries: &mut Entries, directory: &Path) -> Self {
        let expected = "an IP address with a port, `127.0.0.1:4000`";
        Self {
            listen: entries
                .read("listen", expected, |text| text.parse().ok())
                .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 4000))),
            proxies: ProxySettings::read(entries),
            data_dir: entries.read_path("data_dir", directory).unwrap_or_else(|| directory.join(".toolcrib")),
            schema: entries.read_path("schema", directory).unwrap_or_else(|| directory.join("schema.graphql")),
            migrations: entries.read_path("migrations", directory).unwrap_or_else(|| directory.join("migrations")),
            examples: entries.read_path("examples", directory).unwrap_or_else(|| directory.join("examples/graphiql")),
        }
    }
}
