//! A request with what each caller is answered, as files:
//!
//! A case is a directory with `operation.graphql`, perhaps `variables.json`, and `actor.toml`:
//!
//! ```toml
//! # Every one of them sends the request; a refusal stands beside its permission.
//! actors = ["ada", "ana", "anonymous"]
//! # Which operation of the document, if there are several.
//! operation = "Second"
//! ```
//!
//! `response.json` has the answer for each actor; `UPDATE_EXPECT=1` rewrites it.
//!
//! Cases of one schema and rows share an app; before each mutation, for each actor, the rows are made anew.

use crate::support::app::TestApp;
use crate::support::expect::difference;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Actors {
    actors: Vec<String>,
    operation: Option<String>,
}

/// A request, and who sends it.
pub struct Case {
    directory: PathBuf,
    actors: Actors,
    body: Json,
}

impl Case {
    /// Reads the files of a case.
    pub fn read(directory: PathBuf) -> Self {
        let query = read(&directory.join("operation.graphql"));
        let actors: Actors = toml::from_str(&read(&directory.join("actor.toml")))
            .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let variables = fs::read_to_string(directory.join("variables.json")).unwrap_or_else(|_| "{}".to_owned());
        let variables: Json = serde_json::from_str(&variables).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let body = json!({ "query": query, "variables": variables, "operationName": actors.operation });
        Self { directory, actors, body }
    }

    fn is_mutation(&self) -> bool {
        self.body["query"].as_str().unwrap().lines().any(|line| line.starts_with("mutation"))
    }

    /// The answer for one actor.
    async fn answer(&self, app: &TestApp, actor: &str) -> Json {
        let caller = if actor == "anonymous" { app.anonymous() } else { app.user(actor) };
        let response = caller.post("/graphql", &self.body).await;
        for message in response.messages() {
            self.check_message(&message);
        }
        response.redacted()
    }

    /// Messages say what to do in the words of the schema, never in the database's.
    fn check_message(&self, message: &str) {
        let lower = message.to_lowercase();
        for leaked in ["_key", "_fkey", "_check", "_pkey", "toolcrib.", "public.", "violates", "postgres", "insert into"] {
            assert!(!lower.contains(leaked), "{}: `{leaked}` in `{message}`", self.directory.display());
        }
        assert!(!message.ends_with('.'), "{}: a full stop in `{message}`", self.directory.display());
    }
}

/// Runs cases over an app of their own; what differs from their files.
pub async fn differences(schema: &str, rows: &str, mut cases: Vec<Case>) -> Vec<String> {
    cases.sort_by_key(Case::is_mutation);
    let app = TestApp::with_schema(schema).with_rows(rows).start().await;
    let mut differences = Vec::new();
    for case in cases {
        let mut answers = Map::new();
        for actor in &case.actors.actors {
            if case.is_mutation() {
                app.reset(rows).await;
            }
            answers.insert(actor.clone(), case.answer(&app, actor).await);
        }
        let text = format!("{:#}\n", Json::Object(answers));
        differences.extend(difference(&text, &case.directory.join("response.json")));
    }
    app.finish().await;
    differences
}

/// The directories with an operation, by name.
pub fn find_cases(directory: &Path) -> Vec<PathBuf> {
    if directory.join("operation.graphql").exists() {
        return vec![directory.to_owned()];
    }
    let mut below: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    below.retain(|path| path.is_dir());
    below.sort();
    let cases: Vec<PathBuf> = below.iter().flat_map(|path| find_cases(path)).collect();
    assert!(!cases.is_empty(), "{} holds no case", directory.display());
    cases
}

/// The text of a file that is there.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
