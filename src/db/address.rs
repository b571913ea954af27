//! The way to a database server: what its URL says, and the TLS that guards the connection.
//!
//! The words are libpq's: `sslmode` and `sslrootcert`, as parameters of the URL. Two things are stricter than there. Where TLS
//! is used, the certificate is verified, chain and name, whatever the mode is called: encryption to whoever answers protects
//! nothing. And a server that is not on this machine is only talked to over TLS, unless its URL says `sslmode=disable`.

use diesel_async::AsyncPgConnection;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where a database is, and how to get there.
#[derive(Clone)]
pub struct DatabaseAddress {
    /// What the URL says besides TLS; may be added to before connecting.
    pub(crate) config: Config,
    pub(crate) tls: Tls,
}

/// Whether TLS guards connections.
#[derive(Clone)]
pub(crate) enum Tls {
    /// It does not: the server is on this machine, or the URL says so.
    Off,
    /// It does.
    On(MakeRustlsConnect),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is no URL of a database.
    #[error("the database's URL cannot be read")]
    Url(#[source] tokio_postgres::Error),
    /// A certificate authority's file is none.
    #[error("`sslrootcert={}` holds no certificates in PEM form", path.display())]
    RootCertificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// TLS was refused by one side.
    #[error(
        "no TLS with the database: name its certificate authority with `sslrootcert=FILE` in the URL, or say `sslmode=disable` \
         if nobody else is on its network"
    )]
    Tls(#[source] tokio_postgres::Error),
    /// The server is away, or refuses the login.
    #[error("the database cannot be reached: is it running, and is `database.url` right?")]
    Unreachable(#[source] tokio_postgres::Error),
    /// The same, of a server on this machine.
    #[error("the database cannot be reached at `{}`: is it running, and is `database.url` right?", path.display())]
    Socket {
        /// Its socket.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The server let us in and then refused what every session needs.
    #[error("the database refused to set up a session")]
    Session(#[source] diesel::ConnectionError),
}

impl DatabaseAddress {
    /// Reads a URL, or libpq's `key=value` form.
    ///
    /// # Errors
    /// [`ConnectError::Url`] and [`ConnectError::RootCertificates`].
    pub fn parse(url: &str) -> Result<Self, ConnectError> {
        let TlsParameters { rest, mode, roots } = TlsParameters::take_from(url);
        let mut config = Config::from_str(&rest).map_err(ConnectError::Url)?;
        let is_guarded = match mode.as_deref() {
            Some("disable") => false,
            Some(_) => true,
            None => roots.is_some() || !is_on_this_machine(&config),
        };
        config.ssl_mode(if is_guarded { SslMode::Require } else { SslMode::Disable });
        let tls = if is_guarded { Tls::On(connector(roots.as_deref())?) } else { Tls::Off };
        Ok(Self { config, tls })
    }

    /// Opens a connection of Diesel's, driven by a task of its own.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(&self) -> Result<AsyncPgConnection, ConnectError> {
        let opened = match &self.tls {
            Tls::Off => {
                let (client, socket) = self.config.connect(NoTls).await.map_err(|error| self.failed(error))?;
                AsyncPgConnection::try_from_client_and_connection(client, socket).await
            }
            Tls::On(tls) => {
                let (client, socket) = self.config.connect(tls.clone()).await.map_err(|error| self.failed(error))?;
                AsyncPgConnection::try_from_client_and_connection(client, socket).await
            }
        };
        opened.map_err(ConnectError::Session)
    }

    /// The variables by which PostgreSQL's own programs find the same database as a URL says. Unlike arguments, nobody else on
    /// the machine can read them.
    ///
    /// # Errors
    /// As [`DatabaseAddress::parse`].
    pub fn variables(url: &str) -> Result<Vec<(&'static str, String)>, ConnectError> {
        let roots = TlsParameters::take_from(url).roots;
        let Self { config, tls } = Self::parse(url)?;
        let mut variables = vec![("PGAPPNAME", "toolcrib backup".to_owned()), ("PGCONNECT_TIMEOUT", "10".to_owned())];
        let host = config.get_hosts().first().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(directory) => directory.display().to_string(),
        });
        let texts = [
            ("PGHOST", host),
            ("PGPORT", config.get_ports().first().map(ToString::to_string)),
            ("PGUSER", config.get_user().map(str::to_owned)),
            ("PGPASSWORD", config.get_password().map(|password| String::from_utf8_lossy(password).into_owned())),
            ("PGDATABASE", config.get_dbname().or(config.get_user()).map(str::to_owned)),
            ("PGSSLROOTCERT", roots.as_ref().map(|path| path.display().to_string())),
        ];
        variables.extend(texts.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))));
        let mode = match tls {
            Tls::Off => "disable",
            Tls::On(_) if roots.is_some() => "verify-full",
            Tls::On(_) => "require",
        };
        variables.push(("PGSSLMODE", mode.to_owned()));
        Ok(variables)
    }

    /// Sorts what the driver says of a failed connection.
    pub(super) fn failed(&self, error: tokio_postgres::Error) -> ConnectError {
        // tokio-postgres says the kind of its errors in words only.
        let is_about_tls = error.to_string().starts_with("error performing TLS handshake");
        if is_about_tls { ConnectError::Tls(error) } else { ConnectError::Unreachable(error) }
    }
}

