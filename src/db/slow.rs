//! The slow-query log: which statements took too long, for whom to look up, and how PostgreSQL runs them.
//!
//! Never a value: neither the text nor the plan has any. The plan is made afterwards, in a transaction of its own that is rolled
//! back, from the statement prepared with typed nulls under `plan_cache_mode = force_generic_plan`, which PostgreSQL 12 and
//! newer understand (`EXPLAIN (GENERIC_PLAN)` would need 16). It is the plan for any values, so a plan that was bad for some
//! particular ones is found with `toolcrib explain`.

use crate::base::milliseconds;
use crate::db::observe::Running;
use crate::db::{ActorSettings, Database, DbError};
use crate::sql::{EXPLAINED, prepare_text};
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether slow statements are explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowPlan {
    /// They are not.
    Left,
    /// Their plan is logged, too.
    Logged,
}

/// Which statements are slow, and what is done about them.
#[derive(Clone, Debug)]
pub(crate) struct SlowQueries {
    threshold: Duration,
    plan: SlowPlan,
    /// One plan at a time: a database that is slow already is asked for no more.
    is_explaining: Arc<AtomicBool>,
}

impl SlowQueries {
    pub(crate) fn new(threshold: Duration, plan: SlowPlan) -> Self {
        Self { threshold, plan, is_explaining: Arc::new(AtomicBool::new(false)) }
    }

    /// Logs a statement that took too long.
    pub(crate) fn note(&self, database: &Database, running: &Running<'_>, took: Duration) {
        if took < self.threshold {
            return;
        }
        let Running { actor, statement, .. } = *running;
        let request_id = actor.and_then(ActorSettings::request_id);
        let duration_ms = milliseconds(took);
        tracing::warn!(
            request.id = request_id.map(tracing::field::display),
            duration_ms,
            statement.text = statement.text(),
            "a slow statement took {duration_ms:.0} ms"
        );
        let (SlowPlan::Logged, Some(actor)) = (self.plan, actor) else { return };
        let Ok((prepare, explain)) = prepare_text(statement) else { return };
        if self.is_explaining.swap(true, Ordering::AcqRel) {
            return;
        }
        let (database, actor, guard) = (database.clone(), actor.clone(), Done(Arc::clone(&self.is_explaining)));
        tokio::spawn(async move {
            let _guard = guard;
            match plan_of(&database, &actor, &prepare, &explain).await {
                Ok(plan) => tracing::warn!(
                    request.id = request_id.map(tracing::field::display),
                    statement.plan = plan,
                    "the plan of a slow statement, for any values"
                ),
                Err(error) => tracing::warn!(error = %error, "a slow statement could not be explained: {error}"),
            }
        });
    }
}

/// Lets the next plan be made, however this one ends.
struct Done(Arc<AtomicBool>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[derive(QueryableByName)]
struct PlanLine {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

async fn plan_of(database: &Database, actor: &ActorSettings, prepare: &str, explain: &str) -> Result<String, DbError> {
    let mut checkout = database.checkout().await?;
    let mut pg = checkout.pg();
    // A prepared statement outlives its transaction, hence the last words; on any error the connection is closed instead.
    pg.batch_execute(&actor.opening()).await?;
    pg.batch_execute("set local plan_cache_mode = force_generic_plan; set local statement_timeout = '5s'").await?;
    pg.batch_execute(prepare).await?;
    let lines: Vec<PlanLine> = diesel::sql_query(explain).load(&mut pg).await?;
    pg.batch_execute(&format!("rollback; deallocate {EXPLAINED}")).await?;
    checkout.mark_clean();
    Ok(lines.into_iter().map(|line| line.line).collect::<Vec<_>>().join("\n"))
}
