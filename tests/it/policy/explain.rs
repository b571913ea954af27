//! Which clause of a rule decides: what PostgreSQL says of each is what the oracle says, and people are told with its place.

use super::database::Database;
use super::generator::{Generator, Images as Spoken, actors};
use super::model::{COLLECTIONS, Collection, to_sdl};
use super::oracle::{Oracle, Sharing, Verdict};
use super::world::World;
use crate::support::database::{SUPPORT_DESK, TestDatabase, compile};
use crate::support::process::Crib;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use toolcrib::policy::{
    Asking, ClauseKind, Examination, ExaminedRows, Judged, Operation, RuleSite, Truth, clauses, examination, judge,
};
use toolcrib::sql::Expr;

#[tokio::test]
async fn every_clause_is_what_the_oracle_says() {
    let mut random = StdRng::seed_from_u64(20_261_124);
    let world = World::generate(&mut random, 20);
    let mut database = Database::with(&world.to_sql()).await;
    let home = &COLLECTIONS[2];
    let mut seen: HashMap<Truth, usize> = HashMap::new();
    let mut nested = 0;
    for _ in 0..120 {
        let rule = Generator::new(&mut random, &world, home, Spoken::Row, &[]).condition(3);
        let rules = |collection: &Collection| {
            ["false".to_owned(), "false".to_owned(), "false".to_owned(), "false".to_owned()]
                .map(|closed| if collection.name == home.name { rule.clone() } else { closed })
        };
        let update = |collection: &Collection| {
            let [read, create, _, delete] = rules(collection);
            [read, create, "false".to_owned(), delete]
        };
        let (catalog, book) = compile(&to_sdl(&[], update));
        let collection = catalog.find_collection(home.name).unwrap();
        let site = RuleSite::Row(collection.id, Operation::Read);
        let examinations = [Examination { site, root: clauses(&catalog, site).unwrap() }];
        for (actor, request) in actors(&mut random, &world, 2) {
            let asking = Asking { catalog: &catalog, rules: &book, actor: &actor, request: &request };
            let query = examination(asking, &examinations, ExaminedRows { collection, filter: Expr::always(), changes: &[] });
            let named = HashMap::new();
            let oracle = Oracle { world: &world, actor: &actor, request: &request, named: &named, sharing: &Sharing::new() };
            let answers = database.examined(&query).await;
            assert_eq!(answers.len(), world.rows_of(home.name).count());
            for (id, truths, values) in answers {
                let judged = judge(asking, &examinations, &truths, &values);
                let judged = judged.unwrap_or_else(|| panic!("the clauses and the rule differ for {id}: {rule}"));
                let row = world.find(home.name, id);
                let rows = HashMap::from([("row".to_owned(), row)]);
                let mut waiting: Vec<&Judged<'_>> = judged.iter().map(|(_, root)| root).collect();
                while let Some(part) = waiting.pop() {
                    let expected = match oracle.judge(&super::diff::parse(&part.clause.text), &rows) {
                        Verdict::True => Truth::True,
                        Verdict::False => Truth::False,
                        Verdict::Unknown => Truth::Unknown,
                    };
                    assert_eq!(part.truth, expected, "{} in {rule}\nof {row:?}\nfor {actor:?}", part.clause.text);
                    *seen.entry(part.truth).or_default() += 1;
                    nested += usize::from(!matches!(part.clause.kind, ClauseKind::Leaf(_)));
                    waiting.extend(&part.parts);
                }
            }
        }
    }
    assert!(seen.values().all(|count| *count > 500) && seen.len() == 3 && nested > 1000, "{seen:?}, {nested} with parts");
}

