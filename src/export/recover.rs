//! Exports whose server died.

use crate::base::{Actor, RequestContext};
use crate::db::list_abandoned_exports;
use crate::export::exporter::Phase;
use crate::export::record::{self, Ending, SERVICE};
use crate::export::{ExportError, Exporter};
use chrono::Utc;
use std::time::Duration;

/// What the exporter is told.
const FAILURE: &str = "the server stopped while the export was running; ask for it again";

/// How often to look again: other servers of the same database may die without ever starting again.
const INTERVAL: Duration = Duration::from_secs(60);

impl Exporter {
    /// Looks for exports whose server died, now and from time to time until [`Exporter::shut_down`].
    pub fn watch_abandoned(&self) {
        let exporter = self.clone();
        tokio::spawn(async move {
            let mut phase = exporter.shared.phase.subscribe();
            let mut interval = tokio::time::interval(INTERVAL);
            loop {
                tokio::select! {
                    _ = interval.tick() => {}
                    _ = phase.wait_for(|phase| *phase != Phase::Open) => return,
                }
                if let Err(error) = exporter.fail_abandoned().await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "abandoned exports could not be looked for");
                }
            }
        });
    }

    /// Marks as FAILED the exports that say RUNNING although nobody works on them, deletes what is left of their files here,
    /// and gives their number.
    ///
    /// # Errors
    /// [`ExportError`] of the first that cannot be marked.
    pub async fn fail_abandoned(&self) -> Result<usize, ExportError> {
        // The platform finds them, so the events name the platform, not the exporter.
        let (actor, context) = (Actor::platform(SERVICE), RequestContext::internal(Utc::now()));
        let transaction = self.shared.database().begin_system().await?;
        let abandoned = list_abandoned_exports(&transaction).await?;
        for id in &abandoned {
            let ending = Ending::Failed { failure: FAILURE.to_owned() };
            record::end(&self.shared, &actor, &context, *id, &ending).await?;
            self.shared.spool.remove(*id);
            tracing::info!(export.id = %id, "export {id} was abandoned and is marked as failed");
        }
        // Gives free what the search took.
        transaction.commit().await?;
        Ok(abandoned.len())
    }
}
