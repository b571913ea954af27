//! What an operation will cost: told on request to those who may know, refused above the limit.

use crate::support::app::TestApp;
use crate::support::caller::{Caller, Response};
use serde_json::{Value as Json, json};

async fn ask(caller: &Caller<'_>, query: &str) -> Response {
    caller.post("/graphql", &json!({ "query": query, "extensions": { "cost": true } })).await
}

async fn cost(caller: &Caller<'_>, query: &str) -> u64 {
    let response = ask(caller, query).await;
    response.json()["extensions"]["cost"]["estimated"].as_u64().unwrap_or_else(|| panic!("{query}: {}", response.text()))
}

/// Makes the tables large for the estimate alone.
async fn pretend(app: &TestApp, tickets: u32) {
    app.execute(&format!(
        "update pg_class set reltuples = {tickets} where oid = 'public.tickets'::regclass;
         update pg_class set reltuples = {} where oid = 'public.ticket_events'::regclass;
         update pg_class set reltuples = {} where oid = 'public.customers'::regclass",
        tickets * 4,
        tickets / 10
    ))
    .await;
    app.app.engine.measure_tables().await.unwrap();
}

#[tokio::test]
async fn the_cost_is_told_to_those_who_ask_and_may_know_it() {
    let app = TestApp::support_desk().start().await;
    const QUERY: &str = "{ a: tickets(first: 2) { nodes { id } } b: teams { totalCount } }";
    let max = app.user("max");
    let told = ask(&max, QUERY).await.json();
    let told = &told["extensions"]["cost"];
    let sum: u64 = ["a", "b"].iter().map(|key| told["fields"][key].as_u64().unwrap()).sum();
    assert_eq!((told["estimated"].as_u64().unwrap(), told["limit"].as_u64().unwrap()), (sum, 10_000_000), "{told}");

    for extensions in [json!({}), json!({ "cost": false }), json!({ "cost": "yes" }), json!(null)] {
        let response = max.post("/graphql", &json!({ "query": QUERY, "extensions": extensions })).await;
        assert!(response.json().get("extensions").is_none(), "{extensions}");
    }
    // How many rows there are is not everybody's to know.
    assert_eq!(ask(&app.user("ana"), QUERY).await.json()["extensions"]["cost"], json!(null));
    let got = max.get("/graphql?query=%7Bteams%7BtotalCount%7D%7D&extensions=%7B%22cost%22%3Atrue%7D").await.json();
    assert!(got["extensions"]["cost"]["estimated"].is_u64(), "{got}");
    // Beside what else is told there, and of a change too.
    let masked = json!({ "query": "{ tickets { nodes { customerEmail } } }", "extensions": { "cost": true } });
    let masked = app.user("ana").post("/graphql", &masked).await.json();
    assert!(masked["extensions"]["masked"].is_array() && masked["extensions"]["cost"].is_null(), "{masked}");
    assert!(cost(&max, "mutation { createMacro(input: { title: \"x\", body: \"y\" }) { macro { id } } }").await > 0);
    app.finish().await;
}

