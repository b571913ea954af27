//! What goes along with a deleted row, and what keeps it from being deleted.

use super::{event_list, events, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

/// Folders in a tree, documents in them that may be locked, bookmarks of documents, and receipts that hold a document fast.
const SCHEMA: &str = r#"
    type Folder @collection
      @access(read: "true", create: "false", update: "false", delete: "user.role in ['admin', 'manager']")
      @audit(reason: [DELETE]) {
      name: String!
      parent: Folder @onDelete(do: CASCADE)
    }

    type Document @collection
      @access(read: "user.role == 'admin' || !row.isSecret", create: "false", update: "false",
        delete: "user.role in ['admin', 'manager'] && !row.isLocked")
      @audit {
      title: String!
      folder: Folder! @onDelete(do: CASCADE)
      isLocked: Boolean! @default(value: false)
      isSecret: Boolean! @default(value: false)
    }

    type Bookmark @collection
      @access(read: "row.owner == user.id", create: "false", update: "user.role == 'admin' || !row.isFixed", delete: "false")
      @audit {
      owner: User
      document: Document @onDelete(do: SET_NULL)
      isFixed: Boolean! @default(value: false)
    }

    type Receipt @collection @access(read: "user.role == 'admin'", write: "false") @audit {
      document: Document!
    }

    "Nobody but admins knows of these, and nobody may delete them."
    type Seal @collection @access(read: "user.role == 'admin'", create: "false", update: "false", delete: "user.role == 'admin'") {
      folder: Folder @onDelete(do: CASCADE)
    }
"#;

/// Folders 401 > 402 > 403; 404 and 405 contain each other; 406 contains itself. Documents 50x, bookmarks 60x.
const ROWS: &str = "
    insert into toolcrib.users (id, email, name, role) values
        ('00000000-0000-7000-8000-000000000201', 'ada@test.test', 'Ada', 'admin'),
        ('00000000-0000-7000-8000-000000000202', 'max@test.test', 'Max', 'manager'),
        ('00000000-0000-7000-8000-000000000207', 'vic@test.test', 'Vic', 'viewer');
    insert into public.folders (id, name, parent_id) values
        ('00000000-0000-7000-8000-000000000401', 'top', null),
        ('00000000-0000-7000-8000-000000000402', 'middle', '00000000-0000-7000-8000-000000000401'),
        ('00000000-0000-7000-8000-000000000403', 'bottom', '00000000-0000-7000-8000-000000000402'),
        ('00000000-0000-7000-8000-000000000404', 'hen', null),
        ('00000000-0000-7000-8000-000000000405', 'egg', '00000000-0000-7000-8000-000000000404'),
        ('00000000-0000-7000-8000-000000000406', 'self', '00000000-0000-7000-8000-000000000406');
    update public.folders set parent_id = '00000000-0000-7000-8000-000000000405' where name = 'hen';
    insert into public.documents (id, title, folder_id) values
        ('00000000-0000-7000-8000-000000000501', 'one', '00000000-0000-7000-8000-000000000401'),
        ('00000000-0000-7000-8000-000000000502', 'two', '00000000-0000-7000-8000-000000000403'),
        ('00000000-0000-7000-8000-000000000503', 'three', '00000000-0000-7000-8000-000000000403');
    insert into public.bookmarks (id, owner_id, document_id) values
        ('00000000-0000-7000-8000-000000000601', '00000000-0000-7000-8000-000000000202', '00000000-0000-7000-8000-000000000502'),
        ('00000000-0000-7000-8000-000000000602', '00000000-0000-7000-8000-000000000207', '00000000-0000-7000-8000-000000000502');";

const DELETE: &str =
    "mutation Delete($id: ID!) { deleteFolder(id: $id, reason: \"Tidy\") { auditEventId folder { name parent { name } } } }";

async fn start() -> TestApp {
    TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await
}

/// Every row that a deletion may take, with its version.
async fn state(app: &TestApp) -> Vec<Json> {
    app.rows(
        "select id, version from public.folders union all select id, version from public.documents
         union all select id, version from public.bookmarks order by 1",
    )
    .await
}

/// Checks that a deletion is refused, that it changed nothing, and that it left a denial which names the folder.
async fn check_refused(app: &TestApp, user: &str, message: &str) {
    let before = state(app).await;
    let response = app.user(user).graphql(DELETE, json!({ "id": id(4, 1) })).await;
    assert_eq!((response.codes(), response.messages()), (vec!["FORBIDDEN".to_owned()], vec![message.to_owned()]));
    assert_eq!(state(app).await, before);
    assert_eq!(event_list(app).await, ["DENIED Folder 401"]);
}

#[tokio::test]
async fn a_cascade_goes_all_the_way_down_with_an_event_for_each_row() {
    let app = start().await;
    let deleted = app.user("max").graphql(DELETE, json!({ "id": id(4, 1) })).await.data()["deleteFolder"].take();
    assert_eq!(deleted["folder"], json!({ "name": "top", "parent": null }));
    let mut list = event_list(&app).await;
    list.sort();
    let expected = [
        "DELETE Document 501",
        "DELETE Document 502",
        "DELETE Document 503",
        "DELETE Folder 401",
        "DELETE Folder 402",
        "DELETE Folder 403",
        "UPDATE Bookmark 601",
        "UPDATE Bookmark 602",
    ];
    assert_eq!(list, expected);
    let events = events(&app).await;
    assert!(events.iter().all(|event| event["reason"] == "Tidy" && event["actor_role"] == "manager"), "{events:#?}");
    let bookmark = events.iter().find(|event| event["entity_id"] == id(6, 2)).unwrap();
    assert_eq!((&bookmark["before"]["document"], &bookmark["after"]["document"]), (&json!(id(5, 2)), &Json::Null));
    assert_eq!(bookmark["after"]["version"], 2);
    let document = events.iter().find(|event| event["entity_id"] == id(5, 3)).unwrap();
    assert_eq!((&document["before"]["title"], &document["after"]), (&json!("three"), &Json::Null));
    assert_eq!(app.rows("select name from public.folders order by id").await.len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn a_refusal_in_the_middle_undoes_everything() {
    let app = start().await;
    app.execute(&format!("update public.documents set is_locked = true where id = '{}'", id(5, 3))).await;
    let message = format!("you may not delete `Folder` `{}`: you may not delete a `Document` that depends on it", id(4, 1));
    check_refused(&app, "max", &message).await;
    app.execute("update public.documents set is_locked = false").await;
    app.user("max").graphql(DELETE, json!({ "id": id(4, 1) })).await.data();
    app.finish().await;
}

#[tokio::test]
async fn a_refusal_does_not_tell_of_a_hidden_row() {
    let app = start().await;
    app.execute(&format!("update public.documents set is_locked = true, is_secret = true where id = '{}'", id(5, 3))).await;
    let response = app.user("max").graphql(DELETE, json!({ "id": id(4, 1) })).await;
    assert_eq!(response.codes(), ["FORBIDDEN"]);
    assert!(!response.text().contains(&id(5, 3)), "{}", response.text());
    app.finish().await;
}

#[tokio::test]
async fn a_hidden_row_goes_along_if_its_own_rule_says_so() {
    let app = start().await;
    app.execute("update public.documents set is_secret = true").await;
    app.user("max").graphql(DELETE, json!({ "id": id(4, 1) })).await.data();
    assert_eq!(app.rows("select id from public.documents").await, Vec::<Json>::new());
    app.finish().await;
}

#[tokio::test]
async fn a_link_that_may_not_be_cut_keeps_the_row() {
    let app = start().await;
    app.execute(&format!("update public.bookmarks set is_fixed = true where id = '{}'", id(6, 2))).await;
    let message = format!("you may not delete `Folder` `{}`: you may not update a `Bookmark` that depends on it", id(4, 1));
    check_refused(&app, "max", &message).await;
    app.user("ada").graphql(DELETE, json!({ "id": id(4, 1) })).await.data();
    app.finish().await;
}

#[tokio::test]
async fn what_restricts_is_said_in_the_schema_s_words() {
    let app = start().await;
    app.execute(&format!("insert into public.receipts (document_id) values ('{}')", id(5, 2))).await;
    let before = state(&app).await;
    let response = app.user("ada").graphql(DELETE, json!({ "id": id(4, 1) })).await;
    assert_eq!(response.codes(), ["CONSTRAINT_VIOLATION"]);
    assert_eq!(response.messages(), ["a `Receipt` still points here with `document`; delete or change it first"]);
    assert_eq!(state(&app).await, before);
    assert_eq!(event_list(&app).await, Vec::<String>::new(), "a constraint is no refusal by a rule");
    app.finish().await;
}

#[tokio::test]
async fn rows_out_of_reach_keep_the_row() {
    let app = start().await;
    app.execute(&format!("insert into public.seals (folder_id) values ('{}')", id(4, 3))).await;
    let before = state(&app).await;
    let response = app.user("max").graphql(DELETE, json!({ "id": id(4, 1) })).await;
    assert_eq!(response.codes(), ["CONSTRAINT_VIOLATION"], "{:?}", response.messages());
    assert_eq!(state(&app).await, before);
    app.user("ada").graphql(DELETE, json!({ "id": id(4, 1) })).await.data();
    assert_eq!(app.rows("select id from public.seals").await, Vec::<Json>::new());
    app.finish().await;
}

#[tokio::test]
async fn a_row_that_contains_itself_is_deleted_once() {
    let app = start().await;
    app.user("max").graphql(DELETE, json!({ "id": id(4, 6) })).await.data();
    assert_eq!(event_list(&app).await, ["DELETE Folder 406"]);
    app.finish().await;
}

#[tokio::test]
async fn rows_that_contain_each_other_end_in_an_answer() {
    let app = start().await;
    let before = state(&app).await;
    let response = app.user("max").graphql(DELETE, json!({ "id": id(4, 4) })).await;
    assert_eq!(response.messages(), ["a `Folder` still points here with `parent`; delete or change it first"]);
    assert_eq!(state(&app).await, before);
    app.execute(&format!("update public.folders set parent_id = null where id = '{}'", id(4, 4))).await;
    app.user("max").graphql(DELETE, json!({ "id": id(4, 4) })).await.data();
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_not_delete_the_row_takes_nothing_along() {
    let app = start().await;
    let before = state(&app).await;
    assert_eq!(app.user("vic").graphql(DELETE, json!({ "id": id(4, 1) })).await.codes(), ["FORBIDDEN"]);
    assert_eq!(app.user("max").graphql(DELETE, json!({ "id": id(4, 99) })).await.codes(), ["NOT_FOUND"]);
    assert_eq!(state(&app).await, before);
    app.finish().await;
}
