//! The rules: what they refuse to compile, what is left of them for a caller, and that SQL and truth agree.
//! `UPDATE_EXPECT=1` rewrites what is expected.

mod base;
mod cases;
mod command;
mod context;
mod corners;
mod database;
mod diff;
mod differential;
mod explain;
mod generator;
mod interference;
mod model;
mod oracle;
mod refusals;
mod residue;
mod second_wall;
mod solved;
mod told;
mod wall;
mod world;

use crate::support::expect::{case_directories, difference};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use toolcrib::catalog::{Catalog, DiagnosticCode, Diagnostics, RenderStyle, RuleText, SourceFile};
use toolcrib::policy::{DIAGNOSTIC_CODES, RuleBook};

fn load(directory: &Path) -> Catalog {
    let text = fs::read_to_string(directory.join("schema.graphql")).unwrap();
    let catalog = Catalog::load(vec![SourceFile::new("schema.graphql", text)]);
    catalog.unwrap_or_else(|error| panic!("{}: {}", directory.display(), error.render(RenderStyle::Plain)))
}

fn mistakes(directory: &Path) -> Diagnostics {
    let catalog = load(directory);
    match RuleBook::compile(&catalog) {
        Ok(_) => panic!("{} compiles", directory.display()),
        Err(diagnostics) => Diagnostics::new(catalog.sources, diagnostics),
    }
}

#[test]
fn wrong_rules_are_explained_as_expected() {
    let cases = case_directories("policy/failing");
    let explain = |case: &std::path::PathBuf| difference(&mistakes(case).render(RenderStyle::Plain), &case.join("expected.txt"));
    let differences: Vec<String> = cases.iter().filter_map(explain).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_diagnostic_code_has_a_case() {
    let all = case_directories("policy/failing").into_iter().flat_map(|case| mistakes(&case).diagnostics);
    let seen: BTreeSet<DiagnosticCode> = all.map(|diagnostic| diagnostic.code).collect();
    let missing: Vec<&DiagnosticCode> = DIAGNOSTIC_CODES.iter().filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "no failing case for {missing:?}");
    let known: BTreeSet<&str> = DIAGNOSTIC_CODES.iter().chain(DiagnosticCode::ALL).map(|code| code.0).collect();
    assert_eq!(known.len(), DIAGNOSTIC_CODES.len() + DiagnosticCode::ALL.len(), "two codes have one name");
}

/// The catalog with another read rule of `Ticket`.
fn with_read_rule(catalog: &Catalog, rule: &str) -> Catalog {
    let mut catalog = catalog.clone();
    let ticket = catalog.collections.iter_mut().find(|collection| collection.name == "Ticket").unwrap();
    ticket.access.read = RuleText { text: rule.to_owned(), ..ticket.access.read.clone() };
    catalog
}

#[test]
fn any_text_is_a_rule_or_a_mistake() {
    let tokens = [
        "row",
        "user",
        ".",
        "team",
        "id",
        "(",
        ")",
        "==",
        "!=",
        "&&",
        "||",
        "!",
        "in",
        "[",
        "]",
        ",",
        "'a'",
        "'\\n'",
        "1",
        "-1",
        "1.5",
        "null",
        "true",
        "exists",
        "has",
        "now()",
        "duration('1h')",
        "+",
        "-",
        "<",
        "?",
        ":",
        "{",
        "}",
        "`a`",
        "m",
        "row.watchers",
        "// x\n",
        "\"",
        "'",
        "\\",
        "é",
        "🙂",
        "r'a'",
        "b'a'",
        "0x1",
        "1u",
        "99999999999999999999",
        "all",
        "map",
        "filter",
        "row.team",
        "exists_one",
        "startsWith",
        "row.assignedTo",
        "user.id",
        "while",
        "@",
        "\n",
        " ",
    ];
    let catalog = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/policy/solved"));
    let mut random = StdRng::seed_from_u64(1);
    let mut accepted = 0;
    for _ in 0..400 {
        let count = random.random_range(1..10);
        let words: Vec<&str> = (0..count).map(|_| *tokens.choose(&mut random).unwrap()).collect();
        let rule = words.join(if random.random_bool(0.5) { " " } else { "" });
        match RuleBook::compile(&with_read_rule(&catalog, &rule)) {
            Ok(_) => accepted += 1,
            Err(mistakes) => assert!(!mistakes.is_empty(), "{rule:?} is refused without a word"),
        }
    }
    assert!(accepted < 100, "{accepted} of 400 random texts are rules");
}
