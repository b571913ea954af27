//! The hand-written server: one handler and one prepared statement for each operation, no rules, no audit, no sign-in.
//!
//! It has what somebody who cares for speed would give it: the same driver and as many connections as Toolcrib, no query on
//! checkout, JSON built by PostgreSQL and passed on as text, statements found by type and not by text.

mod copy;
mod pool;
pub(crate) mod statement;

use anyhow::Result;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use copy::NewTicket;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use pool::{Limit, LimitError};
use serde::Deserialize;
use statement::{Counted, Filtered, JsonText, List, OPENING, Page, Ticket, Update, Upsert};
use tokio::net::TcpListener;
use tokio::task::coop::unconstrained;
use uuid::Uuid;

/// Serves until the process is asked to stop.
pub(crate) async fn serve(owner: &str, server: &str) -> Result<()> {
    let limit = Limit::connect(owner, server)?;
    let router = Router::new()
        .route("/list", post(list))
        .route("/filter", post(filter))
        .route("/page", post(page))
        .route("/upsert", post(upsert))
        .route("/insert", post(insert))
        .route("/aggregate", post(aggregate))
        .route("/ticket", post(ticket))
        .route("/update", post(update))
        .with_state(limit);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{} ", listener.local_addr()?);
    let mut stop = toolcrib::http::StopSignal::listen()?;
    axum::serve(listener, router).with_graceful_shutdown(async move { stop.asked().await }).await?;
    Ok(())
}

/// A request as clients send it; the document is not looked at.
#[derive(Deserialize)]
struct Asked<Variables> {
    variables: Variables,
}

/// A request that says beside its cursor where that stands, which only the server that made it can read.
#[derive(Deserialize)]
struct AskedFrom {
    extensions: Place,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    created_at: String,
    id: String,
}

#[derive(Deserialize)]
struct InsertVariables {
    inputs: Vec<NewTicket>,
}

#[derive(Deserialize)]
struct UpsertVariables {
    email: String,
    name: String,
}

#[derive(Deserialize)]
struct ListVariables {
    before: String,
}

#[derive(Deserialize)]
struct FilterVariables {
    team: String,
}

#[derive(Deserialize)]
struct AggregateVariables {
    name: String,
}

#[derive(Deserialize)]
struct TicketVariables {
    id: Uuid,
}

#[derive(Deserialize)]
struct UpdateVariables {
    id: Uuid,
    subject: String,
    priority: String,
}

async fn list(State(limit): State<Limit>, Json(asked): Json<Asked<ListVariables>>) -> Result<Response, LimitError> {
    let ListVariables { before } = asked.variables;
    let connection = limit.owner.get().await?;
    let nodes: JsonText = List { before }.get_result(&mut &*connection).await?;
    Ok(answer("{\"data\":{\"tickets\":{\"nodes\":", &nodes, "}}}"))
}

async fn filter(State(limit): State<Limit>, Json(asked): Json<Asked<FilterVariables>>) -> Result<Response, LimitError> {
    let connection = limit.owner.get().await?;
    let nodes: JsonText = Filtered { team: asked.variables.team }.get_result(&mut &*connection).await?;
    Ok(answer("{\"data\":{\"tickets\":{\"nodes\":", &nodes, "}}}"))
}

async fn page(State(limit): State<Limit>, Json(asked): Json<AskedFrom>) -> Result<Response, LimitError> {
    let Place { created_at, id } = asked.extensions;
    let connection = limit.owner.get().await?;
    let page: JsonText = Page { created_at, id }.get_result(&mut &*connection).await?;
    Ok(answer("{\"data\":{\"tickets\":", &page, "}}"))
}

async fn aggregate(State(limit): State<Limit>, Json(asked): Json<Asked<AggregateVariables>>) -> Result<Response, LimitError> {
    let connection = limit.owner.get().await?;
    let nodes: JsonText = Counted { name: asked.variables.name }.get_result(&mut &*connection).await?;
    Ok(answer("{\"data\":{\"customers\":{\"nodes\":", &nodes, "}}}"))
}

async fn ticket(State(limit): State<Limit>, Json(asked): Json<Asked<TicketVariables>>) -> Result<Response, LimitError> {
    let connection = limit.owner.get().await?;
    let ticket: JsonText = Ticket { id: asked.variables.id }.get_result(&mut &*connection).await?;
    Ok(answer("{\"data\":{\"ticket\":", &ticket, "}}"))
}

/// As the server's login in the role of a manager, which Toolcrib's update pays for, too: the difference is the rest.
async fn update(State(limit): State<Limit>, Json(asked): Json<Asked<UpdateVariables>>) -> Result<Response, LimitError> {
    let UpdateVariables { id, subject, priority } = asked.variables;
    let connection = limit.server.get().await?;
    let (mut begin, mut commit) = (&*connection, &*connection);
    let (begun, ticket, committed) = unconstrained(async {
        tokio::join!(
            biased;
            begin.batch_execute(OPENING),
            Update { id, subject, priority }.get_result::<JsonText>(&mut &*connection),
            commit.batch_execute("COMMIT"),
        )
    })
    .await;
    begun?;
    let ticket = ticket?;
    committed?;
    Ok(answer("{\"data\":{\"updateTicket\":{\"ticket\":", &ticket, "}}}"))
}

/// As [`update`].
async fn upsert(State(limit): State<Limit>, Json(asked): Json<Asked<UpsertVariables>>) -> Result<Response, LimitError> {
    let UpsertVariables { email, name } = asked.variables;
    let connection = limit.server.get().await?;
    let (mut begin, mut commit) = (&*connection, &*connection);
    let (begun, customer, committed) = unconstrained(async {
        tokio::join!(
            biased;
            begin.batch_execute(OPENING),
            Upsert { email, name }.get_result::<JsonText>(&mut &*connection),
            commit.batch_execute("COMMIT"),
        )
    })
    .await;
    begun?;
    let customer = customer?;
    committed?;
    Ok(answer("{\"data\":{\"upsertCustomer\":{\"customer\":", &customer, "}}}"))
}

async fn insert(State(limit): State<Limit>, Json(asked): Json<Asked<InsertVariables>>) -> Result<Response, LimitError> {
    let mut connection = limit.copying.get().await?;
    let count = connection.add(&asked.variables.inputs).await?;
    Ok(answer("{\"data\":{\"createTickets\":{\"count\":", &JsonText(count.to_string()), "}}}"))
}

fn answer(before: &str, json: &JsonText, after: &str) -> Response {
    let mut body = String::with_capacity(before.len() + json.0.len() + after.len());
    body.push_str(before);
    body.push_str(&json.0);
    body.push_str(after);
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

impl IntoResponse for LimitError {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0).into_response()
    }
}
