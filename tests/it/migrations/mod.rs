//! Migrations: the platform's own, those that are planned, and what the roles may do afterwards.

mod apply;
mod busy;
mod changes;
mod consent;
mod grants;
mod limits;
mod plan;
mod platform;
mod readers;
mod renames;
mod round_trip;
mod wall;

use crate::support::database::{TestDatabase, compile};
use chrono::{DateTime, Days, Utc};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use toolcrib::db::introspect::{StoredSchema, read_schema};
use toolcrib::migrate::{
    self, Applied, ApplyOptions, Consent, MigrateError, Patience, Plan, Reverted, RuleDemands, Tool, Widening,
};

/// A collection with one of everything.
const BOXES: &str = r#"
enum Color {
  RED
  GREEN
}

type Box @collection @access(read: "user.role != 'viewer'", write: "user.role == 'admin'") {
  label: String! @unique @length(max: 20)
  color: Color! @default(value: RED)
  weight: Int
  owner: User
}

type Rack @collection @access(read: "true", write: "user.role == 'admin'") {
  name: String!
}
"#;

/// Options that give up soon.
fn options(consent: Consent) -> ApplyOptions {
    let patience = Patience {
        lock_timeout: Duration::from_millis(100),
        attempts: 2,
        pause: Duration::from_millis(10),
        ..Patience::default()
    };
    ApplyOptions { consent, patience, widening: accepted() }
}

/// Whom rules give more is another matter than tables.
fn accepted() -> Widening {
    Widening::Accepted { reason: "a test".to_owned() }
}

/// A tool whose schema changes from one migration to the next.
struct Workshop {
    database: TestDatabase,
    migrations: TempDir,
    written: u64,
}

impl Workshop {
    /// On a database where nothing was applied yet.
    async fn new() -> Self {
        Self { database: TestDatabase::empty(BOXES).await, migrations: tempfile::tempdir().unwrap(), written: 0 }
    }

    /// With the tables of a schema.
    async fn with(schema: &str) -> Self {
        let mut workshop = Self::new().await;
        workshop.migrate_to(schema).await.unwrap();
        workshop
    }

    fn directory(&self) -> &Path {
        self.migrations.path()
    }

    async fn plan(&self, schema: &str) -> Result<Plan, MigrateError> {
        let (catalog, rules) = compile(schema);
        let demands = RuleDemands::new(&catalog, &rules);
        let tool = Tool { catalog: &catalog, demands: &demands, migrations: self.directory() };
        migrate::plan(migrate::connect(&self.database.owner_url()).await?, tool).await
    }

    async fn apply(&self, schema: &str) -> Result<Applied, MigrateError> {
        self.apply_with(schema, &ApplyOptions { widening: accepted(), ..ApplyOptions::default() }).await
    }

    async fn apply_with(&self, schema: &str, options: &ApplyOptions) -> Result<Applied, MigrateError> {
        let (catalog, rules) = compile(schema);
        let demands = RuleDemands::new(&catalog, &rules);
        let tool = Tool { catalog: &catalog, demands: &demands, migrations: self.directory() };
        migrate::apply_with(migrate::connect(&self.database.owner_url()).await?, tool, options).await
    }

    async fn revert(&self, schema: &str, count: usize, consent: Consent) -> Result<Reverted, MigrateError> {
        let (catalog, rules) = compile(schema);
        let demands = RuleDemands::new(&catalog, &rules);
        let tool = Tool { catalog: &catalog, demands: &demands, migrations: self.directory() };
        migrate::revert(migrate::connect(&self.database.owner_url()).await?, tool, count, &options(consent)).await
    }

    /// Plans, writes and applies; returns the name of the migration.
    async fn migrate_to(&mut self, schema: &str) -> Result<String, MigrateError> {
        let path = self.plan_and_write(schema).await;
        self.apply(schema).await?;
        Ok(path.file_name().unwrap().to_str().unwrap().to_owned())
    }

    /// Plans and writes; returns the directory of the migration.
    async fn plan_and_write(&mut self, schema: &str) -> PathBuf {
        let plan = self.plan(schema).await.unwrap();
        let time = self.next_time();
        migrate::write(&plan, self.directory(), "change_boxes", time).unwrap()
    }

    /// How far the migrations are that were begun.
    async fn progress(&self) -> Vec<(usize, usize)> {
        let mut connection = migrate::connect(&self.database.owner_url()).await.unwrap();
        let status = migrate::status(&mut connection, self.directory()).await.unwrap();
        let begun = status.iter().filter(|status| status.applied_at.is_none() && status.steps.0 > 0);
        begun.map(|status| status.steps).collect()
    }

    /// Adds a migration that somebody wrote by hand.
    fn write_by_hand(&mut self, name: &str, up: &str) -> PathBuf {
        let version = self.next_time().format("%Y%m%d%H%M%S");
        let path = self.directory().join(format!("{version}_{name}"));
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("up.sql"), up).unwrap();
        path
    }

    fn next_time(&mut self) -> DateTime<Utc> {
        self.written += 1;
        "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Days::new(self.written)
    }

    async fn stored(&self) -> StoredSchema {
        let mut connection = AsyncPgConnection::establish(&self.database.owner_url()).await.unwrap();
        read_schema(&mut connection).await.unwrap()
    }
}

/// A schema with a piece replaced, which has to be there.
fn changed(schema: &str, from: &str, to: &str) -> String {
    assert!(schema.contains(from), "{from}");
    schema.replace(from, to)
}
