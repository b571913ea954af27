//! A database that somebody else runs, reached over TCP with passwords: the owner's is given, the server derives its own.

use crate::support::database::connect;
use crate::support::process::Crib;
use crate::support::proxy::Proxy;
use crate::support::tls::Authority;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;
use toolcrib::local_pg::{Durability, Lifetime, LocalPostgres, LocalPostgresOptions};

const NOTES: &str = r#"type Note @collection @access(read: "true", write: "user.role == 'admin'") {
  text: String!
}
"#;

/// A PostgreSQL that lets nobody in without a password, except its superuser for the test itself.
struct Given {
    postgres: LocalPostgres,
    proxy: Proxy,
    directory: TempDir,
}

impl Given {
    async fn start() -> Self {
        let permissions = fs::Permissions::from_mode(0o755);
        let directory =
            tempfile::Builder::new().prefix("given-").permissions(permissions).tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let options = LocalPostgresOptions {
            directory: directory.path().join("postgres"),
            durability: Durability::Disposable,
            lifetime: Lifetime::LastUser,
        };
        let postgres = LocalPostgres::start(options).await.unwrap();
        let client = connect(postgres.owner_url().expose()).await;
        let text = "create role desk_owner login createrole password 'the owner''s'; create database desk owner desk_owner";
        for statement in text.split("; ") {
            client.batch_execute(statement).await.unwrap();
        }
        let file: String = client.query_one("select current_setting('hba_file')", &[]).await.unwrap().get(0);
        fs::write(file, "local all postgres trust\nlocal all all scram-sha-256\n").unwrap();
        client.batch_execute("select pg_reload_conf()").await.unwrap();
        let proxy = Proxy::before(postgres.owner_url().expose()).await;
        Self { postgres, proxy, directory }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_logs_in_as_itself() {
    let given = Given::start().await;
    let url = given.proxy.url("desk_owner", "the%20owner's", "desk");
    let crib = Crib::with_schema(NOTES).with("DATABASE_URL", &url);
    crib.run_well(&["migrate", "plan", "--write", "create_notes"]);
    crib.run_well(&["migrate", "apply"]);
    let server = crib.serve(&[]).await;
    server.is_ready().await;

    let client = connect(given.postgres.url("postgres", "desk").expose()).await;
    let sql = "select distinct usename::text from pg_stat_activity where application_name = 'toolcrib'";
    let logins: Vec<String> = client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(logins, ["toolcrib_server"]);
    let sql = "select rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolinherit from pg_roles where rolname = $1";
    assert!(!client.query_one(sql, &[&"toolcrib_server"]).await.unwrap().get::<_, bool>(0));

    // A second server on the same database derives the same password.
    Crib::with_schema(NOTES)
        .with("DATABASE_URL", &url)
        .with("TOOLCRIB_MIGRATIONS", crib.tool().join("migrations").display())
        .serve(&[])
        .await
        .is_ready()
        .await;

    let wrong = given.proxy.url("desk_owner", "guessed", "desk");
    let outcome = Crib::with_schema(NOTES).with("DATABASE_URL", wrong).run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("password authentication failed for user \"desk_owner\""), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("guessed"), "{}", outcome.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_verified_or_refused() {
    let given = Given::start().await;
    let (authority, stranger) = (Authority::new(), Authority::new());
    let owner = given.postgres.owner_url();
    let guarded = |acceptor| Proxy::guarded(owner.expose(), acceptor);
    let (right, wrong_name) = (guarded(authority.acceptor("127.0.0.1")).await, guarded(authority.acceptor("db.internal")).await);
    let file = |name: &str, pem: String| {
        let path = given.directory.path().join(name);
        fs::write(&path, pem).unwrap();
        path.display().to_string()
    };
    let (trusted, other) = (file("authority.pem", authority.pem()), file("stranger.pem", stranger.pem()));
    let url = |proxy: &Proxy, parameters: &str| format!("{}?{parameters}", proxy.url("desk_owner", "the%20owner's", "desk"));

    let crib = Crib::with_schema(NOTES).with("DATABASE_URL", url(&right, &format!("sslmode=verify-full&sslrootcert={trusted}")));
    crib.run_well(&["migrate", "plan", "--write", "create_notes"]);
    crib.run_well(&["migrate", "apply"]);
    crib.serve(&[]).await.is_ready().await;

    let no_tls = "no TLS with the database";
    let cases = [
        (url(&right, &format!("sslrootcert={other}")), no_tls),
        (url(&wrong_name, &format!("sslrootcert={trusted}")), no_tls),
        // The system trusts nobody who signs for a test.
        (url(&right, "sslmode=require"), no_tls),
        // A server that offers none, asked for it.
        (url(&given.proxy, &format!("sslrootcert={trusted}")), no_tls),
        (url(&right, "sslmode=disable"), "the database cannot be reached"),
        (url(&right, "sslrootcert=/nowhere.pem"), "`sslrootcert=/nowhere.pem` holds no certificates in PEM form"),
    ];
    for (url, expected) in cases {
        let outcome = Crib::with_schema(NOTES).with("DATABASE_URL", &url).run(&["migrate", "status"]);
        assert_eq!(outcome.code, Some(1), "{url}");
        assert!(outcome.stderr.contains(expected), "{url}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("owner's"), "{url}: {}", outcome.stderr);
    }
}
