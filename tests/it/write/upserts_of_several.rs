//! Upserts of a list, and by fields that are unique together: each row is changed or created under the rule of that, all or none,
//! with an event each, in the order of the list.

use super::{event_list, events, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

const UPSERT: &str = "mutation Upsert($upserts: [UpsertCustomerInput!]!, $key: String) {
  upsertCustomers(upserts: $upserts, idempotencyKey: $key) {
    count created auditEventIds customers { name email version }
  }
}";

/// `jo@acme.test` is the first customer of the desk, the others are new.
fn row(mail: &str, name: &str) -> Json {
    json!({ "by": { "email": mail }, "create": { "name": name }, "update": { "name": name } })
}

fn list(rows: &[(&str, &str)]) -> Json {
    json!({ "upserts": rows.iter().map(|(mail, name)| row(mail, name)).collect::<Vec<_>>() })
}

/// Everything that an upsert could change.
async fn customers(app: &TestApp) -> Vec<Json> {
    app.rows("select name, email, version from public.customers order by id").await
}

#[tokio::test]
async fn each_row_is_changed_or_created_in_the_order_of_the_list() {
    let app = TestApp::support_desk().start().await;
    let rows = [("z@new.test", "Z"), ("jo@acme.test", "ACME"), ("a@new.test", "A")];
    let answer = app.user("max").graphql(UPSERT, list(&rows)).await.data()["upsertCustomers"].take();
    assert_eq!((&answer["count"], &answer["created"]), (&json!(3), &json!([true, false, true])));
    let shown = json!([
        { "name": "Z", "email": "z@new.test", "version": 1 },
        { "name": "ACME", "email": "jo@acme.test", "version": 2 },
        { "name": "A", "email": "a@new.test", "version": 1 },
    ]);
    assert_eq!(answer["customers"], shown);
    let stored = app
        .rows("select id, event_type, after ->> 'name' as name from toolcrib.audit_events where entity_type = 'Customer'")
        .await;
    let named = answer["auditEventIds"].as_array().unwrap().iter().map(|id| {
        let event = stored.iter().find(|event| event["id"] == *id).unwrap();
        format!("{} {}", event["event_type"].as_str().unwrap(), event["name"].as_str().unwrap())
    });
    assert_eq!(named.collect::<Vec<_>>(), ["CREATE Z", "UPDATE ACME", "CREATE A"], "each row has the event of its place");
    let changed = events(&app).await.into_iter().find(|event| event["event_type"] == "UPDATE").unwrap();
    assert_eq!(changed["entity_id"], id(3, 1));
    assert_ne!(changed["before"]["name"], "ACME");
    let none = app.user("max").graphql(UPSERT, json!({ "upserts": [] })).await.data();
    assert_eq!(none["upsertCustomers"], json!({ "count": 0, "created": [], "auditEventIds": [], "customers": [] }));
    app.finish().await;
}

#[tokio::test]
async fn each_row_is_under_the_rule_of_what_happens_to_it() {
    let app = TestApp::support_desk().start().await;
    let before = customers(&app).await;
    // Agents create customers and change none; viewers do neither.
    let mixed = list(&[("a@new.test", "A"), ("jo@acme.test", "ACME")]);
    let new = list(&[("a@new.test", "A"), ("b@new.test", "B")]);
    assert_eq!(app.user("ana").graphql(UPSERT, mixed.clone()).await.codes(), ["FORBIDDEN"]);
    assert_eq!(app.user("vic").graphql(UPSERT, new.clone()).await.codes(), ["FORBIDDEN"]);
    assert_eq!(customers(&app).await, before, "of a list with a refused row nothing is done");
    let made = app.user("ana").graphql(UPSERT, new).await.data();
    assert_eq!(made["upsertCustomers"]["created"], json!([true, true]));
    let both = app.user("max").graphql(UPSERT, mixed).await.data();
    assert_eq!(both["upsertCustomers"]["created"], json!([false, false]));
    // A field that an agent may not set counts in the branch that is taken alone.
    let guarded = |mail: &str| {
        json!({ "upserts": [row("c@new.test", "C"), {
        "by": { "email": mail }, "create": { "name": "D" }, "update": { "annualValue": "1" },
    }] })
    };
    assert_eq!(app.user("ana").graphql(UPSERT, guarded("d@new.test")).await.codes(), Vec::<String>::new());
    let mut set = guarded("e@new.test");
    set["upserts"][1]["create"]["annualValue"] = json!("1");
    let refused = app.user("ana").graphql(UPSERT, set.clone()).await;
    assert_eq!(refused.codes(), ["FORBIDDEN"], "{:?}", refused.messages());
    set["upserts"][0] = row("f@new.test", "F");
    app.user("max").graphql(UPSERT, set).await.data();
    let denied = event_list(&app).await;
    assert_eq!(denied.iter().filter(|event| event.starts_with("DENIED Customer")).count(), 3, "{denied:?}");
    app.finish().await;
}

