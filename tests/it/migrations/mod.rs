//! Migrations: the platform's own, those that are planned, and what the roles may do afterwards.

mod apply;
mod grants;
mod plan;
mod platform;

use crate::support::database::{TestDatabase, compile};
use chrono::{DateTime, Days, Utc};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use std::path::Path;
use tempfile::TempDir;
use toolcrib::db::introspect::{StoredSchema, read_schema};
use toolcrib::migrate::{self, Applied, MigrateError, Plan, RuleDemands, Tool};

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
        let (catalog, rules) = compile(schema);
        let demands = RuleDemands::new(&catalog, &rules);
        let tool = Tool { catalog: &catalog, demands: &demands, migrations: self.directory() };
        migrate::apply(migrate::connect(&self.database.owner_url()).await?, tool).await
    }

    /// Plans, writes and applies; returns the name of the migration.
    async fn migrate_to(&mut self, schema: &str) -> Result<String, MigrateError> {
        let plan = self.plan(schema).await?;
        let time = self.next_time();
        let path = migrate::write(&plan, self.directory(), "change_boxes", time)?;
        self.apply(schema).await?;
        Ok(path.file_name().unwrap().to_str().unwrap().to_owned())
    }

    /// Adds a migration that somebody wrote by hand.
    fn write_by_hand(&mut self, name: &str, up: &str) {
        let version = self.next_time().format("%Y%m%d%H%M%S");
        let path = self.directory().join(format!("{version}_{name}"));
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("up.sql"), up).unwrap();
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
