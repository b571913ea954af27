//! `toolcrib explain`

use crate::auth;
use crate::base::{CallerContext, RequestContext};
use crate::cli::Arguments;
use crate::cli::arguments::ExplainArguments;
use crate::cli::session::CommandSession;
use crate::db::{ActorSettings, ExplainRun};
use crate::graphql::{ExplainedField, GraphqlError, GraphqlRequest, Variables};
use crate::sql::ExplainKind;
use anyhow::{Context, bail};
use chrono::Utc;
use serde_json::{Value as Json, json};
use std::process::ExitCode;

/// Shows how a query is answered for a user: plan, SQL, and what PostgreSQL does. Nothing that it does stays.
pub(crate) async fn run(arguments: &Arguments, explain: &ExplainArguments) -> anyhow::Result<ExitCode> {
    let request = GraphqlRequest {
        query: read_query(&explain.query)?,
        operation_name: explain.operation.clone(),
        variables: read_variables(explain.variables.as_deref())?,
        ..GraphqlRequest::default()
    };
    let session = CommandSession::open(arguments).await?;
    let explained = explain_fields(&session, explain, &request).await;
    session.close().await;
    let fields = explained?;
    if explain.json {
        println!("{:#}", fields.iter().map(Field::to_json).collect::<Json>());
    } else {
        fields.iter().for_each(Field::print);
    }
    Ok(ExitCode::SUCCESS)
}

/// A root field, as it is shown.
struct Field {
    key: String,
    plan: String,
    sql: String,
    binds: String,
    /// What PostgreSQL says, line by line.
    explain: Vec<String>,
}

impl Field {
    fn to_json(&self) -> Json {
        let Self { key, plan, sql, binds, explain } = self;
        json!({ "field": key, "plan": plan, "sql": sql, "binds": binds, "explain": explain })
    }

    fn print(&self) {
        let Self { key, plan, sql, binds, explain } = self;
        println!(
            "# {key}\n\n## Plan\n\n{plan}\n\n## SQL\n\n{sql}\n\n## Binds\n\n{binds}\n\n## EXPLAIN\n\n{}\n",
            explain.join("\n")
        );
    }
}

async fn explain_fields(
    session: &CommandSession,
    explain: &ExplainArguments,
    request: &GraphqlRequest,
) -> anyhow::Result<Vec<Field>> {
    let database = session.app.engine.database();
    let actor = auth::find_actor(database, &explain.user).await?;
    let context = RequestContext::internal(Utc::now());
    let explained = session.app.engine.explain(request, &actor, &context);
    let explained = explained.map_err(|errors| anyhow::Error::msg(messages(&errors)))?;
    let caller = session.app.engine.planner(&actor, &context).caller();
    let mut fields = Vec::with_capacity(explained.len());
    for field in explained {
        fields.push(explain_field(session, explain, caller, field).await?);
    }
    Ok(fields)
}

async fn explain_field(
    session: &CommandSession,
    explain: &ExplainArguments,
    caller: CallerContext<'_>,
    field: ExplainedField,
) -> anyhow::Result<Field> {
    let ExplainedField { key, plan, statement } = field;
    let plan_text = format!("{plan:#?}");
    let Some(statement) = statement else {
        let nothing = "the rules leave no row, so PostgreSQL is not asked".to_owned();
        return Ok(Field { key, plan: plan_text, sql: String::new(), binds: String::new(), explain: vec![nothing] });
    };
    let kind = if explain.analyze { ExplainKind::Analyze } else { ExplainKind::Plan };
    // The statement itself records a view where that is asked for; it is undone with everything else.
    let run = if explain.analyze && plan.view.is_some() { ExplainRun::Undone } else { ExplainRun::ReadOnly };
    let lines = session.app.engine.database().explain(&ActorSettings::of(caller), &statement, kind, run).await;
    let shown = statement.show();
    let (text, binds) = shown.rsplit_once(" -- binds: ").unwrap_or((&shown, "[]"));
    Ok(Field {
        plan: plan_text,
        sql: text.to_owned(),
        binds: binds.to_owned(),
        explain: lines.with_context(|| format!("PostgreSQL does not explain `{key}`"))?,
        key,
    })
}

/// A document, or `@` and the path of one.
fn read_query(text: &str) -> anyhow::Result<String> {
    let Some(path) = text.strip_prefix('@') else { return Ok(text.to_owned()) };
    std::fs::read_to_string(path).with_context(|| format!("`{path}` cannot be read"))
}

fn read_variables(text: Option<&str>) -> anyhow::Result<Variables> {
    let Some(text) = text else { return Ok(Variables::default()) };
    match serde_json::from_str(text) {
        Ok(variables) => Ok(variables),
        Err(error) => bail!("`--variables` is not a JSON object: {error}"),
    }
}

fn messages(errors: &[GraphqlError]) -> String {
    let lines = errors.iter().map(|error| match error.locations.first() {
        Some((line, column)) => format!("{line}:{column}: {}", error.message),
        None => error.message.clone(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
