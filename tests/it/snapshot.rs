//! `toolcrib snapshot`: what a change of the schema is to clients and to those who may do what.

use crate::support::process::{Crib, Outcome};
use std::fs;
use toolcrib::graphql::api_change::{Compatibility, compare};

/// Two versions of an API, and what of it breaks (`!`) or does not.
const CHANGES: &[(&str, &str, &[&str])] = &[
    ("type Query { a: Int }", "\"Words.\" type Query { \"More.\" a: Int }", &[]),
    ("type Query { a: Int b: Int }", "type Query { b: Int a: Int }", &[]),
    ("type Query { a: Int b: Int }", "type Query { b: Int }", &["! `Query.a` is gone"]),
    ("type Query { a: Int }", "type Query { a: Int b: Int }", &["`Query.b` is new"]),
    ("type Query { a: Int } type B { c: Int }", "type Query { a: Int }", &["! the type `B` is gone"]),
    ("type Query { a: Int }", "type Query { a: Int } type B { c: Int }", &["the type `B` is new"]),
    ("type Query { a: Int } type B { c: Int }", "type Query { a: Int } input B { c: Int }", &["! `B` is of another kind"]),
    ("type Query { a: Int }", "type Query { a: Float }", &["! `Query.a` was `Int` and is `Float`"]),
    ("type Query { a: Int }", "type Query { a: Int! }", &["`Query.a` was `Int` and is `Int!`"]),
    ("type Query { a: Int! }", "type Query { a: Int }", &["! `Query.a` was `Int!` and is `Int`"]),
    ("type Query { a: [Int] }", "type Query { a: [Int!]! }", &["`Query.a` was `[Int]` and is `[Int!]!`"]),
    ("type Query { a: [Int!] }", "type Query { a: [Int]! }", &["! `Query.a` was `[Int!]` and is `[Int]!`"]),
    ("type Query { a: Int }", "type Query { a: [Int] }", &["! `Query.a` was `Int` and is `[Int]`"]),
    ("type Query { a: Int }", "type Query { a: Int @deprecated }", &["`Query.a` is deprecated"]),
    ("type Query { a(b: Int): Int }", "type Query { a: Int }", &["! `Query.a(b:)` is gone"]),
    ("type Query { a: Int }", "type Query { a(b: Int): Int }", &["`Query.a(b:)` is new"]),
    ("type Query { a: Int }", "type Query { a(b: Int! = 1): Int }", &["`Query.a(b:)` is new"]),
    ("type Query { a: Int }", "type Query { a(b: Int!): Int }", &["! `Query.a(b:)` is new and required"]),
    ("type Query { a(b: Int): Int }", "type Query { a(b: Int!): Int }", &["! `Query.a(b:)` was `Int` and is `Int!`"]),
    ("type Query { a(b: Int!): Int }", "type Query { a(b: Int): Int }", &["`Query.a(b:)` was `Int!` and is `Int`"]),
    (
        "type Query { a(b: Int! = 1): Int }",
        "type Query { a(b: Int!): Int }",
        &["! `Query.a(b:)` is required: its default is gone"],
    ),
    ("type Query { a(b: Int = 1): Int }", "type Query { a(b: Int = 2): Int }", &["`Query.a(b:)` has another default"]),
    ("input I { a: Int b: Int }", "input I { a: Int }", &["! `I.b` is gone"]),
    ("input I { a: Int }", "input I { a: Int b: Int }", &["`I.b` is new"]),
    ("input I { a: Int }", "input I { a: Int b: Int! }", &["! `I.b` is new and required"]),
    ("input I { a: [Int] }", "input I { a: [Int!] }", &["! `I.a` was `[Int]` and is `[Int!]`"]),
    ("enum E { A B }", "enum E { A }", &["! `E` no longer has the value `B`"]),
    ("enum E { A }", "enum E { A B }", &["`E` now has the value `B`"]),
    (
        "type A { a: Int } type B { b: Int } union U = A | B",
        "type A { a: Int } type B { b: Int } union U = A",
        &["! `U` no longer has the member `B`"],
    ),
    (
        "interface N { a: Int } type A implements N { a: Int }",
        "interface N { a: Int } type A { a: Int }",
        &["! `A` no longer implements `N`"],
    ),
    (
        "type Query { a: Int b: Int }",
        "type Query { a: Int! c: Int }",
        &["! `Query.b` is gone", "`Query.a` was `Int` and is `Int!`", "`Query.c` is new"],
    ),
];

