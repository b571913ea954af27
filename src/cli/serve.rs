//! `toolcrib serve`

use crate::app::{self, App, AppError, DemoCredential, Storage, Tool};
use crate::base::milliseconds;
use crate::cli::Arguments;
use crate::cli::arguments::ServeArguments;
use crate::config::{Settings, WithoutProvider};
use crate::http::console::Example;
use crate::http::{
    self, Access, DemoState, MetricsEndpoint, Proxies, SessionCookie, SignInLimit, StopSignal, WebParts, WebState,
};
use crate::migrate::{ApplyOptions, Widening};
use crate::telemetry::{self, MetricsRecorder};
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;

/// Serves until it is asked to stop.
pub(crate) async fn run(arguments: &Arguments, serve: &ServeArguments) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let settings = arguments.settings()?;
    let telemetry = telemetry::start(&settings.log, &settings.telemetry)?;
    let outcome = serve_tool(settings, serve, started).await;
    telemetry.shut_down().await;
    outcome
}

async fn serve_tool(mut settings: Settings, serve: &ServeArguments, started: Instant) -> anyhow::Result<ExitCode> {
    if serve.demo && !settings.server.listen.ip().is_loopback() {
        return Err(AppError::DemoNotOnLoopback.into());
    }
    if serve.demo {
        settings.graphql = settings.graphql.for_demo();
    }
    // Before anything is changed, so that a mistake or a taken port costs nothing.
    let tool = Tool::load(&settings)?;
    let listener = listen(settings.server.listen).await?;
    let metrics = Metrics::prepare(&settings).await?;
    // From here on a signal ends us in order: whoever just died would leave a PostgreSQL behind that nobody stops.
    let mut stop = StopSignal::listen().map_err(AppError::Signals)?;
    let storage = tokio::select! {
        opened = Storage::open(&settings) => opened?,
        () = stop.asked() => return Ok(stopped_early()),
    };
    let startup = Startup { settings, tool, is_demo: serve.demo, metrics, started };
    let outcome = startup.serve(&storage, listener, stop).await;
    storage.close().await;
    outcome
}

fn stopped_early() -> ExitCode {
    tracing::info!("stopping: asked to while starting");
    ExitCode::SUCCESS
}

/// What is decided before the database is touched.
struct Startup {
    settings: Settings,
    tool: Tool,
    is_demo: bool,
    metrics: Metrics,
    started: Instant,
}

/// What metrics need, if they are on.
#[derive(Default)]
struct Metrics {
    endpoint: Option<Arc<MetricsEndpoint>>,
    /// Their own listener.
    listener: Option<TcpListener>,
}

impl Metrics {
    /// Begins to count, and takes the port.
    async fn prepare(settings: &Settings) -> anyhow::Result<Self> {
        let metrics = &settings.metrics;
        if !metrics.is_on() {
            return Ok(Self::default());
        }
        let recorder = MetricsRecorder::install()?;
        tokio::spawn(recorder.clone().keep_up());
        let listener = match metrics.listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        Ok(Self { endpoint: Some(Arc::new(MetricsEndpoint::new(recorder, metrics))), listener })
    }

    /// Serves them on their own listener, if they have one, until the process ends.
    fn serve(self, state: &WebState) -> anyhow::Result<()> {
        if let Some(listener) = self.listener {
            tracing::info!("serving metrics on http://{}/metrics", listener.local_addr()?);
            tokio::spawn(http::serve_metrics(listener, state.clone()));
        }
        Ok(())
    }
}

impl Startup {
    async fn serve(mut self, storage: &Storage, listener: TcpListener, mut stop: StopSignal) -> anyhow::Result<ExitCode> {
        let (app, credentials) = tokio::select! {
            prepared = self.prepare(storage) => prepared?,
            () = stop.asked() => return Ok(stopped_early()),
        };
        let metrics = std::mem::take(&mut self.metrics);
        let Self { settings, is_demo, started, .. } = &self;
        let address = listener.local_addr()?;
        let state = web_state(settings, &app, metrics.endpoint.clone(), is_demo.then_some(credentials.as_slice()))?;
        metrics.serve(&state)?;
        tracing::info!(duration_ms = milliseconds(started.elapsed()), "listening on http://{address}");
        if *is_demo {
            welcome(address, &credentials);
        }
        if http::serve(listener, state, async move { stop.asked().await }).await {
            tracing::info!("stopping: every request was answered");
        } else {
            tracing::warn!("stopping: requests that took too long were cut off");
        }
        app.engine.exporter().shut_down().await;
        Ok(ExitCode::SUCCESS)
    }