/// The parameters that are ours to read: the driver knows fewer modes than libpq, and no files.
#[derive(Debug, PartialEq)]
struct TlsParameters {
    rest: String,
    mode: Option<String>,
    roots: Option<PathBuf>,
}

impl TlsParameters {
    fn take_from(url: &str) -> Self {
        let (base, joint, end, parameters): (_, _, _, Vec<&str>) = match (url.contains("://"), url.split_once('?')) {
            (true, Some((base, query))) => (base, "?", "&", query.split('&').collect()),
            (true, None) => (url, "", "", Vec::new()),
            (false, _) => ("", "", " ", url.split(' ').collect()),
        };
        let (mut kept, mut mode, mut roots) = (Vec::new(), None, None);
        for parameter in parameters {
            match parameter.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value.to_owned()),
                Some(("sslrootcert", value)) => {
                    roots = Some(PathBuf::from(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned()));
                }
                _ => kept.push(parameter),
            }
        }
        let joint = if kept.is_empty() { "" } else { joint };
        Self { rest: format!("{base}{joint}{}", kept.join(end)), mode, roots }
    }
}

fn is_on_this_machine(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback()),
    })
}

fn connector(roots: Option<&Path>) -> Result<MakeRustlsConnect, ConnectError> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(path) => {
            let unreadable = |source| ConnectError::RootCertificates { path: path.to_owned(), source };
            let certificates: Vec<CertificateDer<'static>> =
                CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(unreadable)?;
            if store.add_parsable_certificates(certificates).0 == 0 {
                return Err(unreadable(rustls::pki_types::pem::Error::NoItemsFound));
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows the versions of TLS that rustls thinks safe")
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_guards_whatever_leaves_the_machine() {
        let cases = [
            ("postgres://a@db.internal/x", true),
            ("postgres://a@db.internal/x?sslmode=disable", false),
            ("postgres://a@db.internal/x?sslmode=prefer", true),
            ("postgres://a@db.internal/x?sslmode=verify-full&application_name=y", true),
            ("postgres://a@127.0.0.1:6000/x", false),
            ("postgres://a@localhost/x", false),
            ("postgres://a@localhost/x?sslmode=require", true),
            ("postgres://a@%2Frun%2Fpostgresql/x", false),
            ("postgres://a@localhost,db.internal/x", true),
            ("host=db.internal user=a sslmode=disable", false),
            ("host=db.internal user=a", true),
        ];
        for (url, is_guarded) in cases {
            let address = DatabaseAddress::parse(url).unwrap();
            assert_eq!(matches!(address.tls, Tls::On(_)), is_guarded, "{url}");
            let mode = if is_guarded { SslMode::Require } else { SslMode::Disable };
            assert_eq!(address.config.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn other_parameters_are_the_drivers() {
        let taken =
            TlsParameters::take_from("postgres://a@h/x?application_name=y&sslmode=require&sslrootcert=%2Fetc%2Fca%20s.pem");
        let rest = "postgres://a@h/x?application_name=y".to_owned();
        assert_eq!(taken, TlsParameters { rest, mode: Some("require".to_owned()), roots: Some("/etc/ca s.pem".into()) });
        assert!(matches!(DatabaseAddress::parse("postgres://a@h/x?colour=blue"), Err(ConnectError::Url(_))));
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let url = format!("postgres://a@h/x?sslrootcert={}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
        let Err(error) = DatabaseAddress::parse(&url) else { panic!("there are no certificates in it") };
        assert!(error.to_string().ends_with("/Cargo.toml` holds no certificates in PEM form"), "{error}");
    }
}