#[tokio::test]
async fn mistakes_name_their_row() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    let refused = async |rows: Json, code: &str| {
        let response = max.graphql(UPSERT, json!({ "upserts": rows })).await;
        assert_eq!(response.codes(), [code], "{:?}", response.messages());
        response.messages().remove(0)
    };
    let (one, jo) = (row("a@new.test", "A"), row("jo@acme.test", "ACME"));
    let bad = |member: &str, value: Json| {
        let mut row = row("b@new.test", "B");
        row[member] = value;
        row
    };
    let expected = "`upserts[1].by`: needs exactly one field";
    assert_eq!(refused(json!([one, bad("by", json!({}))]), "BAD_USER_INPUT").await, expected);
    let expected = "`upserts[2].by.email`: stands in the list twice, first in `upserts[0]`";
    assert_eq!(refused(json!([one, jo, one]), "BAD_USER_INPUT").await, expected);
    let expected = "`upserts[1].create.email`: is not the value that `by` looks for; leave it out, or give the same";
    let other = json!({ "name": "B", "email": "c@new.test" });
    assert_eq!(refused(json!([one, bad("create", other)]), "BAD_USER_INPUT").await, expected);
    let expected = "`upserts[1].update`: names no field; give at least one to change";
    assert_eq!(refused(json!([one, bad("update", json!({}))]), "BAD_USER_INPUT").await, expected);
    let expected = "`upserts[1].create.name`: has 201 characters, 200 is the most";
    let long = json!({ "name": "x".repeat(201) });
    assert_eq!(refused(json!([jo, bad("create", long)]), "CONSTRAINT_VIOLATION").await, expected);
    let nested = json!({ "name": "B", "tickets": { "create": [{ "subject": "S" }] } });
    let expected = "`create`: an upsert makes one row; create others by themselves";
    assert_eq!(refused(json!([one, bad("create", nested)]), "BAD_USER_INPUT").await, expected);
    app.finish().await;
}

#[tokio::test]
async fn dry_runs_and_retries_say_the_same() {
    let app = TestApp::support_desk().start().await;
    let (max, before) = (app.user("max"), customers(&app).await);
    let rows = [("a@new.test", "A"), ("jo@acme.test", "ACME")];
    let dry = UPSERT.replace("idempotencyKey: $key", "idempotencyKey: $key, dryRun: true");
    let tried = max.graphql(&dry, list(&rows)).await.data()["upsertCustomers"].take();
    assert_eq!((&tried["created"], &tried["auditEventIds"]), (&json!([true, false]), &Json::Null));
    assert_eq!(customers(&app).await, before);
    let mut keyed = list(&rows);
    keyed["key"] = json!("k");
    let first = max.graphql(UPSERT, keyed.clone()).await.data();
    assert_eq!(first["upsertCustomers"]["created"], json!([true, false]));
    assert_eq!(max.graphql(UPSERT, keyed).await.data(), first, "as it was then, however late one asks");
    app.finish().await;
}

#[tokio::test]
async fn a_row_that_comes_in_between_is_changed() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    app.token_of("max").await;
    let holder = app.database.connect().await;
    // Both find none of the rows, and then wait to create them.
    holder.batch_execute("begin; lock table public.customers in share row exclusive mode").await.unwrap();
    let (first, second, ()) = tokio::join!(
        max.graphql(UPSERT, list(&[("b@new.test", "First"), ("a@new.test", "First"), ("c@new.test", "First")])),
        max.graphql(UPSERT, list(&[("d@new.test", "Second"), ("a@new.test", "Second"), ("b@new.test", "Second")])),
        async {
            super::concurrent_edits::wait_for_waiters(&app, 2).await;
            holder.batch_execute("commit").await.unwrap();
        },
    );
    let created = |answer: Json| answer["upsertCustomers"]["created"].clone();
    let created = [created(first.data()), created(second.data())];
    let all = json!([true, true, true]);
    let is_first = created[0] == all;
    let expected = if is_first { [all, json!([true, false, false])] } else { [json!([false, false, true]), all] };
    assert_eq!(created, expected, "one creates what both want, the other changes that");
    let events = event_list(&app).await;
    let count = |kind: &str| events.iter().filter(|event| event.starts_with(kind)).count();
    assert_eq!((count("CREATE"), count("UPDATE"), events.len()), (4, 2, 6), "what was undone left no event");
    app.finish().await;
}

