//! Connections of the hand-written server: as the owner for reads, as the server's login for the update.

use super::copy::CopyConnector;
use super::statement::{JsonText, OPENING, Update, Upsert};
use anyhow::Result;
use deadpool::managed::{Manager, Metrics, Pool, PoolError, RecycleResult};
use diesel::OptionalExtension;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use tokio_postgres::NoTls;
use uuid::Uuid;

/// The pools.
#[derive(Clone)]
pub(crate) struct Limit {
    /// The owner: no role to take on, no rule to keep.
    pub(crate) owner: Pool<Connector>,
    /// The server's login.
    pub(crate) server: Pool<Connector>,
    /// The owner, for COPY.
    pub(crate) copying: Pool<CopyConnector>,
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
        let pool =
            |url: &str, logs_in| Pool::builder(Connector { url: url.to_owned(), logs_in }).max_size((2 * cores).max(8)).build();
        let copying = Pool::builder(CopyConnector { url: owner.to_owned() }).max_size((2 * cores).max(8)).build()?;
        Ok(Self { owner: pool(owner, LogsIn::Owner)?, server: pool(server, LogsIn::Server)?, copying })
    }
}

/// Changes nothing, so that the writes are prepared: COMMIT would overtake one that is not.
async fn prepare_writes(mut connection: &AsyncPgConnection) -> Result<(), LimitError> {
    connection.batch_execute(OPENING).await?;
    let nothing = Update { id: Uuid::nil(), subject: String::new(), priority: "LOW".to_owned() };
    nothing.get_result::<JsonText>(&mut connection).await.optional()?;
    let taken_back = Upsert { email: "nobody@acme.test".to_owned(), name: "Nobody".to_owned() };
    taken_back.get_result::<JsonText>(&mut connection).await?;
    Ok(connection.batch_execute("ROLLBACK").await?)
}

/// Opens connections with the options of Toolcrib's.
pub(crate) struct Connector {
    url: String,
    logs_in: LogsIn,
}

/// As whom.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LogsIn {
    Owner,
    Server,
}

impl Manager for Connector {
    type Type = AsyncPgConnection;
    type Error = LimitError;

    async fn create(&self) -> Result<AsyncPgConnection, LimitError> {
        let failed = |error: tokio_postgres::Error| LimitError(error.to_string());
        let mut config = self.url.parse::<tokio_postgres::Config>().map_err(failed)?;
        config.application_name("limit").options("-c statement_timeout=30000 -c jit=off -c lock_timeout=10s -c search_path=");
        let (client, socket) = config.connect(NoTls).await.map_err(failed)?;
        tokio::spawn(socket);
        let connection = AsyncPgConnection::try_from(client).await.map_err(|error| LimitError(error.to_string()))?;
        if self.logs_in == LogsIn::Server {
            prepare_writes(&connection).await?;
        }
        Ok(connection)
    }

    async fn recycle(&self, _: &mut AsyncPgConnection, _: &Metrics) -> RecycleResult<LimitError> {
        Ok(())
    }
}
