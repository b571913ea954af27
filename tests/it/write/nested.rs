//! New rows inside of new rows: each under the rules of its own collection and with its own event, all or none.

use super::{event_list, events, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

const CREATE: &str = "mutation Create($input: CreateTicketInput!) {
  createTicket(input: $input) {
    auditEventId
    ticket { id subject customer { id name } events { kind body author { name } } }
  }
}";

const CREATE_MANY: &str = "mutation Create($inputs: [CreateTicketInput!]!) {
  createTickets(inputs: $inputs) { count tickets { subject customer { name } events { body } } }
}";

/// Everything that could have been created.
async fn counts(app: &TestApp) -> Json {
    app.rows(
        "select (select count(*) from public.customers) as customers, (select count(*) from public.tickets) as tickets,
                (select count(*) from public.ticket_events) as events",
    )
    .await
    .remove(0)
}

#[tokio::test]
async fn a_row_comes_with_what_it_points_to_and_what_points_to_it() {
    let app = TestApp::support_desk().start().await;
    let input = json!({
        "subject": "New",
        "assignedTo": { "id": id(2, 3) },
        "customer": { "create": { "name": "Hooli", "email": "gavin@hooli.test" } },
        "events": { "create": [{ "kind": "CREATED" }, { "kind": "COMMENT", "body": "Hello" }] },
    });
    let created = app.user("ana").graphql(CREATE, json!({ "input": input })).await.data()["createTicket"]["ticket"].take();
    assert_eq!((&created["subject"], &created["customer"]["name"]), (&json!("New"), &json!("Hooli")));
    let ana = json!({ "name": "Ana" });
    let expected = json!([
        { "kind": "CREATED", "body": null, "author": ana },
        { "kind": "COMMENT", "body": "Hello", "author": ana },
    ]);
    assert_eq!(created["events"], expected, "in order, with their defaults");
    let events = events(&app).await;
    let recorded: Vec<(&str, &str)> =
        events.iter().map(|event| (event["event_type"].as_str().unwrap(), event["entity_type"].as_str().unwrap())).collect();
    assert_eq!(recorded.len(), 4);
    for collection in ["Customer", "Ticket", "TicketEvent"] {
        assert!(recorded.contains(&("CREATE", collection)), "{recorded:?}");
    }
    let ticket = events.iter().find(|event| event["entity_type"] == "Ticket").unwrap();
    assert_eq!(ticket["after"]["customer"], created["customer"]["id"]);
    app.finish().await;
}

#[tokio::test]
async fn each_row_is_asked_for_by_the_rule_of_its_own_collection() {
    let app = TestApp::support_desk().start().await;
    let before = counts(&app).await;
    let refused = async |user: &str, input: Json| {
        let response = app.user(user).graphql(CREATE, json!({ "input": input })).await;
        (response.codes().remove(0), response.messages().remove(0))
    };
    // An event needs its author to work the ticket.
    let event = json!({ "subject": "New", "customer": { "id": id(3, 1) }, "events": { "create": [{ "kind": "CREATED" }] } });
    let (code, message) = refused("ana", event.clone()).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("FORBIDDEN", "`input.events.create[0]`: you may not create this `TicketEvent`")
    );
    // A field of the new customer is for staff.
    let customer = json!({ "subject": "New", "customer": { "create": { "name": "Hooli", "annualValue": "9.50" } } });
    let (code, message) = refused("ana", customer.clone()).await;
    assert_eq!((code.as_str(), message.as_str()), ("FORBIDDEN", "you may not set `annualValue` of `Customer`"));
    // The ticket is another team's, its customer would have been fine.
    let team = json!({ "subject": "New", "team": { "id": id(1, 2) }, "customer": { "create": { "name": "Hooli" } } });
    assert_eq!(refused("ana", team.clone()).await.0, "FORBIDDEN");
    // Something that is not there, far inside.
    let author = json!({ "kind": "CREATED", "author": { "id": id(2, 99) } });
    let missing = json!({ "subject": "New", "team": { "id": id(1, 1) }, "customer": { "create": { "name": "Hooli" } }, "events": { "create": author } });
    let (code, message) = refused("max", missing).await;
    let expected = "`input.events.create[0]`: the row that `author` points to was not found";
    assert_eq!((code.as_str(), message.as_str()), ("NOT_FOUND", expected));
    let (code, message) = refused(
        "max",
        json!({ "subject": "New", "team": { "id": id(1, 1) }, "customer": { "create": { "name": "x".repeat(201) } } }),
    )
    .await;
    let expected = "`input.customer.create.name`: has 201 characters, 200 is the most";
    assert_eq!((code.as_str(), message.as_str()), ("CONSTRAINT_VIOLATION", expected));
    assert_eq!(counts(&app).await, before, "nothing of all that stays");
    let denied = ["DENIED TicketEvent -", "DENIED Customer -", "DENIED Ticket -", "DENIED TicketEvent -"];
    assert_eq!(event_list(&app).await, denied);
    for (input, user) in [(customer, "max"), (team, "max")] {
        let mut input = input;
        input["team"] = json!({ "id": id(1, 2) });
        app.user(user).graphql(CREATE, json!({ "input": input })).await.data();
    }
    let mut own = event;
    own["assignedTo"] = json!({ "id": id(2, 3) });
    app.user("ana").graphql(CREATE, json!({ "input": own })).await.data();
    app.finish().await;
}

