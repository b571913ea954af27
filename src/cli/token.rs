//! `toolcrib token`

use crate::auth::{self, NewToken, Rotation, TokenRequest};
use crate::base::{Actor, RequestContext};
use crate::cli::Arguments;
use crate::cli::arguments::{TokenArguments, TokenCommand, TokenCreateArguments, TokenRotateArguments};
use crate::cli::session::CommandSession;
use crate::planner::{SelectedField, Selection};
use crate::read;
use anyhow::Context;
use chrono::{SecondsFormat, TimeDelta, Utc};
use comfy_table::Table;
use secrecy::ExposeSecret;
use serde_json::{Map, Value as Json, json};
use std::process::ExitCode;

/// Makes, lists or revokes tokens, as the service `cli`: through the collection's rules and on record.
pub(crate) async fn run(arguments: &Arguments, command: &TokenArguments) -> anyhow::Result<ExitCode> {
    let session = CommandSession::open(arguments).await?;
    let actor = Actor::platform("cli");
    let request = RequestContext::internal(Utc::now());
    let outcome = match &command.command {
        TokenCommand::Create(create) => create_token(&session, &actor, &request, create).await,
        TokenCommand::Rotate(rotate) => rotate_token(&session, &actor, &request, rotate).await,
        TokenCommand::List { json } => list(&session, &actor, &request, *json).await,
        TokenCommand::Revoke { id } => revoke(&session, &actor, &request, id).await,
    };
    session.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn create_token(
    session: &CommandSession,
    actor: &Actor,
    request: &RequestContext,
    arguments: &TokenCreateArguments,
) -> anyhow::Result<()> {
    let TokenCreateArguments { user, expires_in, name, scopes, allow_ips, json: as_json } = arguments;
    let lifetime = lifetime(expires_in)?;
    let database = session.app.engine.database();
    let planner = session.app.engine.planner(actor, request);
    let user_id = auth::find_user_id(database, user).await?;
    let mut token = TokenRequest { name: name.clone(), ..TokenRequest::new(user_id, request.time + lifetime) };
    if !scopes.is_empty() {
        token.scopes.clone_from(scopes);
    }
    token.ip_allow_list = (!allow_ips.is_empty()).then(|| allow_ips.clone());
    let token = auth::create_token(database, &planner, token).await?;
    show(&token, &format!("token {} for {user}", token.id), *as_json);
    Ok(())
}

async fn rotate_token(
    session: &CommandSession,
    actor: &Actor,
    request: &RequestContext,
    arguments: &TokenRotateArguments,
) -> anyhow::Result<()> {
    let TokenRotateArguments { id, expires_in, overlap, json: as_json } = arguments;
    let rotation = Rotation { expires_at: request.time + lifetime(expires_in)?, overlap: lifetime(overlap)? };
    let planner = session.app.engine.planner(actor, request);
    let token = auth::rotate_token(session.app.engine.database(), &planner, id, rotation).await?;
    show(&token, &format!("token {} in the place of {id}, which is good for {overlap} more at most", token.id), *as_json);
    Ok(())
}

/// The only place that ever shows a token on the command line.
fn show(token: &NewToken, said: &str, as_json: bool) {
    let expires_at = token.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    if as_json {
        println!("{}", json!({ "id": token.id, "token": token.raw.expose_secret(), "expiresAt": expires_at }));
    } else {
        println!("{}", token.raw.expose_secret());
        eprintln!("{said}, good until {expires_at}; it is not shown again");
    }
}

fn lifetime(text: &str) -> anyhow::Result<TimeDelta> {
    parse_lifetime(text).with_context(|| format!("`{text}` is no time; write `30m`, `1h` or `7d`"))
}

async fn list(session: &CommandSession, actor: &Actor, request: &RequestContext, as_json: bool) -> anyhow::Result<()> {
    let field = |name: &str, selection: Vec<SelectedField>, arguments: Map<String, Json>| SelectedField {
        key: name.to_owned(),
        name: name.to_owned(),
        arguments,
        selection: Selection(selection),
    };
    let leaf = |name: &str| field(name, Vec::new(), Map::new());
    let columns = ["id", "name", "scopes", "ipAllowList", "createdAt", "expiresAt", "revokedAt", "lastUsedAt"];
    let mut fields: Vec<SelectedField> = columns.into_iter().map(leaf).collect();
    fields.insert(1, field("user", vec![leaf("email")], Map::new()));
    let page = Map::from_iter([
        ("first".to_owned(), json!(session.settings.limits.max_page_size)),
        ("orderBy".to_owned(), json!([{ "id": "DESC" }])),
    ]);
    let planner = session.app.engine.planner(actor, request);
    let collection = session.tool.catalog.find_collection("ServiceToken").context("the platform's own collection")?.id;
    let plan = planner.plan_read_many(collection, &field("tokens", vec![field("nodes", fields, Map::new())], page))?;
    let answer = read::run(session.app.engine.database(), &planner, &plan).await?;
    let answer: Json = serde_json::from_str(&answer.json)?;
    if as_json {
        println!("{:#}", answer["nodes"]);
        return Ok(());
    }
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header([
        "id",
        "user",
        "name",
        "scopes",
        "expires",
        "state",
        "last used",
    ]);
    for token in answer["nodes"].as_array().into_iter().flatten() {
        table.add_row(row_of(token, request));
    }
    println!("{table}");
    Ok(())
}

fn row_of(token: &Json, request: &RequestContext) -> Vec<String> {
    let text = |value: &Json| value.as_str().unwrap_or("-").chars().take(36).collect::<String>();
    let expires_at = token["expiresAt"].as_str().and_then(|time| chrono::DateTime::parse_from_rfc3339(time).ok());
    let state = match (&token["revokedAt"], expires_at) {
        (Json::String(_), _) => "revoked",
        (_, Some(expires_at)) if expires_at < request.time => "expired",
        _ => "good",
    };
    let second = |value: &Json| text(value).chars().take(19).collect::<String>();
    vec![
        text(&token["id"]),
        text(&token["user"]["email"]),
        text(&token["name"]),
        token["scopes"].as_array().into_iter().flatten().filter_map(Json::as_str).collect::<Vec<_>>().join(" "),
        second(&token["expiresAt"]),
        state.to_owned(),
        second(&token["lastUsedAt"]),
    ]
}

async fn revoke(session: &CommandSession, actor: &Actor, request: &RequestContext, id: &str) -> anyhow::Result<()> {
    let planner = session.app.engine.planner(actor, request);
    auth::revoke_token(session.app.engine.database(), &planner, id).await?;
    println!("revoked {id}; servers refuse it within a second");
    Ok(())
}

/// `30m`, `1h`, `7d`; at most ten years, so that a token does end.
fn parse_lifetime(text: &str) -> Option<TimeDelta> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    let lifetime = match unit {
        "s" => TimeDelta::try_seconds(number),
        "m" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        _ => None,
    };
    lifetime.filter(|lifetime| *lifetime <= TimeDelta::days(3653))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        assert_eq!(parse_lifetime("1h"), Some(TimeDelta::hours(1)));
        assert_eq!(parse_lifetime("7d"), Some(TimeDelta::days(7)));
        for wrong in ["", "h", "1", "-1h", "0m", "1w", "99999999d", "1é"] {
            assert_eq!(parse_lifetime(wrong), None, "{wrong}");
        }
    }
}
