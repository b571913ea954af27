//! Templates with demo data: made once for a schema, its migrations and the data's SQL, and kept between runs, because two
//! hundred thousand tickets take most of a minute.

use super::{SERVER_PASSWORD, TestDatabase, TestServer, connect};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use toolcrib::migrate::{self, Tool};

/// The template of the support desk with this many tickets; the first test that needs it makes it.
pub(super) async fn template(database: &TestDatabase, tickets: u32) -> String {
    let server = &database.server;
    let family = format!("toolcrib_demo_{tickets}_");
    let template = format!("{family}{}", fingerprint());
    let client = connect(&server.url(None, "postgres")).await;
    client.batch_execute("select pg_advisory_lock(7309475598860383330)").await.unwrap();
    if client.query_opt("select from pg_database where datname = $1", &[&template]).await.unwrap().is_some() {
        return template;
    }
    drop_family(server, &family).await;
    let unfinished = format!("{family}unfinished");
    client.batch_execute(&format!("create database {unfinished}")).await.unwrap();
    fill(database, &server.url(None, &unfinished), tickets).await;
    client.batch_execute(&format!("alter role toolcrib_server password '{SERVER_PASSWORD}'")).await.unwrap();
    client.batch_execute(&format!("alter database {unfinished} allow_connections false")).await.unwrap();
    client.batch_execute(&format!("alter database {unfinished} rename to {template}")).await.unwrap();
    template
}

/// Other versions of this template; on a server that is not ours they may be somebody else's.
async fn drop_family(server: &TestServer, family: &str) {
    let client = connect(&server.url(None, "postgres")).await;
    let pattern = if server.is_private { format!("{family}%") } else { format!("{family}unfinished") };
    let old = client.query("select datname::text from pg_database where datname like $1", &[&pattern]).await.unwrap();
    for name in old.iter().map(|row| row.get::<_, String>(0)) {
        server.run(&format!("drop database {name} with (force)")).await;
    }
}

async fn fill(database: &TestDatabase, url: &str, tickets: u32) {
    let (directory, demands) = (migrations(), database.demands());
    let tool = Tool { catalog: &database.catalog, demands: &demands, migrations: &directory };
    migrate::apply(migrate::connect(url).await.unwrap(), tool).await.unwrap();
    let client = connect(url).await;
    client.batch_execute(&format!("set role toolcrib_owner; set demo.tickets = '{tickets}'")).await.unwrap();
    client.batch_execute(&fs::read_to_string(migrations().join("demo.sql")).unwrap()).await.unwrap();
    client.batch_execute("reset role").await.unwrap();
    client.batch_execute("vacuum analyze").await.unwrap();
}

/// The support desk's migrations.
fn migrations() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/support_desk")
}

/// Of everything that decides what is in the template.
fn fingerprint() -> String {
    let mut digest = Sha256::new();
    digest.update(super::SUPPORT_DESK);
    let mut files = files_below(&migrations());
    files.extend(files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/platform")));
    files.sort();
    files.iter().for_each(|file| digest.update(fs::read(file).unwrap()));
    hex::encode(&digest.finalize()[..6])
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}
