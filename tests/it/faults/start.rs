//! Starts that fail: each says on standard error what is wrong and what to do, and ends with 1.

use crate::support::process::{Crib, Outcome};
use insta::assert_snapshot;
use std::fs;
use std::net::TcpListener;

const NOTES: &str = r#"type Note @collection @access(read: "true", write: "user.role == 'admin'") {
  text: String!
}
"#;

/// What a start that fails says, without what differs from run to run.
fn complaint(crib: &Crib, arguments: &[&str]) -> String {
    let Outcome { code, stdout, stderr } = crib.run(&[&["serve"], arguments].concat());
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert_eq!(stdout, "");
    let said = stderr.replace(crib.tool().to_str().unwrap(), "TOOL").replace(crib.data().to_str().unwrap(), "DATA");
    said.lines().filter(|line| !line.contains(" INFO ")).map(|line| format!("{line}\n")).collect()
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_schema_with_mistakes() {
    let crib = Crib::with_schema(&NOTES.replace("user.role == 'admin'", "user.rolle == 'admin'"));
    assert_snapshot!(complaint(&crib, &[]), @r#"
    rule-unknown-field

      × `user` has no `rolle`
       ╭─[TOOL/schema.graphql:1:58]
     1 │ type Note @collection @access(read: "true", write: "user.rolle == 'admin'") {
       ·                                                          ──┬──
       ·                                                            ╰── unknown
     2 │   text: String!
       ╰────
      help: did you mean `role`?

    1 mistake found
    error: the schema has 1 mistake(s)
    "#);
    assert!(!crib.data().exists(), "a mistake costs nothing");
}

#[test]
fn no_schema() {
    let crib = Crib::with_schema(NOTES);
    fs::remove_file(crib.tool().join("schema.graphql")).unwrap();
    assert_snapshot!(complaint(&crib, &[]), @"
    error: `TOOL/schema.graphql` cannot be read; `--dir` names the tool's directory, `--schema` its schema
      because: No such file or directory (os error 2)
    ");
}

#[test]
fn an_unknown_key() {
    let crib = Crib::with_schema(NOTES);
    crib.write("toolcrib.toml", "lisen = \"127.0.0.1:4000\"\n[limits]\nmax_dept = 3\n");
    assert_snapshot!(complaint(&crib, &[]), @"
    error: TOOL/toolcrib.toml:3:1: there is no setting `limits.max_dept`; did you mean `limits.max_depth`?
    TOOL/toolcrib.toml:1:1: there is no setting `lisen`; did you mean `listen`?
    ");
}

#[test]
fn a_port_that_is_taken() {
    let crib = Crib::with_schema(NOTES);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_snapshot!(complaint(&crib, &["--listen", &address]).replace(&address, "ADDRESS"), @"
    error: cannot listen on ADDRESS; another process may be using it, `--listen` names another address
      because: Address already in use (os error 98)
    ");
    assert!(!crib.data().exists(), "a taken port costs nothing");
}

#[test]
fn a_demo_that_others_could_reach() {
    assert_snapshot!(complaint(&Crib::with_schema(NOTES), &["--demo", "--listen", "0.0.0.0:0"]), @"error: `--demo` lets anybody be anybody, so it only listens on this machine; use `--listen 127.0.0.1:4000`");
}

#[test]
fn a_data_directory_that_cannot_be_made() {
    let crib = Crib::with_schema(NOTES);
    crib.write("data", "a file");
    let inside = crib.tool().join("data/inside");
    assert_snapshot!(complaint(&crib, &["--listen", "127.0.0.1:0", "--data-dir", inside.to_str().unwrap()]), @"
    error: cannot use `TOOL/data/inside/postgres` for the private PostgreSQL
      because: Not a directory (os error 20)
    ");
}

#[test]
fn data_of_another_postgresql() {
    let crib = Crib::with_schema(NOTES);
    fs::create_dir_all(crib.data().join("postgres/data")).unwrap();
    fs::write(crib.data().join("postgres/data/PG_VERSION"), "9\n").unwrap();
    assert_snapshot!(complaint(&crib, &["--listen", "127.0.0.1:0"]), @"error: the data in `DATA/postgres/data` need PostgreSQL 9: run `apt-get install postgresql-9`");
}

#[test]
fn a_database_that_is_away() {
    let url = format!("postgres://owner:secret@127.0.0.1:{}/desk", free_port());
    let crib = Crib::with_schema(NOTES).with("DATABASE_URL", url);
    assert_snapshot!(complaint(&crib, &["--listen", "127.0.0.1:0"]), @"
    error: the database cannot be reached: is it running, and is `database.url` right?
      because: error connecting to server
      because: Connection refused (os error 111)
    ");
}

#[test]
fn a_database_url_without_a_password() {
    let crib = Crib::with_schema(NOTES).with("DATABASE_URL", "postgres://owner@127.0.0.1/desk");
    assert_snapshot!(complaint(&crib, &["--listen", "127.0.0.1:0"]), @"error: `database.url` has no password to derive the server's own login from; set `database.server_url` to a URL for `toolcrib_server`");
}

#[test]
fn wrong_arguments_end_with_another_code() {
    let crib = Crib::with_schema(NOTES);
    for arguments in [&["serve", "--port", "4000"][..], &["serf"], &[]] {
        let outcome = crib.run(arguments);
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(outcome.stderr.contains("Usage: toolcrib"), "{outcome:?}");
    }
}
