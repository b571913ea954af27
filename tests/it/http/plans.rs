//! Plans that are kept: used for the same document and caller alone, with each request's own values. In debug builds the server
//! itself compares every use with a plan made anew, and panics where they differ.

use crate::support::app::{SUPPORT_DESK_ROWS, TestApp};
use crate::support::database::SUPPORT_DESK;
use crate::support::desk::Desk;
use serde_json::{Value as Json, json};
use toolcrib::base::{Actor, AuthMethod, RoleName};

const TICKET: &str = "00000000-0000-7000-8000-00000000040";

/// The support desk with another rule for reading macros.
pub(super) fn with_rule(rule: &str) -> String {
    let written = "staff || (user.role == 'agent' && (row.team == user.team || row.team == null))";
    let (before, after) = SUPPORT_DESK.split_once(written).expect("the rule of macros");
    format!("{before}{rule}{after}")
}

impl Desk {
    /// Asks with each of these variables in turn, three times; whether the plan was kept by the last round, and its answers.
    async fn rounds(&self, actor: &Actor, query: &str, variables: &[Json]) -> (Vec<bool>, Vec<String>) {
        let mut rounds = Vec::new();
        for _ in 0..3 {
            let mut round = (Vec::new(), Vec::new());
            for variables in variables {
                let response = self.ask(actor, query, variables).await;
                round.0.push(response.summary.is_plan_kept);
                round.1.push(response.body);
            }
            rounds.push(round);
        }
        let last = rounds.pop().unwrap();
        rounds.iter().for_each(|round| assert_eq!(without_request_ids(&round.1), without_request_ids(&last.1), "{query}"));
        last
    }
}

/// Errors name their request.
fn without_request_ids(bodies: &[String]) -> Vec<Json> {
    let clean = |body: &String| {
        let mut json: Json = serde_json::from_str(body).unwrap();
        for error in json["errors"].as_array_mut().into_iter().flatten() {
            error["extensions"].as_object_mut().unwrap().remove("requestId");
        }
        json
    };
    bodies.iter().map(clean).collect()
}

#[tokio::test]
async fn each_request_gets_the_answer_for_its_own_values() {
    let desk = Desk { app: TestApp::support_desk().start().await };
    let ada = desk.actor("ada").await;
    let id = |number: u8| json!({ "id": format!("{TICKET}{number}") });
    // A query, the values of its variables, and whether the last of them is answered by a plan that was kept.
    let cases: [(&str, Vec<Json>, bool); 14] = [
        ("query($id: ID!) { ticket(id: $id) { id subject customer { name } } }", vec![id(1), id(2), id(1)], true),
        ("query($id: ID!) { ticket(id: $id) { id } }", vec![id(1), json!({ "id": "no uuid" })], false),
        ("query($id: ID!) { ticket(id: $id) { id } }", vec![json!({ "id": "no uuid" }), id(1)], true),
        ("query($id: ID!) { a: ticket(id: $id) { id } b: ticket(id: $id) { subject } }", vec![id(1), id(2)], true),
        (
            "query($ids: [ID!]) { tickets(where: {id: {in: $ids}}) { nodes { id } } }",
            vec![json!({ "ids": [id(1)["id"], id(2)["id"]] }), json!({ "ids": [id(3)["id"], id(1)["id"]] })],
            true,
        ),
        (
            "query($where: TicketFilter, $n: Int) { tickets(where: $where, first: $n) { totalCount nodes { id } } }",
            vec![
                json!({ "where": { "status": { "eq": "OPEN" } }, "n": 1 }),
                json!({ "where": { "status": { "eq": "CLOSED" } }, "n": 1 }),
                json!({ "where": { "id": { "eq": id(1)["id"] } }, "n": 2 }),
                json!({ "where": { "id": { "eq": id(2)["id"] } }, "n": 3 }),
                json!({ "where": null, "n": 2 }),
                json!({ "n": null }),
                json!({}),
            ],
            true,
        ),
        // What is no text of its own in the statement is planned each time, or for each value.
        (
            "query($part: String!) { tickets(where: {subject: {contains: $part}}) { nodes { id } } }",
            vec![json!({ "part": "r" }), json!({ "part": "" }), json!({ "part": "%" })],
            false,
        ),
        (
            "query($like: String!) { tickets(where: {subject: {ilike: $like}}) { nodes { id } } }",
            vec![json!({ "like": "%R%" })],
            true,
        ),
        ("query($after: String) { tickets(first: 1, after: $after) { nodes { id } } }", vec![json!({ "after": "x" })], false),
        ("query($node: ID!) { node(nodeId: $node) { __typename } }", vec![json!({ "node": "x" }), id(1)], false),
        (
            "query($on: Boolean!) { tickets(first: 1) { nodes { id subject @include(if: $on) } } }",
            vec![json!({ "on": true }), json!({ "on": false })],
            true,
        ),
        (
            "query($text: String!) { tickets(where: {subject: {eq: $text}}) { totalCount } }",
            vec![json!({ "text": "a\u{0}b" })],
            false,
        ),
        ("{ __typename tickets { totalCount } }", vec![json!({})], false),
        ("{ teams { nodes { name members { email } } } }", vec![json!({})], true),
    ];
    for (query, variables, is_kept) in cases {
        let (kept, bodies) = desk.rounds(&ada, query, &variables).await;
        assert_eq!(kept.last(), Some(&is_kept), "{query}: {kept:?} {bodies:?}");
    }
    let (_, bodies) = desk.rounds(&ada, "query($id: ID!) { ticket(id: $id) { id } }", &[id(1), id(2)]).await;
    assert!(bodies[0].contains(&format!("{TICKET}1")) && bodies[1].contains(&format!("{TICKET}2")), "{bodies:?}");
    desk.app.finish().await;
}

