//! The world's tables in a database of their own.

use crate::support::database::{SUPPORT_DESK, TestDatabase};
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use toolcrib::sql::{Fetch, Query, Statement, StatementKind};
use uuid::Uuid;

/// A connection to the database, which is dropped with it.
pub struct Database {
    connection: AsyncPgConnection,
    /// Where it is.
    pub database: TestDatabase,
}

impl Database {
    /// A new database with these tables and nothing else.
    pub async fn with(sql: &str) -> Self {
        let database = TestDatabase::empty(SUPPORT_DESK).await;
        let mut connection = AsyncPgConnection::establish(&database.owner_url()).await.unwrap();
        connection.batch_execute(sql).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
        Self { connection, database }
    }

    /// The ids that a query selects.
    pub async fn ids(&mut self, query: &Query) -> Vec<Uuid> {
        let statement = Statement::of(query).unwrap();
        let fetch: Fetch<'_, SqlUuid> = Fetch::new(&statement, StatementKind::Cold);
        let selected = fetch.load(&mut self.connection).await;
        selected.unwrap_or_else(|error| panic!("{error}\n{}", statement.show()))
    }

    /// The answers of an examination.
    pub async fn examined(&mut self, query: &Query) -> Vec<(Uuid, Vec<String>, Vec<Option<String>>)> {
        let statement = Statement::of(query).unwrap();
        let fetch: Fetch<'_, (SqlUuid, Array<Text>, Array<Nullable<Text>>)> = Fetch::new(&statement, StatementKind::Cold);
        let answers = fetch.load(&mut self.connection).await;
        answers.unwrap_or_else(|error| panic!("{error}\n{}", statement.show()))
    }
}
