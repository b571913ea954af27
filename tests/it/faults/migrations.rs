//! Databases that do not fit: the server does not start, says what to run, and nothing is half done.

use crate::support::database::TestDatabase;
use crate::support::process::Crib;
use insta::assert_snapshot;
use std::fs;
use std::path::PathBuf;
use toolcrib::db::migrations::platform_migrations;

const NOTES: &str = r#"type Note @collection @access(read: "true", write: "user.role == 'admin'") {
  text: String!
}
"#;

/// A tool on a database of its own, which somebody else runs.
struct Tool {
    crib: Crib,
    database: TestDatabase,
}

impl Tool {
    /// With nothing applied yet.
    async fn new() -> Self {
        let database = TestDatabase::empty(NOTES).await;
        let crib = Crib::with_schema(NOTES).on(&database.owner_url(), &database.server_url());
        Self { crib, database }
    }

    /// With its schema's tables.
    async fn migrated() -> Self {
        let tool = Self::new().await;
        tool.crib.run_well(&["migrate", "plan", "--write", "create_notes"]);
        tool.crib.run_well(&["migrate", "apply"]);
        tool
    }

    fn fails(&self, arguments: &[&str]) -> String {
        let outcome = self.crib.run(arguments);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        let migration = self.migration().file_name().unwrap().to_str().unwrap().to_owned();
        let platform = platform_migrations().len();
        let said = outcome.stderr.replace(&migration, "CREATE_NOTES").replace(&format!("{platform} migrations"), "N migrations");
        let said = said.replace(&format!("{} migrations", platform + 1), "N + 1 migrations");
        said.lines().filter(|line| !line.contains(" INFO ")).collect::<Vec<_>>().join("\n")
    }

    fn fails_to_serve(&self) -> String {
        self.fails(&["serve", "--listen", "127.0.0.1:0"])
    }

    /// The directory of the first migration.
    fn migration(&self) -> PathBuf {
        let entries = fs::read_dir(self.crib.tool().join("migrations")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).min().unwrap_or_else(|| PathBuf::from("none"))
    }

    async fn tables(&self) -> Vec<String> {
        let sql = "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1";
        self.database.connect().await.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

#[tokio::test]
async fn migrations_that_wait() {
    let tool = Tool::new().await;
    assert_snapshot!(tool.fails_to_serve(), @"error: N migrations are waiting to be applied: run `toolcrib migrate apply`");
    tool.crib.run_well(&["migrate", "plan", "--write", "create_notes"]);
    assert_snapshot!(tool.fails_to_serve(), @"error: N + 1 migrations are waiting to be applied: run `toolcrib migrate apply`");
    tool.crib.run_well(&["migrate", "apply"]);
    tool.crib.serve(&[]).await.is_ready().await;
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_and_can_be_mended() {
    let tool = Tool::migrated().await;
    let file = "migrations/20990101000000_add_boxes/up.sql";
    tool.crib.write(file, "create table public.boxes (id int); insert into public.boxes values (1 / 0);");
    assert_snapshot!(tool.fails(&["migrate", "apply"]), @"
    error: the migration `20990101000000_add_boxes` failed
      because: division by zero
    ");
    assert_eq!(tool.tables().await, ["notes"]);
    assert_snapshot!(tool.fails_to_serve(), @"error: the migration `20990101000000_add_boxes` is waiting to be applied: run `toolcrib migrate apply`");

    tool.crib.write(file, "create table public.boxes (id int);");
    assert_eq!(tool.crib.run_well(&["migrate", "apply"]), "applied 20990101000000_add_boxes\n");
    assert_eq!(tool.tables().await, ["boxes", "notes"]);
    tool.crib.serve(&[]).await.is_ready().await;
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_was_applied() {
    let tool = Tool::migrated().await;
    let file = tool.migration().join("up.sql");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}-- harmless\n")).unwrap();
    assert_snapshot!(tool.fails_to_serve(), @"error: the migration `CREATE_NOTES` was changed after it was applied: put its `up.sql` back and write a further migration");
    assert_snapshot!(tool.fails(&["migrate", "apply"]), @"error: the migration `CREATE_NOTES` was changed after it was applied: put its `up.sql` back and write a further migration");
    fs::write(&file, text).unwrap();
    tool.crib.serve(&[]).await.is_ready().await;
}

#[tokio::test]
async fn a_schema_that_was_not_planned() {
    let tool = Tool::migrated().await;
    tool.crib.write("schema.graphql", &NOTES.replace("text: String!", "text: String!\n  pages: Int"));
    assert_snapshot!(tool.fails_to_serve(), @"
    error: the database does not fit the schema:
      + column public.notes.pages integer (pages)
    run `toolcrib migrate plan --write NAME`, review the migration, then `toolcrib migrate apply`
    ");
    tool.crib.write("schema.graphql", NOTES);
    tool.crib.serve(&[]).await.is_ready().await;
}

#[tokio::test]
async fn a_database_of_a_newer_release() {
    let tool = Tool::migrated().await;
    tool.database.execute("insert into toolcrib.__diesel_schema_migrations (version) values ('20990101000000')").await;
    assert_snapshot!(tool.fails_to_serve(), @"error: the database was migrated by a newer Toolcrib (it has the migration `20990101000000`): run that release, or a newer one");
}