    /// Brings the database to the tool and builds the service over it.
    async fn prepare(&self, storage: &Storage) -> anyhow::Result<(App, Vec<DemoCredential>)> {
        let Self { settings, tool, is_demo, .. } = self;
        if *is_demo {
            // Nobody's data is in a demo, so nobody has to answer for who sees it.
            let widening = match app::holds_real_data(storage).await? {
                true => Widening::Refused,
                false => Widening::Accepted { reason: "served as a demo".to_owned() },
            };
            let options = ApplyOptions { widening, ..ApplyOptions::default() };
            storage.apply_with(tool, &settings.server.migrations, &options).await?;
        } else if storage.is_private() {
            storage.apply(tool, &settings.server.migrations).await?;
        } else {
            storage.verify(tool, &settings.server.migrations).await?;
        }
        if let (true, Some(seed)) = (*is_demo, &settings.demo.seed) {
            tracing::info!("looking for demo data");
            if app::seed(storage, seed).await? {
                tracing::info!("loaded the demo data from `{}`", seed.display());
            }
        }
        let app = App::build(settings, tool, storage).await?;
        app.engine.exporter().watch_abandoned();
        app.engine.watch_tables();
        app.watch_ended();
        let credentials = if *is_demo { app::demo_credentials(&app, tool).await? } else { Vec::new() };
        Ok((app, credentials))
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address).await.map_err(|source| AppError::Listen { address, source })
}

fn web_state(
    settings: &Settings,
    app: &App,
    metrics: Option<Arc<MetricsEndpoint>>,
    demo: Option<&[DemoCredential]>,
) -> anyhow::Result<WebState> {
    let examples = Example::read_folder(&settings.server.examples)?;
    let users = |credentials: &[DemoCredential]| credentials.iter().map(|credential| credential.user.clone()).collect();
    Ok(WebState::from(WebParts {
        engine: Arc::clone(&app.engine),
        authenticator: Arc::clone(&app.authenticator),
        sign_in: Arc::clone(&app.sign_in),
        sign_in_limit: SignInLimit::per_minute(settings.auth.attempts_per_minute),
        proxies: Proxies::new(&settings.server.proxies),
        session_cookie: SessionCookie::for_url(settings.auth.public_url.as_ref()),
        access: access(settings, demo.is_some()),
        demo: demo.map(|credentials| DemoState { users: users(credentials) }),
        scim: settings.scim.clone(),
        max_body_bytes: settings.limits.max_body_bytes,
        max_batch: settings.limits.max_batch,
        tool_name: tool_name(settings),
        metrics,
        examples,
    }))
}

/// Who cannot be asked who they are are not served; the log says what to do about it.
fn access(settings: &Settings, is_demo: bool) -> Access {
    let auth = &settings.auth;
    if is_demo || !auth.providers.is_empty() || auth.without_provider == WithoutProvider::Tokens {
        return Access::Open;
    }
    tracing::warn!(
        "nothing but health is served, because nobody can sign in: name a provider in `[[auth.providers]]`, then run \
         `toolcrib admin bootstrap`; or, for scripts with tokens alone, say `auth.without_provider = \"tokens\"`"
    );
    Access::Closed
}

/// The tool is called like its migrations' directory, `migrations/support_desk`, or like its own.
fn tool_name(settings: &Settings) -> String {
    let name = settings.server.migrations.file_name().and_then(|name| name.to_str()).filter(|name| *name != "migrations");
    let directory = settings.directory.file_name().and_then(|name| name.to_str());
    name.or(directory).unwrap_or("toolcrib").replace('_', " ")
}

/// Says where to go and whom to be.
fn welcome(address: SocketAddr, credentials: &[DemoCredential]) {
    println!("\nToolcrib demo: http://{address}/graphiql\n");
    println!("Sign in with one click, or send a token as `Authorization: Bearer ...`:");
    for DemoCredential { user, token } in credentials {
        println!("\n  {:8} http://{address}/demo/sign-in?user={}", user.role, user.email);
        println!("  {:8} {}", "", token.raw.expose_secret());
    }
    println!("\nAnybody on this machine can be any of them. Press Ctrl-C to stop.");
}
