//! Cursors: whoever follows `endCursor` to its end has seen the list, every row once and in its order.

use crate::support::app::TestApp;
use crate::support::caller::Caller;
use serde_json::{Value as Json, json};

const SCHEMA: &str = include_str!("../cases/requests/lists/schema.graphql");

const PEOPLE: &str = "
    insert into toolcrib.users (email, name, role) values
        ('ada@things.test', 'Ada', 'admin'), ('vic@things.test', 'Vic', 'viewer');
    insert into public.boxes (name, is_secret)
    select 'box ' || number, number % 3 = 0 from generate_series(1, 7) as number;";

/// Rows with equal values, with nulls, and with values of which a text form could lose something.
const ROWS: &str = r#"
    insert into public.things (name, box_id, note, pieces, weight, is_new, seen_at, made_on, price, serial, link, mail, size, secret)
    select
        'thing ' || number,
        (select id from public.boxes where name = 'box ' || number % 9),
        (array['a', 'ä', '2026-01-31 09:00:00.5+00', '"quoted" \ {}', '', null])[1 + number % 6],
        nullif(number % 5, 0),
        (array[0.1, 1e-7, 123456789.125, -2.5, 'Infinity', null])[1 + number % 6]::double precision,
        (array[true, false, null])[1 + number % 3],
        case when number % 7 > 0 then timestamptz '2026-01-31 09:00:00+00' + number % 4 * interval '1 microsecond' end,
        case when number % 4 > 0 then date '2025-12-31' + number % 3 end,
        (array[0.10, 12345678901234567890.123456789, -1, null])[1 + number % 4]::numeric,
        case when number % 5 > 0 then 9007199254740990 + number % 5 end,
        case when number % 3 > 0 then 'here ' || number % 2 end,
        case when number % 3 > 0 then 'nobody ' || number % 2 end,
        (array['SMALL', 'MEDIUM', 'LARGE', null])[1 + number % 4],
        number % 4
    from generate_series(1, 47) as number"#;

const PAGE: &str = "query Page($where: ThingFilter, $orderBy: [ThingOrder!], $first: Int!, $after: String) {
  things(where: $where, orderBy: $orderBy, first: $first, after: $after) {
    nodes { name }
    edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}";

async fn page(caller: &Caller<'_>, order: &Json, first: usize, after: Option<&str>) -> Json {
    let variables = json!({ "orderBy": order, "first": first, "after": after });
    caller.graphql(PAGE, variables).await.data()["things"].take()
}

fn names(page: &Json) -> Vec<String> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect()
}

/// Follows the cursors from the first page to the last.
async fn walk(caller: &Caller<'_>, order: &Json, first: usize) -> Vec<String> {
    let (mut walked, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = page(caller, order, first, after.as_deref()).await;
        let info = &page["pageInfo"];
        assert_eq!(info["hasPreviousPage"], after.is_some(), "{order}");
        assert_eq!(page["totalCount"], 47, "what comes before a cursor is counted, too: {order}");
        assert_eq!(info["startCursor"], page["edges"][0]["cursor"], "{order}");
        assert_eq!(info["endCursor"], page["edges"].as_array().unwrap().last().unwrap()["cursor"], "{order}");
        walked.extend(names(&page));
        if info["hasNextPage"] == false {
            return walked;
        }
        assert_eq!(names(&page).len(), first, "{order}");
        assert!(walked.len() < 60, "the pages of {order} never end");
        after = Some(info["endCursor"].as_str().unwrap().to_owned());
    }
}

async fn check(caller: &Caller<'_>, order: Json) {
    let list = names(&page(caller, &order, 500, None).await);
    assert_eq!(list.len(), 47);
    for first in [1, 6, 46, 47] {
        assert_eq!(walk(caller, &order, first).await, list, "{order}, {first} at a time");
    }
}

async fn start() -> TestApp {
    TestApp::with_schema(SCHEMA).with_rows(PEOPLE).with_rows(ROWS).start().await
}

