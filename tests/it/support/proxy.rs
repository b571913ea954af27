//! A way to a database that can be cut and mended.

use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use tokio_rustls::TlsAcceptor;

/// A TCP port on this machine that leads to a PostgreSQL server, wherever that listens.
pub struct Proxy {
    address: SocketAddr,
    target: Target,
    tls: Option<TlsAcceptor>,
    task: Option<JoinHandle<()>>,
}

#[derive(Clone)]
enum Target {
    Unix(PathBuf),
    Tcp(String),
}

impl Proxy {
    /// In front of the server that a URL names.
    pub async fn before(url: &str) -> Self {
        Self::start(url, None).await
    }

    /// In front of the server that a URL names, and talking TLS: what asks for none is refused.
    pub async fn guarded(url: &str, tls: TlsAcceptor) -> Self {
        Self::start(url, Some(tls)).await
    }

    async fn start(url: &str, tls: Option<TlsAcceptor>) -> Self {
        let config: Config = url.parse().unwrap();
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let target = match config.get_hosts().first().unwrap() {
            Host::Unix(directory) => Target::Unix(directory.join(format!(".s.PGSQL.{port}"))),
            Host::Tcp(host) => Target::Tcp(format!("{host}:{port}")),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = Some(tokio::spawn(forward(listener, target.clone(), tls.clone())));
        Self { address, target, tls, task }
    }

    /// The URL of a database behind this proxy.
    pub fn url(&self, login: &str, password: &str, database: &str) -> String {
        format!("postgres://{login}:{password}@{}/{database}", self.address)
    }

    /// Ends every connection and refuses new ones.
    pub async fn cut(&mut self) {
        let task = self.task.take().unwrap();
        task.abort();
        let _ = task.await;
    }

    /// Lets connections through again.
    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.task = Some(tokio::spawn(forward(listener, self.target.clone(), self.tls.clone())));
    }
}

/// Its connections end with it: they are tasks of a set that it owns.
async fn forward(listener: TcpListener, target: Target, tls: Option<TlsAcceptor>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let (target, tls) = (target.clone(), tls.clone());
        connections.spawn(async move {
            // Whatever goes wrong here ends the connection, which is what the test looks at.
            let _ = match tls {
                None => join(near, target).await,
                Some(tls) => guard(near, target, tls).await,
            };
        });
    }
}

/// The server's side of PostgreSQL's `SSLRequest`.
async fn guard(mut near: TcpStream, target: Target, tls: TlsAcceptor) -> std::io::Result<()> {
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    let mut asked = [0; 8];
    near.read_exact(&mut asked).await?;
    if asked != SSL_REQUEST {
        return Ok(());
    }
    near.write_all(b"S").await?;
    join(tls.accept(near).await?, target).await
}

async fn join(mut near: impl AsyncRead + AsyncWrite + Unpin, target: Target) -> std::io::Result<()> {
    match target {
        Target::Unix(path) => copy_bidirectional(&mut near, &mut UnixStream::connect(path).await?).await.map(drop),
        Target::Tcp(address) => copy_bidirectional(&mut near, &mut TcpStream::connect(address).await?).await.map(drop),
    }
}
