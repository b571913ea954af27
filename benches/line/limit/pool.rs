//! Connections of the hand-written server: as the owner for reads, as the server's login for the update.

use anyhow::Result;
use deadpool::managed::{Manager, Metrics, Pool, PoolError, RecycleResult};
use diesel_async::AsyncPgConnection;
use tokio_postgres::NoTls;

/// The pools.
#[derive(Clone)]
pub(crate) struct Limit {
    /// The owner: no role to take on, no rule to keep.
    pub(crate) owner: Pool<Connector>,
    /// The server's login.
    pub(crate) server: Pool<Connector>,
}

/// Anything that goes wrong, as text.
pub(crate) struct LimitError(pub(crate) String);

impl From<diesel::result::Error> for LimitError {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<PoolError<LimitError>> for LimitError {
    fn from(error: PoolError<LimitError>) -> Self {
        match error {
            PoolError::Backend(error) => error,
            _ => Self("no connection".to_owned()),
        }
    }
}

impl Limit {
    /// As many connections as Toolcrib opens by default.
    pub(crate) fn connect(owner: &str, server: &str) -> Result<Self> {
        let cores = std::thread::available_parallelism()?.get();
        let pool = |url: &str| Pool::builder(Connector(url.to_owned())).max_size((2 * cores).max(8)).build();
        Ok(Self { owner: pool(owner)?, server: pool(server)? })
    }
}

/// Opens connections with the options of Toolcrib's.
pub(crate) struct Connector(String);

impl Manager for Connector {
    type Type = AsyncPgConnection;
    type Error = LimitError;

    async fn create(&self) -> Result<AsyncPgConnection, LimitError> {
        let failed = |error: tokio_postgres::Error| LimitError(error.to_string());
        let mut config = self.0.parse::<tokio_postgres::Config>().map_err(failed)?;
        config.application_name("limit").options("-c statement_timeout=30000 -c jit=off -c lock_timeout=10s");
        let (client, socket) = config.connect(NoTls).await.map_err(failed)?;
        tokio::spawn(socket);
        AsyncPgConnection::try_from(client).await.map_err(|error| LimitError(error.to_string()))
    }

    async fn recycle(&self, _: &mut AsyncPgConnection, _: &Metrics) -> RecycleResult<LimitError> {
        Ok(())
    }
}
