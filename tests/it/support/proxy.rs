//! A way to a database that can be cut and mended.

use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// A TCP port on this machine that leads to a PostgreSQL server, wherever that listens.
pub struct Proxy {
    address: SocketAddr,
    target: Target,
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
        let config: Config = url.parse().unwrap();
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let target = match config.get_hosts().first().unwrap() {
            Host::Unix(directory) => Target::Unix(directory.join(format!(".s.PGSQL.{port}"))),
            Host::Tcp(host) => Target::Tcp(format!("{host}:{port}")),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = Some(tokio::spawn(forward(listener, target.clone())));
        Self { address, target, task }
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
        self.task = Some(tokio::spawn(forward(listener, self.target.clone())));
    }
}

/// Its connections end with it: they are tasks of a set that it owns.
async fn forward(listener: TcpListener, target: Target) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let target = target.clone();
        connections.spawn(async move {
            // Whatever goes wrong here ends the connection, which is what the test looks at.
            let _ = match target {
                Target::Unix(path) => match UnixStream::connect(path).await {
                    Ok(mut far) => copy_bidirectional(&mut near, &mut far).await.map(drop),
                    Err(error) => Err(error),
                },
                Target::Tcp(address) => match TcpStream::connect(address).await {
                    Ok(mut far) => copy_bidirectional(&mut near, &mut far).await.map(drop),
                    Err(error) => Err(error),
                },
            };
        });
    }
}