/// The support desk with a ticket of one team and users of two.
async fn desk() -> (TestDatabase, Crib) {
    let database = TestDatabase::new(SUPPORT_DESK).await;
    database
        .execute(
            "insert into toolcrib.teams (id, name) values
               ('00000000-0000-7000-8000-0000000000a1', 'Billing'), ('00000000-0000-7000-8000-0000000000a2', 'Sales');
             insert into toolcrib.users (id, email, name, role, team_id) values
               ('00000000-0000-7000-8000-00000000000a', 'ana@acme.test', 'Ana', 'agent', '00000000-0000-7000-8000-0000000000a1'),
               ('00000000-0000-7000-8000-00000000000b', 'bo@acme.test', 'Bo', 'agent', '00000000-0000-7000-8000-0000000000a2'),
               ('00000000-0000-7000-8000-00000000000c', 'cy@acme.test', 'Cy', 'agent', null);
             insert into public.customers (id, name) values ('00000000-0000-7000-8000-0000000000c1', 'Acme');
             insert into public.tickets (id, case_id, customer_id, team_id, subject, assigned_to_id) values
               ('00000000-0000-7000-8000-0000000000d1', 'CASE-9', '00000000-0000-7000-8000-0000000000c1',
                '00000000-0000-7000-8000-0000000000a1', 'Refund', null)",
        )
        .await;
    let crib = Crib::support_desk().on(&database.owner_url(), &database.server_url());
    (database, crib)
}

const TICKET: &str = "Ticket:00000000-0000-7000-8000-0000000000d1";

#[tokio::test]
async fn people_are_told_which_clause_decides_and_where_it_stands() {
    let (_database, crib) = desk().await;
    let explain = |user: &str, more: &[&str]| {
        let arguments = [&["policy", "explain", "--as", user, "--on", TICKET], more].concat();
        crib.run_well(&arguments)
    };
    let ana = explain("ana@acme.test", &[]);
    assert!(ana.starts_with("ALLOWED: ana@acme.test (agent) on Ticket "), "{ana}");
    assert!(ana.contains("READ Ticket allows") && ana.contains("schema.graphql:6:"), "{ana}");
    let bo = explain("bo@acme.test", &[]);
    assert!(bo.starts_with("DENIED: bo@acme.test"), "{bo}");
    let team = "row.team = \"00000000-0000-7000-8000-0000000000a1\", user.team = \"00000000-0000-7000-8000-0000000000a2\"";
    assert!(bo.contains(&format!("false: {team}")), "{bo}");
    let cy = explain("cy@acme.test", &[]);
    assert!(cy.contains("unknown: row.team = \"00000000-0000-7000-8000-0000000000a1\", user.team = null"), "{cy}");

    // A field, an operation, a row by its unique text; and as data.
    let note = explain("ana@acme.test", &["--field", "internalNote", "--operation", "update", "--json"]);
    let note: Json = serde_json::from_str(&note).unwrap();
    let told: Vec<Json> = note["rules"].as_array().unwrap().iter().map(|rule| json!([rule["rule"], rule["allows"]])).collect();
    assert_eq!(
        told,
        [json!(["READ Ticket", true]), json!(["UPDATE Ticket", false]), json!(["WRITE Ticket.internalNote", false])]
    );
    assert_eq!(note["allowed"], false);
    let staff = &note["rules"][2]["clause"];
    assert_eq!(
        [&staff["text"], &staff["truth"], &staff["parts"][0]["text"], &staff["parts"][0]["values"]],
        [
            &json!("staff"),
            &json!("false"),
            &json!("user.role in ['admin', 'manager']"),
            &json!([{ "name": "user.role", "value": "agent" }])
        ]
    );
    let line = SUPPORT_DESK.lines().position(|line| line.contains("name: \"staff\"")).unwrap() + 1;
    assert_eq!(staff["parts"][0]["line"], line);
    let by_text = crib.run_well(&["policy", "explain", "--as", "bo@acme.test", "--on", "Ticket:CASE-9", "--operation", "export"]);
    assert!(by_text.contains("EXPORT Ticket denies"), "{by_text}");
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let (_database, crib) = desk().await;
    for (arguments, said) in [
        (["--as", "nobody@acme.test", "--on", TICKET], "nobody@acme.test"),
        (["--as", "ana@acme.test", "--on", "Ticket:00000000-0000-7000-8000-0000000000d2"], "there is no `Ticket`"),
        (["--as", "ana@acme.test", "--on", "Tickets:1"], "the schema has no collection `Tickets`"),
        (["--as", "ana@acme.test", "--on", "Macro:hello"], "`hello` is no id"),
        (["--as", "ana@acme.test", "--on", "Ticket"], "a type and a row of it"),
    ] {
        let outcome = crib.run(&[&["policy", "explain"], arguments.as_slice()].concat());
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(said), "{outcome:?}");
    }
}
