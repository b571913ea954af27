//! Migrations among people who work, other servers, and runs that were interrupted.

use super::{BOXES, Workshop, changed, options};
use crate::support::process::eventually;
use std::time::Duration;
use tokio_postgres::Client;
use toolcrib::migrate::{ApplyOptions, Consent, Patience};

/// The first step builds an index.
fn indexed() -> String {
    changed(BOXES, "weight: Int", "weight: Int @unique @index")
}

async fn is_waiting_for_a_lock(client: &Client) -> Option<()> {
    let query = "select from pg_stat_activity where application_name = 'toolcrib migrate' and datname = current_database()
        and wait_event_type = 'Lock'";
    client.query_opt(query, &[]).await.unwrap().map(drop)
}

#[tokio::test]
async fn servers_that_start_together_build_an_index_once() {
    let mut workshop = Workshop::with(BOXES).await;
    let schema = indexed();
    workshop.plan_and_write(&schema).await;
    let (first, second, third) = tokio::join!(workshop.apply(&schema), workshop.apply(&schema), workshop.apply(&schema));
    let mut applied = [first.unwrap().tool.len(), second.unwrap().tool.len(), third.unwrap().tool.len()];
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 1]);
    assert!(workshop.plan(&schema).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_step_lets_others_pass_and_comes_again_until_the_table_is_free() {
    let mut workshop = Workshop::with(BOXES).await;
    let schema = changed(BOXES, "weight: Int", "weight: Int\n  depth: Int");
    workshop.plan_and_write(&schema).await;
    let holder = workshop.database.connect().await;
    let watcher = workshop.database.connect().await;
    holder.batch_execute("begin; lock table public.boxes in access share mode").await.unwrap();
    let patience = Patience {
        lock_timeout: Duration::from_millis(200),
        attempts: 100,
        pause: Duration::from_millis(50),
        ..Patience::default()
    };
    let options = ApplyOptions { patience, ..ApplyOptions::default() };
    let release = async {
        for attempt in 1..=2 {
            eventually(&format!("attempt {attempt} waits"), async || is_waiting_for_a_lock(&watcher).await).await;
            eventually(&format!("attempt {attempt} gives up"), async || {
                is_waiting_for_a_lock(&watcher).await.is_none().then_some(())
            })
            .await;
        }
        // Between two attempts nobody waits behind the migration.
        holder.batch_execute("commit").await.unwrap();
    };
    let (applied, ()) = tokio::join!(workshop.apply_with(&schema, &options), release);
    assert_eq!(applied.unwrap().tool.len(), 1);
}

#[tokio::test]
async fn an_index_that_an_interrupted_run_left_is_built_anew() {
    let mut workshop = Workshop::with(BOXES).await;
    let schema = indexed();
    workshop.plan_and_write(&schema).await;
    let client = workshop.database.connect().await;
    // A transaction that began before keeps the build waiting, so that it can be killed in the middle.
    let holder = workshop.database.connect().await;
    holder.batch_execute("begin; update public.boxes set weight = 1").await.unwrap();
    let kill = async {
        let query = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'toolcrib migrate'
            and datname = current_database() and query ilike '%concurrently%' and wait_event_type = 'Lock'";
        eventually("the build waits", async || client.query_opt(query, &[]).await.unwrap().map(drop)).await;
    };
    let (applied, ()) = tokio::join!(workshop.apply(&schema), kill);
    applied.unwrap_err();
    holder.batch_execute("rollback").await.unwrap();
    let invalid = "select indexrelid::regclass::text from pg_index where not indisvalid";
    eventually("the session has ended", async || {
        let left: Vec<String> = client.query(invalid, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        (left.len() == 1).then_some(())
    })
    .await;

    workshop.apply(&schema).await.unwrap();
    assert!(client.query(invalid, &[]).await.unwrap().is_empty());
    assert!(workshop.plan(&schema).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_unusable_index_is_planned_anew() {
    let schema = changed(BOXES, "weight: Int", "weight: Int @index");
    let mut workshop = Workshop::with(&schema).await;
    let index = "boxes_weight_id_idx";
    workshop
        .database
        .execute(&format!("update pg_index set indisvalid = false where indexrelid = 'public.{index}'::regclass"))
        .await;
    let plan = workshop.plan(&schema).await.unwrap();
    let steps: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
    assert_eq!(steps, [format!("+ index {index}")]);
    workshop.migrate_to(&schema).await.unwrap();
    assert!(workshop.plan(&schema).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_run_that_ended_between_a_build_and_its_record_goes_on() {
    let mut workshop = Workshop::with(BOXES).await;
    let schema = indexed();
    workshop.plan_and_write(&schema).await;
    workshop.database.execute("set role toolcrib_owner; create unique index boxes_weight_key on public.boxes (weight)").await;
    workshop.apply(&schema).await.unwrap();
    assert!(workshop.plan(&schema).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_migration_is_taken_back_from_wherever_it_stopped() {
    let mut workshop = Workshop::with(BOXES).await;
    workshop.database.execute("insert into public.boxes (label, color) values ('first', 'GREEN')").await;
    let before = workshop.stored().await;
    let mut schema = changed(BOXES, "weight: Int", "mass: BigInt! @unique @was(name: \"weight\") @backfill(value: 5)");
    schema = changed(&schema, "  GREEN\n", "  LIME @was(name: \"GREEN\")\n");
    schema = changed(&schema, "owner: User", "rack: Rack @index");
    let path = workshop.plan_and_write(&schema).await;
    let up = path.join("up.sql");
    let whole = std::fs::read_to_string(&up).unwrap();
    let starts: Vec<usize> = whole.match_indices("-- toolcrib:step").map(|(start, _)| start).collect();
    assert!(starts.len() > 8, "{whole}");
    for (applied, start) in starts.iter().enumerate().skip(1) {
        let broken = format!(
            "{}-- toolcrib:step\nselect 1 / 0;\n\n{}",
            &whole[..*start],
            &whole[whole[*start..].find('\n').unwrap() + start..]
        );
        std::fs::write(&up, broken).unwrap();
        workshop.apply_with(&schema, &options(Consent::Given)).await.unwrap_err();
        assert_eq!(workshop.progress().await, [(applied, starts.len())]);
        let reverted = workshop.revert(BOXES, 1, Consent::Given).await.unwrap();
        assert!(reverted.fits_schema, "{applied}");
        let mut stored = workshop.stored().await;
        let sort = |stored: &mut toolcrib::db::introspect::StoredSchema| {
            stored.tables.values_mut().for_each(|table| table.columns.sort_by(|left, right| left.name.cmp(&right.name)));
        };
        let mut expected = before.clone();
        sort(&mut stored);
        sort(&mut expected);
        assert_eq!(stored, expected, "{applied}");
        workshop.database.execute("update public.boxes set weight = null").await;
    }
}
