//! A constraint's refusal names the field, never the constraint, the table or the statement.

use crate::support::app::TestApp;
use serde_json::json;

const SCHEMA: &str = r#"
    enum Color { RED GREEN }

    type Shelf @collection(plural: "shelves") @access(read: "true", write: "user.role == 'admin'") @audit {
      name: String! @unique @length(max: 5)
      nameNote: String @length(max: 3)
      color: Color
      code: Int @unique
      boxes: [Box!]!
    }

    type Box @collection(plural: "boxes", table: "public.crates") @access(read: "true", write: "user.role == 'admin'") @audit {
      shelf: Shelf!
      lid: Lid
      weight: Int! @default(value: 1)
      label: String @unique
    }

    type Lid @collection @access(read: "true", write: "user.role == 'admin'") @audit {
      name: String!
      box: Box
    }
"#;

const ROWS: &str = "
    insert into toolcrib.users (email, name, role) values ('ada@test.test', 'Ada', 'admin');
    insert into public.shelves (id, name, code) values
        ('00000000-0000-7000-8000-000000000101', 'left', 7), ('00000000-0000-7000-8000-000000000102', 'right', null);
    insert into public.crates (id, shelf_id, label) values
        ('00000000-0000-7000-8000-000000000201', '00000000-0000-7000-8000-000000000101', 'tin');";

const LEFT: &str = "00000000-0000-7000-8000-000000000101";
const RIGHT: &str = "00000000-0000-7000-8000-000000000102";

#[tokio::test]
async fn each_constraint_is_explained_in_the_schema_s_words() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let cases = [
        ("createShelf(input: {name: \"left\"})".to_owned(), "`name`: another `Shelf` already has this value"),
        ("createShelf(input: {name: \"new\", code: 7})".to_owned(), "`code`: another `Shelf` already has this value"),
        ("createShelf(input: {name: \"middle\"})".to_owned(), "`input.name`: has 6 characters, 5 is the most"),
        (
            "createShelf(input: {name: \"new\", nameNote: \"long\"})".to_owned(),
            "`input.nameNote`: has 4 characters, 3 is the most",
        ),
        (format!("updateShelf(id: \"{RIGHT}\", set: {{code: 7}})"), "`code`: another `Shelf` already has this value"),
        (
            format!("createBox(input: {{shelf: {{id: \"{LEFT}\"}}, label: \"tin\"}})"),
            "`label`: another `Box` already has this value",
        ),
        (format!("deleteShelf(id: \"{LEFT}\")"), "a `Box` still points here with `shelf`; delete or change it first"),
    ];
    for (field, message) in cases {
        let response = app.user("ada").graphql(&format!("mutation {{ {field} {{ auditEventId }} }}"), json!({})).await;
        assert_eq!(response.codes(), ["CONSTRAINT_VIOLATION"], "{field}");
        assert_eq!(response.messages(), [message], "{field}");
    }
    app.user("ada").graphql(&format!("mutation {{ deleteShelf(id: \"{RIGHT}\") {{ auditEventId }} }}"), json!({})).await.data();
    app.finish().await;
}

#[tokio::test]
async fn a_constraint_of_hand_written_sql_is_told_by_its_field_or_its_collection() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    app.execute(
        "alter table public.crates add constraint crates_weight_is_real check (weight > 0);
         alter table public.crates add constraint enough check (weight < 1000);
         alter table public.crates alter column label set not null",
    )
    .await;
    let cases = [
        ("weight: 0, label: \"a\"", "`weight` of `Box` does not accept this value"),
        ("weight: 1000, label: \"a\"", "a constraint of `Box` refuses the change"),
        ("weight: 10", "`label` of `Box` needs a value"),
    ];
    for (values, message) in cases {
        let mutation = format!("mutation {{ createBox(input: {{shelf: {{id: \"{LEFT}\"}}, {values}}}) {{ auditEventId }} }}");
        let response = app.user("ada").graphql(&mutation, json!({})).await;
        assert_eq!(response.codes(), ["CONSTRAINT_VIOLATION"], "{values}");
        assert_eq!(response.messages(), [message], "{values}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_trigger_s_words_stay_in_the_log() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    app.execute(
        "create function public.refuse() returns trigger language plpgsql as $$
         begin raise exception 'the secret of % is out', new.label; end $$;
         create trigger refuse before insert on public.crates for each row execute function public.refuse()",
    )
    .await;
    let mutation = format!("mutation {{ createBox(input: {{shelf: {{id: \"{LEFT}\"}}}}) {{ auditEventId }} }}");
    let response = app.user("ada").graphql(&mutation, json!({})).await;
    assert_eq!(response.codes(), ["INTERNAL_SERVER_ERROR"]);
    assert!(!response.text().contains("secret"), "{}", response.text());
    app.finish().await;
}

#[tokio::test]
async fn a_value_that_is_taken_names_the_row_of_the_list() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let taken = |place: &str, field: &str| format!("`{place}`: `{field}`: another `Shelf` already has this value");
    for (field, message) in [
        (
            "createShelves(inputs: [{name: \"a\"}, {name: \"b\"}, {name: \"left\"}, {name: \"c\"}])".to_owned(),
            taken("inputs[2]", "name"),
        ),
        ("createShelves(inputs: [{name: \"a\", code: 8}, {name: \"b\", code: 7}])".to_owned(), taken("inputs[1]", "code")),
        // Of two that are the same, the second comes too late.
        ("createShelves(inputs: [{name: \"a\"}, {name: \"b\"}, {name: \"a\"}])".to_owned(), taken("inputs[2]", "name")),
        (
            format!(
                "updateShelvesById(updates: [{{id: \"{LEFT}\", set: {{color: RED}}}}, {{id: \"{RIGHT}\", set: {{code: 7}}}}])"
            ),
            taken("updates[1]", "code"),
        ),
        ("createShelf(input: {name: \"left\"})".to_owned(), "`name`: another `Shelf` already has this value".to_owned()),
    ] {
        let response = app.user("ada").graphql(&format!("mutation {{ {field} {{ __typename }} }}"), json!({})).await;
        assert_eq!(response.codes(), ["CONSTRAINT_VIOLATION"], "{field}");
        assert_eq!(response.messages(), [message], "{field}");
    }
    assert_eq!(app.rows("select name from public.shelves").await.len(), 2, "all or none");
    app.finish().await;
}
