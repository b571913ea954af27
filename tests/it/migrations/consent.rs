//! What loses data or locks a table for long: marked, explained, and refused without somebody's word.

use super::{BOXES, Workshop, changed, options};
use crate::support::database::TestDatabase;
use crate::support::process::{Crib, Outcome};
use toolcrib::migrate::{Consent, MigrateError};

fn without_rack() -> &'static str {
    &BOXES[..BOXES.find("type Rack").unwrap()]
}

#[tokio::test]
async fn a_column_and_a_table_go_only_with_somebodys_word() {
    let mut workshop = Workshop::with(BOXES).await;
    workshop
        .database
        .execute("insert into public.boxes (label) values ('first'); insert into public.racks (name) values ('a')")
        .await;
    let before = workshop.stored().await;
    let schema = changed(without_rack(), "weight: Int", "mass: Int");
    let plan = workshop.plan(&schema).await.unwrap();
    insta::assert_snapshot!(plan.up_sql(), @r#"
    -- toolcrib:step
    alter table public.boxes add column mass integer;

    -- toolcrib:step destructive=public.boxes
    -- Drops the column `public.boxes.weight` with every value in it. If `mass` is its new name, give that field `@was(name: "weight")` instead.
    alter table public.boxes drop column weight;

    -- toolcrib:step destructive=public.racks
    -- Drops the table `public.racks` with every row in it.
    drop table public.racks;
    "#);

    let error = workshop.migrate_to(&schema).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the migration `20260103000000_change_boxes` loses data or locks a table for long:\n  Drops the column `public.boxes.weight` \
         with every value in it. If `mass` is its new name, give that field `@was(name: \"weight\")` instead.\n  Drops the table \
         `public.racks` with every row in it.\nif that is meant, run `toolcrib migrate apply --allow-destructive`"
    );
    assert_eq!(workshop.stored().await, before, "nothing of it was done");

    workshop.apply_with(&schema, &options(Consent::Given)).await.unwrap();
    assert!(workshop.plan(&schema).await.unwrap().is_empty());

    // Back again: the field that came is lost now.
    let error = workshop.revert(BOXES, 1, Consent::Withheld).await.unwrap_err();
    assert!(matches!(error, MigrateError::NeedsConsent { command: "down", .. }), "{error}");
    let reverted = workshop.revert(BOXES, 1, Consent::Given).await.unwrap();
    assert_eq!((reverted.names.len(), reverted.fits_schema), (1, true));
}

#[tokio::test]
async fn nobody_is_asked_about_tables_without_rows() {
    // So a new environment goes through its whole history by itself.
    let mut workshop = Workshop::with(BOXES).await;
    workshop.migrate_to(&changed(without_rack(), "  weight: Int\n", "")).await.unwrap();
    assert_eq!(workshop.revert(BOXES, 2, Consent::Withheld).await.unwrap().names.len(), 2);
}

#[tokio::test]
async fn a_migration_by_hand_is_asked_about_when_it_says_so() {
    let mut workshop = Workshop::with(BOXES).await;
    let up = "-- toolcrib:step destructive=public.racks\ntruncate public.racks;\n";
    workshop.write_by_hand("empty_racks", up);
    workshop.apply(BOXES).await.unwrap();
    workshop.database.execute("insert into public.racks (name) values ('a')").await;
    workshop.write_by_hand("empty_racks_again", up);
    let error = workshop.apply(BOXES).await.unwrap_err();
    assert!(error.to_string().contains("changes rows of `public.racks`"), "{error}");
    workshop.apply_with(BOXES, &options(Consent::Given)).await.unwrap();
}

#[tokio::test]
async fn a_column_that_held_something_does_not_come_back_by_itself() {
    let schema = changed(BOXES, "weight: Int", "weight: Int!");
    let mut workshop = Workshop::with(&schema).await;
    workshop.database.execute("insert into public.boxes (label, weight) values ('first', 1)").await;
    let without = changed(BOXES, "  weight: Int\n", "");
    let path = workshop.plan_and_write(&without).await;
    workshop.apply_with(&without, &options(Consent::Given)).await.unwrap();
    let error = workshop.revert(&schema, 1, Consent::Given).await.unwrap_err();
    assert!(matches!(&error, MigrateError::BrokenByRows { problem, .. } if problem.contains("no value for `weight`")), "{error}");
    // As the file says.
    let down = std::fs::read_to_string(path.join("down.sql")).unwrap();
    assert!(down.contains("Where rows are there, give the column a `default` here."), "{down}");
    std::fs::write(path.join("down.sql"), down.replace("not null", "not null default 0")).unwrap();
    workshop.revert(&schema, 1, Consent::Given).await.unwrap();
}

#[tokio::test]
async fn the_command_line_plans_refuses_applies_and_takes_back() {
    let database = TestDatabase::empty(BOXES).await;
    let crib = Crib::with_schema(BOXES).on(&database.owner_url(), &database.server_url());
    crib.run_well(&["migrate", "plan", "--write", "create_boxes"]);
    crib.run_well(&["migrate", "apply"]);
    database.execute("insert into public.boxes (label, weight) values ('first', 7)").await;

    crib.write("schema.graphql", &changed(BOXES, "  weight: Int\n", ""));
    let Outcome { stdout, stderr, code } = crib.run(&["migrate", "plan"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("-- toolcrib:step destructive=public.boxes\n-- Drops the column"), "{stdout}");
    assert!(stderr.contains("destructive: Drops the column `public.boxes.weight` with every value in it."), "{stderr}");
    let written = crib.run_well(&["migrate", "plan", "--write", "drop_weight"]);
    assert!(written.contains("then run `toolcrib migrate apply --allow-destructive`"), "{written}");

    let refused = crib.run(&["migrate", "apply"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("run `toolcrib migrate apply --allow-destructive`"), "{}", refused.stderr);
    assert!(crib.run_well(&["migrate", "status"]).contains("pending"));
    let applied = crib.run_well(&["migrate", "apply", "--allow-destructive"]);
    assert!(applied.contains("_drop_weight"), "{applied}");
    assert!(crib.run_well(&["migrate", "apply"]).contains("nothing to do"));

    crib.write("schema.graphql", BOXES);
    let taken_back = crib.run_well(&["migrate", "down"]);
    assert!(taken_back.contains("_drop_weight back"), "{taken_back}");
    assert_eq!(crib.run(&["migrate", "down", "--steps", "0"]).code, Some(2));
    let status = crib.run_well(&["migrate", "status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let last = status.as_array().unwrap().last().unwrap();
    assert_eq!((&last["appliedAt"], &last["appliedSteps"], &last["steps"]), (&serde_json::Value::Null, &0.into(), &1.into()));
}
