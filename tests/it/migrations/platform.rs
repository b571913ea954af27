//! The platform's own migrations and the schema file that is printed from them.

use super::{BOXES, Workshop};
use crate::support::database::TestDatabase;
use crate::support::expect::difference;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::MigrationHarness;
use std::fmt::Write;
use std::path::Path;
use toolcrib::db::introspect::{StoredColumn, StoredSchema};
use toolcrib::db::migrations::PLATFORM;

/// Only the platform's tables.
const NO_TOOL: &str = "extend schema @rule(name: \"nobody\", is: \"false\")";

#[tokio::test]
async fn up_down_and_up_again_give_the_same_schema() {
    let workshop = Workshop::with(BOXES).await;
    for table in ["boxes", "racks"] {
        workshop.database.execute(&format!("drop table public.{table}")).await;
    }
    let up = workshop.stored().await;
    let mut connection = AsyncPgConnection::establish(&workshop.database.owner_url()).await.unwrap();
    connection.batch_execute("set role toolcrib_owner; set search_path to toolcrib").await.unwrap();
    let down = tokio::task::spawn_blocking(|| {
        let mut connection = AsyncConnectionWrapper::<AsyncPgConnection>::from(connection);
        connection.revert_all_migrations(PLATFORM).unwrap();
        connection.into_inner()
    });
    let connection = down.await.unwrap();
    let left: Vec<String> = workshop.stored().await.tables.keys().map(ToString::to_string).collect();
    assert_eq!(left, ["toolcrib.__diesel_schema_migrations"]);
    toolcrib::db::migrations::run_platform(connection).await.unwrap();
    assert_eq!(workshop.stored().await, up);
}

#[tokio::test]
async fn the_platforms_migrations_lead_to_its_collections() {
    // A tool without collections of its own: whatever were planned would be missing in the platform's migrations.
    let database = TestDatabase::new(NO_TOOL).await;
    let stored = Workshop { database, migrations: tempfile::tempdir().unwrap(), written: 0 };
    assert!(stored.plan(NO_TOOL).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_schema_file_is_current() {
    let workshop = Workshop { database: TestDatabase::new(NO_TOOL).await, migrations: tempfile::tempdir().unwrap(), written: 0 };
    let printed = print_schema(&workshop.stored().await);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db/schema.rs");
    if let Some(difference) = difference(&printed, &file) {
        panic!("`UPDATE_EXPECT=1` writes it anew: {difference}");
    }
}

/// As `diesel print-schema` prints it with the settings of `diesel.toml`.
fn print_schema(stored: &StoredSchema) -> String {
    let mut text = HEADER.to_owned();
    let tables = || stored.tables.iter().filter(|(table, _)| &*table.schema == "toolcrib" && !table.name.starts_with("__"));
    for (table, there) in tables() {
        let definition = &there.constraints[&format!("{}_pkey", table.name)].definition;
        let key = definition.trim_start_matches("PRIMARY KEY (").trim_end_matches(')');
        text.push_str("\n    diesel::table! {\n");
        if there.columns.iter().any(|column| column.sql_type == "xid8") {
            text.push_str("        use diesel::sql_types::*;\n        use super::sql_types::Xid8;\n\n");
        }
        writeln!(text, "        toolcrib.{} ({key}) {{", table.name).unwrap();
        for column in &there.columns {
            writeln!(text, "            {} -> {},", column.name, diesel_type(column)).unwrap();
        }
        text.push_str("        }\n    }\n");
    }
    text.push('\n');
    for (table, there) in tables() {
        for constraint in there.constraints.values() {
            let Some(target) = constraint.target.as_ref().filter(|target| *target != table) else { continue };
            // Between two tables with several foreign keys Diesel cannot know which is meant.
            if there.constraints.values().filter(|other| other.target.as_ref() == Some(target)).count() > 1 {
                continue;
            }
            let column = constraint.definition.split(['(', ')']).nth(1).unwrap();
            writeln!(text, "    diesel::joinable!({} -> {} ({column}));", table.name, target.name).unwrap();
        }
    }
    text.push_str("\n    diesel::allow_tables_to_appear_in_same_query!(\n");
    for (table, _) in tables() {
        writeln!(text, "        {},", table.name).unwrap();
    }
    text.push_str("    );\n}\n");
    text
}

const HEADER: &str = r#"// @generated automatically by Diesel CLI.

pub mod toolcrib {
    pub mod sql_types {
        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "xid8", schema = "pg_catalog"))]
        pub struct Xid8;
    }
"#;

fn diesel_type(column: &StoredColumn) -> String {
    let name = match column.sql_type.as_str() {
        "uuid" => "Uuid",
        "text" => "Text",
        "text[]" => "Array<Nullable<Text>>",
        "timestamp with time zone" => "Timestamptz",
        "jsonb" => "Jsonb",
        "boolean" => "Bool",
        "integer" => "Int4",
        "bigint" => "Int8",
        "bytea" => "Bytea",
        "xid8" => "Xid8",
        other => panic!("no Diesel type for `{other}`"),
    };
    if column.is_required { name.to_owned() } else { format!("Nullable<{name}>") }
}

#[tokio::test]
async fn numbers_are_padded_and_never_cut() {
    let database = TestDatabase::new(NO_TOOL).await;
    let client = database.connect().await;
    for (width, value, expected) in [(6, 17_i64, "CASE-000017/a"), (2, 12345, "CASE-12345/a"), (0, 0, "CASE-0/a")] {
        let query = "select toolcrib.format_sequence('CASE-', $1, '/a', $2)";
        let text: String = client.query_one(query, &[&width, &value]).await.unwrap().get(0);
        assert_eq!(text, expected);
    }
}

#[tokio::test]
async fn events_of_a_month_without_a_partition_are_moved_into_it() {
    let database = TestDatabase::new(NO_TOOL).await;
    let client = database.connect().await;
    client
        .batch_execute(
            "insert into toolcrib.audit_events (actor_role, event_type, created_at) values
                ('platform', 'LOGIN', date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' + interval '5 months 3 days'),
                ('platform', 'LOGIN', now() + interval '5 years')",
        )
        .await
        .unwrap();
    let in_default = || client.query("select from toolcrib.audit_events_default", &[]);
    assert_eq!(in_default().await.unwrap().len(), 2);
    let made: i32 = client.query_one("select toolcrib.ensure_audit_partitions(6)", &[]).await.unwrap().get(0);
    // Four of the seven were made when the schema was applied.
    assert_eq!(made, 3);
    assert_eq!(in_default().await.unwrap().len(), 1);
    assert_eq!(client.query("select from toolcrib.audit_events where event_type = 'LOGIN'", &[]).await.unwrap().len(), 2);
}
