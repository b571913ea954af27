//! Two servers that are started at once where nothing is yet.

use crate::support::database::{SUPPORT_DESK, TestDatabase};
use crate::support::process::Crib;
use nix::sys::signal::Signal;

/// People for a demo; slow enough that the other server comes in between.
const PEOPLE: &str = "
    select pg_sleep(0.5);
    insert into toolcrib.users (email, name, role) values ('admin@demo.test', 'Ada', 'admin'), ('agent@demo.test', 'Ana', 'agent');
    insert into toolcrib.audit_events (actor_role, event_type) values ('platform', 'SEED');";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_one_empty_data_directory_both_come_up_and_the_last_one_stops_the_database() {
    let crib = Crib::support_desk();
    let (mut first, mut second) = tokio::join!(crib.serve(&[]), crib.serve(&[]));
    first.is_ready().await;
    second.is_ready().await;
    let postmaster = crib.postmaster().unwrap();

    first.signal(Signal::SIGTERM);
    assert!(first.wait().await.success());
    second.is_ready().await;
    assert_eq!(crib.postmaster().unwrap(), postmaster);
    second.signal(Signal::SIGTERM);
    assert!(second.wait().await.success());
    assert_eq!(crib.postmaster(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_one_empty_database_both_come_up_and_everything_is_there_once() {
    let database = TestDatabase::empty(SUPPORT_DESK).await;
    let crib = Crib::support_desk().on(&database.owner_url(), &database.server_url());
    let people = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(people.path(), PEOPLE).unwrap();
    let crib = crib.with("TOOLCRIB_DEMO_SEED", people.path().display());
    // `--demo` migrates and seeds also where the database is given.
    let (first, second) = tokio::join!(crib.serve(&["--demo"]), crib.serve(&["--demo"]));
    first.is_ready().await;
    second.is_ready().await;
    let client = database.connect().await;
    let count = async |sql: &str| client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0);
    assert_eq!(count("select count(*) from toolcrib.users").await, 2);
    let entries = std::fs::read_dir(crib.tool().join("migrations/support_desk")).unwrap();
    let migrations = entries.filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(count("select count(*) from toolcrib.tool_migrations").await, migrations as i64);
    let logs = first.log() + &second.log();
    assert_eq!(logs.matches("loaded the demo data").count(), 1, "{logs}");
}
