//! `policyExplain`: for admins, why a user may do something to a row, or may not.

use crate::auth;
use crate::base::{Actor, FaultCode, RequestContext};
use crate::catalog::Collection;
use crate::graphql::GraphqlError;
use crate::graphql::engine::Engine;
use crate::graphql::response::Data;
use crate::planner::{AccessOperation, NodeId, SelectedField, Selection};
use crate::policy::{Action, Examination, Operation, RuleSite, SeenValue, Truth, clauses};
use crate::read::{self, ExplainedClause, ExplainedRule, PolicyQuestion, ReadAnswer};
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// The root field.
pub(crate) const FIELD: &str = "policyExplain";

/// The role that may ask; every tool has it.
const ROLE: &str = "admin";

impl Engine {
    /// Answers the field.
    ///
    /// # Errors
    /// `FORBIDDEN` for anybody but an admin, `NOT_FOUND` for a user or a row that the admin may not read.
    pub(crate) async fn explain_policy(
        &self,
        field: &SelectedField,
        actor: &Actor,
        context: &RequestContext,
    ) -> Result<ReadAnswer, GraphqlError> {
        let refuse = |code, message: &str| GraphqlError { path: Some(field.key.clone()), ..GraphqlError::request(code, message) };
        if actor.role.as_str() != ROLE || actor.acted_by.is_some() {
            return Err(refuse(FaultCode::Forbidden, "only admins, in their own name, are told why others may do something"));
        }
        let not_found = || refuse(FaultCode::NotFound, "there is no such user, or no such row, that you may read");
        let asked = Asked::of(self, field).map_err(|message| refuse(FaultCode::BadUserInput, &message))?;
        let Asked { user, row: Some((collection, row)), operation, examinations, is_closed } = asked else {
            return Err(not_found());
        };
        let database = &self.parts.database;
        let fault = |error: crate::db::DbError| GraphqlError::of_field(&error, &field.key);
        let system = database.begin_system().await.map_err(fault)?;
        let found = auth::find_actor_on(system.pg(), user).await.map_err(fault)?;
        system.commit().await.map_err(fault)?;
        let Some(user) = found else { return Err(not_found()) };
        let planner = self.planner(actor, context);
        let question = PolicyQuestion { user: &user, operation, collection, row, examinations };
        let rules = read::explain(database, &planner, question).await.map_err(fault)?.ok_or_else(not_found)?;
        Ok(ReadAnswer::of_json(pick(&to_json(&rules, is_closed), &field.selection)))
    }
}

/// The arguments, read.
struct Asked<'e> {
    user: Uuid,
    /// `None` for an id that names no row of any collection.
    row: Option<(&'e Collection, Uuid)>,
    operation: AccessOperation,
    examinations: Vec<Examination>,
    /// Nobody exports what has no `@export`.
    is_closed: bool,
}

impl<'e> Asked<'e> {
    fn of(engine: &'e Engine, field: &SelectedField) -> Result<Self, String> {
        let catalog = &engine.parts.catalog;
        let text = |name| field.text_argument(name).unwrap_or_default();
        let user = text("as").parse().map_err(|_| "`as` is the id of a user".to_owned())?;
        let operation = AccessOperation::ALL.into_iter().find(|operation| operation.as_str() == text("operation"));
        let operation = operation.unwrap_or(AccessOperation::Row(Operation::Read));
        let node = NodeId::parse(text("nodeId"));
        let row = node.and_then(|node| Some((catalog.find_collection(node.type_name.as_str())?, node.id)));
        let Some((collection, _)) = row else {
            return Ok(Self { user, row: None, operation, examinations: Vec::new(), is_closed: false });
        };
        let guarded = match field.text_argument("field") {
            None => None,
            Some(name) => {
                let found = collection.find_field(name).ok_or_else(|| format!("`{}` has no field `{name}`", collection.name))?;
                Some(found.id)
            }
        };
        let action = match operation {
            AccessOperation::Row(Operation::Delete) if guarded.is_some() => {
                return Err("rows are deleted whole: leave `field` out".to_owned());
            }
            AccessOperation::Row(operation) => Action::Row(operation),
            AccessOperation::Export => Action::Export,
        };
        let sites = RuleSite::of(collection.id, action, guarded);
        let examinations = sites.into_iter().filter_map(|site| Some(Examination { site, root: clauses(catalog, site)? }));
        let is_closed = operation == AccessOperation::Export && collection.export.is_none();
        Ok(Self { user, row, operation, examinations: examinations.collect(), is_closed })
    }
}

/// The whole answer; [`pick`] takes what was selected.
fn to_json(rules: &[ExplainedRule], is_closed: bool) -> Json {
    let is_denied = is_closed || rules.iter().any(|rule| rule.allows == Some(false));
    let is_allowed = rules.iter().all(|rule| rule.allows == Some(true));
    let allowed = if is_denied { Some(false) } else { is_allowed.then_some(true) };
    let rules = rules.iter().map(|ExplainedRule { rule, allows, clauses }| {
        let clauses: Json = clauses.iter().map(clause_json).collect();
        json!({ "__typename": "PolicyRule", "rule": rule, "allows": allows, "clauses": clauses })
    });
    json!({ "__typename": "PolicyExplanation", "allowed": allowed, "rules": rules.collect::<Json>() })
}

fn clause_json(clause: &ExplainedClause) -> Json {
    let ExplainedClause { depth, text, path, line, column, truth, values } = clause;
    let truth = truth.map(|truth| match truth {
        Truth::True => "TRUE",
        Truth::False => "FALSE",
        Truth::Unknown => "UNKNOWN",
    });
    let values = values.iter().map(|SeenValue { name, value }| {
        let value: Json = value.as_deref().map_or(Json::Null, |text| serde_json::from_str(text).unwrap_or(Json::Null));
        json!({ "__typename": "PolicyValue", "name": name, "value": value })
    });
    json!({
        "__typename": "PolicyClause", "depth": depth, "text": text, "path": path, "line": line, "column": column,
        "truth": truth, "values": values.collect::<Json>(),
    })
}

/// What was selected of an answer.
fn pick(value: &Json, selection: &Selection) -> String {
    match value {
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| pick(item, selection)).collect();
            format!("[{}]", items.join(","))
        }
        Json::Object(_) if !selection.0.is_empty() => {
            let mut data = Data::part();
            for field in &selection.0 {
                data.push(&field.key, &pick(&value[field.name.as_str()], &field.selection));
            }
            data.finish()
        }
        other => other.to_string(),
    }
}
