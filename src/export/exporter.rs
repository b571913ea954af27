//! What starts exports and knows those that run.

use crate::audit::{self, Event, EventType};
use crate::base::{Actor, CallerContext, RequestContext, ScopeOperation};
use crate::catalog::{Catalog, Collection, CollectionId};
use crate::db::{ActorSettings, Database};
use crate::export::run::Run;
use crate::export::spool::Spool;
use crate::export::watermark::Watermark;
use crate::export::{ExportError, ExportFormat, ExportSettings, TracedExport, WatermarkKey, trace};
use crate::planner::{ExportPlan, Planner, PlannerSettings};
use crate::policy::RuleBook;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

/// How long exports that were told to stop may take to say so in their rows.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What an exporter is made of.
#[derive(Clone)]
pub struct ExporterParts {
    /// The checked catalog.
    pub catalog: Arc<Catalog>,
    /// Its compiled rules.
    pub rules: Arc<RuleBook>,
    /// The database, with the server's own login.
    pub database: Database,
    /// As for every other plan.
    pub planner_settings: PlannerSettings,
    /// Signs watermarks.
    pub key: WatermarkKey,
    /// How exports run.
    pub settings: ExportSettings,
}

/// What to export.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportRequest {
    /// The collection.
    pub collection: CollectionId,
    /// The `where` argument; null for every row.
    pub filter: Json,
    /// The `search` argument.
    pub search: Option<String>,
    /// In what form.
    pub format: ExportFormat,
    /// Why, as the caller said.
    pub reason: Option<String>,
}

impl ExportRequest {
    /// Which rows were asked for, as it stands on record.
    pub(crate) fn filters(&self) -> Json {
        match &self.search {
            Some(search) => json!({ "search": search, "where": self.filter }),
            None => self.filter.clone(),
        }
    }
}

/// Runs exports. Cheap to clone.
#[derive(Clone)]
pub struct Exporter {
    pub(crate) shared: Arc<Shared>,
}

/// What every running export uses.
pub(crate) struct Shared {
    pub(crate) parts: ExporterParts,
    /// The `Export` collection.
    pub(crate) exports: CollectionId,
    pub(crate) spool: Spool,
    pub(crate) phase: watch::Sender<Phase>,
    slots: Arc<Semaphore>,
}

/// Whether exports may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// They may.
    Open,
    /// No new ones.
    Closing,
    /// Those that run end now.
    Stopping,
}

impl Shared {
    /// The planner of a request.
    pub(crate) fn planner<'a>(&'a self, actor: &'a Actor, request: &'a RequestContext) -> Planner<'a> {
        let ExporterParts { catalog, rules, planner_settings, .. } = &self.parts;
        Planner { catalog, rules, actor, request, settings: planner_settings }
    }

    /// The collection with this id.
    pub(crate) fn collection(&self, id: CollectionId) -> &Collection {
        self.parts.catalog.collection(id)
    }

    /// The database.
    pub(crate) fn database(&self) -> &Database {
        &self.parts.database
    }

    /// Records a refusal in a transaction of its own, before it is answered.
    pub(crate) async fn record_denial(&self, actor: &Actor, context: &RequestContext, event: Event) -> Result<(), ExportError> {
        let transaction = self.database().begin(&ActorSettings::of(CallerContext::plain(actor, context))).await?;
        audit::append(&transaction, actor, context, event).await?;
        Ok(transaction.commit().await?)
    }

    async fn slot(self: &Arc<Self>, deadline: Instant) -> Result<OwnedSemaphorePermit, ExportError> {
        let busy = || ExportError::Busy { limit: self.parts.settings.max_running };
        let acquired = timeout_at(deadline, Arc::clone(&self.slots).acquire_owned()).await.map_err(|_| busy())?;
        let slot = acquired.map_err(|_| ExportError::Stopping)?;
        if *self.phase.borrow() == Phase::Open { Ok(slot) } else { Err(ExportError::Stopping) }
    }

    async fn all_done(&self) {
        let all = u32::from(self.parts.settings.max_running);
        // The semaphore is never closed, so this only ends with every slot.
        let _ = self.slots.acquire_many(all).await;
    }
}

