//! A row that the caller may not read is not there, in writes, too: same answer, whether it is hidden or missing.

use super::id;
use crate::support::app::TestApp;
use serde_json::json;

#[tokio::test]
async fn a_hidden_row_is_answered_like_a_missing_one() {
    let app = TestApp::support_desk().start().await;
    let (hidden, missing) = (id(4, 4), id(4, 99));
    let mutations = [
        "mutation Do($id: ID!) { updateTicket(id: $id, set: {subject: \"Mine\"}) { ticket { id } } }",
        "mutation Do($id: ID!) { updateTicket(id: $id, set: {subject: \"Mine\"}, ifVersion: 1) { ticket { id } } }",
        "mutation Do($id: ID!) { updateTicket(id: $id, set: {subject: \"Mine\"}, ifVersion: 7) { ticket { id } } }",
        "mutation Do($id: ID!) { updateTicket(id: $id, set: {customer: {id: \"00000000-0000-7000-8000-000000000999\"}}) { ticket { id } } }",
        "mutation Do($id: ID!) { createTicketEvent(input: {ticket: {id: $id}, kind: COMMENT}) { ticketEvent { id } } }",
    ];
    for mutation in mutations {
        let answer = async |id: &str| {
            let response = app.user("ana").graphql(mutation, json!({ "id": id })).await;
            assert_eq!(response.codes(), ["NOT_FOUND"], "{mutation}");
            response.redacted().to_string().replace(id, "[id]")
        };
        assert_eq!(answer(&hidden).await, answer(&missing).await, "{mutation}");
        // Whoever may read it gets further.
        let response = app.user("max").graphql(mutation, json!({ "id": hidden })).await;
        assert!(
            !response.messages().iter().any(|message| message.starts_with("`Ticket`") && message.ends_with("not found")),
            "{mutation}"
        );
    }
    app.finish().await;
}

const FEEDBACK: &str = r#"
    "Everybody may say something; only admins read it."
    type Remark @collection
      @access(read: "user.role == 'admin'", create: "true", update: "user.role == 'admin'", delete: "row.author == user.id")
      @audit {
      text: String!
      author: User @default(expr: "user.id")
    }
"#;

const PEOPLE: &str = "insert into toolcrib.users (email, name, role) values
    ('ada@test.test', 'Ada', 'admin'), ('vic@test.test', 'Vic', 'viewer')";

#[tokio::test]
async fn a_new_row_may_be_one_that_its_author_cannot_read() {
    let app = TestApp::with_schema(FEEDBACK).with_rows(PEOPLE).start().await;
    const CREATE: &str = "mutation { createRemark(input: {text: \"Well done\"}) { auditEventId remark { text } } }";
    assert_eq!(app.user("vic").graphql(CREATE, json!({})).await.data()["createRemark"]["remark"], json!(null));
    assert_eq!(app.user("ada").graphql(CREATE, json!({})).await.data()["createRemark"]["remark"], json!({ "text": "Well done" }));
    const LIST: &str = "{ remarks { totalCount nodes { author { name } } } }";
    let list = app.user("ada").graphql(LIST, json!({})).await.data();
    assert_eq!(
        list["remarks"],
        json!({ "totalCount": 2, "nodes": [{ "author": { "name": "Vic" } }, { "author": { "name": "Ada" } }] })
    );
    assert_eq!(app.user("vic").graphql(LIST, json!({})).await.data()["remarks"]["totalCount"], 0);
    app.finish().await;
}

#[tokio::test]
async fn a_row_that_may_be_deleted_but_not_read_is_not_found() {
    let app = TestApp::with_schema(FEEDBACK).with_rows(PEOPLE).start().await;
    app.execute("insert into public.remarks (text, author_id) select name, id from toolcrib.users").await;
    let remarks = app.rows("select id from public.remarks order by text").await;
    const DELETE: &str = "mutation Delete($id: ID!) { deleteRemark(id: $id) { auditEventId } }";
    let [adas, vics] = &remarks[..] else { panic!("{remarks:?}") };
    assert_eq!(app.user("vic").graphql(DELETE, json!({ "id": vics["id"] })).await.codes(), ["NOT_FOUND"]);
    assert_eq!(app.user("ada").graphql(DELETE, json!({ "id": vics["id"] })).await.codes(), ["FORBIDDEN"]);
    app.user("ada").graphql(DELETE, json!({ "id": adas["id"] })).await.data();
    app.finish().await;
}
