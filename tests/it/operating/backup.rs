//! `toolcrib backup` and `toolcrib restore`: into a server that has never heard of the tool, and back to work.

use super::{Desk, get};
use crate::support::database::connect;
use crate::support::process::Crib;
use serde_json::Value as Json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const COUNTS: &str = "
    select (select count(*) from toolcrib.users), (select count(*) from public.tickets),
        (select count(*) from toolcrib.audit_events where event_type <> 'SCHEMA_CHANGE')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_restored_on_another_server_and_serves() {
    let desk = Desk::with(&[]).await;
    let server = desk.serve().await;
    let max = desk.crib.token("max@desk.test");
    let export = r#"mutation { exportTickets(format: CSV, reason: "weekly") { export { status } url } }"#;
    let exported = server.graphql(&max, export).await.unwrap();
    let url = exported["data"]["exportTickets"]["url"].as_str().unwrap_or_else(|| panic!("{exported}")).to_owned();
    let file = get(server.address(), &url, Some(&max)).await;
    assert_eq!(file.status, 200);

    // The server goes on meanwhile.
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("monday");
    let to = to.to_str().unwrap();
    let said = desk.crib.run_well(&["backup", to]);
    assert!(said.contains("1 files of exports"), "{said}");
    let mode = fs::metadata(to).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "others may enter the backup");
    let again = desk.crib.run(&["backup", to]);
    assert!(again.code == Some(1) && again.stderr.contains("is there already"), "{again:?}");
    let before = desk.database.connect().await.query_one(COUNTS, &[]).await.unwrap();

    // Never over something.
    let over = desk.crib.run(&["restore", to]);
    assert!(over.code == Some(1) && over.stderr.contains("the database is not empty: it has public."), "{over:?}");

    // A private PostgreSQL of its own: not even the roles are there.
    let other = Crib::support_desk();
    let restored = other.run_well(&["restore", to]);
    assert!(restored.contains("restored the backup of"), "{restored}");
    let serving = other.serve(&[]).await;
    serving.is_ready().await;
    let client = connect(&other.postmaster().unwrap().owner_url()).await;
    let after = client.query_one(COUNTS, &[]).await.unwrap();
    for column in 0..2 {
        assert_eq!(before.get::<_, i64>(column), after.get::<_, i64>(column));
    }
    assert!(before.get::<_, i64>(2) <= after.get::<_, i64>(2), "audit events are missing");

    // The same credential reads the same file under the same rules.
    let again = get(serving.address(), &url, Some(&max)).await;
    assert_eq!((again.status, again.body == file.body), (200, true));
    let vic = other.token("vic@desk.test");
    assert_ne!(get(serving.address(), &url, Some(&vic)).await.status, 200);

    let status: Vec<Json> = serde_json::from_str(&other.run_well(&["migrate", "status", "--json"])).unwrap();
    assert!(status.iter().all(|migration| migration["appliedAt"].is_string()), "{status:#?}");
    let plan = other.run_well(&["migrate", "plan"]);
    assert!(plan.contains("nothing to do"), "{plan}");
    let doctor = other.run(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{}", doctor.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_whole_backup_is_not_restored() {
    let desk = Desk::with(&[]).await;
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("tuesday");
    let path = to.to_str().unwrap();
    desk.crib.run_well(&["backup", path]);
    let dump = to.join("database.dump");
    let bytes = fs::read(&dump).unwrap();
    fs::write(&dump, &bytes[..bytes.len() - 1]).unwrap();
    let other = Desk::with(&[]).await;
    let damaged = other.crib.run(&["restore", path]);
    assert!(damaged.code == Some(1) && damaged.stderr.contains("was changed or cut off"), "{damaged:?}");
    fs::remove_file(to.join("backup.json")).unwrap();
    let incomplete = other.crib.run(&["restore", path]);
    assert!(incomplete.code == Some(1) && incomplete.stderr.contains("is no complete backup"), "{incomplete:?}");
}
