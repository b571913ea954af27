//! The base rule: it narrows every rule of every collection for callers, and nothing for the platform's own work.

use super::solved::{actor, directory, request, sql};
use super::{difference, load};
use crate::support::app::{SUPPORT_DESK_ROWS, TestApp};
use crate::support::database::{SUPPORT_DESK, compile};
use serde_json::json;
use std::fmt::Write;
use toolcrib::base::{Actor, RoleName};
use toolcrib::policy::{Matrix, Operation, Predicate, Residue, RoleAnswer, RuleBook};

const OPERATIONS: [Operation; 4] = [Operation::Read, Operation::Create, Operation::Update, Operation::Delete];

/// The support desk in which agents only read, and nobody reads without a second factor.
fn with_base() -> String {
    format!("extend schema @base(read: \"request.auth.mfa\", write: \"user.role != 'agent'\")\n{SUPPORT_DESK}")
}

#[test]
fn every_rule_of_every_collection_is_narrowed() {
    let (catalog, plain) = compile(SUPPORT_DESK);
    let (_, narrowed) = compile(&with_base());
    let mut allowed = 0;
    for role in ["admin", "manager", "agent", "viewer"] {
        for is_mfa in [false, true] {
            let actor = Actor { is_mfa, ..actor(role, Some(0xb)) };
            let expect = |is_allowed: bool, before: Predicate| if is_allowed { before } else { Predicate::Never };
            for collection in &catalog.collections {
                let id = collection.id;
                for operation in OPERATIONS {
                    let is_allowed = if operation == Operation::Read { is_mfa } else { role != "agent" };
                    if collection.name == "RecordShare" && !is_mfa {
                        // What may not be read may not be shared either.
                        let narrowed = narrowed.solve(id, Operation::Create, &actor, &request());
                        assert_eq!(narrowed, Predicate::Never, "{role} {}", collection.name);
                        continue;
                    }
                    let before = plain.solve(id, operation, &actor, &request());
                    allowed += usize::from(is_allowed && !before.is_never());
                    let after = narrowed.solve(id, operation, &actor, &request());
                    assert_eq!(after, expect(is_allowed, before), "{role} {operation:?} {}", collection.name);
                }
                let before = plain.solve_export(id, &actor, &request());
                assert_eq!(narrowed.solve_export(id, &actor, &request()), expect(is_mfa, before), "export {}", collection.name);
            }
        }
    }
    assert!(allowed > 50, "only {allowed} were allowed");
}

#[test]
fn the_platform_s_own_work_goes_on() {
    let (catalog, plain) = compile(SUPPORT_DESK);
    let (_, narrowed) = compile(&with_base());
    let on_behalf = actor("agent", Some(0xb)).through("export");
    let actors = [Actor::platform("cli"), Actor::platform("export"), Actor::platform("scim"), on_behalf];
    for collection in &catalog.collections {
        for operation in OPERATIONS {
            for actor in &actors {
                let [before, after] = [&plain, &narrowed].map(|book| book.solve(collection.id, operation, actor, &request()));
                assert_eq!(after, before, "{:?} {operation:?} {}", actor.service, collection.name);
            }
            let [before, after] =
                [&plain, &narrowed].map(|book| book.answer_for_role(collection.id, operation, &RoleName::platform()));
            assert_eq!(after == RoleAnswer::Never, before == RoleAnswer::Never, "grants stay: {operation:?} {}", collection.name);
        }
    }
}

#[test]
fn roles_are_given_what_the_base_leaves() {
    let directory = directory().with_file_name("base");
    let catalog = load(&directory);
    let book = RuleBook::compile(&catalog).unwrap();
    assert!(book.context_use().names_address, "what the base asks of the request is asked");
    let matrix = Matrix::of(&catalog, &book);
    let mut found = String::new();
    for row in matrix.rows.iter().filter(|row| ["Ticket", "Export"].contains(&row.collection.as_str())) {
        let field = row.field.as_ref().map_or_else(String::new, |field| format!(".{field}"));
        writeln!(found, "{}{field} {}", row.collection, row.action.as_str()).unwrap();
        for (role, cell) in matrix.roles.iter().zip(&row.cells) {
            let cell = match cell {
                Residue::Always => "always",
                Residue::Never => "never",
                Residue::If(condition) => condition,
            };
            writeln!(found, "    {role}: {cell}").unwrap();
        }
    }
    let ticket = catalog.find_collection("Ticket").unwrap().id;
    for role in ["admin", "agent", "viewer"] {
        writeln!(found, "{role}: {}", sql(&book.solve(ticket, Operation::Read, &actor(role, None), &request()))).unwrap();
    }
    assert_eq!(difference(&found, &directory.join("expected.txt")), None);
}

#[tokio::test]
async fn a_caller_is_refused_where_the_base_refuses_and_an_export_is_still_on_record() {
    let schema = format!("extend schema @base(read: \"user.role != 'viewer'\", write: \"user.role == 'admin'\")\n{SUPPORT_DESK}");
    let app = TestApp::with_schema(schema).with_rows(SUPPORT_DESK_ROWS).start().await;
    const READ: &str = "{ tickets { totalCount } users { totalCount } teams { totalCount } viewer { team { name } } }";
    const UPDATE: &str =
        "mutation { updateCustomer(id: \"00000000-0000-7000-8000-000000000301\", set: {name: \"New\"}) { customer { name } } }";
    const EXPORT: &str = "mutation { exportTickets(format: CSV, reason: \"review\") { export { status rowCount } } }";
    let viewer = app.user("vic").graphql(READ, json!({})).await.data();
    let nothing = json!({ "totalCount": 0 });
    assert_eq!([&viewer["tickets"], &viewer["users"], &viewer["teams"]], [&nothing; 3]);
    let manager = app.user("max").graphql(READ, json!({})).await.data();
    assert_eq!(manager["tickets"]["totalCount"], 6);
    assert_eq!(app.user("max").graphql(UPDATE, json!({})).await.codes(), ["FORBIDDEN"], "a manager could without the base");
    assert_eq!(app.user("ada").graphql(UPDATE, json!({})).await.data()["updateCustomer"]["customer"]["name"], "New");
    let export = app.user("max").graphql(EXPORT, json!({})).await.data();
    assert_eq!(export["exportTickets"]["export"], json!({ "status": "COMPLETED", "rowCount": 6 }));
    assert_eq!(app.user("vic").graphql(EXPORT, json!({})).await.codes(), ["FORBIDDEN"]);
    app.finish().await;
}
