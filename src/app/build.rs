//! The service over an open database.

use crate::app::{AppError, Storage, Tool};
use crate::auth::{Authenticator, SignIn};
use crate::config::{Settings, SlowQueryPlan};
use crate::db::{ConnectOptions, Database, SlowPlan, server_keys};
use crate::export::{ExportSettings, Exporter, ExporterParts, WatermarkKey};
use crate::graphql::{Engine, EngineParts, OperationLimits, TrustedDocuments};
use crate::planner::{CursorKey, MaskKey, PlannerSettings};
use std::sync::Arc;

/// Connections that do nothing but look up callers.
const AUTHENTICATION_CONNECTIONS: usize = 2;

/// A service, ready to be served.
pub struct App {
    /// Answers GraphQL.
    pub engine: Arc<Engine>,
    /// Makes actors.
    pub authenticator: Arc<Authenticator>,
    /// Signs people in.
    pub sign_in: Arc<SignIn>,
}

impl App {
    /// Connects as the server's own login and builds the API.
    ///
    /// # Errors
    /// [`AppError::Database`], [`AppError::NoKey`], [`AppError::Api`].
    pub async fn build(settings: &Settings, tool: &Tool, storage: &Storage) -> Result<Self, AppError> {
        let options = ConnectOptions {
            url: storage.server_url.expose().to_owned(),
            max_connections: settings.database.max_connections,
            statement_timeout: settings.database.statement_timeout,
        };
        let app = Self::over(Database::connect(options.clone()).await?, settings, tool).await?;
        // However busy the operations keep their pool, the next caller can still be told who it is.
        let authentication = ConnectOptions { max_connections: AUTHENTICATION_CONNECTIONS, ..options };
        let authenticator = Authenticator::new(Database::connect(authentication).await?, settings.auth.session_idle);
        Ok(Self { authenticator: Arc::new(authenticator), ..app })
    }

    /// Builds the API over a database that is already connected.
    ///
    /// # Errors
    /// As [`App::build`].
    pub async fn over(database: Database, settings: &Settings, tool: &Tool) -> Result<Self, AppError> {
        let database = with_slow_query_log(database, settings);
        let cursor_key = find_key(&database, server_keys::CURSOR).await?;
        let watermark_key = find_key(&database, server_keys::WATERMARK).await?;
        let mask_key = find_key(&database, server_keys::MASK).await?;
        let limits = &settings.limits;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let planner_settings = PlannerSettings {
            page_size: count(limits.page_size),
            max_page_size: count(limits.max_page_size),
            max_rows: count(limits.max_rows),
            cursor_key: CursorKey::new(hex::encode(cursor_key)),
            mask_key: MaskKey::new(&mask_key),
        };
        let exporter = Exporter::new(ExporterParts {
            catalog: Arc::clone(&tool.catalog),
            rules: Arc::clone(&tool.rules),
            database: database.clone(),
            planner_settings: planner_settings.clone(),
            key: WatermarkKey::new(watermark_key),
            settings: ExportSettings::in_directory(&settings.server.data_dir),
        });
        let engine = Engine::new(EngineParts {
            catalog: Arc::clone(&tool.catalog),
            rules: Arc::clone(&tool.rules),
            planner_settings,
            limits: OperationLimits::new(limits),
            introspection_for: settings.graphql.introspection_for.clone(),
            trusted: TrustedDocuments::load(&settings.graphql)?,
            exporter,
            database: database.clone(),
        })?;
        engine.measure_tables().await?;
        let sign_in = Arc::new(SignIn::new(database.clone(), settings.auth.clone()));
        Ok(Self {
            engine: Arc::new(engine),
            authenticator: Arc::new(Authenticator::new(database.clone(), settings.auth.session_idle)),
            sign_in,
        })
    }
}

async fn find_key(database: &Database, name: &'static str) -> Result<Vec<u8>, AppError> {
    server_keys::find(database, name).await?.ok_or(AppError::NoKey { name })
}

fn with_slow_query_log(database: Database, settings: &Settings) -> Database {
    let plan = match settings.log.slow_query_plan {
        SlowQueryPlan::Left => SlowPlan::Left,
        SlowQueryPlan::Logged => SlowPlan::Logged,
    };
    match settings.log.slow_query {
        Some(threshold) => database.with_slow_query_log(threshold, plan),
        None => database,
    }
}
