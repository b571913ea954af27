//! Sharing a row, and ending a share: a new row and a change of the platform's `RecordShare`, whose rules say who may.

use crate::catalog::{Collection, CollectionId};
use crate::planner::write_plan::values::RowInput;
use crate::planner::write_plan::{CreatePlan, RowUpdate, TargetCheck, UpdatePlan, parse_id};
use crate::planner::{PlanError, Planner};
use crate::policy::Operation;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value as Json, json};

/// What is shared, and how.
#[derive(Clone, Debug)]
pub struct ShareRequest<'r> {
    /// The collection.
    pub collection: CollectionId,
    /// The row. A text that is no UUID is an id that no row has.
    pub id: &'r str,
    /// With whom: `user`, `team` or `role`, as `RecordShare` has them.
    pub with: &'r Map<String, Json>,
    /// `READ` or `WRITE`.
    pub level: &'r str,
    /// When the share ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a share that lets people change a row calls itself.
const WRITE: &str = "WRITE";

impl Planner<'_> {
    /// Plans a share. A row that the caller may not read is not found, and so is a user or team.
    ///
    /// What the caller has by shares is asked as it is before: nobody may share a row because of the share that is being made.
    ///
    /// # Errors
    /// [`PlanError`] when a rule refuses before any row is looked at, or a value makes no sense.
    pub fn plan_share(&self, request: &ShareRequest<'_>, reason: Option<&str>) -> Result<CreatePlan, PlanError> {
        let ShareRequest { collection, id, with, level, expires_at } = request;
        let record = self.catalog.collection(*collection);
        let id = parse_id(record, id)?;
        let forbidden = || PlanError::Forbidden { operation: "share", collection: record.name.to_string() };
        if expires_at.is_some_and(|ends| ends <= self.request.time) {
            return Err(PlanError::argument("expiresAt", "has passed already"));
        }
        if with.values().filter(|value| !value.is_null()).count() != 1 {
            return Err(PlanError::argument("with", "names one user, one team or one role"));
        }
        let is_changeable = || !self.rules.solve(*collection, Operation::Update, self.actor, self.request).is_never();
        if *level == WRITE && !is_changeable() {
            return Err(self.refusal(record, Operation::Update, "share"));
        }
        self.require_presence(record)?;
        let mut values = json!({ "recordType": record.name.as_str(), "recordId": id, "level": level });
        values["expiresAt"] = json!(expires_at.map(timestamp));
        values["reason"] = json!(reason.map(str::trim).filter(|reason| !reason.is_empty()));
        let mut values = values.as_object().cloned().unwrap_or_default();
        values.extend(with.iter().map(|(name, value)| (name.clone(), value.clone())));
        let shares = self.shares()?;
        let planned = self.plan_new_rows(shares.id, &[RowInput::new("share".to_owned(), &values)], reason, 0);
        let plan = planned.map_err(|error| match error {
            PlanError::Forbidden { .. } => forbidden(),
            other => other,
        })?;
        let mut targets = plan.targets;
        let record_id = shares.find_field("recordId").and_then(|field| Some((field.name.clone(), field.column()?.clone())));
        targets.extend(record_id.map(|(field, column)| {
            let target = self.readable(*collection);
            TargetCheck { field, column, target, created: Vec::new() }
        }));
        Ok(CreatePlan { targets, is_self_reading: false, ..plan })
    }

    /// Plans the end of a share.
    ///
    /// # Errors
    /// [`PlanError`] when a rule refuses before any row is looked at.
    pub fn plan_revoke_share(&self, id: &str, reason: Option<&str>) -> Result<UpdatePlan, PlanError> {
        let set = self.ended_now();
        let update = RowUpdate { id, set: &set, if_version: None };
        Ok(UpdatePlan { targets: Vec::new(), ..self.plan_update(self.shares()?.id, update, reason)? })
    }

    /// Plans the end of every share of rows that are deleted: the work of the platform's service, whoever deletes.
    ///
    /// # Errors
    /// As [`Planner::plan_revoke_share`].
    pub fn plan_end_of_shares(
        &self,
        collection: &Collection,
        ids: &[uuid::Uuid],
        at_most: u32,
        reason: Option<&str>,
    ) -> Result<UpdatePlan, PlanError> {
        let shares = self.shares()?.id;
        let filter = json!({
            "recordType": { "eq": collection.name.as_str() },
            "recordId": { "in": ids },
            "revokedAt": { "isNull": true },
        });
        let choice = self.plan_choice(shares, &filter, i64::from(at_most))?;
        let plan = self.plan_update_chosen(shares, choice, &self.ended_now(), reason)?;
        Ok(UpdatePlan { targets: Vec::new(), ..plan })
    }

    fn ended_now(&self) -> Map<String, Json> {
        let by = self.actor.id.map(|id| json!({ "id": id }));
        let values = json!({ "revokedAt": timestamp(self.request.time), "revokedBy": by });
        values.as_object().cloned().unwrap_or_default()
    }

    fn shares(&self) -> Result<&Collection, PlanError> {
        let missing = || PlanError::argument(Collection::RECORD_SHARE, "there is no such collection");
        self.catalog.record_shares().ok_or_else(missing)
    }
}

fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