#[tokio::test]
async fn lists_of_the_same_rows_do_not_wait_for_each_other_for_ever() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    app.token_of("max").await;
    let mails: Vec<String> = (0..12).map(|number| format!("m{number}@new.test")).collect();
    let mut created = 0;
    for round in 0..3 {
        let asked = (0..6).map(|caller| {
            let mut rows: Vec<(&str, &str)> = mails[..4 + 4 * round].iter().map(|mail| (mail.as_str(), "M")).collect();
            rows.rotate_left(caller % 4);
            if caller % 2 == 0 {
                rows.reverse();
            }
            max.graphql(UPSERT, list(&rows))
        });
        for answer in futures_util::future::join_all(asked).await {
            let flags = answer.data()["upsertCustomers"]["created"].take();
            created += flags.as_array().unwrap().iter().filter(|flag| **flag == true).count();
        }
    }
    assert_eq!(created, mails.len(), "each is created once");
    app.finish().await;
}

#[tokio::test]
async fn a_thousand_rows_are_a_handful_of_statements() {
    let app = TestApp::support_desk().start().await;
    app.execute(
        "create table toolcrib.test_statements (count int);
         insert into toolcrib.test_statements values (0);
         create function toolcrib.test_count_statement() returns trigger language plpgsql security definer as
             $$ begin update toolcrib.test_statements set count = count + 1; return null; end $$;
         create trigger test_count after insert or update on public.customers
             for each statement execute function toolcrib.test_count_statement();",
    )
    .await;
    let rows = |name: &str, count: usize| -> Json {
        json!({ "upserts": (0..count).map(|number| row(&format!("m{number}@new.test"), name)).collect::<Vec<_>>() })
    };
    const COUNT: &str =
        "mutation Upsert($upserts: [UpsertCustomerInput!]!) { upsertCustomers(upserts: $upserts) { count created } }";
    let ana = app.user("max");
    ana.graphql(COUNT, rows("First", 500)).await.data();
    app.execute("update toolcrib.test_statements set count = 0").await;
    let answer = ana.graphql(COUNT, rows("Second", 1000)).await.data()["upsertCustomers"].take();
    let expected: Vec<bool> = (0..1000).map(|number| number >= 500).collect();
    assert_eq!((&answer["count"], &answer["created"]), (&json!(1000), &json!(expected)));
    assert_eq!(app.rows("select count from toolcrib.test_statements").await, [json!({ "count": 2 })], "one for each branch");
    app.finish().await;
}

/// Desks are unique by office and number. Who may not read an office finds no desk in it, and nobody but an admin sees hidden desks.
const SCHEMA: &str = r#"
    type Office @collection @access(read: "user.role == 'admin' || row.isOpen", write: "false") {
      name: String!
      isOpen: Boolean!
      desks: [Desk!]!
    }

    type Desk @collection @unique(fields: ["office", "number"])
      @access(read: "user.role == 'admin' || !row.isHidden", create: "user.role != 'viewer'", update: "user.role == 'admin' || row.label != 'kept'", delete: "false")
      @audit {
      office: Office!
      number: Int!
      label: String
      isHidden: Boolean! @default(value: false)
      badge: Badge @unique
    }

    type Badge @collection @access(read: "true", write: "false") { color: String desks: [Desk!]! }

    extend type User @access(read: "true", write: "user.role == 'admin'")
"#;

const ROWS: &str = "
    insert into toolcrib.users (id, email, name, role) values
        ('00000000-0000-7000-8000-000000000201', 'ada@test.test', 'Ada', 'admin'),
        ('00000000-0000-7000-8000-000000000203', 'ana@test.test', 'Ana', 'agent'),
        ('00000000-0000-7000-8000-000000000205', 'vic@test.test', 'Vic', 'viewer');
    insert into public.offices (id, name, is_open) values
        ('00000000-0000-7000-8000-000000000301', 'North', true), ('00000000-0000-7000-8000-000000000302', 'South', false);
    insert into public.badges (id, color) values ('00000000-0000-7000-8000-000000000501', 'red');
    insert into public.desks (id, office_id, number, label, is_hidden) values
        ('00000000-0000-7000-8000-000000000401', '00000000-0000-7000-8000-000000000301', 1, 'first', false),
        ('00000000-0000-7000-8000-000000000402', '00000000-0000-7000-8000-000000000301', 2, 'kept', false),
        ('00000000-0000-7000-8000-000000000403', '00000000-0000-7000-8000-000000000301', 3, 'hidden', true),
        ('00000000-0000-7000-8000-000000000404', '00000000-0000-7000-8000-000000000302', 1, 'south', false);";

const DESKS: &str = "mutation Upsert($upserts: [UpsertDeskInput!]!) {
  upsertDesks(upserts: $upserts) { created desks { number label office { name } } }
}";

fn desk(office: u8, number: i32, label: &str) -> Json {
    let office = json!({ "id": id(3, office) });
    json!({
        "by": { "officeAndNumber": { "office": office, "number": number } },
        "create": { "office": office, "number": number, "label": label },
        "update": { "label": label },
    })
}

