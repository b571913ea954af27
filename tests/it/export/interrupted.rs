//! Exports that take long, clients that hang up, servers that stop or die.

use super::{Desk, code, context, id_of, person, request};
use futures_util::FutureExt;
use serde_json::json;
use std::time::Duration;
use toolcrib::export::{ExportFormat, ExportRequest};
use uuid::Uuid;

#[tokio::test]
async fn a_long_export_is_answered_as_running_and_goes_on() {
    let desk = Desk::with(|settings| settings.wait = Duration::ZERO).await;
    let block = desk.block().await;
    let response = desk.request(&person("manager"), "").await;
    let export = &response["data"]["exportContacts"]["export"];
    assert_eq!(export["status"], "RUNNING", "{response}");
    let id = id_of(export);
    assert_eq!(desk.events(id).await, ["CREATE", "EXPORT_STARTED"]);
    drop(block);
    assert_eq!(desk.ended(id).await["status"], "COMPLETED");
    assert_eq!(desk.files(id).len(), 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_changes_nothing() {
    let desk = Desk::new().await;
    let block = desk.block().await;
    let collection = desk.database.catalog.find_collection("Contact").unwrap().id;
    let request = ExportRequest { collection, filter: json!(null), search: None, format: ExportFormat::Csv, reason: None };
    let (manager, context) = (person("manager"), context());
    let mut asking = Box::pin(desk.exporter().export(&manager, &context, request));
    assert!(asking.as_mut().now_or_never().is_none(), "waits for its end");
    drop(asking);
    drop(block);
    desk.exporter().shut_down().await;
    let completed = desk.events_of("EXPORT_COMPLETED").await;
    assert_eq!(completed.len(), 1);
    let id = id_of(&json!({ "id": completed[0]["entity_id"] }));
    assert_eq!(desk.row(id).await["status"], "COMPLETED");
}

#[tokio::test]
async fn only_so_many_exports_run_at_once() {
    let desk = Desk::with(|settings| {
        settings.wait = Duration::ZERO;
        settings.max_running = 1;
    });
    let desk = desk.await;
    let block = desk.block().await;
    let first = desk.request(&person("manager"), "").await;
    assert_eq!(code(&desk.request(&person("manager"), "").await), "RATE_LIMITED");
    drop(block);
    desk.ended(id_of(&first["data"]["exportContacts"]["export"])).await;
}

#[tokio::test]
async fn a_server_that_stops_waits_for_its_exports() {
    let desk = Desk::with(|settings| settings.wait = Duration::ZERO).await;
    let block = desk.block().await;
    let response = desk.request(&person("manager"), "").await;
    let id = id_of(&response["data"]["exportContacts"]["export"]);
    let stopping = desk.exporter().shut_down();
    let releasing = async { drop(block) };
    tokio::join!(stopping, releasing);
    assert_eq!(desk.row(id).await["status"], "COMPLETED");
    assert_eq!(code(&desk.request(&person("manager"), "").await), "CONFLICT", "no new ones");
}

#[tokio::test]
async fn what_is_not_done_in_time_is_marked_as_failed() {
    let desk = Desk::with(|settings| {
        settings.wait = Duration::ZERO;
        settings.grace = Duration::ZERO;
    });
    let desk = desk.await;
    let block = desk.block().await;
    let response = desk.request(&person("manager"), "").await;
    let id = id_of(&response["data"]["exportContacts"]["export"]);
    desk.exporter().shut_down().await;
    let row = desk.row(id).await;
    assert_eq!((&row["status"], &row["failure"]), (&json!("FAILED"), &json!("the server is stopping; ask for the export again")));
    assert_eq!(desk.events(id).await.last().unwrap(), "EXPORT_FAILED");
    assert_eq!(desk.files(id).len(), 0);
    drop(block);
}

#[tokio::test]
async fn an_export_whose_server_died_is_marked_as_failed_by_another() {
    let desk = Desk::new().await;
    let block = desk.block().await;
    let id = die_while_exporting(&desk).await;
    assert_eq!(desk.row(id).await["status"], "RUNNING");
    drop(block);
    // PostgreSQL notices that the server is gone when it has something to send.
    let mut marked = 0;
    for _ in 0..10_000 {
        marked = desk.exporter().fail_abandoned().await.unwrap();
        if marked > 0 {
            break;
        }
    }
    assert_eq!(marked, 1);
    let row = desk.row(id).await;
    assert_eq!(row["status"], "FAILED");
    assert_eq!(row["failure"], "the server stopped while the export was running; ask for it again");
    assert_eq!(desk.events(id).await, ["CREATE", "EXPORT_STARTED", "UPDATE", "EXPORT_FAILED"]);
    assert_eq!(desk.events_of("EXPORT_FAILED").await[0]["actor_role"], "platform:export");
}

/// Has a server of its own start an export and vanish with it.
async fn die_while_exporting(desk: &Desk) -> Uuid {
    std::thread::scope(|scope| {
        let server = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (engine, _home) = desk.another_server().await;
                let response = request(&engine, &person("manager"), "").await;
                id_of(&response["data"]["exportContacts"]["export"])
            })
        });
        server.join().unwrap()
    })
}

#[tokio::test]
async fn only_exports_that_nobody_works_on_are_abandoned() {
    let desk = Desk::with(|settings| settings.wait = Duration::ZERO).await;
    let block = desk.block().await;
    let response = desk.request(&person("manager"), "").await;
    let alive = id_of(&response["data"]["exportContacts"]["export"]);
    let dead = Uuid::now_v7();
    let text = format!("insert into toolcrib.exports (id, entity_type, format) values ('{dead}', 'Contact', 'CSV')");
    desk.owner.batch_execute(&text).await.unwrap();
    std::fs::create_dir_all(desk.home.path().join("exports")).unwrap();
    let left_over = desk.home.path().join(format!("exports/.{dead}.csv.part"));
    std::fs::write(&left_over, "half").unwrap();

    assert_eq!(desk.exporter().fail_abandoned().await.unwrap(), 1);
    assert_eq!(desk.row(dead).await["status"], "FAILED");
    assert!(!left_over.exists());
    assert_eq!(desk.row(alive).await["status"], "RUNNING");
    assert_eq!(desk.exporter().fail_abandoned().await.unwrap(), 0, "once");
    drop(block);
    assert_eq!(desk.ended(alive).await["status"], "COMPLETED");
}