#[test]
fn changes_are_told_with_what_they_do_to_clients() {
    for (old, new, expected) in CHANGES {
        let changes = compare(old, new).unwrap();
        let told = changes.iter().map(|change| {
            let sign = if change.compatibility == Compatibility::Breaking { "! " } else { "" };
            format!("{sign}{}", change.message)
        });
        assert_eq!(told.collect::<Vec<_>>(), *expected, "{old} -> {new}");
        assert_eq!(compare(new, new).unwrap(), []);
    }
    assert!(compare("type Query {", "type Query { a: Int }").unwrap_err().to_string().contains("cannot be read"));
}

const SCHEMA: &str = r#"
type Note @collection @access(read: "user.role == 'admin' || row.owner == user.id", write: "user.role == 'admin'") {
  text: String
  secret: String @access(read: "user.role == 'admin'")
  owner: User
}
"#;

#[test]
fn what_was_written_is_compared() {
    let crib = Crib::with_schema(SCHEMA);
    let Outcome { code, stderr, .. } = crib.run(&["snapshot", "--check"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("there is no snapshot") && stderr.contains("`toolcrib snapshot` writes it"), "{stderr}");
    crib.run_well(&["snapshot"]);
    let file = |name: &str| crib.tool().join("snapshots").join(name);
    assert_eq!(fs::read_to_string(file("api.graphql")).unwrap(), crib.run_well(&["schema", "print"]));
    let access = fs::read_to_string(file("access.txt")).unwrap();
    assert!(
        access.contains("\nNote READ admin: always\n") && access.contains("\nNote READ agent: row.owner == user.id\n"),
        "{access}"
    );
    assert!(crib.run_well(&["snapshot", "--check"]).contains("as the schema says"));

    let changed = SCHEMA
        .replace("  text: String\n", "  text: String!\n  due: Date\n")
        .replace("read: \"user.role == 'admin' ||", "read: \"user.role in ['admin', 'manager'] ||")
        .replace(" @access(read: \"user.role == 'admin'\")", "")
        .replace("write: \"user.role == 'admin'\"", "write: \"false\"");
    crib.write("schema.graphql", &changed);
    let Outcome { code, stdout, .. } = crib.run(&["snapshot", "--check"]);
    assert_eq!(code, Some(1), "{stdout}");
    for line in [
        "  BREAKING    `CreateNoteInput.text` was `String` and is `String!`",
        "  compatible  `Note.text` was `String` and is `String!`",
        "  compatible  `Note.due` is new",
        "  WIDER     Note READ manager\n            - row.owner == user.id\n            + always",
        "  narrower  Note DELETE admin\n            - always\n            + never",
        "  WIDER     Note.secret READ agent\n            - never",
    ] {
        assert!(stdout.contains(line), "{line} is not in\n{stdout}");
    }
    assert!(!stdout.contains("Note READ agent") && !stdout.contains("Team"), "only what has changed: {stdout}");
    assert_eq!(fs::read_to_string(file("access.txt")).unwrap(), access, "--check writes nothing");
    crib.run_well(&["snapshot"]);
    assert!(crib.run_well(&["snapshot", "--check"]).contains("as the schema says"));
}

#[test]
fn words_alone_are_a_change_that_breaks_nobody() {
    let crib = Crib::with_schema(SCHEMA);
    let elsewhere = crib.tool().join("reviewed");
    let at = elsewhere.to_str().unwrap();
    crib.run_well(&["snapshot", "--to", at]);
    crib.write("schema.graphql", &SCHEMA.replace("  text", "  \"What it says.\"\n  text"));
    let Outcome { code, stdout, .. } = crib.run(&["snapshot", "--check", "--to", at]);
    assert_eq!(code, Some(1));
    assert!(stdout.contains("compatible  only descriptions"), "{stdout}");
    assert!(!stdout.contains("who may do what"), "{stdout}");
    fs::write(elsewhere.join("api.graphql"), "type {").unwrap();
    let Outcome { code, stderr, .. } = crib.run(&["snapshot", "--check", "--to", at]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("is no snapshot"), "{stderr}");
}
