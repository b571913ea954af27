//! `dryRun`: everything is asked and answered, nothing stays.

use super::{event_list, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

/// Everything that a test could leave behind, audit events included.
async fn state(app: &TestApp) -> Vec<Json> {
    app.rows(
        "select id, version from public.tickets union all select id, version from public.customers
         union all select id, version from public.macros union all select id, version from public.ticket_events
         union all select id, 0 from toolcrib.audit_events where event_type <> 'VIEW' and entity_type is distinct from 'ServiceToken'
         order by 1, 2",
    )
    .await
}

#[tokio::test]
async fn the_payload_shows_what_would_be() {
    let app = TestApp::support_desk().start().await;
    let before = state(&app).await;
    let update = format!(
        "mutation {{ updateTicket(id: \"{}\", set: {{priority: LOW}}, dryRun: true) {{ auditEventId ticket {{ priority version }} }} }}",
        id(4, 1)
    );
    let data = app.user("ana").graphql(&update, json!({})).await.data();
    assert_eq!(data["updateTicket"], json!({ "auditEventId": null, "ticket": { "priority": "LOW", "version": 2 } }));
    let many = "mutation {
      createCustomers(inputs: [{name: \"One\"}, {name: \"Two\"}], dryRun: true) { count auditEventIds customers { name version } }
      deleteMacros(where: {}, dryRun: true) { count macros { title } }
      updateTickets(where: {status: {eq: OPEN}}, set: {priority: LOW}, dryRun: true) { count }
    }";
    let data = app.user("max").graphql(many, json!({})).await.data();
    let customers = json!([{ "name": "One", "version": 1 }, { "name": "Two", "version": 1 }]);
    assert_eq!(data["createCustomers"], json!({ "count": 2, "auditEventIds": null, "customers": customers }));
    assert_eq!((&data["deleteMacros"]["count"], &data["updateTickets"]["count"]), (&json!(3), &json!(3)));
    assert_eq!(state(&app).await, before);
    app.user("ana").graphql(&update.replace(", dryRun: true", ""), json!({})).await.data();
    assert_ne!(state(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn later_fields_see_what_earlier_ones_would_do() {
    let app = TestApp::support_desk().start().await;
    let both = format!(
        "mutation {{
          a: updateTicket(id: \"{0}\", set: {{priority: LOW}}, dryRun: true) {{ ticket {{ version }} }}
          b: updateTicket(id: \"{0}\", set: {{priority: HIGH}}, ifVersion: 2, dryRun: true) {{ ticket {{ version }} }}
        }}",
        id(4, 1)
    );
    assert_eq!(app.user("ana").graphql(&both, json!({})).await.data()["b"]["ticket"]["version"], 3);
    app.finish().await;
}

#[tokio::test]
async fn rules_and_constraints_refuse_as_ever() {
    let app = TestApp::support_desk().start().await;
    let codes = async |user: &str, field: &str| {
        app.user(user).graphql(&format!("mutation {{ {field} {{ auditEventId }} }}"), json!({})).await.codes()
    };
    let update = |ticket: u8| format!("updateTicket(id: \"{}\", set: {{priority: LOW}}, dryRun: true)", id(4, ticket));
    assert_eq!(codes("ana", &update(1)).await, Vec::<String>::new());
    assert_eq!(codes("ana", &update(2)).await, ["FORBIDDEN"]);
    assert_eq!(codes("ana", &update(4)).await, ["NOT_FOUND"]);
    assert_eq!(
        codes("ana", "createCustomer(input: {name: \"x\", email: \"jo@acme.test\"}, dryRun: true)").await,
        ["CONSTRAINT_VIOLATION"]
    );
    assert_eq!(event_list(&app).await, ["DENIED Ticket 402", "DENIED Ticket 404"], "a refusal is on record, whatever it was for");
    app.finish().await;
}

#[tokio::test]
async fn a_document_is_a_dry_run_as_a_whole() {
    let app = TestApp::support_desk().start().await;
    let before = state(&app).await;
    let mixed = "mutation {
      createCustomer(input: {name: \"One\"}, dryRun: true) { auditEventId }
      other: createCustomer(input: {name: \"Two\"}) { auditEventId }
    }";
    let response = app.user("max").graphql(mixed, json!({})).await;
    assert_eq!(response.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(response.messages(), ["either every change of a document is a dry run, or none is"]);
    assert_eq!(response.json()["errors"][0]["path"], json!(["other"]));
    assert_eq!(state(&app).await, before);
    app.finish().await;
}

#[tokio::test]
async fn what_a_dry_run_shows_is_on_record() {
    let app = TestApp::support_desk().start().await;
    let views = async || {
        app.rows(
            "select entity_type, details from toolcrib.audit_events
             where event_type = 'VIEW' and transaction_id >= (select transaction_id from toolcrib.test_start) order by id",
        )
        .await
    };
    let update = |selection: &str| {
        let where_ = "{status: {eq: OPEN}}";
        format!("mutation {{ updateTickets(where: {where_}, set: {{priority: LOW}}, dryRun: true) {{ {selection} }} }}")
    };
    app.user("max").graphql(&update("count"), json!({})).await.data();
    assert_eq!(views().await, Vec::<Json>::new());
    app.user("max").graphql(&update("tickets { subject customer { name } }"), json!({})).await.data();
    let [view] = views().await.try_into().unwrap();
    assert_eq!(view["entity_type"], "Ticket");
    let tickets = json!([1, 2, 3].map(|number| format!("Ticket:{}", id(4, number))));
    assert_eq!(view["details"], json!({ "fields": { "Ticket": ["customer", "subject"] }, "ids": tickets, "dryRun": true }));
    app.finish().await;
}
