//! `policyExplain`: admins are told why others may do something, and nothing that they may not read themselves.

use crate::support::app::TestApp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

const EXPLAIN: &str = "query Explain($as: ID!, $row: ID!, $operation: AccessOperation! = READ, $field: String) {
    policyExplain(as: $as, nodeId: $row, operation: $operation, field: $field) {
      __typename allowed rules { rule allows clauses { depth text path line truth values { name value } } } } }";

fn node(name: &str, id: &str) -> String {
    STANDARD.encode(format!("{name}:{id}"))
}

const TICKET: &str = "00000000-0000-7000-8000-000000000401";

#[tokio::test]
async fn an_admin_is_told_which_clause_decides() {
    let app = TestApp::support_desk().start().await;
    let ada = app.user("ada");
    let explain = async |user: &str, operation: &str, field: Option<&str>| {
        let id = app.user_id(user).await;
        let variables = json!({ "as": id, "row": node("Ticket", TICKET), "operation": operation, "field": field });
        ada.graphql(EXPLAIN, variables).await.data()["policyExplain"].clone()
    };
    let ana = explain("ana", "READ", None).await;
    assert_eq!((&ana["allowed"], &ana["__typename"]), (&json!(true), &json!("PolicyExplanation")), "{ana:#}");
    let team = |told: &Json| {
        let clauses = told["rules"][0]["clauses"].as_array().unwrap();
        clauses.iter().find(|clause| clause["text"] == "row.team == user.team").unwrap().clone()
    };
    let own = team(&ana);
    assert_eq!((&own["truth"], &own["path"]), (&json!("TRUE"), &json!("schema.graphql")));
    assert_eq!(own["values"][0]["value"], own["values"][1]["value"]);
    let deny = explain("ana", "DELETE", None).await;
    assert_eq!(deny["allowed"], json!(false));
    assert_eq!(deny["rules"][1]["rule"], "DELETE Ticket");
    let note = explain("vic", "READ", Some("internalNote")).await;
    let rules: Vec<&Json> = note["rules"].as_array().unwrap().iter().map(|rule| &rule["rule"]).collect();
    assert_eq!(rules, [&json!("READ Ticket"), &json!("READ Ticket.internalNote")]);

    let event = "select event_type, entity_type, entity_id, details->'explained'->>'operation' as operation
        from toolcrib.audit_events where details ? 'explained' order by id desc limit 1";
    let expected = json!([{ "event_type": "VIEW", "entity_type": "Ticket", "entity_id": TICKET, "operation": "READ" }]);
    assert_eq!(json!(app.rows(event).await), expected, "on record");
    app.finish().await;
}

#[tokio::test]
async fn nobody_else_is_told_and_nothing_of_what_is_not_there() {
    let app = TestApp::support_desk().start().await;
    let ana = app.user_id("ana").await.to_string();
    let nobody = "00000000-0000-7000-8000-00000000ffff";
    for (caller, user, row, code) in [
        ("max", ana.as_str(), node("Ticket", TICKET), "FORBIDDEN"),
        ("ana", ana.as_str(), node("Ticket", TICKET), "FORBIDDEN"),
        ("ada", nobody, node("Ticket", TICKET), "NOT_FOUND"),
        ("ada", ana.as_str(), node("Ticket", nobody), "NOT_FOUND"),
        ("ada", ana.as_str(), node("Nothing", TICKET), "NOT_FOUND"),
        ("ada", ana.as_str(), "x".to_owned(), "NOT_FOUND"),
        ("ada", "ana@desk.test", node("Ticket", TICKET), "BAD_USER_INPUT"),
    ] {
        let refused = app.user(caller).graphql(EXPLAIN, json!({ "as": user, "row": row })).await;
        assert_eq!(refused.codes(), [code], "{caller} {user} {row}");
    }
    let field = json!({ "as": ana, "row": node("Ticket", TICKET), "field": "word" });
    assert_eq!(app.user("ada").graphql(EXPLAIN, field).await.codes(), ["BAD_USER_INPUT"]);
    app.finish().await;
}

const SECRETS: &str = r#"
type Pay @collection @access(read: "user.role == 'admin' || row.amount > 75000 || row.owner == user.id", write: "false") {
  owner: User
  amount: Int @access(read: "user.role == 'manager'")
}
type Diary @collection @access(read: "row.owner == user.id", write: "false") { owner: User }
"#;

#[tokio::test]
async fn what_hangs_on_what_the_admin_may_not_read_is_not_told() {
    let rows = "insert into toolcrib.users (id, email, name, role) values
          ('00000000-0000-7000-8000-00000000000a', 'ada@desk.test', 'Ada', 'admin'),
          ('00000000-0000-7000-8000-00000000000b', 'ana@desk.test', 'Ana', 'agent');
        insert into public.pays (id, owner_id, amount) values
          ('00000000-0000-7000-8000-0000000000d1', '00000000-0000-7000-8000-00000000000a', 80000);
        insert into public.diaries (id, owner_id) values
          ('00000000-0000-7000-8000-0000000000e1', '00000000-0000-7000-8000-00000000000b')";
    let app = TestApp::with_schema(SECRETS).with_rows(rows).start().await;
    let ana = app.user_id("ana").await;
    let row = node("Pay", "00000000-0000-7000-8000-0000000000d1");
    let told = app.user("ada").graphql(EXPLAIN, json!({ "as": ana, "row": row })).await.data();
    assert_eq!(told["policyExplain"]["allowed"], json!(null), "{told:#}");
    let clauses = told["policyExplain"]["rules"][0]["clauses"].as_array().unwrap();
    let of = |text: &str| clauses.iter().find(|clause| clause["text"] == text).unwrap();
    assert_eq!((&of("row.amount > 75000")["truth"], &of("row.amount > 75000")["values"]), (&json!(null), &json!([])));
    assert_eq!(of("row.owner == user.id")["truth"], "FALSE", "what the admin may read is told");
    let diary = node("Diary", "00000000-0000-7000-8000-0000000000e1");
    let refused = app.user("ada").graphql(EXPLAIN, json!({ "as": ana, "row": diary })).await;
    assert_eq!(refused.codes(), ["NOT_FOUND"], "a row that the admin may not read");
    app.finish().await;
}