#[tokio::test]
async fn pages_make_up_the_list_in_the_order_of_any_field() {
    let app = start().await;
    let fields = [
        "id",
        "name",
        "note",
        "pieces",
        "weight",
        "isNew",
        "seenAt",
        "madeOn",
        "price",
        "serial",
        "link",
        "mail",
        "size",
        "createdAt",
        "version",
    ];
    for field in fields {
        for direction in ["ASC", "DESC"] {
            check(&app.user("ada"), json!([{ field: direction }])).await;
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn pages_make_up_the_list_in_orders_of_several_terms() {
    let app = start().await;
    let orders = [
        json!([]),
        json!([{ "pieces": "DESC" }, { "weight": "ASC" }]),
        json!([{ "size": "ASC" }, { "isNew": "DESC" }, { "seenAt": "ASC" }]),
        json!([{ "version": "ASC" }, { "name": "DESC" }]),
        json!([{ "createdAt": "DESC" }, { "version": "DESC" }, { "id": "DESC" }]),
        json!([{ "version": "DESC" }, { "id": "ASC" }]),
        json!([{ "note": "DESC" }, { "price": "DESC" }, { "id": "DESC" }]),
    ];
    for order in orders {
        check(&app.user("ada"), order).await;
    }
    app.finish().await;
}

#[tokio::test]
async fn instants_are_utc_whatever_the_database_is_set_to() {
    let settings = "do $$ begin
        execute format('alter database %I set timezone = ''Asia/Kathmandu''', current_database());
        execute format('alter database %I set datestyle = ''German''', current_database());
    end $$";
    let app = TestApp::with_schema(SCHEMA).with_rows(PEOPLE).with_rows(ROWS).with_rows(settings).start().await;
    check(&app.user("ada"), json!([{ "seenAt": "ASC" }, { "madeOn": "DESC" }])).await;
    const FIRST: &str = "{ things(first: 1, orderBy: [{seenAt: ASC}]) { nodes { seenAt } } }";
    let first = app.user("ada").graphql(FIRST, json!({})).await.data();
    assert_eq!(first["things"]["nodes"][0]["seenAt"], "2026-01-31T09:00:00+00:00");
    app.finish().await;
}

#[tokio::test]
async fn a_field_that_is_hidden_orders_nothing() {
    let app = start().await;
    for direction in ["ASC", "DESC"] {
        check(&app.user("ada"), json!([{ "secret": direction }])).await;
        check(&app.user("vic"), json!([{ "secret": direction }, { "name": "DESC" }])).await;
    }
    let hidden = names(&page(&app.user("vic"), &json!([{ "secret": "DESC" }]), 500, None).await);
    assert_eq!(hidden, names(&page(&app.user("vic"), &json!([{ "id": "DESC" }]), 500, None).await));
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_tells_nothing_that_its_reader_may_not_know() {
    let app = start().await;
    let order = json!([{ "secret": "DESC" }]);
    let cursor = page(&app.user("vic"), &order, 1, None).await["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let payload = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, cursor.split('.').next().unwrap()).unwrap();
    let payload: Json = serde_json::from_slice(&payload).unwrap();
    assert_eq!(payload[1], Json::Null, "{payload}");
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let app = start().await;
    let ada = app.user("ada");
    let by_name = json!([{ "name": "ASC" }]);
    let cursor = page(&ada, &by_name, 1, None).await["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let (payload, signature) = cursor.split_once('.').unwrap();
    let other = format!("{}.{signature}", payload.replace(|character: char| character.is_ascii_digit(), "x"));
    let wrong = [
        (json!([{ "name": "DESC" }]), cursor.as_str()),
        (json!([]), &cursor),
        (json!([{ "name": "ASC" }, { "pieces": "ASC" }]), &cursor),
        (by_name.clone(), &other),
        (by_name.clone(), payload),
        (by_name.clone(), &cursor[1..]),
        (by_name.clone(), &cursor[..cursor.len() - 1]),
        (by_name.clone(), ""),
        (by_name.clone(), "."),
        (by_name.clone(), "mine"),
    ];
    for (order, after) in wrong {
        let response = ada.graphql(PAGE, json!({ "orderBy": order, "first": 1, "after": after })).await;
        assert_eq!(response.codes(), ["BAD_USER_INPUT"], "{order} {after}");
        assert!(response.messages()[0].starts_with("`after`: not a cursor of this list and order"), "{:?}", response.messages());
    }
    const BOXES: &str = "query Boxes($after: String) { boxes(orderBy: [{name: ASC}], after: $after) { nodes { name } } }";
    assert_eq!(ada.graphql(BOXES, json!({ "after": cursor })).await.codes(), ["BAD_USER_INPUT"], "another collection");
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_of_another_caller_shows_the_reader_only_what_is_its_own() {
    let app = start().await;
    const BOXES: &str = "query Boxes($after: String) { boxes(orderBy: [{name: ASC}], first: 3, after: $after) { nodes { isSecret } pageInfo { endCursor } totalCount } }";
    // The third box is secret, so this cursor stands on a row that the viewer may not read.
    let boxes = app.user("ada").graphql(BOXES, json!({})).await.data();
    assert_eq!(boxes["boxes"]["nodes"][2]["isSecret"], true);
    let cursor = &boxes["boxes"]["pageInfo"]["endCursor"];
    let rest = app.user("vic").graphql(BOXES, json!({ "after": cursor })).await.data();
    assert_eq!(rest["boxes"]["nodes"], json!([{ "isSecret": false }, { "isSecret": false }, { "isSecret": false }]));
    assert_eq!(rest["boxes"]["totalCount"], 5);
    app.finish().await;
}

#[tokio::test]
async fn rows_that_come_and_go_neither_repeat_nor_hide_others() {
    let app = start().await;
    let ada = app.user("ada");
    let order = json!([{ "name": "ASC" }]);
    let list = names(&page(&ada, &order, 500, None).await);
    let first = page(&ada, &order, 10, None).await;
    let after = first["pageInfo"]["endCursor"].as_str().unwrap();
    // One before the cursor, one just behind it; the row under the cursor goes.
    app.execute(&format!("insert into public.things (name) values ('a'), ('{}x')", list[9])).await;
    app.execute(&format!("delete from public.things where name in ('{}', '{}')", list[0], list[9])).await;
    let second = names(&page(&ada, &order, 3, Some(after)).await);
    assert_eq!(second, [format!("{}x", list[9]), list[10].clone(), list[11].clone()]);
    app.finish().await;
}