async fn labels(app: &TestApp) -> String {
    let rows = app.rows("select number, label from public.desks order by office_id, number").await;
    rows.iter().map(|row| format!("{} {}", row["number"], row["label"].as_str().unwrap())).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn fields_that_are_unique_together_tell_rows_apart() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let ana = app.user("ana");
    let several = json!({ "upserts": [desk(1, 7, "seventh"), desk(1, 1, "one")] });
    let answer = ana.graphql(DESKS, several).await.data()["upsertDesks"].take();
    assert_eq!(answer["created"], json!([true, false]));
    let north = json!({ "name": "North" });
    let shown = json!([{ "number": 7, "label": "seventh", "office": north }, { "number": 1, "label": "one", "office": north }]);
    assert_eq!(answer["desks"], shown);
    let one = format!(
        "mutation {{ upsertDesk(by: {{officeAndNumber: {{office: {{id: \"{0}\"}}, number: 7}}}},
            create: {{office: {{id: \"{0}\"}}, number: 7}}, update: {{label: \"again\"}}) {{ created desk {{ label }} }} }}",
        id(3, 1)
    );
    assert_eq!(
        ana.graphql(&one, json!({})).await.data()["upsertDesk"],
        json!({ "created": false, "desk": { "label": "again" } })
    );
    assert_eq!(labels(&app).await, "1 one, 2 kept, 3 hidden, 7 again, 1 south");
    let none = json!({ "upserts": [desk(1, 9, "x"), { "by": { "badge": { "id": id(5, 1) } }, "create": {
        "office": { "id": id(3, 1) }, "number": 9 }, "update": { "label": "x" } }] });
    let response = ana.graphql(DESKS, none).await;
    let expected = "`upserts[1].by.badge`: is another way to find a row than that of the row before; one list has one";
    assert_eq!(response.messages(), [expected]);
    app.finish().await;
}

#[tokio::test]
async fn a_relation_to_one_may_be_what_is_unique() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let upsert = |number: i32| {
        format!(
            "mutation {{ upsertDesk(by: {{badge: {{id: \"{}\"}}}}, create: {{office: {{id: \"{}\"}}, number: {number}}},
                update: {{number: {number}}}) {{ created desk {{ number badge {{ color }} }} }} }}",
            id(5, 1),
            id(3, 1)
        )
    };
    let made = app.user("ana").graphql(&upsert(8), json!({})).await.data()["upsertDesk"].take();
    assert_eq!(made, json!({ "created": true, "desk": { "number": 8, "badge": { "color": "red" } } }));
    let moved = app.user("ana").graphql(&upsert(9), json!({})).await.data()["upsertDesk"].take();
    assert_eq!(moved, json!({ "created": false, "desk": { "number": 9, "badge": { "color": "red" } } }));
    app.finish().await;
}

#[tokio::test]
async fn what_is_hidden_is_not_found_and_not_told() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let before = labels(&app).await;
    let refused = async |user: &str, rows: Json| {
        let response = app.user(user).graphql(DESKS, json!({ "upserts": rows })).await;
        (response.codes().remove(0), response.messages().remove(0))
    };
    // A row in the way is told as it is to whoever creates one.
    let (code, message) = refused("ana", json!([desk(1, 8, "x"), desk(1, 3, "x")])).await;
    assert_eq!(code, "CONSTRAINT_VIOLATION");
    assert_eq!(message, "`upserts[1]`: `office`, `number`: another `Desk` already has these values together");
    // Through an office that is hidden nothing is found, whether or not there is a desk.
    for number in [1, 9] {
        let (code, message) = refused("ana", json!([desk(1, 8, "x"), desk(2, number, "x")])).await;
        assert_eq!(
            (code.as_str(), message.as_str()),
            ("NOT_FOUND", "`upserts[1]`: the row that `office` points to was not found")
        );
    }
    // The rule on the row itself, and whoever may do nothing.
    assert_eq!(refused("ana", json!([desk(1, 8, "x"), desk(1, 2, "x")])).await.0, "FORBIDDEN");
    assert_eq!(refused("vic", json!([desk(1, 8, "x"), desk(1, 9, "x")])).await.0, "FORBIDDEN");
    assert_eq!(labels(&app).await, before);
    let rows = json!({ "upserts": [desk(1, 3, "shown"), desk(2, 1, "both"), desk(1, 2, "changed"), desk(2, 2, "new")] });
    let answer = app.user("ada").graphql(DESKS, rows).await.data();
    assert_eq!(answer["upsertDesks"]["created"], json!([false, false, false, true]));
    assert_eq!(labels(&app).await, "1 first, 2 changed, 3 shown, 1 both, 2 new");
    app.finish().await;
}