#[tokio::test]
async fn what_is_dearer_has_the_higher_figure() {
    let app = TestApp::support_desk().start().await;
    pretend(&app, 100_000).await;
    let ada = app.user("ada");
    let id = "00000000-0000-7000-8000-000000000401";
    let rising = [
        format!("{{ ticket(id: \"{id}\") {{ id }} }}"),
        format!("{{ ticket(id: \"{id}\") {{ id customer {{ name }} team {{ name }} }} }}"),
        "{ tickets(first: 50) { nodes { id customer { name } } } }".to_owned(),
        "{ tickets(first: 500) { nodes { id customer { name } } } }".to_owned(),
        "{ tickets(first: 500) { nodes { id customer { name } events(first: 5) { id kind } } } }".to_owned(),
        "{ tickets(first: 500) { nodes { id customer { name } events(first: 5) { id kind } } totalCount } }".to_owned(),
        "{ tickets(first: 500, orderBy: [{ subject: ASC }]) { nodes { id customer { name } events(first: 5) { id kind } } totalCount } }".to_owned(),
    ];
    let mut last = 0;
    for query in rising {
        let figure = cost(&ada, &query).await;
        assert!(figure > last, "{query} costs {figure}, the one before it {last}");
        last = figure;
    }
    // A filter that an index leads to is cheaper than one that looks at every row.
    let found = cost(&ada, "{ tickets(where: { caseId: { eq: \"CASE-000001\" } }) { totalCount } }").await;
    let searched = cost(&ada, "{ tickets(where: { subject: { ilike: \"%late%\" } }) { totalCount } }").await;
    assert!(found * 5 < searched, "{found} {searched}");
    // An aggregate beside a row is about the rows that point to it.
    let of_one = cost(&ada, &format!("{{ ticket(id: \"{id}\") {{ eventsAggregate {{ count }} }} }}")).await;
    let of_all = cost(&ada, "{ ticketEventsAggregate { count } }").await;
    assert!(of_one * 5 < of_all, "{of_one} {of_all}");
    // The same query over more rows.
    let before = cost(&ada, "{ tickets { totalCount } }").await;
    pretend(&app, 10_000_000).await;
    let after = cost(&ada, "{ tickets { totalCount } }").await;
    assert!(after > before * 20, "{before} {after}");
    app.finish().await;
}

#[tokio::test]
async fn what_costs_too_much_is_refused_before_it_is_run() {
    let app = TestApp::support_desk().with_limits(|limits| limits.max_cost = 20_000).start().await;
    pretend(&app, 1_000_000).await;
    const COUNT: &str = "{ cheap: teams { totalCount } dear: tickets(where: { subject: { ilike: \"%a%\" } }) { totalCount } }";
    const ADVICE: &str = "ask for fewer rows, relations or counts, or filter by something that is indexed";
    let ada = app.user("ada").with_header("accept", "application/graphql-response+json");
    let refused = ask(&ada, COUNT).await;
    assert_eq!((refused.status, refused.codes()), (422, vec!["LIMIT_EXCEEDED".to_owned()]));
    let message = &refused.messages()[0];
    assert!(message.starts_with("the operation costs ") && message.contains(", `dear` alone "), "{message}");
    assert!(message.ends_with(&format!("; the limit is 20000 (`limits.max_cost`): {ADVICE}")), "{message}");
    // Who may not know how many rows there are is told the limit alone.
    let message = format!("the operation costs more than 20000, which is the limit (`limits.max_cost`): {ADVICE}");
    assert_eq!(app.user("ana").graphql(COUNT, json!({})).await.messages(), [message]);
    assert!(ada.graphql("{ tickets(first: 5) { nodes { id } } }", json!({})).await.codes().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn what_a_caller_may_not_read_at_all_counts_as_empty() {
    let app = TestApp::support_desk()
        .with_limits(|limits| limits.max_cost = 20_000)
        .with_settings(|settings| settings.graphql.introspection_for = toolcrib::config::Roles::All)
        .start()
        .await;
    const MACROS: &str = "{ macros(where: { body: { ilike: \"%a%\" } }) { totalCount } }";
    let size = |rows: u32| format!("update pg_class set reltuples = {rows} where oid = 'public.macros'::regclass");
    let mut seen: Vec<Json> = Vec::new();
    for rows in [10, 10_000_000] {
        app.execute(&size(rows)).await;
        app.app.engine.measure_tables().await.unwrap();
        // A viewer reads no macro: neither figure nor refusal tells how many there are.
        seen.push(ask(&app.user("vic"), MACROS).await.redacted());
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(ask(&app.user("ada"), MACROS).await.codes(), ["LIMIT_EXCEEDED"]);
    app.finish().await;
}

#[tokio::test]
async fn changes_cost_by_their_rows() {
    let app = TestApp::support_desk().start().await;
    let ada = app.user("ada");
    let macros = |count: usize| {
        let fields =
            (0..count).map(|index| format!("m{index}: createMacro(input: {{ title: \"t\", body: \"b\" }}) {{ macro {{ id }} }}"));
        format!("mutation {{ {} }}", fields.collect::<Vec<_>>().join(" "))
    };
    let (one, five) = (cost(&ada, &macros(1)).await, cost(&ada, &macros(5)).await);
    assert_eq!(five, one * 5);
    app.finish().await;
}
