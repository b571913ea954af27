//! A read that is planned and rendered: what running it needs.

use crate::audit::EventType;
use crate::base::{ContextUse, RequestContext};
use crate::db::{ActorSettings, Database, DbError, JsonRow};
use crate::planner::to_sql::read_statement;
use crate::planner::{Planner, PlannerSettings, ReadPlan, ReadRoot};
use crate::read::ReadAnswer;
use crate::sql::{Label, Statement};

/// Everything of a [`ReadPlan`] that running it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedRead {
    pub(super) work: Work,
    /// The key under which the statement's JSON stands in the answer.
    wrapped_in: Option<Label>,
    has_cursors: bool,
    has_marks: bool,
    recorded: Recorded,
    asked: ContextUse,
}

/// What there is to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Work {
    /// The rule hides everything: the answer is known, and the database is not asked.
    Known(String),
    Statement(Statement),
}

/// When a read leaves a VIEW event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recorded {
    Never,
    /// Where it shows something.
    IfShown,
    Always,
}

impl PreparedRead {
    /// Renders a plan.
    ///
    /// # Errors
    /// None that a plan can cause; Diesel's signature has one.
    pub fn of(planner: &Planner<'_>, plan: &ReadPlan) -> Result<Self, DbError> {
        let work = match is_known_to_be_nothing(plan) {
            true => Work::Known(json_of_nothing(plan)),
            false => Work::Statement(Statement::of(&read_statement(planner, plan))?),
        };
        let recorded = match &plan.view {
            None => Recorded::Never,
            Some(view) if view.is_unconditional => Recorded::Always,
            Some(_) => Recorded::IfShown,
        };
        let asked = match &work {
            Work::Known(_) => ContextUse::default(),
            Work::Statement(statement) => planner.rules.context_use_of_tables(planner.actor, statement.tables()),
        };
        let wrapped_in = plan.wrapped_in().cloned();
        Ok(Self { work, wrapped_in, has_cursors: plan.has_cursors(), has_marks: plan.has_marks(), recorded, asked })
    }

    /// What the policies that it meets ask of the caller.
    pub fn asked(&self) -> ContextUse {
        self.asked
    }

    /// Its statement; `None` if the database is not asked.
    pub fn statement(&self) -> Option<&Statement> {
        match &self.work {
            Work::Known(_) => None,
            Work::Statement(statement) => Some(statement),
        }
    }

    /// The same read with the values of another request. Only for a statement of the same text.
    pub fn with_statement(&self, statement: Statement) -> Self {
        Self { work: Work::Statement(statement), wrapped_in: self.wrapped_in.clone(), ..*self }
    }

    /// The answer of a row that the statement gave.
    pub(super) fn answer(&self, settings: &PlannerSettings, row: Option<JsonRow>) -> ReadAnswer {
        let Some((Some(json), rows)) = row else { return ReadAnswer::of_json("null".to_owned()) };
        let json = match &self.wrapped_in {
            // A key is a GraphQL name, which has nothing that JSON would escape.
            Some(key) => ["{\"", key.as_str(), "\":", &json.0, "}"].concat(),
            None => json.0,
        };
        let json = if self.has_cursors { settings.cursor_key.seal(json) } else { json };
        let (json, hidden) = if self.has_marks { settings.mask_key.unmark(json) } else { (json, Vec::new()) };
        ReadAnswer { json, rows, hidden, unrecorded: None }
    }

    /// Whether running it left a VIEW event.
    pub(super) fn is_recorded(&self, answer: &ReadAnswer) -> bool {
        match self.recorded {
            Recorded::Never => false,
            Recorded::IfShown => answer.rows > 0,
            Recorded::Always => true,
        }
    }

    /// The answer of a row that the statement gave as a part of something else that was committed; counted, if it left a VIEW event.
    pub(crate) fn answered(&self, settings: &PlannerSettings, row: Option<JsonRow>) -> ReadAnswer {
        let answer = match &self.work {
            Work::Known(json) => return ReadAnswer::of_json(json.clone()),
            Work::Statement(_) => self.answer(settings, row),
        };
        if self.is_recorded(&answer) {
            metrics::counter!("toolcrib_audit_events_total", "type" => EventType::View.as_str()).increment(1);
        }
        answer
    }

    /// Runs it in a transaction of its own.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn run(
        &self,
        database: &Database,
        actor: &ActorSettings,
        request: &RequestContext,
        settings: &PlannerSettings,
    ) -> Result<ReadAnswer, DbError> {
        let statement = match &self.work {
            Work::Known(json) => return Ok(ReadAnswer::of_json(json.clone())),
            Work::Statement(statement) => statement,
        };
        let actor = actor.clone().in_request(request.request_id);
        Ok(self.answered(settings, database.read(&actor, statement).await?))
    }
}

/// Single rows that the rule hides anyway.
fn is_known_to_be_nothing(plan: &ReadPlan) -> bool {
    matches!(plan.root, ReadRoot::Row { .. } | ReadRoot::Found { .. } | ReadRoot::Listed { .. }) && plan.is_empty()
}

/// The answer of a read whose rule hides everything: null, or a list of nulls.
fn json_of_nothing(plan: &ReadPlan) -> String {
    match &plan.root {
        ReadRoot::Listed { ids, .. } => format!("[{}]", vec!["null"; ids.len()].join(",")),
        ReadRoot::Row { .. }
        | ReadRoot::Found { .. }
        | ReadRoot::Connection(_)
        | ReadRoot::Aggregate(_)
        | ReadRoot::Viewer(_) => "null".to_owned(),
    }
}
