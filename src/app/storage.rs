//! The database: a private one, or a given one; its owner's login and the server's own.

use crate::app::{AppError, Tool};
use crate::config::{DatabaseUrl, Settings};
use crate::local_pg::{Durability, Lifetime, LocalPostgres, LocalPostgresOptions};
use crate::migrate::{self, Applied, ApplyOptions};
use std::path::Path;

/// The database with both of its logins.
pub struct Storage {
    local: Option<LocalPostgres>,
    /// Migrations and seeds. Never used to answer a request.
    pub owner_url: DatabaseUrl,
    /// The server's own login, which owns nothing.
    pub server_url: DatabaseUrl,
}

impl Storage {
    /// Finds the database: `database.url` if there is one, else a private PostgreSQL in the data directory.
    ///
    /// # Errors
    /// [`AppError::LocalPostgres`], [`AppError::NoServerLogin`].
    pub async fn open(settings: &Settings) -> Result<Self, AppError> {
        let Some(owner_url) = settings.database.url.clone() else {
            let directory = settings.server.data_dir.join("postgres");
            let options = LocalPostgresOptions { directory, durability: Durability::Durable, lifetime: Lifetime::LastUser };
            let local = LocalPostgres::start(options).await?;
            let (owner_url, server_url) = (local.owner_url(), local.server_url());
            return Ok(Self { local: Some(local), owner_url, server_url });
        };
        let server_url = match settings.database.server_url.clone() {
            Some(url) => url,
            None => migrate::server_url_of(&owner_url).ok_or(AppError::NoServerLogin)?,
        };
        Ok(Self { local: None, owner_url, server_url })
    }

    /// Whether the database is this process's own, so that nobody else decides when it is migrated.
    pub fn is_private(&self) -> bool {
        self.local.is_some()
    }

    /// Applies what waits, and lets the server's login in.
    ///
    /// # Errors
    /// [`AppError::Migrate`].
    pub async fn apply(&self, tool: &Tool, migrations: &Path) -> Result<Applied, AppError> {
        self.apply_with(tool, migrations, &ApplyOptions::default()).await
    }

    /// The same, on the operator's terms.
    ///
    /// # Errors
    /// [`AppError::Migrate`].
    pub async fn apply_with(&self, tool: &Tool, migrations: &Path, options: &ApplyOptions) -> Result<Applied, AppError> {
        let connection = migrate::connect(self.owner_url.expose()).await?;
        let applied = migrate::apply_with(connection, Self::migrate_tool(tool, migrations), options).await?;
        if !self.is_private() {
            migrate::ensure_server_login(&self.owner_url, &self.server_url).await?;
        }
        Ok(applied)
    }

    /// Whether the database fits the tool, where somebody else migrates it.
    ///
    /// # Errors
    /// [`AppError::Migrate`] that says what to run.
    pub async fn verify(&self, tool: &Tool, migrations: &Path) -> Result<(), AppError> {
        let mut connection = migrate::connect(self.owner_url.expose()).await?;
        Ok(migrate::verify(&mut connection, Self::migrate_tool(tool, migrations)).await?)
    }

    /// The tool as `migrate` sees it.
    pub fn migrate_tool<'t>(tool: &'t Tool, migrations: &'t Path) -> migrate::Tool<'t> {
        migrate::Tool { catalog: &tool.catalog, demands: &tool.demands, migrations }
    }

    /// Stops the private PostgreSQL, unless another process uses it.
    pub async fn close(self) {
        if let Some(local) = self.local {
            local.stop().await;
        }
    }
}