#[tokio::test]
async fn rows_of_a_list_bring_their_own_and_those_are_batches_too() {
    let app = TestApp::support_desk().start().await;
    let inputs: Vec<Json> = (0..30)
        .map(|number| {
            let customer = match number % 3 {
                0 => json!({ "id": id(3, 1) }),
                _ => json!({ "create": { "name": format!("C{number}") } }),
            };
            let events: Vec<Json> =
                (0..number % 4).map(|event| json!({ "kind": "COMMENT", "body": format!("{number}.{event}") })).collect();
            json!({ "subject": format!("T{number}"), "team": { "id": id(1, 1) }, "customer": customer, "events": { "create": events } })
        })
        .collect();
    let created = app.user("max").graphql(CREATE_MANY, json!({ "inputs": inputs })).await.data()["createTickets"].take();
    assert_eq!(created["count"], 30);
    for (number, ticket) in created["tickets"].as_array().unwrap().iter().enumerate() {
        let customer = if number % 3 == 0 { "Acme".to_owned() } else { format!("C{number}") };
        let bodies: Vec<Json> = (0..number % 4).map(|event| json!({ "body": format!("{number}.{event}") })).collect();
        assert_eq!(*ticket, json!({ "subject": format!("T{number}"), "customer": { "name": customer }, "events": bodies }));
    }
    assert_eq!(event_list(&app).await.len(), 30 + 20 + 43);
    let mut bad = inputs.clone();
    bad[7]["events"]["create"][2]["kind"] = json!("COMMENT");
    bad[7]["events"]["create"][2]["author"] = json!({ "id": id(2, 99) });
    let response = app.user("max").graphql(CREATE_MANY, json!({ "inputs": bad })).await;
    assert_eq!(response.messages(), ["`inputs[7].events.create[2]`: the row that `author` points to was not found"]);
    app.finish().await;
}

#[tokio::test]
async fn a_relation_names_a_row_or_makes_one() {
    let app = TestApp::support_desk().start().await;
    let messages = async |customer: Json| {
        let input = json!({ "subject": "New", "customer": customer });
        let response = app.user("ana").graphql(CREATE, json!({ "input": input })).await;
        assert_eq!(response.codes(), ["BAD_USER_INPUT"]);
        response.messages().remove(0)
    };
    let both = json!({ "id": id(3, 1), "create": { "name": "Hooli" } });
    assert_eq!(messages(both).await, "`input.customer`: either names a row by its `id` or makes one with `create`, not both");
    assert_eq!(
        messages(json!({})).await,
        "`input.customer`: give the `id` of a row that is there, or `create` with the values of a new one"
    );
    assert_eq!(
        messages(json!({ "create": null })).await,
        "`input.customer`: give the `id` of a row that is there, or `create` with the values of a new one"
    );
    app.finish().await;
}

