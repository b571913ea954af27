//! `toolcrib new`: what it makes is served at once, and what it must not touch stays as it is.

use crate::support::process::{Crib, Outcome};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A place where tools are made, which the database's account can enter also when the tests run as root.
fn workshop() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let permissions = fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("new-").permissions(permissions).tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn make(tool: &Path) -> (Crib, Outcome) {
    let crib = Crib::of(tool);
    let outcome = crib.run(&["new", tool.to_str().unwrap()]);
    (crib, outcome)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_tool_is_checked_and_served_at_once() {
    let workshop = workshop();
    let (crib, made) = make(&workshop.path().join("vendor_desk"));
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.stdout.contains("made the tool `vendor_desk`"), "{made:?}");
    assert!(crib.run_well(&["check"]).contains("0 collections, no mistakes"));

    let server = crib.serve(&["--demo"]).await;
    server.is_ready().await;
    let admin = crib.token("admin@demo.test");
    assert_eq!(server.get_as(&admin, "/graphiql/examples.json").await.unwrap().body.trim(), "[]");
    let who = "{ users(orderBy: [{ id: ASC }]) { nodes { email team { name } } } }";
    let everybody = server.graphql(&admin, who).await.unwrap();
    assert_eq!(everybody["data"]["users"]["nodes"].as_array().unwrap().len(), 4, "{everybody:#}");
    let oneself = server.graphql(&crib.token("viewer@demo.test"), who).await.unwrap();
    assert_eq!(oneself["data"]["users"]["nodes"].as_array().unwrap().len(), 1, "{oneself:#}");
    assert_eq!(oneself["data"]["users"]["nodes"][0]["team"]["name"], "Everybody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_example_is_a_collection_with_rules() {
    let workshop = workshop();
    let (crib, made) = make(&workshop.path().join("tools"));
    assert_eq!(made.code, Some(0), "{made:?}");
    let schema = crib.tool().join("schema.graphql");
    fs::write(&schema, uncommented(&fs::read_to_string(&schema).unwrap())).unwrap();
    assert!(crib.run_well(&["check"]).contains("1 collections, no mistakes"));
    assert!(crib.run_well(&["migrate", "plan", "--write", "create_items"]).contains("create_items"));

    let server = crib.serve(&["--demo"]).await;
    server.is_ready().await;
    let create = "mutation { createItem(input: { name: \"Drill\", price: \"120\" }) { item { name state price } } }";
    let created = server.graphql(&crib.token("manager@demo.test"), create).await.unwrap();
    assert_eq!(created["data"]["createItem"]["item"]["state"], "AVAILABLE", "{created:#}");
    let agent = crib.token("agent@demo.test");
    let refused = server.graphql(&agent, create).await.unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused:#}");
    let hidden = server.graphql(&agent, "{ items { totalCount } }").await.unwrap();
    assert_eq!(hidden["data"]["items"]["totalCount"], 0, "{hidden:#}");
}

/// As the README of a new tool says it: the example without its `# `.
fn uncommented(schema: &str) -> String {
    let (before, example) = schema.split_once("# \"Something").unwrap();
    let (example, after) = example.split_once("\n\n").unwrap();
    let example: Vec<&str> = example.lines().map(|line| line.strip_prefix('#').map_or(line, str::trim_start)).collect();
    format!("{before}\"Something{}\n\n{after}", example.join("\n"))
}

#[test]
fn nothing_is_written_over() {
    let workshop = workshop();
    let occupied = workshop.path().join("occupied");
    fs::create_dir(&occupied).unwrap();
    fs::write(occupied.join("notes.txt"), "mine").unwrap();
    let file = workshop.path().join("file");
    fs::write(&file, "mine").unwrap();
    for (path, complaint) in [(&occupied, "is not empty"), (&file, "is a file")] {
        let (_, refused) = make(path);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(complaint) && refused.stderr.contains("choose another name"), "{refused:?}");
    }
    assert_eq!(fs::read_dir(&occupied).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    let empty = workshop.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let (_, made) = make(&empty);
    assert_eq!(made.code, Some(0), "{made:?}");
    let (_, again) = make(&empty);
    assert_eq!(again.code, Some(1), "{again:?}");
}

#[test]
fn a_name_that_is_none_is_refused() {
    let workshop = workshop();
    let too_long = "a".repeat(61);
    for name in ["Vendors", "9lives", "my tool", "_x", "größe", "a.b", "a/..", "..", &too_long] {
        let (_, refused) = make(&workshop.path().join(name));
        assert_eq!(refused.code, Some(1), "{name}: {refused:?}");
        assert!(refused.stderr.contains("does not end in the name of a tool"), "{name}: {refused:?}");
    }
    assert_eq!(fs::read_dir(workshop.path()).unwrap().count(), 0);
}
