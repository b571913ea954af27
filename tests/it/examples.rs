//! Every tool of the repository, served and queried: its root, and each folder of `examples/` that holds a `schema.graphql`.
//!
//! A tool has demo data with a user of each role (`<role>@demo.test`) and operations for GraphiQL. What its rules say is told
//! by request cases over that data, `<tool>/cases/<area>/<case>/`; those of the root are `tests/cases/requests`.

use crate::support::database::compile;
use crate::support::process::{Crib, Server};
use crate::support::request_case::{self, Case, find_cases, read};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use toolcrib::catalog::Catalog;
use toolcrib::config::{Overrides, Settings};

/// The tools in `examples/`.
pub fn example_tools() -> Vec<PathBuf> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut tools: Vec<PathBuf> = fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path()).collect();
    tools.retain(|path| path.join("schema.graphql").exists());
    tools.sort();
    assert!(tools.iter().any(|tool| tool.ends_with("directory")), "{tools:?}");
    tools
}

/// The directory's schema and demo data.
pub fn directory_tool() -> (String, String) {
    let tools = example_tools();
    let settings = settings(tools.iter().find(|tool| tool.ends_with("directory")).unwrap());
    (read(&settings.server.schema), read(&settings.demo.seed.unwrap()))
}

fn settings(tool: &Path) -> Settings {
    Settings::load(tool, [], &Overrides::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tool_is_served_to_users_of_every_role() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for tool in std::iter::once(root).chain(example_tools()) {
        let crib = Crib::of(&tool);
        crib.run_well(&["check"]);
        let server = crib.serve(&["--demo"]).await;
        server.is_ready().await;
        let (catalog, _) = compile(&read(&settings(&tool).server.schema));
        let tokens: Vec<String> = catalog.roles().iter().map(|role| crib.token(&format!("{role}@demo.test"))).collect();
        query_every_collection(&server, &catalog, &tokens).await;
        run_graphiql_examples(&server, &tokens).await;
    }
}

/// Everybody gets an answer without an error, and the demo data has something of each collection for somebody.
async fn query_every_collection(server: &Server, catalog: &Catalog, tokens: &[String]) {
    let lists = catalog
        .collections
        .iter()
        .map(|collection| format!("{} {{ totalCount nodes {{ id viewerCan {{ update delete }} }} }}", collection.plural));
    let query = format!("{{ {} }}", lists.collect::<Vec<_>>().join(" "));
    let mut most: BTreeMap<&str, u64> = BTreeMap::new();
    for token in tokens {
        let answer = server.graphql(token, &query).await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer:#}");
        for collection in &catalog.collections {
            let count = answer["data"][collection.plural.as_str()]["totalCount"].as_u64().unwrap();
            let seen = most.entry(collection.plural.as_str()).or_default();
            *seen = count.max(*seen);
        }
    }
    let own = catalog.collections.iter().filter(|collection| !collection.is_platform);
    let empty: Vec<&str> = own.map(|collection| collection.plural.as_str()).filter(|plural| most[plural] == 0).collect();
    assert!(empty.is_empty(), "the demo data has nothing in {empty:?}");
}

/// The operations in GraphiQL's tabs fit the schema, and each does something for one of the users or is refused by a rule.
async fn run_graphiql_examples(server: &Server, tokens: &[String]) {
    let examples = server.get_as(&tokens[0], "/graphiql/examples.json").await.unwrap();
    let examples: Vec<Json> = serde_json::from_str(&examples.body).unwrap();
    assert!(!examples.is_empty(), "the tool has no operations for GraphiQL");
    for example in examples {
        let mut codes = Vec::new();
        let variables = example["variables"].as_str().map_or(Json::Null, |text| serde_json::from_str(text).unwrap());
        for token in tokens {
            let answer = server.graphql_with(token, example["document"].as_str().unwrap(), variables.clone()).await.unwrap();
            let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none").to_owned();
            // Variables may be left to whoever tries the example; a second user may come too late for a change.
            let is_unfinished = code == "BAD_USER_INPUT" && variables.is_null();
            let is_expected = ["none", "FORBIDDEN", "NOT_FOUND", "CONFLICT"].contains(&code.as_str());
            assert!(is_expected || is_unfinished, "{example:#}\n{answer:#}");
            codes.push(code);
        }
        assert!(codes.iter().any(|code| code != "NOT_FOUND"), "nobody finds what this is about: {example:#}");
    }
}

#[tokio::test]
async fn request_cases_of_the_examples_are_answered_as_written() {
    for tool in example_tools() {
        let settings = settings(&tool);
        let rows = read(&settings.demo.seed.expect("a tool has demo data"));
        let cases = find_cases(&tool.join("cases")).into_iter().map(Case::read).collect();
        let differences = request_case::differences(&read(&settings.server.schema), &rows, cases).await;
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

/// No collection of any tool is named by the engine's code. The compiler's advice may show one by way of example.
#[test]
fn the_engine_knows_no_tool() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names: BTreeSet<String> = BTreeSet::new();
    for tool in std::iter::once(root.to_owned()).chain(example_tools()) {
        let (catalog, _) = compile(&read(&settings(&tool).server.schema));
        for collection in catalog.collections.iter().filter(|collection| !collection.is_platform) {
            names.extend([collection.name.to_string(), collection.singular.to_string(), collection.plural.to_string()]);
            names.insert(collection.table.name.to_string());
        }
    }
    // A scope of OpenID Connect has the same name.
    names.remove("profile");
    let mut found = Vec::new();
    let mut files = Vec::new();
    list_sources(&root.join("src"), &mut files);
    for path in files.iter().filter(|path| !path.starts_with(root.join("src/catalog"))) {
        let text = read(path);
        let code = text.split("#[cfg(test)]").next().unwrap().lines().filter(|line| !line.trim_start().starts_with("//"));
        let mut words = code.flat_map(|line| line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_'));
        found.extend(words.find(|word| names.contains(*word)).map(|word| format!("{}: {word}", path.display())));
    }
    assert!(files.len() > 100 && names.contains("tickets") && names.contains("Checklist"));
    assert!(found.is_empty(), "{found:#?}");
}

fn list_sources(directory: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() && !path.ends_with("node_modules") {
            list_sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}
