//! One export from its row to its file: a task of its own, so that a client that hangs up changes nothing.

use crate::base::{Actor, Fault, FaultKind, RequestContext};
use crate::db::{ActorSettings, RawJson, Transaction, hold_running_export};
use crate::export::cell::CellKind;
use crate::export::csv_file::CsvColumn;
use crate::export::export_file::ExportFile;
use crate::export::exporter::{Phase, Shared, watermark};
use crate::export::record::{self, Ending, SERVICE};
use crate::export::spool::{PartFile, SpooledFile};
use crate::export::watermark::Stamp;
use crate::export::{ExportError, ExportRequest};
use crate::planner::ExportPlan;
use crate::read;
use futures_util::TryStreamExt;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// Bytes of rows that travel together from the database's side to the disk's.
const BATCH: usize = 64 * 1024;

/// Batches that may wait for the disk. With them the memory of an export is bounded: PostgreSQL waits for us, we for the disk.
const WAITING_BATCHES: usize = 2;

type Outcome<T> = Result<T, ExportError>;

/// An export that is allowed and planned.
pub(crate) struct Run {
    pub(crate) shared: Arc<Shared>,
    pub(crate) actor: Actor,
    pub(crate) context: RequestContext,
    pub(crate) request: ExportRequest,
    pub(crate) plan: ExportPlan,
}

impl Run {
    /// Runs the export to its end, whatever that is. Says when its row is there, and when it has ended.
    pub(crate) async fn execute(self, started: oneshot::Sender<Outcome<Uuid>>, ended: oneshot::Sender<Outcome<()>>) {
        let (id, reading) = match self.start().await {
            Ok(start) => start,
            Err(error) => return deliver(started, Err(error)),
        };
        deliver(started, Ok(id));
        let outcome = self.write_and_complete(id, &reading).await;
        // The lock that says that somebody works on the export ends with this transaction, so it ends last.
        match &outcome {
            Ok(()) => {
                if let Err(error) = reading.commit().await {
                    tracing::debug!(error = %error, "an export's connection was lost");
                }
            }
            Err(error) => {
                self.fail(id, error).await;
                // Closed rather than given back: PostgreSQL may still have rows to send.
                drop(reading);
            }
        }
        deliver(ended, outcome);
    }

    /// Takes the lock, then adds the row: a row that others can see is never without its lock.
    async fn start(&self) -> Outcome<(Uuid, Transaction)> {
        let service = self.actor.through(SERVICE);
        let planner = self.shared.planner(&service, &self.context);
        let plan = record::plan_start(&planner, self.shared.exports, &self.request)?;
        let id = plan.rows[0].id;
        let reading =
            self.shared.database().begin(&ActorSettings::of(self.shared.planner(&self.actor, &self.context).caller())).await?;
        hold_running_export(&reading, id).await?;
        reading.set_statement_timeout(self.shared.parts.settings.time_limit).await?;
        record::start(&self.shared, &planner, plan, &self.request).await?;
        Ok((id, reading))
    }

    async fn write_and_complete(&self, id: Uuid, reading: &Transaction) -> Outcome<()> {
        let mut phase = self.shared.phase.subscribe();
        let (file, rows) = tokio::select! {
            written = self.write(id, reading) => written?,
            _ = phase.wait_for(|phase| *phase == Phase::Stopping) => return Err(ExportError::Stopping),
        };
        let ending = Ending::Completed { file: &file, rows };
        let service = self.actor.through(SERVICE);
        record::end(&self.shared, &service, &self.context, id, &ending).await
    }

    /// Reads on this task and writes on a blocking one, where also the work of encoding and hashing stops nobody.
    async fn write(&self, id: Uuid, reading: &Transaction) -> Outcome<(SpooledFile, u32)> {
        let (batches, receiver) = mpsc::channel(WAITING_BATCHES);
        let part = self.shared.spool.clone();
        let stamp = Stamp::new(&self.shared.parts.key, &watermark(id, &self.actor, &self.context));
        let (format, columns) = (self.request.format, self.columns());
        let writing = spawn_blocking(move || {
            let file = ExportFile::create(part.create(id, format)?, format, columns, stamp)?;
            write_rows(file, receiver)
        });
        let read = self.read(reading, batches).await;
        let written = writing.await.map_err(|_| ExportError::Interrupted)?;
        // Where reading failed, the writer saw no more than an end.
        let rows = read?;
        let part = written?;
        let file = spawn_blocking(move || part.publish()).await.map_err(|_| ExportError::Interrupted)??;
        Ok((file, rows))
    }

    /// Sends the rows off in batches and counts them.
    async fn read(&self, reading: &Transaction, batches: mpsc::Sender<Vec<RawJson>>) -> Outcome<u32> {
        let mut rows = pin!(read::stream_in(reading, &self.plan).await?);
        let (mut batch, mut size, mut count) = (Vec::new(), 0, 0_u32);
        while let Some(row) = rows.try_next().await? {
            if count == self.plan.max_rows {
                let collection = self.shared.collection(self.request.collection).name.to_string();
                return Err(ExportError::TooManyRows { collection, limit: self.plan.max_rows });
            }
            count += 1;
            size += row.0.len();
            batch.push(row);
            if size >= BATCH {
                size = 0;
                if batches.send(std::mem::take(&mut batch)).await.is_err() {
                    // The writer has ended, and says itself why.
                    return Ok(count);
                }
            }
        }
        let _ = batches.send(batch).await;
        Ok(count)
    }

    fn columns(&self) -> Vec<CsvColumn> {
        let collection = self.shared.collection(self.request.collection);
        let columns = self.plan.columns.iter().map(|column| {
            let name = column.name().as_str();
            let kind = collection.find_field(name).map_or(CellKind::Text, CellKind::of);
            CsvColumn { name: name.to_owned(), kind }
        });
        columns.collect()
    }

    /// Says in the row that there will be no file. What cannot be said now is said by whoever finds the row abandoned.
    async fn fail(&self, id: Uuid, error: &ExportError) {
        let service = self.actor.through(SERVICE);
        match record::end(&self.shared, &service, &self.context, id, &Ending::of(error)).await {
            Ok(()) => self.shared.spool.remove(id),
            // It is completed after all, and only the database's answer was lost, or somebody marked it meanwhile.
            Err(unrecorded) if record::is_ended_before(&unrecorded) => {}
            Err(unrecorded) => {
                tracing::warn!(error = %unrecorded, export.id = %id, "export {id} failed, and its row does not say so yet");
            }
        }
    }
}

fn write_rows(mut file: ExportFile, mut batches: mpsc::Receiver<Vec<RawJson>>) -> Outcome<PartFile> {
    while let Some(batch) = batches.blocking_recv() {
        for row in &batch {
            file.push(row)?;
        }
    }
    file.finish()
}

/// Tells whoever waits. If nobody does any more, a fault of ours still reaches the log.
fn deliver<T>(waiting: oneshot::Sender<Outcome<T>>, outcome: Outcome<T>) {
    if let Err(Err(error)) = waiting.send(outcome)
        && error.code().kind() == FaultKind::Server
    {
        tracing::error!(error = &error as &dyn std::error::Error, "an export failed");
    }
}
