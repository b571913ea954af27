//! What PostgreSQL does for a statement under an actor's role, for `toolcrib explain`.

use crate::db::{ActorSettings, Database, DbError};
use crate::sql::{Explain, ExplainKind, Statement};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// What the transaction around it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainRun {
    /// Reading alone.
    ReadOnly,
    /// Also writing, for a statement that leaves a record; nothing of it stays.
    Undone,
}

impl Database {
    /// Explains a statement, line by line; the transaction is rolled back. The lines hold values: never for logs.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn explain(
        &self,
        actor: &ActorSettings,
        statement: &Statement,
        kind: ExplainKind,
        run: ExplainRun,
    ) -> Result<Vec<String>, DbError> {
        let mut checkout = self.checkout().await?;
        let mut pg = checkout.pg();
        pg.batch_execute(&actor.opening()).await?;
        if run == ExplainRun::ReadOnly {
            pg.batch_execute("set local transaction_read_only = on").await?;
        }
        let lines = Explain::new(statement, kind).load::<String>(&mut pg).await?;
        pg.batch_execute("rollback").await?;
        checkout.mark_clean();
        Ok(lines)
    }
}
