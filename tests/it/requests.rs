//! Requests and what each caller is answered: `cases/requests/<area>/**/<case>/`.
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
//! `response.json` has the answer for each actor; `UPDATE_EXPECT=1` rewrites it. `schema.graphql` and `rows.sql` are those of
//! the case, or of the nearest directory above that has one; without any they are the support desk's.
//!
//! Cases of one schema and rows share an app; before each mutation, for each actor, the rows are made anew.

use crate::support::app::{SUPPORT_DESK_ROWS, TestApp};
use crate::support::database::SUPPORT_DESK;
use crate::support::expect::{case_directories, difference};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One test for each area, so that they run side by side.
macro_rules! areas {
    ($($area:ident),* $(,)?) => {
        const AREAS: &[&str] = &[$(stringify!($area)),*];
        $(
            #[tokio::test]
            async fn $area() {
                check_area(stringify!($area)).await;
            }
        )*
    };
}

areas!(errors, guards, lists, operations, rules);

#[test]
fn every_area_is_tested() {
    let found = case_directories("requests");
    let found: Vec<&str> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(found, AREAS);
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Actors {
    actors: Vec<String>,
    operation: Option<String>,
}

struct Case {
    directory: PathBuf,
    actors: Actors,
    body: Json,
}

impl Case {
    fn read(directory: PathBuf) -> Self {
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

/// The schema and rows that a case is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Setting {
    schema: String,
    rows: String,
}

impl Setting {
    fn of(case: &Path) -> Self {
        let own = case.ancestors().take_while(|directory| !directory.ends_with("cases/requests"));
        let directory = own.into_iter().find(|directory| directory.join("schema.graphql").exists());
        let nearest_rows = case.ancestors().map(|directory| directory.join("rows.sql")).find(|path| path.exists());
        match directory {
            Some(directory) => {
                let rows = nearest_rows.filter(|path| path.starts_with(directory)).map(|path| read(&path)).unwrap_or_default();
                Self { schema: read(&directory.join("schema.graphql")), rows }
            }
            None => {
                let rows = nearest_rows.map_or_else(|| SUPPORT_DESK_ROWS.to_owned(), |path| read(&path));
                Self { schema: SUPPORT_DESK.to_owned(), rows }
            }
        }
    }
}

async fn check_area(area: &str) {
    let mut groups: BTreeMap<Setting, Vec<Case>> = BTreeMap::new();
    for directory in find_cases(&case_directories("requests").into_iter().find(|path| path.ends_with(area)).unwrap()) {
        groups.entry(Setting::of(&directory)).or_default().push(Case::read(directory));
    }
    let mut differences = Vec::new();
    for (setting, mut cases) in groups {
        cases.sort_by_key(Case::is_mutation);
        let app = TestApp::with_schema(&setting.schema).with_rows(&setting.rows).start().await;
        for case in cases {
            let mut answers = Map::new();
            for actor in &case.actors.actors {
                if case.is_mutation() {
                    app.reset(&setting.rows).await;
                }
                answers.insert(actor.clone(), case.answer(&app, actor).await);
            }
            let text = format!("{:#}\n", Json::Object(answers));
            differences.extend(difference(&text, &case.directory.join("response.json")));
        }
        app.finish().await;
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The directories with an operation, by name.
fn find_cases(directory: &Path) -> Vec<PathBuf> {
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

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
