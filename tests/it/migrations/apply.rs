//! Applying on good and bad days.

use super::{BOXES, Workshop, changed, options};
use crate::support::database::TestDatabase;
use toolcrib::migrate::{self, Consent, MigrateError, MigrationSource};

async fn tables(workshop: &Workshop) -> Vec<String> {
    let stored = workshop.stored().await;
    stored.tables.keys().filter(|table| &*table.schema == "public").map(ToString::to_string).collect()
}

async fn changes_recorded(workshop: &Workshop) -> Vec<String> {
    let query = "select details->>'migration' from toolcrib.audit_events
        where event_type = 'SCHEMA_CHANGE' and details->>'of' = 'tool' order by id";
    let rows = workshop.database.connect().await.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn servers_that_start_together_apply_everything_once() {
    let workshop = Workshop::new().await;
    let plan = workshop.plan(BOXES).await.unwrap();
    migrate::write(&plan, workshop.directory(), "create_boxes", chrono::Utc::now()).unwrap();
    let (first, second, third) = tokio::join!(workshop.apply(BOXES), workshop.apply(BOXES), workshop.apply(BOXES));
    let mut applied = [first.unwrap().tool.len(), second.unwrap().tool.len(), third.unwrap().tool.len()];
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 1]);
    assert_eq!(changes_recorded(&workshop).await.len(), 1);
}

#[tokio::test]
async fn applying_again_changes_nothing() {
    let workshop = Workshop::with(BOXES).await;
    let applied = workshop.apply(BOXES).await.unwrap();
    assert_eq!(applied, toolcrib::migrate::Applied::default());
}

#[tokio::test]
async fn every_step_there_and_back_has_its_event() {
    let mut workshop = Workshop::with(BOXES).await;
    let schema = changed(BOXES, "weight: Int", "weight: Int @unique");
    workshop.migrate_to(&schema).await.unwrap();
    workshop.revert(BOXES, 1, Consent::Withheld).await.unwrap();
    let query =
        "select actor_role, coalesce(details->>'direction', 'up'), (details->'step'->>'number')::int from toolcrib.audit_events
        where event_type = 'SCHEMA_CHANGE' and details->>'migration' = '20260103000000_change_boxes' order by id";
    let rows = workshop.database.connect().await.query(query, &[]).await.unwrap();
    let events: Vec<(&str, &str, Option<i32>)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(events, [("platform", "up", Some(1)), ("platform", "up", Some(2)), ("platform", "down", None)]);
}

#[tokio::test]
async fn there_is_nothing_to_take_back_where_nothing_was_applied() {
    let workshop = Workshop::new().await;
    assert_eq!(workshop.revert(BOXES, 3, Consent::Withheld).await.unwrap(), toolcrib::migrate::Reverted::default());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_and_the_ones_before_it_stay() {
    let mut workshop = Workshop::with(BOXES).await;
    workshop.write_by_hand("good", "create table public.kept (id int)");
    workshop.write_by_hand("bad", "create table public.lost (id int); select 1 / 0");
    let error = workshop.apply(BOXES).await.unwrap_err();
    assert_eq!(error.to_string(), "the migration `20260104000000_bad` failed");
    assert_eq!(tables(&workshop).await, ["public.boxes", "public.kept", "public.racks"]);
    assert_eq!(changes_recorded(&workshop).await, ["20260102000000_change_boxes", "20260103000000_good"]);

    let mut connection = migrate::connect(&workshop.database.owner_url()).await.unwrap();
    let status = migrate::status(&mut connection, workshop.directory()).await.unwrap();
    let waiting: Vec<&str> = status.iter().filter(|status| status.applied_at.is_none()).map(|status| &*status.name).collect();
    assert_eq!(waiting, ["20260104000000_bad"]);
    assert_eq!(status[0].source, MigrationSource::Platform);
}

#[tokio::test]
async fn an_applied_migration_may_neither_change_nor_go() {
    let mut workshop = Workshop::with(BOXES).await;
    workshop.write_by_hand("extra", "create table public.extra (id int)");
    workshop.apply(BOXES).await.unwrap();
    let path = workshop.directory().join("20260103000000_extra");
    std::fs::write(path.join("up.sql"), "create table public.other (id int)").unwrap();
    let error = workshop.apply(BOXES).await.unwrap_err();
    assert!(matches!(&error, MigrateError::ChangedFile { name } if name == "20260103000000_extra"), "{error}");

    std::fs::remove_dir_all(path).unwrap();
    let error = workshop.apply(BOXES).await.unwrap_err();
    assert!(matches!(&error, MigrateError::MissingFile { name, .. } if name == "20260103000000_extra"), "{error}");
}

#[tokio::test]
async fn a_schema_without_its_migration_is_refused_with_what_is_missing() {
    let workshop = Workshop::with(BOXES).await;
    let schema = changed(BOXES, "weight: Int", "weight: Int\n  depth: Int");
    let error = workshop.apply(&schema).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database does not fit the schema:\n  + column public.boxes.depth integer (depth)\nrun `toolcrib migrate plan --write \
         NAME`, review the migration, then `toolcrib migrate apply`"
    );
}

#[tokio::test]
async fn a_table_in_use_is_not_waited_for_forever() {
    let mut workshop = Workshop::with(BOXES).await;
    let other = workshop.database.connect().await;
    other.batch_execute("begin; lock table public.boxes in access share mode").await.unwrap();
    workshop.write_by_hand("lock", "alter table public.boxes add column extra int");
    let error = workshop.apply_with(BOXES, &options(Consent::Withheld)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the migration `20260103000000_lock`: another session holds a lock on the table; try again when it is quiet, it \
         goes on where it stopped"
    );
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_left_alone() {
    let workshop = Workshop::with(BOXES).await;
    let text = "insert into toolcrib.__diesel_schema_migrations (version) values ('20990101000000')";
    workshop.database.execute(text).await;
    let error = workshop.apply(BOXES).await.unwrap_err();
    assert!(error.to_string().contains("newer Toolcrib (it has the migration `20990101000000`)"), "{error}");
}

#[tokio::test]
async fn a_database_that_is_away_is_told_from_one_that_refuses() {
    let error = migrate::connect("postgres://nobody@%2Fnonexistent/tool").await.map(drop).unwrap_err();
    assert!(matches!(error, MigrateError::Connect(_)), "{error}");
}

#[tokio::test]
async fn the_servers_login_cannot_migrate() {
    let database = TestDatabase::new(BOXES).await;
    let migrations = tempfile::tempdir().unwrap();
    let demands = database.demands();
    let tool = migrate::Tool { catalog: &database.catalog, demands: &demands, migrations: migrations.path() };
    let error = migrate::apply(migrate::connect(&database.server_url()).await.unwrap(), tool).await.unwrap_err();
    assert!(matches!(error, MigrateError::NotAllowed { .. }), "{error:?}");
}
