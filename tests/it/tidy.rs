//! The order of the house: floors, purity, where SQL text stands, who prints, what modules say of themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Files above this many lines are listed; whoever reads the list asks what the second idea in the file is.
const LONG: usize = 300;

/// A file below `src/`.
struct SourceFile {
    /// `planner/to_sql/read.rs`
    path: String,
    /// Its text without comments.
    code: String,
    lines: usize,
}

impl SourceFile {
    /// The module of a floor that it belongs to; `None` for the roots of the crate.
    fn module(&self) -> Option<&str> {
        let first = self.path.split('/').next().unwrap();
        let name = first.strip_suffix(".rs").unwrap_or(first);
        (name != "lib" && name != "main").then_some(name)
    }

    /// The lines that hold a word as a whole.
    fn lines_with(&self, word: &str) -> Vec<String> {
        let found = self.code.lines().filter(|line| has_word(line, word));
        found.map(|line| format!("{}: {}", self.path, line.trim())).collect()
    }
}

fn sources() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    add_files(&root, &mut paths);
    paths.sort();
    let sources: Vec<SourceFile> = paths
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let path = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            SourceFile {
                path,
                code: text.lines().map(without_comment).collect::<Vec<_>>().join("\n"),
                lines: text.lines().count(),
            }
        })
        .collect();
    assert!(sources.len() > 100, "the sources are not where they were");
    sources
}

fn add_files(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            add_files(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// The line up to its comment; `https://` begins none.
fn without_comment(line: &str) -> &str {
    let comment = line.match_indices("//").find(|(index, _)| !line[..*index].ends_with(':'));
    comment.map_or(line, |(index, _)| &line[..index])
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word)
        .any(|(index, _)| !line[..index].ends_with(is_part) && !line[index + word.len()..].starts_with(is_part))
}

/// Fails with the lines of all files that hold one of the words, but for the files that may.
fn forbid(words: &[&str], is_allowed: impl Fn(&SourceFile) -> bool) {
    let sources = sources();
    let others = sources.iter().filter(|file| !is_allowed(file));
    let found: Vec<String> = others.flat_map(|file| words.iter().flat_map(|word| file.lines_with(word))).collect();
    assert!(found.is_empty(), "{words:?} must not be here:\n{}", found.join("\n"));
    for word in words {
        assert!(sources.iter().any(|file| !file.lines_with(word).is_empty()), "nobody says `{word}` any more");
    }
}

fn is_below(file: &SourceFile, directories: &[&str]) -> bool {
    directories.iter().any(|directory| file.path.starts_with(directory))
}

/// The table of `src/lib.rs`: each module with its floor and what it may use.
fn floors() -> BTreeMap<String, (u32, BTreeSet<String>)> {
    let text = include_str!("../../src/lib.rs");
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! |")?.strip_suffix('|'));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split('|').map(str::trim).collect()).collect();
    let rows = rows.iter().filter_map(|row| match row.as_slice() {
        [floor, module, uses] => {
            let uses = uses.split(", ").filter(|module| *module != "–").map(str::to_owned).collect();
            Some(((*module).to_owned(), (floor.parse().ok()?, uses)))
        }
        _ => None,
    });
    rows.collect()
}

/// What each module uses, with a file that does.
fn uses() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut uses: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for file in sources() {
        let Some(module) = file.module() else { continue };
        let used = uses.entry(module.to_owned()).or_default();
        for rest in file.code.split("crate::").skip(1) {
            let name: String = rest.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect();
            assert!(!name.is_empty(), "{}: one `use crate::module` for each module, so that the floors can be read", file.path);
            if name != module {
                used.entry(name).or_insert_with(|| file.path.clone());
            }
        }
    }
    uses
}

