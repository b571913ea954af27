//! What is left of rules for a caller: SQL text and binds, in files that show a change of either as a difference.

use super::{load, with_read_rule};
use crate::support::expect::difference;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use toolcrib::base::{Actor, AuthMethod, RequestContext, RoleName, TableName};
use toolcrib::catalog::{Catalog, Collection};
use toolcrib::policy::{FieldOperation, Images, Operation, Predicate, RuleBook};
use toolcrib::sql::{Alias, From, Query, Select, Statement};
use uuid::Uuid;

const OPERATIONS: [Operation; 4] = [Operation::Read, Operation::Create, Operation::Update, Operation::Delete];

pub(super) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/policy/solved")
}

pub(super) fn actor(role: &str, team: Option<u128>) -> Actor {
    Actor {
        id: Some(Uuid::from_u128(0xa)),
        email: Some(format!("{role}@acme.test")),
        role: RoleName::new(role),
        team: team.map(Uuid::from_u128),
        teams: team.map(Uuid::from_u128).into_iter().collect(),
        is_active: true,
        auth_method: AuthMethod::Token,
        is_mfa: false,
        authenticated_at: None,
        service: None,
        scope: toolcrib::base::Scope::Full,
        acted_by: None,
    }
}

pub(super) fn request() -> RequestContext {
    RequestContext { request_id: Uuid::nil(), ..RequestContext::internal("2026-03-02T12:00:00Z".parse().unwrap()) }
}

/// The condition alone, as it would stand after `where`.
pub(super) fn sql(predicate: &Predicate) -> String {
    match predicate {
        Predicate::Always => "always".to_owned(),
        Predicate::Never => "never".to_owned(),
        predicate => {
            let images = Images { row: Some(Alias::Table(0)), old: Some(Alias::Named("old")), new: Some(Alias::Named("new")) };
            let from = From::Table(TableName::new("public", "rows"), Alias::Table(0));
            let query = Query::select(Select::new(Vec::new(), from).filtered(predicate.to_sql(&images)));
            let text = Statement::of(&query).unwrap().show();
            let (_, condition) = text.split_once(" where ").unwrap();
            condition.to_owned()
        }
    }
}

#[test]
fn rules_leave_what_is_expected() {
    let catalog = load(&directory());
    let rules = fs::read_to_string(directory().join("rules.txt")).unwrap();
    let actors =
        [("agent", actor("agent", Some(0xb))), ("agent without a team", actor("agent", None)), ("admin", actor("admin", None))];
    let mut found = String::new();
    for line in rules.lines() {
        writeln!(found, "{line}").unwrap();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let book = RuleBook::compile(&with_read_rule(&catalog, line)).unwrap_or_else(|error| panic!("{line}: {error:#?}"));
        let ticket = catalog.find_collection("Ticket").unwrap().id;
        for (name, actor) in &actors {
            let predicate = book.solve(ticket, Operation::Read, actor, &request());
            writeln!(found, "    {name}: {}", sql(&predicate)).unwrap();
        }
    }
    let difference = difference(&found, &directory().join("expected.txt"));
    assert!(difference.is_none(), "{}", difference.unwrap());
}

#[test]
fn the_support_desk_allows_what_is_expected() {
    let catalog = load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let book = RuleBook::compile(&catalog).unwrap();
    let mut found = String::new();
    for collection in &catalog.collections {
        describe(&catalog, &book, collection, &mut found);
    }
    let difference = difference(&found, &directory().join("support_desk.txt"));
    assert!(difference.is_none(), "{}", difference.unwrap());
}

fn describe(catalog: &Catalog, book: &RuleBook, collection: &Collection, found: &mut String) {
    let actors = [
        ("admin", actor("admin", Some(0xb))),
        ("agent", actor("agent", Some(0xb))),
        ("agent without a team", actor("agent", None)),
        ("viewer", actor("viewer", Some(0xb))),
        ("export for a viewer", actor("viewer", Some(0xb)).through("export")),
        ("cli", Actor::platform("cli")),
    ];
    let names = |fields: Vec<toolcrib::catalog::FieldId>| {
        fields.into_iter().map(|field| catalog.field(field).name.to_string()).collect::<Vec<_>>().join(", ")
    };
    let id = collection.id;
    writeln!(found, "{}", collection.name).unwrap();
    writeln!(found, "  update form: {:?}", book.update_form(id)).unwrap();
    writeln!(found, "  read by everybody: {}", book.is_read_always_allowed(id)).unwrap();
    writeln!(found, "  filtered by: {}", names(book.rule_columns(id))).unwrap();
    for operation in OPERATIONS {
        let roles = catalog.roles().into_iter().chain([RoleName::platform()]);
        let answers: Vec<String> = roles.map(|role| format!("{role} {:?}", book.answer_for_role(id, operation, &role))).collect();
        let sub_reads: Vec<String> =
            book.sub_reads(id, operation).into_iter().map(|other| catalog.collection(other).name.to_string()).collect();
        writeln!(found, "  {operation:?}: {}; looks into [{}]", answers.join(", "), sub_reads.join(", ")).unwrap();
        for (name, actor) in &actors {
            writeln!(found, "    {name}: {}", sql(&book.solve(id, operation, actor, &request()))).unwrap();
        }
    }
    for (name, actor) in actors.iter().filter(|_| collection.export.is_some()) {
        writeln!(found, "  export, {name}: {}", sql(&book.solve_export(id, actor, &request()))).unwrap();
    }
    describe_fields(book, collection, &actors, found);
    found.push('\n');
}

fn describe_fields(book: &RuleBook, collection: &Collection, actors: &[(&str, Actor)], found: &mut String) {
    for field in &collection.fields {
        for (name, actor) in actors {
            let read = sql(&book.solve_field(field.id, FieldOperation::Read, actor, &request()));
            let write = sql(&book.solve_field(field.id, FieldOperation::Write, actor, &request()));
            if field.access.read.is_some() || field.access.write.is_some() {
                writeln!(found, "  {}, {name}: read {read}; write {write}", field.name).unwrap();
            }
            if let Some(default) = book.default_value(field.id, actor, &request()) {
                writeln!(found, "  {}, {name}: default {default:?}", field.name).unwrap();
            }
        }
    }
}
