//! What asking who a caller is costs a request: the cheapest read with and without, in one process over one database.
//!
//! No server has a way to leave authentication out, and none is made for a measurement. So both sides run here, below HTTP: one
//! finds its caller by the credential that the request shows, the other was told beforehand. HTTP is missing on both, which makes
//! the rest of the request smaller and the share that is reported larger than what clients see. Every client is a caller with a
//! credential of its own, so what a caller costs anew after the time that it is believed is in the figure, too.

use crate::operation::Operation;
use crate::rounds::{Pace, median};
use crate::stage::{Stage, TOOL};
use anyhow::{Context, Result, ensure};
use chrono::{TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use toolcrib::app::{App, Tool};
use toolcrib::auth::{self, Authenticator, Credential, SIGN_IN_SERVICE, SessionHolder, SessionStart, TokenRequest};
use toolcrib::base::{Actor, RequestContext};
use toolcrib::config::{Overrides, Settings};
use toolcrib::db::{ConnectOptions, Database};
use toolcrib::graphql::GraphqlRequest;
use uuid::Uuid;

/// The least that is left of the throughput.
pub(crate) const LEFT: f64 = 0.95;

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Authenticated {
    /// Requests for each second of callers who are known beforehand; the median of the rounds.
    pub(crate) known: f64,
    /// What each kind of credential leaves of it, round by round.
    pub(crate) left: Vec<(&'static str, Vec<f64>)>,
}

impl Authenticated {
    /// Whether every credential leaves enough.
    pub(crate) fn is_on_target(&self) -> bool {
        self.left.iter().all(|(_, ratios)| median(ratios) >= LEFT)
    }
}

/// Asks by id with each kind of credential, in alternating rounds.
pub(crate) async fn measure(stage: &Stage, operation: &Operation, pace: Pace) -> Result<Authenticated> {
    let (server_url, schema) = (stage.server_url()?, stage.unaudited_schema()?);
    let bodies = operation.bodies.clone();
    // With threads of its own, as a server has them.
    let measured = move || {
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            let service = Service::start(server_url, schema, &bodies, pace.clients).await?;
            service.measure(pace).await
        })
    };
    tokio::task::spawn_blocking(measured).await?
}

/// How a side learns who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    Token,
    Cookie,
}

/// A client with all of its credentials.
struct Client {
    app: Arc<App>,
    actor: Arc<Actor>,
    token: String,
    cookie: String,
}

struct Service {
    clients: Vec<Arc<Client>>,
    requests: Arc<[GraphqlRequest]>,
}

impl Service {
    async fn start(server_url: String, schema: PathBuf, bodies: &[String], clients: usize) -> Result<Self> {
        let overrides = Overrides { schema: Some(schema), ..Overrides::default() };
        let settings = Settings::load(Path::new(TOOL), [], &overrides)?;
        let options = ConnectOptions {
            url: server_url,
            max_connections: settings.database.max_connections,
            statement_timeout: settings.database.statement_timeout,
        };
        let app = App::over(Database::connect(options.clone()).await?, &settings, &Tool::load(&settings)?).await?;
        // As `App::build` does: callers are looked up on connections of their own.
        let own = Database::connect(ConnectOptions { max_connections: 2, ..options }).await?;
        let authenticator = Arc::new(Authenticator::new(own, settings.auth.session_idle));
        let app = Arc::new(App { authenticator, ..app });
        let user = auth::find_user_id(app.engine.database(), "manager@demo.test").await?;
        let mut all = Vec::with_capacity(clients);
        for _ in 0..clients {
            all.push(Arc::new(Client::make(Arc::clone(&app), user).await?));
        }
        let requests = bodies.iter().map(|body| read_request(body)).collect::<Result<_>>()?;
        Ok(Self { clients: all, requests })
    }

    async fn measure(&self, pace: Pace) -> Result<Authenticated> {
        let Pace { rounds, length, .. } = pace;
        let sides = [Shown::Nothing, Shown::Token, Shown::Cookie];
        for shown in sides {
            self.run(shown, length).await?;
        }
        let mut rates = [Vec::new(), Vec::new(), Vec::new()];
        for round in 0..rounds {
            // Everybody is first as often as last.
            for place in 0..sides.len() {
                let index = (place + round) % sides.len();
                rates[index].push(self.run(sides[index], length).await?);
            }
        }
        let [known, token, cookie] = rates;
        let left = |rates: &[f64]| rates.iter().zip(&known).map(|(rate, known)| rate / known).collect();
        Ok(Authenticated { known: median(&known), left: vec![("token", left(&token)), ("cookie", left(&cookie))] })
    }

    /// Requests for each second, with all clients at once.
    async fn run(&self, shown: Shown, length: Duration) -> Result<f64> {
        let started = Instant::now();
        let mut asking = JoinSet::new();
        for (index, client) in self.clients.iter().enumerate() {
            let (client, requests) = (Arc::clone(client), Arc::clone(&self.requests));
            let first = index * requests.len() / self.clients.len();
            asking.spawn(async move { client.ask(shown, &requests, first, started + length).await });
        }
        let mut answered = 0;
        while let Some(count) = asking.join_next().await {
            answered += count??;
        }
        Ok(f64::from(answered) / started.elapsed().as_secs_f64())
    }
}

impl Client {
    async fn make(app: Arc<App>, user: Uuid) -> Result<Self> {
        let request = RequestContext::internal(Utc::now());
        let (database, cli, sign_in) = (app.engine.database(), Actor::platform("cli"), Actor::platform(SIGN_IN_SERVICE));
        let asked = TokenRequest::new(user, request.time + TimeDelta::hours(2));
        let token = auth::create_token(database, &app.engine.planner(&cli, &request), asked).await?;
        let start = SessionStart {
            user_id: user,
            provider: "bench",
            holder: SessionHolder::Browser,
            lifetime: Duration::from_secs(7200),
        };
        let session = auth::create_session(database, &app.engine.planner(&sign_in, &request), &start).await?;
        let text = |raw: &SecretString| raw.expose_secret().to_owned();
        let actor = app.authenticator.authenticate(&Credential::Token(token.raw.clone()), &request).await?;
        Ok(Self { actor, token: text(&token.raw), cookie: text(&session.raw), app })
    }

    async fn ask(&self, shown: Shown, requests: &[GraphqlRequest], first: usize, until: Instant) -> Result<u32> {
        let Self { app, actor, token, cookie } = self;
        let mut answered = 0;
        for request in requests.iter().cycle().skip(first) {
            if Instant::now() >= until {
                break;
            }
            let address = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let context = RequestContext { ip_address: address, ..RequestContext::internal(Utc::now()) };
            let credential = match shown {
                Shown::Nothing => None,
                Shown::Token => Some(Credential::of_bearer(SecretString::from(token.clone()))),
                Shown::Cookie => Some(Credential::Session(SecretString::from(cookie.clone()))),
            };
            let response = match credential {
                None => app.engine.execute(request, actor, &context).await,
                Some(credential) => {
                    let actor = app.authenticator.authenticate(&credential, &context).await?;
                    app.engine.execute(request, &actor, &context).await
                }
            };
            ensure!(response.body.starts_with("{\"data\":{\"ticket\":{"), "refused: {}", response.body);
            answered += 1;
        }
        Ok(answered)
    }
}

fn read_request(body: &str) -> Result<GraphqlRequest> {
    let body: Json = serde_json::from_str(body)?;
    let query = body["query"].as_str().context("a query")?.to_owned();
    Ok(GraphqlRequest { query, variables: serde_json::from_value(body["variables"].clone())?, ..GraphqlRequest::default() })
}