#[test]
fn every_module_has_its_floor() {
    let floors = floors();
    let declared = include_str!("../../src/lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let declared: BTreeSet<&str> = declared.collect();
    assert_eq!(floors.keys().map(String::as_str).collect::<BTreeSet<&str>>(), declared);
    for (module, (floor, uses)) in &floors {
        for used in uses {
            let below = floors.get(used).unwrap_or_else(|| panic!("`{module}` may use `{used}`, which is no module")).0;
            assert!(below < *floor, "`{module}` on floor {floor} may not use `{used}` on floor {below}");
        }
    }
}

#[test]
fn no_module_uses_more_than_its_row_says() {
    let floors = floors();
    let mut wrong = Vec::new();
    for (module, used) in uses() {
        let (floor, allowed) = &floors[&module];
        for (name, file) in used.iter().filter(|(name, _)| !allowed.contains(*name)) {
            wrong.push(format!("src/{file}: `{module}` on floor {floor} may not use `{name}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_lower_floors_are_pure() {
    let pure = ["base/", "sql/", "catalog/", "policy/", "planner/"];
    forbid(&["async", "await", "tokio", "diesel_async", "axum"], |file| !is_below(file, &pure));
}

#[test]
fn sql_text_stands_where_it_may() {
    forbid(&["push_sql", "sql_query"], |file| is_below(file, &["sql/", "db/"]));
    forbid(&["batch_execute"], |file| is_below(file, &["db/", "migrate/", "local_pg/", "app/demo.rs"]));
    // A runtime text could hold a value.
    let formats = sources().into_iter().flat_map(|file| file.lines_with("push_sql")).filter(|line| line.contains("format!"));
    assert_eq!(formats.collect::<Vec<String>>(), Vec::<String>::new());
}

#[test]
fn statements_are_the_same_every_time() {
    forbid(&["HashMap", "HashSet", "rand"], |file| !is_below(file, &["sql/", "planner/"]));
}

#[test]
fn nothing_but_the_rules_makes_a_table_readable() {
    let made =
        sources().into_iter().flat_map(|file| file.lines_with("Readable {")).filter(|line| !line.contains("struct Readable"));
    let made: Vec<String> = made.filter(|line| !line.contains("impl ") && !line.contains("-> Readable")).collect();
    assert_eq!(made.len(), 1, "{made:#?}");
    assert!(made[0].starts_with("planner/access.rs:"), "{made:#?}");
}

#[test]
fn collections_change_by_the_one_write_path() {
    forbid(&["create_statement", "update_statement", "delete_statement"], |file| is_below(file, &["planner/to_sql/", "write/"]));
    let written = sources().into_iter().flat_map(|file| {
        let words = ["insert_into", "diesel::update", "diesel::delete"];
        words.iter().flat_map(|word| file.lines_with(word)).collect::<Vec<_>>()
    });
    let written: Vec<String> = written.collect();
    assert!(written.len() >= 8, "the typed DSL is written in other words now: {written:#?}");
    let system = [
        "audit_events",
        "applied_schemas",
        "tool_migrations",
        "unfinished_migrations",
        "service_token_hashes",
        "session_secrets",
        "login_attempts",
        "login_handoffs",
        "idempotency_keys",
        "database_logins",
    ];
    // When a credential was last used is no change of its row.
    let bookkeeping = ["service_tokens::last_used_at", "sessions::last_seen_at"];
    let is_known = |line: &String| {
        system.iter().any(|table| line.contains(&format!("{table}::table")))
            || bookkeeping.iter().any(|column| line.contains(column))
    };
    let wrong: Vec<String> = written.into_iter().filter(|line| !is_known(line)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_audit_log_offers_append_alone() {
    let offered = sources().into_iter().filter(|file| file.module() == Some("audit"));
    let offered: Vec<String> = offered.flat_map(|file| file.lines_with("fn")).collect();
    let names = offered.iter().map(|line| line.split("fn ").nth(1).unwrap().split(['(', '<']).next().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["as_str", "append"]);
}

#[test]
fn protocols_are_known_at_one_place_each() {
    forbid(&["axum", "tower_http"], |file| is_below(file, &["http/"]));
    forbid(&["async_graphql"], |file| is_below(file, &["graphql/"]));
    // The catalog reads SDL with the same library.
    forbid(&["apollo_compiler"], |file| is_below(file, &["graphql/", "catalog/", "http/console/tests.rs"]));
    forbid(&["deadpool", "tokio_postgres"], |file| is_below(file, &["db/", "local_pg/", "migrate/"]));
}

#[test]
fn only_the_command_line_prints() {
    let sources = sources();
    let printing = sources.iter().filter(|file| !is_below(file, &["cli/"]));
    let found: Vec<String> = printing
        .flat_map(|file| ["println!", "eprintln!", "print!", "eprint!", "dbg!"].map(|word| file.lines_with(word)).concat())
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_module_says_what_it_is_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut silent = Vec::new();
    for module in floors().keys() {
        let (room, file) = (root.join(module).join("mod.rs"), root.join(module).with_extension("rs"));
        let path = if room.exists() { room } else { file };
        let text = fs::read_to_string(&path).unwrap();
        let doc: String = text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
        for section in ["Purpose:", "Flow:", "Invariants:", "Deliberately unknown:"] {
            if !doc.contains(&format!("//! {section}")) {
                silent.push(format!("{} does not say `{section}`", path.display()));
            }
        }
    }
    for file in sources() {
        let text = fs::read_to_string(root.join(&file.path)).unwrap();
        if file.path != "main.rs" && !text.starts_with("//! ") && !text.starts_with("// @generated") {
            silent.push(format!("{} does not begin with what it is", file.path));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn long_files_are_listed() {
    let mut files: Vec<(usize, String)> = sources().into_iter().map(|file| (file.lines, file.path)).collect();
    files.sort();
    let total: usize = files.iter().map(|(lines, _)| lines).sum();
    println!("{} files, {total} lines, half of them below {}", files.len(), files[files.len() / 2].0);
    for (lines, path) in files.iter().rev().take_while(|(lines, _)| *lines > LONG) {
        println!("{lines:5} {path}");
    }
    assert!(files[files.len() / 2].0 <= 200, "half of all files are beyond what one reads at a sitting");
}

/// Messages of errors are reported to whoever collects them, and fields are not.
#[test]
fn messages_of_errors_are_fixed_texts() {
    const ERROR: &str = "tracing::error!(";
    let mut count = 0;
    for file in sources() {
        for rest in file.code.split(ERROR).skip(1) {
            let line = rest.split(");").next().unwrap();
            let message = line.rsplit('"').nth(1).unwrap();
            assert!(!message.contains('{'), "{}: `{message}` quotes a value; put it into a field", file.path);
            count += 1;
        }
    }
    assert!(count > 5, "errors are no longer logged with `{ERROR}`");
    forbid(&["Level::ERROR"], |file| file.path.starts_with("telemetry/"));
}