/// A tree, and a box that its maker may not see.
const SCHEMA: &str = r#"
    type Branch @collection(plural: "branches") @access(read: "true", write: "true") @audit {
      name: String!
      parent: Branch
      children: [Branch!]! @inverse(field: "parent")
    }

    type Box @collection(plural: "boxes") @access(read: "user.role == 'admin'", write: "true") @audit {
      name: String!
      parcels: [Parcel!]!
    }

    type Parcel @collection @access(read: "true", write: "true") @audit {
      name: String!
      box: Box! @access(write: "user.role == 'admin' || user.role == 'agent'")
    }

    type Stamp @collection(mutations: [UPDATE]) @access(read: "true", write: "true") @audit {
      name: String!
      parcel: Parcel
    }
"#;

const ROWS: &str = "
    insert into toolcrib.users (email, name, role) values
        ('ada@test.test', 'Ada', 'admin'), ('ana@test.test', 'Ana', 'agent'), ('vic@test.test', 'Vic', 'viewer');
    insert into public.boxes (id, name) values ('00000000-0000-7000-8000-000000000401', 'old');";

#[tokio::test]
async fn rows_of_one_collection_nest_in_themselves_so_deep() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let nested = |levels: usize| {
        let inner = (0..levels).fold(
            json!({ "name": "leaf" }),
            |inner, level| json!({ "name": level.to_string(), "children": { "create": [inner] } }),
        );
        json!({ "input": inner })
    };
    const BRANCH: &str = "mutation Create($input: CreateBranchInput!) { createBranch(input: $input) { branch { name } } }";
    app.user("ana").graphql(BRANCH, nested(5)).await.data();
    assert_eq!(app.rows("select id from public.branches").await.len(), 6);
    let response = app.user("ana").graphql(BRANCH, nested(6)).await;
    assert_eq!(response.codes(), ["LIMIT_EXCEEDED"]);
    assert_eq!(app.rows("select id from public.branches").await.len(), 6);
    let up = json!({ "name": "child", "parent": { "create": { "name": "parent", "parent": { "create": { "name": "root" } } } } });
    app.user("ana").graphql(BRANCH, json!({ "input": up })).await.data();
    let chain = app.rows(
        "select child.name || '<' || parent.name || '<' || root.name as chain from public.branches as child
         join public.branches as parent on parent.id = child.parent_id join public.branches as root on root.id = parent.parent_id
         where child.name = 'child'",
    );
    assert_eq!(chain.await, [json!({ "chain": "child<parent<root" })]);
    app.finish().await;
}

#[tokio::test]
async fn whoever_makes_a_row_may_point_to_it_unseen() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    const MANY: &str =
        "mutation Create($inputs: [CreateParcelInput!]!) { createParcels(inputs: $inputs) { parcels { name box { name } } } }";
    let made = json!({ "name": "a", "box": { "create": { "name": "new" } } });
    let hidden = json!({ "name": "b", "box": { "id": id(4, 1) } });
    let created = app.user("ana").graphql(MANY, json!({ "inputs": [made] })).await.data();
    assert_eq!(created["createParcels"]["parcels"], json!([{ "name": "a", "box": null }]), "made, and hidden all the same");
    let response = app.user("ana").graphql(MANY, json!({ "inputs": [made, hidden] })).await;
    assert_eq!(response.messages(), ["`inputs[1]`: the row that `box` points to was not found"]);
    app.user("ada").graphql(MANY, json!({ "inputs": [made, hidden] })).await.data();
    app.finish().await;
}

#[tokio::test]
async fn the_field_that_points_back_has_its_own_rule() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    const BOX: &str = "mutation { createBox(input: {name: \"b\", parcels: {create: [{name: \"p\"}]}}) { auditEventId } }";
    assert_eq!(app.user("vic").graphql(BOX, json!({})).await.messages(), ["you may not set `box` of `Parcel`"]);
    assert_eq!(app.rows("select id from public.boxes").await.len(), 1);
    app.user("ana").graphql(BOX, json!({})).await.data();
    app.finish().await;
}

#[tokio::test]
async fn what_the_api_does_not_create_is_not_created_inside_of_others() {
    let app = TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await;
    let sdl = app.app.engine.sdl();
    assert!(sdl.contains("input CreateParcelForBoxInput") && sdl.contains("input NestedParcelForBoxInput"), "{sdl}");
    assert!(!sdl.contains("input CreateStamp"), "{sdl}");
    app.finish().await;
}