#[tokio::test]
async fn a_plan_is_of_one_caller() {
    let desk = Desk { app: TestApp::support_desk().start().await };
    let (ada, ana) = (desk.actor("ada").await, desk.actor("ana").await);
    const QUERY: &str = "{ tickets { nodes { id customerEmail internalNote } } }";
    let alone = desk.rounds(&ada, QUERY, &[json!({})]).await;
    assert_eq!(alone.0, [true]);
    let (_, of_ana) = desk.rounds(&ana, QUERY, &[json!({})]).await;
    assert_ne!(alone.1, of_ana);
    // Each property of a caller counts, also one that no rule of today names.
    let others = [
        Actor { team: None, teams: Vec::new(), ..ana.clone() },
        Actor { role: RoleName::new("viewer"), ..ana.clone() },
        Actor { email: None, ..ana.clone() },
        Actor { auth_method: AuthMethod::Session, ..ana.clone() },
        Actor { is_mfa: true, ..ana.clone() },
    ];
    for other in others {
        assert!(!desk.ask(&other, QUERY, &json!({})).await.summary.is_plan_kept, "{other:?}");
    }
    assert!(desk.ask(&ana, QUERY, &json!({})).await.summary.is_plan_kept);
    desk.app.finish().await;
}

#[tokio::test]
async fn a_change_shows_in_what_a_kept_plan_reads() {
    let desk = Desk { app: TestApp::support_desk().start().await };
    let ada = desk.actor("ada").await;
    const QUERY: &str = "{ tickets { totalCount } }";
    let (_, before) = desk.rounds(&ada, QUERY, &[json!({})]).await;
    desk.app.execute(&format!("update public.tickets set subject = 'changed' where id = '{TICKET}1'")).await;
    let found = r#"{ tickets(where: {subject: {eq: "changed"}}) { totalCount } }"#;
    assert!(desk.ask(&ada, found, &json!({})).await.body.contains(r#""totalCount":1"#));
    // Once the tables are measured anew, what the query costs is asked anew.
    desk.app.app.engine.measure_tables().await.unwrap();
    assert!(!desk.ask(&ada, QUERY, &json!({})).await.summary.is_plan_kept);
    let again = desk.ask(&ada, QUERY, &json!({})).await;
    assert!(again.summary.is_plan_kept);
    assert_eq!(vec![again.body], before);
    desk.app.finish().await;
}

#[tokio::test]
async fn every_view_of_a_kept_plan_is_an_event_of_its_own() {
    let desk = Desk { app: TestApp::support_desk().start().await };
    let ada = desk.actor("ada").await;
    const QUERY: &str = "query($id: ID!) { ticket(id: $id) { subject } }";
    let variables = json!({ "id": format!("{TICKET}1") });
    for _ in 0..4 {
        desk.ask(&ada, QUERY, &variables).await;
    }
    assert!(desk.ask(&ada, QUERY, &variables).await.summary.is_plan_kept);
    let sql =
        "select count(*)::int as events, count(distinct request_id)::int as requests, count(distinct created_at)::int as times
         from toolcrib.audit_events where event_type = 'VIEW' and ip_address = '192.0.2.7'";
    assert_eq!(desk.app.rows(sql).await, [json!({ "events": 5, "requests": 5, "times": 5 })]);
    desk.app.finish().await;
}

#[tokio::test]
async fn a_plan_is_of_the_address_that_rules_name() {
    let schema = with_rule("request.ip == '192.0.2.7'");
    let desk = Desk { app: TestApp::with_schema(schema).with_rows(SUPPORT_DESK_ROWS).start().await };
    let ada = desk.actor("ada").await;
    const QUERY: &str = "{ macros { totalCount nodes { id } } }";
    let (kept, bodies) = desk.rounds(&ada, QUERY, &[json!({})]).await;
    assert!(kept[0] && !bodies[0].contains(r#""totalCount":0"#), "{bodies:?}");
    for is_kept in [false, false, true] {
        let elsewhere = desk.ask_from("192.0.2.8", &ada, QUERY, &json!({})).await;
        assert_eq!(elsewhere.summary.is_plan_kept, is_kept);
        assert!(elsewhere.body.contains(r#""totalCount":0"#), "{}", elsewhere.body);
    }
    assert_eq!(desk.ask(&ada, QUERY, &json!({})).await.body, bodies[0]);
    desk.app.finish().await;
}

#[tokio::test]
async fn no_plan_is_kept_where_rules_name_the_time() {
    let schema = with_rule("row.createdAt > now() - duration('1h')");
    let desk = Desk { app: TestApp::with_schema(schema).with_rows(SUPPORT_DESK_ROWS).start().await };
    let ada = desk.actor("ada").await;
    for query in ["{ macros { totalCount } }", "{ teams { totalCount } }"] {
        assert_eq!(desk.rounds(&ada, query, &[json!({})]).await.0, [false], "{query}");
    }
    desk.app.finish().await;
}
