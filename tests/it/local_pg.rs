//! The private PostgreSQL on good and bad days.

use crate::support::process::reachable_directory;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};
use toolcrib::config::DatabaseUrl;
use toolcrib::local_pg::{Durability, Lifetime, LocalPostgres, LocalPostgresOptions};

/// A directory that the database's account can reach also when the tests run as root.
fn directory(mode: u32) -> TempDir {
    let permissions = fs::Permissions::from_mode(mode);
    tempfile::Builder::new().prefix("pg-").permissions(permissions).tempdir_in(reachable_directory()).unwrap()
}

async fn start(directory: &Path, lifetime: Lifetime) -> LocalPostgres {
    let options = LocalPostgresOptions { directory: directory.join("postgres"), durability: Durability::Disposable, lifetime };
    LocalPostgres::start(options).await.unwrap()
}

async fn start_durable(directory: &Path) -> LocalPostgres {
    let directory = directory.join("postgres");
    let options = LocalPostgresOptions { directory, durability: Durability::Durable, lifetime: Lifetime::LastUser };
    LocalPostgres::start(options).await.unwrap()
}

async fn try_connect(url: &DatabaseUrl) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url.expose(), NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn connect(url: &DatabaseUrl) -> Client {
    try_connect(url).await.unwrap()
}

async fn count_rows(url: &DatabaseUrl) -> i64 {
    connect(url).await.query_one("select count(*) from kept", &[]).await.unwrap().get(0)
}

async fn write_row(url: &DatabaseUrl) {
    let client = connect(url).await;
    client.batch_execute("create table if not exists kept (id int); insert into kept values (1)").await.unwrap();
}

fn lock_file(directory: &Path) -> PathBuf {
    directory.join("postgres/data/postmaster.pid")
}

fn postmaster(directory: &Path) -> Option<Pid> {
    let text = fs::read_to_string(lock_file(directory)).ok()?;
    text.lines().next()?.trim().parse().ok().map(Pid::from_raw)
}

#[tokio::test]
async fn what_was_written_is_there_after_a_stop_and_a_start() {
    let directory = directory(0o755);
    let first = start(directory.path(), Lifetime::LastUser).await;
    let url = first.owner_url();
    write_row(&url).await;
    first.stop().await;
    assert!(!lock_file(directory.path()).exists());
    assert!(try_connect(&url).await.is_err());

    let second = start(directory.path(), Lifetime::LastUser).await;
    assert_eq!(count_rows(&second.owner_url()).await, 1);
}

#[tokio::test]
async fn it_listens_on_a_private_socket_alone() {
    let directory = directory(0o755);
    let local = start(directory.path(), Lifetime::LastUser).await;
    let client = connect(&local.owner_url()).await;
    let setting = client.query_one("select current_setting('listen_addresses')", &[]).await.unwrap();
    assert_eq!(setting.get::<_, String>(0), "");
    let socket = directory.path().join("postgres/run");
    assert_eq!(fs::metadata(socket).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn the_last_user_stops_it() {
    let directory = directory(0o755);
    let server = start(directory.path(), Lifetime::LastUser).await;
    let command = start(directory.path(), Lifetime::LastUser).await;
    write_row(&command.owner_url()).await;
    let url = command.owner_url();
    drop(command);
    assert_eq!(count_rows(&url).await, 1);

    let command = start(directory.path(), Lifetime::LastUser).await;
    drop(server);
    assert_eq!(count_rows(&command.owner_url()).await, 1);
    drop(command);
    assert!(!lock_file(directory.path()).exists());
}

#[tokio::test]
async fn a_server_whose_starter_was_killed_is_taken_over() {
    let directory = directory(0o755);
    let orphaned = start(directory.path(), Lifetime::KeptRunning).await;
    write_row(&orphaned.owner_url()).await;
    drop(orphaned);
    let before = postmaster(directory.path());

    let heir = start(directory.path(), Lifetime::LastUser).await;
    assert_ne!(postmaster(directory.path()), before);
    assert_eq!(count_rows(&heir.owner_url()).await, 1);
    drop(heir);
    assert!(!lock_file(directory.path()).exists());
}

#[tokio::test]
async fn a_killed_server_comes_back_with_everything_committed() {
    let directory = directory(0o755);
    let local = start_durable(directory.path()).await;
    let url = local.owner_url();
    write_row(&url).await;
    let open = connect(&url).await;
    open.batch_execute("begin; insert into kept values (2)").await.unwrap();
    let killed = postmaster(directory.path());
    kill(killed.unwrap(), Signal::SIGKILL).unwrap();

    let deadline = Instant::now() + Duration::from_secs(30);
    while postmaster(directory.path()) == killed || try_connect(&url).await.is_err() {
        assert!(Instant::now() < deadline, "the server did not come back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(count_rows(&url).await, 1);
    local.stop().await;
    assert!(!lock_file(directory.path()).exists());
}

#[tokio::test]
async fn the_lock_file_of_a_dead_server_is_no_obstacle() {
    let directory = directory(0o755);
    start(directory.path(), Lifetime::LastUser).await.stop().await;
    // As after a restart of a container: the number of the dead server belongs to a living process now.
    let data = directory.path().join("postgres/data");
    fs::write(lock_file(directory.path()), format!("{}\n{}\n1\n5432\n\n\n", std::process::id(), data.display())).unwrap();

    let local = start(directory.path(), Lifetime::LastUser).await;
    assert!(try_connect(&local.owner_url()).await.is_ok());
}

#[tokio::test]
async fn an_interrupted_first_start_is_begun_anew() {
    let directory = directory(0o755);
    fs::create_dir_all(directory.path().join("postgres/data.unfinished/base")).unwrap();
    let local = start(directory.path(), Lifetime::LastUser).await;
    assert!(try_connect(&local.owner_url()).await.is_ok());
}

#[tokio::test]
async fn a_directory_that_the_account_cannot_enter_is_served_from_elsewhere() {
    let directory = directory(0o700);
    let first = start(directory.path(), Lifetime::LastUser).await;
    write_row(&first.owner_url()).await;
    first.stop().await;
    let second = start(directory.path(), Lifetime::LastUser).await;
    assert_eq!(count_rows(&second.owner_url()).await, 1);
    second.stop().await;
    // Only root drops to another account; everybody else can enter, and has the data in place.
    match fs::read_to_string(directory.path().join("postgres/storage")) {
        Ok(storage) => fs::remove_dir_all(storage).unwrap(),
        Err(_) => assert!(directory.path().join("postgres/data").is_dir()),
    }
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let directory = directory(0o755);
    start(directory.path(), Lifetime::LastUser).await.stop().await;
    fs::remove_file(directory.path().join("postgres/data/global/pg_control")).unwrap();
    let options = LocalPostgresOptions {
        directory: directory.path().join("postgres"),
        durability: Durability::Disposable,
        lifetime: Lifetime::LastUser,
    };
    let message = LocalPostgres::start(options).await.unwrap_err().to_string();
    assert!(message.contains("did not start") && message.contains("pg_control"), "{message}");
}
