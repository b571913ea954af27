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

const PAGE: &str = "query Page(
  $where: ThingFilter, $orderBy: [ThingOrder!], $first: Int, $after: String, $last: Int, $before: String, $offset: Int
) {
  things(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before, offset: $offset) {
    nodes { name }
    edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}";

async fn page(caller: &Caller<'_>, order: &Json, first: usize, after: Option<&str>) -> Json {
    part(caller, json!({ "orderBy": order, "first": first, "after": after })).await
}

async fn part(caller: &Caller<'_>, variables: Json) -> Json {
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

/// Follows the cursors from the last page to the first.
async fn walk_back(caller: &Caller<'_>, order: &Json, last: usize) -> Vec<String> {
    let (mut walked, mut before) = (Vec::new(), None::<String>);
    loop {
        let page = part(caller, json!({ "orderBy": order, "last": last, "before": before })).await;
        let info = &page["pageInfo"];
        assert_eq!(info["hasNextPage"], before.is_some(), "{order}");
        assert_eq!(info["startCursor"], page["edges"][0]["cursor"], "{order}");
        walked.splice(0..0, names(&page));
        if info["hasPreviousPage"] == false {
            return walked;
        }
        assert_eq!(names(&page).len(), last, "{order}");
        assert!(walked.len() < 60, "the pages of {order} never end");
        before = Some(info["startCursor"].as_str().unwrap().to_owned());
    }
}

async fn check(caller: &Caller<'_>, order: Json) {
    let list = names(&page(caller, &order, 500, None).await);
    assert_eq!(list.len(), 47);
    for (size, back) in [(6, 5), (46, 47)] {
        assert_eq!(walk(caller, &order, size).await, list, "{order}, {size} at a time");
        assert_eq!(walk_back(caller, &order, back).await, list, "{order}, {back} at a time from the end");
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
    for field in ["note", "pieces", "size", "name"] {
        for direction in ["ASC_NULLS_FIRST", "DESC_NULLS_FIRST"] {
            check(&app.user("ada"), json!([{ field: direction }])).await;
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn pages_of_one_row_make_up_the_list() {
    let app = start().await;
    let order = json!([{ "pieces": "DESC_NULLS_FIRST" }, { "size": "ASC" }]);
    let ada = app.user("ada");
    let list = names(&page(&ada, &order, 500, None).await);
    assert_eq!(walk(&ada, &order, 1).await, list);
    assert_eq!(walk_back(&ada, &order, 1).await, list);
    app.finish().await;
}

#[tokio::test]
async fn pages_make_up_the_list_in_orders_through_relations() {
    let app = start().await;
    let orders = [
        json!([{ "box": { "name": "ASC" } }]),
        json!([{ "box": { "name": "DESC_NULLS_FIRST" } }, { "pieces": "ASC" }]),
        json!([{ "pieces": "ASC" }, { "box": { "isSecret": "DESC" } }, { "box": { "name": "ASC" } }]),
        json!([{ "parent": { "box": { "name": "ASC" } } }]),
        json!([{ "box": { "id": "DESC" } }]),
    ];
    for order in orders {
        // For the viewer, things in a secret box are in none.
        check(&app.user("ada"), order.clone()).await;
        check(&app.user("vic"), order).await;
    }
    let boxes = "{ things(orderBy: [{box: {name: ASC}}], first: 500) { nodes { box { name } } } }";
    for caller in ["ada", "vic"] {
        let answer = app.user(caller).graphql(boxes, json!({})).await.data();
        let nodes = answer["things"]["nodes"].as_array().unwrap();
        let found: Vec<Option<&str>> = nodes.iter().map(|node| node["box"]["name"].as_str()).collect();
        let mut expected = found.clone();
        expected.sort_by_key(|name| (name.is_none(), *name));
        assert_eq!(found, expected, "{caller}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_part_between_two_cursors() {
    let app = start().await;
    let ada = app.user("ada");
    for order in [json!([{ "name": "ASC" }]), json!([{ "pieces": "DESC" }]), json!([{ "note": "ASC_NULLS_FIRST" }])] {
        let list = page(&ada, &order, 500, None).await;
        let all = names(&list);
        let cursor = |index: usize| list["edges"][index]["cursor"].clone();
        let between =
            |size: &str, count: usize| json!({ "orderBy": order, size: count, "after": cursor(9), "before": cursor(20) });
        let check = async |variables: Json, expected: &[String], has_previous: bool, has_next: bool| {
            let part = part(&ada, variables.clone()).await;
            assert_eq!(names(&part), expected, "{variables}");
            let info = &part["pageInfo"];
            assert_eq!([&info["hasPreviousPage"], &info["hasNextPage"]], [has_previous, has_next], "{variables}");
        };
        check(between("first", 4), &all[10..14], true, true).await;
        check(between("first", 10), &all[10..20], true, true).await;
        check(between("last", 4), &all[16..20], true, true).await;
        check(between("last", 50), &all[10..20], true, true).await;
        check(json!({ "orderBy": order, "before": cursor(3) }), &all[..3], false, true).await;
        check(json!({ "orderBy": order, "last": 50, "after": cursor(43) }), &all[44..], true, false).await;
        check(json!({ "orderBy": order, "after": cursor(46) }), &[], true, false).await;
        check(json!({ "orderBy": order, "last": 3, "before": cursor(0) }), &[], false, true).await;
        check(json!({ "orderBy": order, "first": 5, "offset": 7 }), &all[7..12], true, true).await;
        check(json!({ "orderBy": order, "first": 5, "offset": 45 }), &all[45..], true, false).await;
        check(json!({ "orderBy": order, "first": 5, "offset": 60 }), &[], true, false).await;
        check(json!({ "orderBy": order, "first": 5, "offset": 2, "after": cursor(9) }), &all[12..17], true, true).await;
        check(json!({ "orderBy": order, "where": { "name": { "eq": "nothing" } }, "offset": 1 }), &[], false, false).await;
    }
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_is_good_for_another_filter() {
    let app = start().await;
    let ada = app.user("ada");
    let order = json!([{ "name": "ASC" }]);
    let list = page(&ada, &order, 500, None).await;
    let filter = json!({ "pieces": { "eq": 2 } });
    let kept = names(&part(&ada, json!({ "orderBy": order, "where": filter })).await);
    let after = &list["edges"][20]["cursor"];
    let rest = names(&part(&ada, json!({ "orderBy": order, "where": filter, "after": after })).await);
    let behind: Vec<String> = names(&list)[21..].iter().filter(|name| kept.contains(name)).cloned().collect();
    assert_eq!(rest, behind);
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
async fn a_cursor_cannot_be_read() {
    let app = start().await;
    let order = json!([{ "name": "ASC" }]);
    let cursor = page(&app.user("vic"), &order, 1, None).await["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &cursor).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains("thing") && !cursor.contains(&hex::encode("thing")), "{cursor}");
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_tells_nothing_that_its_reader_may_not_know() {
    let app = start().await;
    let order = json!([{ "secret": "DESC" }, { "name": "ASC" }]);
    // As long as if the secret were null, which is how the reader knows it.
    let cursor = |page: Json| page["edges"][0]["cursor"].as_str().unwrap().to_owned();
    let hidden = cursor(page(&app.user("vic"), &order, 1, None).await);
    let row = page(&app.user("vic"), &order, 1, None).await;
    app.execute("update public.things set secret = null").await;
    let without = cursor(page(&app.user("vic"), &order, 1, None).await);
    assert_eq!(hidden, without, "{row}");
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let app = start().await;
    let ada = app.user("ada");
    let by_name = json!([{ "name": "ASC" }]);
    let cursor = page(&ada, &by_name, 1, None).await["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let other = if cursor.starts_with('A') { "B" } else { "A" };
    let forged = format!("{other}{}", &cursor[1..]);
    let no_cursor =
        [forged.as_str(), &cursor[1..], &cursor[..cursor.len() - 1], "", ".", "mine"].map(|text| (by_name.clone(), text));
    let other_order = [
        json!([{ "name": "DESC" }]),
        json!([{ "name": "ASC_NULLS_FIRST" }]),
        json!([]),
        json!([{ "pieces": "ASC" }, { "name": "ASC" }]),
        json!([{ "parent": { "name": "ASC" } }]),
    ];
    let other_order = other_order.map(|order| (order, cursor.as_str()));
    let wrong = no_cursor.into_iter().map(|case| (case, "not a cursor; take `endCursor`"));
    let wrong =
        wrong.chain(other_order.into_iter().map(|case| (case, "the cursor was made for another list or another `orderBy`")));
    for ((order, cursor), problem) in wrong {
        for (argument, size) in [("after", "first"), ("before", "last")] {
            let response = ada.graphql(PAGE, json!({ "orderBy": order, size: 1, argument: cursor })).await;
            assert_eq!(response.codes(), ["BAD_USER_INPUT"], "{order} {cursor}");
            let message = &response.messages()[0];
            assert!(message.starts_with(&format!("`{argument}`: {problem}")), "{order} {cursor}: {message}");
        }
    }
    const BOXES: &str = "query Boxes($after: String) { boxes(orderBy: [{name: ASC}], after: $after) { nodes { name } } }";
    assert_eq!(ada.graphql(BOXES, json!({ "after": cursor })).await.codes(), ["BAD_USER_INPUT"], "another collection");
    app.finish().await;
}

#[tokio::test]
async fn pages_of_a_search_make_up_what_is_found() {
    let app = start().await;
    let ada = app.user("ada");
    const SEARCH: &str = "query Search($search: String, $first: Int, $after: String, $last: Int, $before: String) {
        things(search: $search, first: $first, after: $after, last: $last, before: $before) {
            nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
        }
    }";
    let search = |variables: Json| async { ada.graphql(SEARCH, variables).await.data()["things"].take() };
    // Some have one of the words, some two, in fields of different weight: the ranks differ, and many are the same.
    let words = "thing or here or a";
    let all = search(json!({ "search": words, "first": 100 })).await;
    assert_eq!(names(&all).len(), 47);
    let (mut forward, mut backward) = (Vec::new(), Vec::new());
    let mut page = search(json!({ "search": words, "first": 5 })).await;
    forward.extend(names(&page));
    while page["pageInfo"]["hasNextPage"] == true {
        page = search(json!({ "search": words, "first": 5, "after": page["pageInfo"]["endCursor"] })).await;
        forward.extend(names(&page));
    }
    assert_eq!(forward, names(&all));
    let mut page = search(json!({ "search": words, "last": 7 })).await;
    backward.splice(0..0, names(&page));
    while page["pageInfo"]["hasPreviousPage"] == true {
        page = search(json!({ "search": words, "last": 7, "before": page["pageInfo"]["startCursor"] })).await;
        backward.splice(0..0, names(&page));
    }
    assert_eq!(backward, names(&all));
    let other = ada.graphql(SEARCH, json!({ "search": "thing", "after": all["pageInfo"]["startCursor"] })).await;
    assert_eq!(other.codes(), ["BAD_USER_INPUT"], "the order of another search");
    app.finish().await;
}

#[tokio::test]
async fn pages_within_a_row_make_up_its_list() {
    let app = start().await;
    let ada = app.user("ada");
    const BOX: &str = "query Box($orderBy: [ThingOrder!], $after: String, $where: BoxFilter) {
        boxes(where: $where) { nodes { name
            all: things(orderBy: $orderBy, first: 500) { name }
            thingsConnection(orderBy: $orderBy, first: 2, after: $after) {
                nodes { name } edges { cursor } pageInfo { hasNextPage endCursor } totalCount
            }
        } }
    }";
    for order in
        [json!([]), json!([{ "pieces": "DESC" }]), json!([{ "parent": { "name": "ASC" } }, { "note": "ASC_NULLS_FIRST" }])]
    {
        for number in 1..=3 {
            let one_box = json!({ "name": { "eq": format!("box {number}") } });
            let (mut walked, mut after) = (Vec::new(), Json::Null);
            let all = loop {
                let variables = json!({ "orderBy": order, "after": after, "where": one_box });
                let found = ada.graphql(BOX, variables).await.data()["boxes"]["nodes"][0].take();
                let page = &found["thingsConnection"];
                walked.extend(names(page));
                assert_eq!(page["totalCount"], found["all"].as_array().unwrap().len());
                if page["pageInfo"]["hasNextPage"] == false {
                    break found["all"].clone();
                }
                after = page["pageInfo"]["endCursor"].clone();
                assert_eq!(after, page["edges"][1]["cursor"]);
            };
            let all: Vec<&str> = all.as_array().unwrap().iter().map(|thing| thing["name"].as_str().unwrap()).collect();
            assert!(all.len() > 2, "more than a page");
            assert_eq!(walked, all, "{order}");
            if order != json!([]) {
                // The cursor of one order is none of another, within a row as at the root.
                let other = ada.graphql(BOX, json!({ "after": after, "where": one_box })).await;
                assert_eq!(other.codes(), ["BAD_USER_INPUT"]);
            }
        }
    }
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