impl Exporter {
    /// Prepares to export; the directory of the files is made with the first one.
    pub fn new(parts: ExporterParts) -> Self {
        let exports = parts.catalog.find_collection("Export").expect("the platform's own SDL has the collection").id;
        let spool = Spool::new(parts.settings.directory.clone());
        let slots = Arc::new(Semaphore::new(usize::from(parts.settings.max_running)));
        let phase = watch::Sender::new(Phase::Open);
        Self { shared: Arc::new(Shared { parts, exports, spool, phase, slots }) }
    }

    /// Starts an export and waits a while for its end. Gives its id; its row says whether it is complete. The work goes on when
    /// the caller is gone.
    ///
    /// # Errors
    /// [`ExportError`]; a refusal and a failure are on record by then.
    pub async fn export(&self, actor: &Actor, context: &RequestContext, request: ExportRequest) -> Result<Uuid, ExportError> {
        let deadline = Instant::now() + self.shared.parts.settings.wait;
        self.check_right(actor, context, &request).await?;
        let run = self.plan(actor, context, request)?;
        let slot = self.shared.slot(deadline).await?;
        let (started_sender, started) = oneshot::channel();
        let (ended_sender, ended) = oneshot::channel();
        tokio::spawn(async move {
            run.execute(started_sender, ended_sender).await;
            drop(slot);
        });
        let id = started.await.map_err(|_| ExportError::Interrupted)??;
        match timeout_at(deadline, ended).await {
            Ok(outcome) => outcome.map_err(|_| ExportError::Interrupted)?.map(|()| id),
            Err(_still_running) => Ok(id),
        }
    }

    /// Finds the exports that a text came from, in the order of their first mark. The text may be a whole file, some of its
    /// lines, or one mark in a mail.
    pub fn trace(&self, text: &str) -> Vec<TracedExport> {
        trace::trace(&self.shared.parts.key, text)
    }

    /// Takes no more exports and waits for those that run; what is not done in time is marked FAILED.
    pub async fn shut_down(&self) {
        self.shared.phase.send_replace(Phase::Closing);
        if timeout(self.shared.parts.settings.grace, self.shared.all_done()).await.is_ok() {
            return;
        }
        self.shared.phase.send_replace(Phase::Stopping);
        if timeout(LAST_WORDS, self.shared.all_done()).await.is_err() {
            tracing::warn!("exports are still running; the next server to start marks them as failed");
        }
    }

    async fn check_right(&self, actor: &Actor, context: &RequestContext, request: &ExportRequest) -> Result<(), ExportError> {
        let rules = &self.shared.parts.rules;
        if rules.solve_export(request.collection, actor, context).is_always() {
            return Ok(());
        }
        let collection = self.shared.collection(request.collection).name.to_string();
        let event = Event {
            event_type: EventType::ExportDenied,
            entity_type: Some(collection.clone()),
            entity_id: None,
            details: Some(json!({ "format": request.format.as_str(), "filters": request.filters() })),
            reason: request.reason.clone(),
        };
        self.shared.record_denial(actor, context, event).await?;
        metrics::counter!("toolcrib_exports_total", "outcome" => "denied").increment(1);
        match rules.is_in_scope(request.collection, ScopeOperation::Export, actor) {
            true => Err(ExportError::Forbidden { collection }),
            false => Err(ExportError::OutsideScope { collection }),
        }
    }

    fn plan(&self, actor: &Actor, context: &RequestContext, request: ExportRequest) -> Result<Run, ExportError> {
        let collection = self.shared.collection(request.collection);
        // Without the directive the export right is never given, so nobody comes here.
        let max_rows = collection.export.as_ref().map_or(0, |export| export.max_rows);
        let planner = self.shared.planner(actor, context);
        let plan: ExportPlan = planner.plan_export(request.collection, &request.filter, request.search.as_deref(), max_rows)?;
        Ok(Run { shared: Arc::clone(&self.shared), actor: actor.clone(), context: context.clone(), request, plan })
    }
}

/// What the marks of an export say.
pub(crate) fn watermark(export: Uuid, actor: &Actor, context: &RequestContext) -> Watermark {
    let service = || actor.service.clone().unwrap_or_else(|| actor.role.to_string());
    Watermark { export, exporter: actor.email.clone().unwrap_or_else(service), time: context.time }
}
