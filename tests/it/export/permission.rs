//! Who may export, and which rows and values are in it then.

use super::{Desk, code, column, id_of, person};
use serde_json::json;

const HAPPY: &str = "(where: {mood: {eq: HAPPY}}, format: CSV, reason: \"year end\")";

#[tokio::test]
async fn a_manager_exports_what_an_agent_is_refused() {
    let desk = Desk::new().await;

    let allowed = desk.request(&person("manager"), HAPPY).await;
    let payload = &allowed["data"]["exportContacts"];
    assert_eq!((&payload["export"]["status"], &payload["export"]["rowCount"]), (&json!("COMPLETED"), &json!(2)), "{allowed}");
    assert_eq!(payload["url"], format!("/exports/{}", id_of(&payload["export"])));
    assert_eq!(desk.events_of("EXPORT_DENIED").await.len(), 0);

    let refused = desk.request(&person("agent"), HAPPY).await;
    assert_eq!(code(&refused), "FORBIDDEN");
    assert_eq!(refused["errors"][0]["message"], "you may not export `Contact`");
    let denials = desk.events_of("EXPORT_DENIED").await;
    assert_eq!(denials.len(), 1);
    let denial = &denials[0];
    assert_eq!(denial["actor_user_id"], json!(person("agent").id));
    assert_eq!((&denial["actor_role"], &denial["entity_type"]), (&json!("agent"), &json!("Contact")));
    assert_eq!(denial["reason"], "year end");
    assert_eq!(denial["details"], json!({ "format": "CSV", "filters": { "mood": { "eq": "HAPPY" } } }));
    assert_eq!(desk.events_of("EXPORT_STARTED").await.len(), 1, "the manager's alone");
}

#[tokio::test]
async fn an_export_is_on_record_from_its_start_to_its_end() {
    let desk = Desk::new().await;
    let (id, _) = desk.export(&person("manager"), HAPPY).await;
    assert_eq!(desk.events(id).await, ["CREATE", "EXPORT_STARTED", "UPDATE", "EXPORT_COMPLETED"]);

    let row = desk.row(id).await;
    assert_eq!(row["exported_by_id"], json!(person("manager").id));
    assert_eq!((&row["entity_type"], &row["format"], &row["reason"]), (&json!("Contact"), &json!("CSV"), &json!("year end")));
    assert_eq!(row["filters"], json!({ "mood": { "eq": "HAPPY" } }));
    assert_eq!(row["row_count"], 2);
    assert!(row["completed_at"].is_string());

    let completed = &desk.events_of("EXPORT_COMPLETED").await[0];
    let expected = json!({ "rowCount": 2, "checksum": row["checksum"], "byteSize": row["byte_size"] });
    assert_eq!(completed["details"], expected);
    assert_eq!(completed["actor_user_id"], json!(person("manager").id));
}

#[tokio::test]
async fn a_viewer_gets_the_rows_and_values_that_a_viewer_may_read() {
    let desk = Desk::new().await;
    let (_, all) = desk.export(&person("manager"), "").await;
    let (_, some) = desk.export(&person("viewer"), "").await;

    assert_eq!(column(&all, "mood"), ["HAPPY", "SAD", "HAPPY"]);
    assert_eq!(column(&some, "mood"), ["HAPPY", "HAPPY"], "the rule hides the row");
    assert_eq!(column(&all, "email"), ["ada@acme.test", "'+1@acme.test", ""]);
    assert_eq!(column(&some, "email"), ["a***@acme.test", ""], "the value is masked");
    assert_eq!(column(&all, "salary"), ["1200.50", "-5", ""]);
    assert_eq!(column(&some, "salary"), ["", ""], "the value is absent");
    assert_eq!(column(&some, "team"), ["", ""], "nobody but an admin and its members may know of the team");
    let (_, admins) = desk.export(&person("admin"), "").await;
    assert_eq!(column(&admins, "team"), [super::TEAM, "", super::TEAM]);
}

#[tokio::test]
async fn a_hidden_value_is_no_filter_either() {
    let desk = Desk::new().await;
    let by_salary = "(where: {salary: {gt: \"1000\"}})";
    let (_, found) = desk.export(&person("manager"), by_salary).await;
    assert_eq!(column(&found, "name"), ["Ada"]);
    let (_, nothing) = desk.export(&person("viewer"), by_salary).await;
    assert_eq!(column(&nothing, "name"), [""; 0]);
}

#[tokio::test]
async fn a_filter_that_makes_no_sense_leaves_no_export() {
    let desk = Desk::new().await;
    let refused = desk.request(&person("manager"), "(where: {born: {eq: \"yesterday\"}})").await;
    assert_eq!(code(&refused), "BAD_USER_INPUT");
    assert_eq!(desk.events_of("EXPORT_STARTED").await.len(), 0);
}
