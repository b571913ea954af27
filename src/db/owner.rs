//! A look at the data with the owner's rights, for commands of whoever runs the database. Never for a request.

use crate::db::DbError;
use crate::db::migrations::is_there;
use crate::db::privileges::OWNER_ROLE;
use crate::db::transaction::load_rows;
use crate::sql::{Query, Statement, StatementKind};
use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

/// Whether the platform's tables are there.
///
/// # Errors
/// What the database says.
pub async fn is_migrated(connection: &mut AsyncPgConnection) -> QueryResult<bool> {
    is_there(connection, "toolcrib.users").await
}

/// A transaction of the owner that never ends for good: whatever is done in it is undone.
pub struct OwnerTrial {
    connection: AsyncPgConnection,
}

impl OwnerTrial {
    /// Opens one that reads alone.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn read(connection: AsyncPgConnection) -> Result<Self, DbError> {
        Self::open(connection, "set transaction isolation level repeatable read, read only").await
    }

    /// Opens one that may change what it likes.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn write(connection: AsyncPgConnection) -> Result<Self, DbError> {
        Self::open(connection, "set transaction isolation level read committed").await
    }

    async fn open(mut connection: AsyncPgConnection, manner: &str) -> Result<Self, DbError> {
        // Diesel has to know that the transaction is open: what it would commit inside is a savepoint then.
        connection.begin_test_transaction().await?;
        // Whoever owns the tables sees them whole, also below policies.
        connection.batch_execute(&format!("{manner}; set local role {OWNER_ROLE}")).await?;
        Ok(Self { connection })
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn rows<ST, Row>(&self, query: &Query) -> Result<Vec<Row>, DbError>
    where
        ST: 'static,
        Row: FromSqlRow<ST, Pg> + Send,
    {
        Ok(load_rows::<ST, Row>(&self.connection, &Statement::of(query)?, StatementKind::Cold, None).await?)
    }

    /// The rows of a query that may fail without ending the transaction.
    ///
    /// # Errors
    /// [`DbError`]; the transaction goes on.
    pub async fn try_rows<ST, Row>(&mut self, query: &Query) -> Result<Vec<Row>, DbError>
    where
        ST: 'static,
        Row: FromSqlRow<ST, Pg> + Send,
    {
        self.connection.batch_execute("savepoint attempt").await?;
        let rows = self.rows(query).await;
        let end = if rows.is_ok() { "release savepoint attempt" } else { "rollback to savepoint attempt" };
        self.connection.batch_execute(end).await?;
        rows
    }

    /// Diesel's connection, for statements of its DSL over system tables.
    pub fn pg(&self) -> &AsyncPgConnection {
        &self.connection
    }

    /// The connection itself, for whoever changes the schema within the trial.
    pub fn connection(&mut self) -> &mut AsyncPgConnection {
        &mut self.connection
    }

    /// Undoes everything.
    ///
    /// # Errors
    /// [`DbError`]; everything is undone either way.
    pub async fn undo(mut self) -> Result<(), DbError> {
        Ok(self.connection.batch_execute("rollback").await?)
    }
}
