//! What of a row's images the audit log shows to whoever has no right to images as such.

use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

const SCHEMA: &str = r#"
extend type AuditEvent @access(read: "user.role != 'viewer'", create: "false", update: "false", delete: "false")

extend type User @access(read: "user.role == 'admin' || row.id == user.id", write: "user.role == 'admin'")

extend type Team @access(read: "true", write: "false")

type Job
  @collection
  @access(read: "user.role != 'agent' || (row.team == user.team && row.isOpen)", write: "user.role == 'admin'") {
  subject: String!
  isOpen: Boolean! @default(value: true)
  team: Team
  owner: User
  mail: Email @access(read: "user.role == 'admin' || row.owner == user.id", mask: EMAIL)
  secret: String @access(read: "user.role == 'admin'")
  amount: Decimal @access(read: "user.role == 'admin'", maskAs: "roundDown(row.amount, 100)")
  dueAt: DateTime @access(read: "row.dueAt < '2024-03-01T00:00:00Z'")
  tags: [String!]
}
"#;

const ROWS: &str = "
insert into toolcrib.teams (id, name) values
  ('00000000-0000-7000-8000-000000000101', 'Red'),
  ('00000000-0000-7000-8000-000000000102', 'Blue');
insert into toolcrib.users (id, email, name, role, team_id) values
  ('00000000-0000-7000-8000-000000000201', 'ada@jobs.test', 'Ada', 'admin', null),
  ('00000000-0000-7000-8000-000000000202', 'max@jobs.test', 'Max', 'manager', null),
  ('00000000-0000-7000-8000-000000000203', 'ana@jobs.test', 'Ana', 'agent', '00000000-0000-7000-8000-000000000101'),
  ('00000000-0000-7000-8000-000000000204', 'ben@jobs.test', 'Ben', 'agent', '00000000-0000-7000-8000-000000000102'),
  ('00000000-0000-7000-8000-000000000207', 'vic@jobs.test', 'Vic', 'viewer', null);
";

const TEAMS: [&str; 2] = ["00000000-0000-7000-8000-000000000101", "00000000-0000-7000-8000-000000000102"];
const ANA: &str = "00000000-0000-7000-8000-000000000203";

const LOG: &str = r#"{
  auditEvents(where: {entityType: {eq: "Job"}}, orderBy: [{createdAt: ASC}]) { nodes { eventType before after } }
}"#;

/// A job of the red team, which the blue one gets.
async fn start() -> TestApp {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let ada = app.user("ada");
    let create = format!(
        r#"mutation {{ createJob(input: {{subject: "Roof", team: {{id: "{}"}}, owner: {{id: "{ANA}"}}, mail: "jo@roof.test",
        secret: "leaks", amount: "1250.75", dueAt: "2024-02-29T23:30:00Z", tags: ["a"]}}) {{ job {{ id }} }} }}"#,
        TEAMS[0]
    );
    let created = ada.graphql(&create, json!({})).await;
    let id = created.data()["createJob"]["job"]["id"].as_str().unwrap().to_owned();
    let update = format!(
        r#"mutation {{ updateJob(id: "{id}", set: {{team: {{id: "{}"}}, amount: "99"}}) {{ job {{ id }} }} }}"#,
        TEAMS[1]
    );
    assert_eq!(ada.graphql(&update, json!({})).await.codes(), [""; 0]);
    app
}

/// What a caller sees of these fields in an image.
fn seen(image: &Json) -> Json {
    if image.is_null() {
        return Json::Null;
    }
    ["subject", "team", "owner", "mail", "secret", "amount", "dueAt", "tags"]
        .into_iter()
        .map(|name| image[name].clone())
        .collect()
}

async fn log(app: &TestApp, actor: &str) -> Vec<(Json, Json)> {
    let answer = app.user(actor).graphql(LOG, json!({})).await;
    let nodes = answer.data()["auditEvents"]["nodes"].as_array().unwrap().clone();
    nodes.iter().map(|node| (seen(&node["before"]), seen(&node["after"]))).collect()
}

#[tokio::test]
async fn an_image_shows_what_the_row_would_show() {
    let app = start().await;
    let (red, blue, due) = (TEAMS[0], TEAMS[1], "2024-02-29T23:30:00+00:00");
    let whole = |team: &str, amount: &str| json!(["Roof", team, ANA, "jo@roof.test", "leaks", amount, due, ["a"]]);
    let ada = log(&app, "ada").await;
    assert_eq!(ada, [(Json::Null, whole(red, "1250.75")), (whole(red, "1250.75"), whole(blue, "99"))]);

    // A manager reads every job, not who its owner is, and sees what masks leave.
    let job = |team: &str, amount: &str| json!(["Roof", team, null, "j***@roof.test", null, amount, due, ["a"]]);
    let max = log(&app, "max").await;
    assert_eq!(max, [(Json::Null, job(red, "1200.00")), (job(red, "1200.00"), job(blue, "0"))]);

    // The agent of the red team reads the job as it was, that of the blue one as it is.
    let anas = json!(["Roof", red, ANA, "jo@roof.test", null, "1200.00", due, ["a"]]);
    assert_eq!(log(&app, "ana").await, [(Json::Null, anas.clone()), (anas, Json::Null)]);
    assert_eq!(log(&app, "ben").await, [(Json::Null, Json::Null), (Json::Null, job(blue, "0"))]);
    assert_eq!(log(&app, "vic").await, []);
    app.finish().await;
}

#[tokio::test]
async fn nobody_finds_an_event_by_what_an_image_hides() {
    let app = start().await;
    let query = r#"{
      whole: auditEvents(where: {after: {path: [{at: ["secret"], eq: "leaks"}]}}) { totalCount }
      any: auditEvents(where: {after: {isNull: false}}) { totalCount }
    }"#;
    assert_eq!(app.user("ada").graphql(query, json!({})).await.data()["whole"]["totalCount"], 2);
    let answer = app.user("max").graphql(query, json!({})).await;
    assert_eq!(answer.data(), json!({ "whole": { "totalCount": 0 }, "any": { "totalCount": 0 } }));
    app.finish().await;
}

#[tokio::test]
async fn an_image_of_another_time_and_type_shows_nothing_by_its_odd_values() {
    let app = start().await;
    app.execute(
        r#"insert into toolcrib.audit_events (actor_role, event_type, entity_type, before, after) values
        ('admin', 'DENIED', 'Job', '{"subject": "Odd", "team": "red", "isOpen": "yes", "mail": 7, "amount": "much", "dueAt": "2023-02-29T00:00:00Z",
          "gone": "was a field"}', '[1]'),
        ('admin', 'DENIED', 'Gone', '{"subject": "Odd"}', '{}')"#,
    )
    .await;
    let max = log(&app, "max").await;
    assert_eq!(max[2].0, json!(["Odd", "red", null, "****", null, null, null, null]));
    assert_eq!(max[2].1, json!([null, null, null, null, null, null, null, null]));
    assert_eq!(log(&app, "ana").await[2], (Json::Null, Json::Null), "no rule is fulfilled by it");
    let gone = r#"{ auditEvents(where: {entityType: {eq: "Gone"}}) { nodes { before after } } }"#;
    let answer = app.user("max").graphql(gone, json!({})).await;
    assert_eq!(answer.data()["auditEvents"]["nodes"], json!([{ "before": null, "after": null }]));
    app.finish().await;
}
