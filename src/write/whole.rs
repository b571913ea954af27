//! Changes of one row that are planned, rendered and over with one message to PostgreSQL.

use crate::base::{ContextUse, RequestContext};
use crate::catalog::{Collection, Field};
use crate::db::{ActorSettings, Database, DbError, OneChange};
use crate::planner::to_sql::{Admission, WholeChange, whole_create, whole_update};
use crate::planner::{ChangedRow, Planner, PlannerSettings, ReadPlan, UpdatePlan};
use crate::read::{PreparedRead, ReadAnswer};
use crate::sql::Statement;
use crate::write::Change;

/// Everything of a change of one row, and of what is shown of it, that running it needs.
///
/// It says that the change was made, or nothing: the words of a refusal are found by [`apply`](crate::write::apply()), which judges
/// before it commits.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedChange {
    /// The row, and its audit event.
    pub row: ChangedRow,
    statement: Statement,
    admission: Admission,
    event_type: &'static str,
    reads: Vec<PreparedRead>,
    asked: ContextUse,
}

impl PreparedChange {
    /// Renders a change with the reads of what it leaves; `None` for one that is not over with its statement.
    ///
    /// # Errors
    /// None that a plan can cause; Diesel's signature has one.
    pub fn of(planner: &Planner<'_>, change: &Change, answers: &[ReadPlan]) -> Result<Option<Self>, DbError> {
        let (whole, event_type) = match change {
            Change::Create(plan) => (whole_create(planner, plan), "CREATE"),
            Change::Update(plan) if asks_for_circles(planner.catalog.collection(plan.collection), plan) => return Ok(None),
            Change::Update(plan) => (whole_update(planner, plan), "UPDATE"),
            Change::Delete(_) | Change::Upsert(_) | Change::Branches(_) => return Ok(None),
        };
        let (Some(WholeChange { change: query, admission }), [row]) = (whole, change.rows()) else { return Ok(None) };
        let reads: Vec<PreparedRead> = answers.iter().map(|plan| PreparedRead::of(planner, plan)).collect::<Result<_, _>>()?;
        let statement = Statement::of(&query)?;
        let own = planner.rules.context_use_of_tables(planner.actor, statement.tables());
        // Whoever changes something is told, whatever asks.
        let own = ContextUse { names_identity: true, ..own };
        let asked = ContextUse::any(reads.iter().map(PreparedRead::asked).chain([own]));
        Ok(Some(Self { row: *row, statement, admission, event_type, reads, asked }))
    }

    /// What the policies and triggers that it meets ask of the caller.
    pub fn asked(&self) -> ContextUse {
        self.asked
    }

    /// Its statements, those of the reads after its own.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        std::iter::once(&self.statement).chain(self.reads.iter().filter_map(PreparedRead::statement))
    }

    /// The same change with the values of another request. Only for statements of the same texts, as many as there are.
    pub fn with_statements(&self, row: ChangedRow, statements: Vec<Statement>) -> Self {
        let mut statements = statements.into_iter();
        let statement = statements.next().unwrap_or_else(|| self.statement.clone());
        let filled = |read: &PreparedRead| match read.statement() {
            Some(own) => read.with_statement(statements.next().unwrap_or_else(|| own.clone())),
            None => read.clone(),
        };
        Self { row, statement, reads: self.reads.iter().map(filled).collect(), ..*self }
    }

    /// Makes the change and reads what it left, all or nothing; `None` if it was not made, because something is to be said about it.
    ///
    /// # Errors
    /// [`DbError`], but for what the rules or the constraints of the tables refuse.
    pub async fn run(
        &self,
        database: &Database,
        actor: &ActorSettings,
        request: &RequestContext,
        settings: &PlannerSettings,
    ) -> Result<Option<Vec<ReadAnswer>>, DbError> {
        let admitted = match self.admission {
            Admission::None => None,
            Admission::Changed | Admission::TakenAlong => Some(self.row.id),
        };
        let reads = self.reads.iter().filter_map(PreparedRead::statement).collect();
        let actor = actor.clone().in_request(request.request_id);
        let rows = match database.change(&actor, &OneChange { statement: &self.statement, admitted, reads }).await {
            Ok(rows) => rows,
            Err(DbError::Refused { .. } | DbError::Constraint { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        // The first is the change's own.
        let mut rows = rows.into_iter().skip(1);
        metrics::counter!("toolcrib_audit_events_total", "type" => self.event_type).increment(1);
        let mut row_of = |read: &PreparedRead| read.statement().and_then(|_| rows.next().flatten());
        Ok(Some(self.reads.iter().map(|read| read.answered(settings, row_of(read))).collect()))
    }
}

/// Whether a change may put a row below itself, which is asked afterwards.
fn asks_for_circles(collection: &Collection, plan: &UpdatePlan) -> bool {
    let is_set = |field: &Field| plan.columns.iter().any(|write| Some(&write.column) == field.column());
    collection.stored_fields().any(|field| field.is_acyclic && is_set(field))
}
