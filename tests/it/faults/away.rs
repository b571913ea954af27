//! The database goes away while the server serves, and comes back.

use super::desk::{fill_on, ticket};
use crate::support::database::{SUPPORT_DESK, TestDatabase};
use crate::support::process::{Crib, eventually};
use crate::support::proxy::Proxy;
use serde_json::{Value as Json, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_say_nothing_internal_and_work_again_when_it_is_back() {
    let database = TestDatabase::empty(SUPPORT_DESK).await;
    let crib = Crib::support_desk().on(&database.owner_url(), &database.server_url());
    crib.run_well(&["migrate", "apply"]);
    fill_on(&database.owner_url(), 1).await;
    let token = crib.token("ada@desk.test");
    let mut proxy = Proxy::before(&database.owner_url()).await;
    let (owner, name) = (database.owner_url(), database.name().to_owned());
    let server_url = proxy.url("toolcrib_server", &server_password(&database), &name);
    let crib = Crib::support_desk().on(&owner, &server_url);
    let server = crib.serve(&[]).await;
    server.is_ready().await;
    let read = "{ tickets { nodes { id } } }";
    let write = format!(r#"mutation {{ updateTicket(id: "{}", set: {{subject: "x"}}) {{ auditEventId }} }}"#, ticket(0));
    for request in [read, &write] {
        let answer = server.graphql(&token, request).await.unwrap();
        assert_eq!(answer.get("errors"), None, "{answer}");
    }

    proxy.cut().await;
    eventually("/readyz says so", async || {
        let reply = server.get("/readyz").await.unwrap();
        (reply.status == 503).then(|| assert_eq!(reply.body, "the database cannot be reached\n"))
    })
    .await;
    assert_eq!(server.get("/healthz").await.unwrap().status, 200);
    for (who, request) in [(&*token, read), (&token, &write), ("tc_unknown", read)] {
        let answer = server.graphql(who, request).await.unwrap();
        assert_says_nothing(&answer);
    }
    assert!(server.log().contains("the database cannot be reached"), "{}", server.log());
    assert!(!server.log().contains(&name), "{}", server.log());

    proxy.mend().await;
    server.is_ready().await;
    for request in [read, &write] {
        let answer = server.graphql(&token, request).await.unwrap();
        assert_eq!(answer.get("errors"), None, "{answer}");
    }
}

/// One error, of ours, with nothing in it but where to look it up.
fn assert_says_nothing(answer: &Json) {
    let mut error = answer["errors"][0].clone();
    assert!(error["extensions"]["requestId"].is_string(), "{answer}");
    error["extensions"].as_object_mut().unwrap().remove("requestId");
    error.as_object_mut().unwrap().remove("path");
    let expected = json!({
        "message": "internal error; the server's log has the cause under this request id",
        "extensions": {"code": "INTERNAL_SERVER_ERROR"}
    });
    assert_eq!(error, expected, "{answer}");
    assert!(answer["data"].is_null(), "{answer}");
}

fn server_password(database: &TestDatabase) -> String {
    let url = database.server_url();
    url.split_once("toolcrib_server:").unwrap().1.split_once('@').unwrap().0.to_owned()
}
