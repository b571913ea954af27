//! Making, rotating and revoking tokens as root fields, inside the document's transaction.

use crate::auth::{self, Rotation, TokenRequest};
use crate::db::Transaction;
use crate::graphql::api::RootField;
use crate::graphql::change::{Done, Manner, Shown, plan_payload};
use crate::graphql::engine::Engine;
use crate::graphql::mutation::Shape;
use crate::planner::{PlanError, Planner, SelectedField};
use crate::write::{self, Change, WriteError};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::Value as Json;
use uuid::Uuid;

/// What is done to tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenChange {
    Create,
    Rotate,
    Revoke,
}

impl Engine {
    /// What a root field does to tokens; `None` if that is not what it is for.
    pub(crate) fn token_change(&self, field: &SelectedField) -> Option<TokenChange> {
        match self.api.root_fields.get(&field.name)? {
            RootField::CreateToken => Some(TokenChange::Create),
            RootField::RotateToken => Some(TokenChange::Rotate),
            RootField::RevokeToken => Some(TokenChange::Revoke),
            _ => None,
        }
    }
}

/// Does what a field asks for. A dry run makes no secret: there would be nothing that it opens.
///
/// # Errors
/// [`WriteError`]; the document's transaction must then be rolled back.
pub(crate) async fn change_token<'f>(
    transaction: &Transaction,
    planner: &Planner<'_>,
    field: &'f SelectedField,
    shape: &Shape,
    (token_change, manner): (TokenChange, Manner),
) -> Result<Shown<'f>, WriteError> {
    let reason = field.text_argument("reason");
    let id = field.text_argument("id").unwrap_or_default();
    let change = match token_change {
        TokenChange::Create => {
            Change::Create(auth::plan_token(transaction, planner, token_request(planner, field)?, reason).await?)
        }
        TokenChange::Rotate => {
            let request = auth::retire_token(transaction, planner, id, rotation(field)?).await?;
            Change::Create(auth::plan_token(transaction, planner, request, reason).await?)
        }
        TokenChange::Revoke => Change::Update(auth::plan_revocation(planner, id, reason)?),
    };
    let rows = change.rows().to_vec();
    let mut payload = plan_payload(planner, field, shape, &rows)?;
    if manner == Manner::DryRun {
        payload.defer_views();
    }
    let answers = write::apply(transaction, planner, &change, &payload.reads).await?;
    let secret = match (&change, manner) {
        (Change::Create(plan), Manner::Real) => Some(issue(transaction, planner, plan.rows[0].id).await?),
        _ => None,
    };
    Ok(Shown { payload, answers, done: Done { rows, ..Done::default() }, manner, secret, access_changes: Vec::new() })
}

async fn issue(transaction: &Transaction, planner: &Planner<'_>, id: Uuid) -> Result<SecretString, WriteError> {
    Ok(auth::issue_secret(transaction, planner, id).await?)
}

fn token_request(planner: &Planner<'_>, field: &SelectedField) -> Result<TokenRequest, PlanError> {
    let input = field.argument("input").unwrap_or(&Json::Null);
    let user = match input["user"]["id"].as_str() {
        // A text that is no id is an id that no user has.
        Some(id) => id.parse().unwrap_or_default(),
        None => planner.actor.id.unwrap_or_default(),
    };
    let texts =
        |value: &Json| value.as_array().map(|texts| texts.iter().filter_map(Json::as_str).map(str::to_owned).collect::<Vec<_>>());
    Ok(TokenRequest {
        user,
        name: input["name"].as_str().map(str::to_owned),
        scopes: texts(&input["scopes"]).unwrap_or_default(),
        ip_allow_list: texts(&input["ipAllowList"]),
        expires_at: time(&input["expiresAt"], "input.expiresAt")?,
        rotated_from: None,
    })
}

fn rotation(field: &SelectedField) -> Result<Rotation, PlanError> {
    let overlap = field.argument("overlapSeconds").and_then(Json::as_i64).and_then(TimeDelta::try_seconds);
    Ok(Rotation {
        expires_at: time(field.argument("expiresAt").unwrap_or(&Json::Null), "expiresAt")?,
        overlap: overlap.unwrap_or_default(),
    })
}

fn time(value: &Json, argument: &str) -> Result<DateTime<Utc>, PlanError> {
    let time = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let problem = "is no time; write RFC 3339, `2026-12-31T00:00:00Z`".to_owned();
    time.map(|time| time.to_utc()).ok_or_else(|| PlanError::Argument { argument: argument.to_owned(), problem })
}
