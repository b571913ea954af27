//! Opening a connection whose socket can be lent to a pipeline, and the way to cancel what it does.
//!
//! The driver makes TCP sockets itself and hands them out only for TLS, so without TLS it is given a connector that leaves them as
//! they are. Sockets of this machine it never hands out; those are made here.

use crate::db::address::Tls;
use crate::db::pipeline::{Bare, Plain, SharedSocket, Sharing};
use crate::db::{ConnectError, DatabaseAddress};
use std::path::PathBuf;
use tokio::net::UnixStream;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{CancelToken, Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// PostgreSQL's own.
const DEFAULT_PORT: u16 = 5432;

/// A connection whose socket can be lent.
pub(crate) struct SharedConnection {
    pub(crate) client: Client,
    pub(crate) socket: SharedSocket,
    /// The way to the same server.
    pub(crate) way: CancelWay,
}

/// How a server is asked to give a statement up: over a second connection.
#[derive(Clone)]
pub(crate) enum CancelWay {
    Tls(MakeRustlsConnect),
    Tcp,
    Unix(PathBuf),
}

impl CancelWay {
    /// Asks the server to give a statement up.
    pub(crate) async fn cancel(&self, token: CancelToken) -> Result<(), tokio_postgres::Error> {
        match self {
            Self::Tls(tls) => token.cancel_query(tls.clone()).await,
            Self::Tcp => token.cancel_query(Plain).await,
            Self::Unix(path) => match UnixStream::connect(path).await {
                Ok(stream) => token.cancel_query_raw(stream, NoTls).await,
                // There is no server any more, and no statement.
                Err(_) => Ok(()),
            },
        }
    }
}

/// The driver's side of a connection over a socket of this machine.
type UnixConnection = Connection<SharedSocket, NoTlsStream>;

impl DatabaseAddress {
    /// Opens a connection of the driver's whose socket can be lent. It is driven by a task that calls `ended` at the end.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub(crate) async fn connect_shared(
        &self,
        ended: impl FnOnce(Result<(), tokio_postgres::Error>) + Send + 'static,
    ) -> Result<SharedConnection, ConnectError> {
        let opened = match &self.tls {
            Tls::On(tls) => self.connect_sharing(&self.config, tls.clone(), CancelWay::Tls(tls.clone()), ended).await?,
            Tls::Off => self.connect_bare(ended).await?,
        };
        // What setting up may have left behind is answered before anything is counted.
        opened.client.batch_execute("").await.map_err(|error| self.failed(error))?;
        opened.socket.is_set_up();
        Ok(opened)
    }

    /// Without TLS: the sockets of this machine first, then the other hosts.
    async fn connect_bare(
        &self,
        ended: impl FnOnce(Result<(), tokio_postgres::Error>) + Send + 'static,
    ) -> Result<SharedConnection, ConnectError> {
        let mut config = self.config.clone();
        let paths = self.unix_sockets();
        if !paths.is_empty() {
            match self.connect_unix(paths).await {
                Ok((client, connection, socket, path)) => {
                    tokio::spawn(async move { ended(connection.await) });
                    return Ok(SharedConnection { client, socket, way: CancelWay::Unix(path) });
                }
                Err(error) if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) => return Err(error),
                Err(_) => {}
            }
        }
        if config.get_hosts().is_empty() {
            // The driver wants a name to check a certificate against, though there will be none.
            for address in self.config.get_hostaddrs() {
                config.host(address.to_string());
            }
        }
        // The connector is asked for TLS at once, and leaves the socket as it is.
        config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
        self.connect_sharing(&config, Plain, CancelWay::Tcp, ended).await
    }

    async fn connect_sharing<Connector>(
        &self,
        config: &Config,
        connector: Connector,
        way: CancelWay,
        ended: impl FnOnce(Result<(), tokio_postgres::Error>) + Send + 'static,
    ) -> Result<SharedConnection, ConnectError>
    where
        Connector: Clone,
        Sharing<Connector>: MakeTlsConnect<Socket, Stream = SharedSocket>,
    {
        let sharing = Sharing::new(connector);
        let (client, connection) = config.connect(sharing.clone()).await.map_err(|error| self.failed(error))?;
        let socket = sharing.take().expect("the driver connects through its connector");
        tokio::spawn(async move { ended(connection.await) });
        Ok(SharedConnection { client, socket, way })
    }

    /// The driver makes sockets of its own alone, and asks no connector about those of this machine.
    async fn connect_unix(&self, paths: Vec<PathBuf>) -> Result<(Client, UnixConnection, SharedSocket, PathBuf), ConnectError> {
        let mut failure = None;
        for path in paths {
            let stream = match UnixStream::connect(&path).await {
                Ok(stream) => stream,
                Err(error) => {
                    failure = Some(ConnectError::Socket { path, source: error });
                    continue;
                }
            };
            let socket = SharedSocket::new(Bare(stream));
            match self.config.connect_raw(socket.clone(), NoTls).await {
                Ok((client, connection)) => return Ok((client, connection, socket, path)),
                Err(error) => failure = Some(self.failed(error)),
            }
        }
        Err(failure.expect("there is a path"))
    }

    /// The files of the hosts that are sockets of this machine.
    fn unix_sockets(&self) -> Vec<PathBuf> {
        let (hosts, ports) = (self.config.get_hosts(), self.config.get_ports());
        let port = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(DEFAULT_PORT);
        let path = |(index, host): (usize, &Host)| match host {
            Host::Unix(directory) => Some(directory.join(format!(".s.PGSQL.{}", port(index)))),
            Host::Tcp(_) => None,
        };
        hosts.iter().enumerate().filter_map(path).collect()
    }
}
