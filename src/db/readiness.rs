//! Whether requests could be answered now.

use crate::base::{Actor, CallerContext, RequestContext};
use crate::db::{ActorSettings, Database, DbError};
use crate::sql::{Column, Expr, Query, Select, Statement};
use chrono::Utc;

impl Database {
    /// Runs a statement in a transaction under a role, as every request does.
    ///
    /// # Errors
    /// [`DbError`] if the database is away, every connection is busy, or the server's login lacks its roles.
    pub async fn check_ready(&self) -> Result<(), DbError> {
        let columns = vec![Column::fixed(Expr::Fixed("null::json"), "j"), Column::fixed(Expr::Fixed("1::bigint"), "rows")];
        let query = Query::select(Select { columns, ..Select::default() });
        let (actor, request) = (Actor::platform("readiness"), RequestContext::internal(Utc::now()));
        let settings = ActorSettings::of(CallerContext::plain(&actor, &request));
        self.read(&settings, &Statement::of(&query)?).await.map(drop)
    }
}
