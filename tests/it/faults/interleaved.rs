//! Callers of every kind at once on one or two connections, with refusals, constraints, time-outs and callers who leave in
//! between: each gets what is its own, or an error, and the log says of each what it did.

use crate::support::app::TestApp;
use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::Notify;

/// How often each of them goes through all kinds of requests.
const ROUNDS: usize = 8;

/// Somebody with the rows that this one sees.
struct Person {
    name: &'static str,
    role: &'static str,
    id: &'static str,
    tickets: &'static [&'static str],
    macros: &'static [&'static str],
    /// A ticket that this one may change.
    own: Option<&'static str>,
}

const PEOPLE: [Person; 4] = [
    Person {
        name: "ana",
        role: "agent",
        id: "203",
        tickets: &["401", "402", "403", "406"],
        macros: &["601", "602"],
        own: Some("401"),
    },
    Person { name: "cleo", role: "agent", id: "205", tickets: &["404", "405"], macros: &["601", "603"], own: Some("404") },
    Person { name: "vic", role: "viewer", id: "207", tickets: &["405", "406"], macros: &[], own: None },
    Person { name: "noa", role: "agent", id: "206", tickets: &[], macros: &["601"], own: None },
];

/// How requests ended, by kind and end.
type Ends = BTreeMap<(&'static str, String), usize>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_their_own_on_one_connection() {
    share(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_their_own_on_two_connections() {
    share(2).await;
}

async fn share(connections: usize) {
    let app = TestApp::support_desk()
        .with_settings(move |settings| {
            settings.database.max_connections = connections;
            settings.database.statement_timeout = Duration::from_millis(150);
        })
        .start()
        .await;
    for person in &PEOPLE {
        app.token_of(person.name).await;
    }
    let owner = app.database.connect().await;
    // Whoever asks for macros has to wait, for some of the time.
    owner.batch_execute("begin; lock table public.macros in access exclusive mode").await.unwrap();
    let late = Notify::new();
    let turns = (0..3).flat_map(|turn| PEOPLE.iter().map(move |person| (turn, person)));
    let asking = join_all(turns.map(|(turn, person)| ask(&app, person, turn, &late)));
    let unlocking = async {
        late.notified().await;
        owner.batch_execute("rollback").await.unwrap();
    };
    let (ends, ()) = tokio::join!(asking, unlocking);
    let mut all = Ends::new();
    ends.into_iter().flatten().for_each(|(end, count)| *all.entry(end).or_default() += count);
    for (kind, end) in [
        ("read", "done"),
        ("refused", "FORBIDDEN"),
        ("taken", "CONSTRAINT_VIOLATION"),
        ("change", "done"),
        ("macros", "done"),
        ("macros", "LIMIT_EXCEEDED"),
        ("left", "left"),
    ] {
        assert!(all.contains_key(&(kind, end.to_owned())), "no {kind} ended with {end}: {all:?}");
    }
    let done: usize = all.iter().filter(|((_, end), _)| end == "done").map(|(_, count)| count).sum();
    assert!(done >= 3 * PEOPLE.len() * ROUNDS, "{all:?}");
    check_records(&app).await;
    app.finish().await;
}

/// One caller's requests, each kind in turn.
async fn ask(app: &TestApp, person: &Person, turn: usize, late: &Notify) -> Ends {
    let mut ends = Ends::new();
    for step in 0..ROUNDS * 6 {
        let (kind, end) = match (step + turn) % 6 {
            0 => ("read", read(app, person).await),
            1 => ("macros", macros(app, person).await),
            2 => ("refused", refused(app, person).await),
            3 => ("taken", taken(app, person).await),
            4 => ("change", change(app, person).await),
            _ => ("left", leave(app, person, step).await),
        };
        if kind == "macros" && end == "LIMIT_EXCEEDED" {
            late.notify_one();
        }
        *ends.entry((kind, end)).or_default() += 1;
    }
    ends
}

fn whole(id: &str) -> String {
    format!("00000000-0000-7000-8000-000000000{id}")
}

fn ids(nodes: &Json) -> BTreeSet<String> {
    nodes.as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

fn expected(rows: &[&str]) -> BTreeSet<String> {
    rows.iter().map(|row| whole(row)).collect()
}

/// The answer's data, or the code of its error.
async fn answer(app: &TestApp, person: &Person, query: &str) -> Result<Json, String> {
    let response = app.user(person.name).graphql(query, json!({})).await;
    match response.codes().pop() {
        Some(code) => {
            assert!(response.json()["data"].is_null(), "{}", response.text());
            Err(code)
        }
        None => Ok(response.data()),
    }
}

fn end(answer: Result<(), String>) -> String {
    answer.err().unwrap_or_else(|| "done".to_owned())
}

async fn read(app: &TestApp, person: &Person) -> String {
    let found = answer(app, person, "{ tickets { totalCount nodes { id } } viewer { id role } }").await;
    end(found.map(|data| {
        assert_eq!(ids(&data["tickets"]["nodes"]), expected(person.tickets), "{}", person.name);
        assert_eq!(data["tickets"]["totalCount"], person.tickets.len(), "{}", person.name);
        assert_eq!(data["viewer"], json!({ "id": whole(person.id), "role": person.role }));
    }))
}

async fn macros(app: &TestApp, person: &Person) -> String {
    let found = answer(app, person, "{ macros { nodes { id } } }").await;
    end(found.map(|data| assert_eq!(ids(&data["macros"]["nodes"]), expected(person.macros), "{}", person.name)))
}

/// Nobody of them changes a customer.
async fn refused(app: &TestApp, person: &Person) -> String {
    let update = format!("mutation {{ updateCustomer(id: \"{}\", set: {{name: \"Mine\"}}) {{ auditEventId }} }}", whole("301"));
    let ended = answer(app, person, &update).await;
    end(ended.map(|data| panic!("{} changes a customer: {data}", person.name)))
}

/// Somebody has that address already, which fails in the middle of a transaction.
async fn taken(app: &TestApp, person: &Person) -> String {
    let create = "mutation { createCustomer(input: {name: \"Second\", email: \"jo@acme.test\"}) { auditEventId } }";
    let ended = answer(app, person, create).await;
    end(ended.map(|data| panic!("{} makes a second one: {data}", person.name)))
}

async fn change(app: &TestApp, person: &Person) -> String {
    let Some(own) = person.own else { return read(app, person).await };
    let update = format!("mutation {{ updateTicket(id: \"{}\", set: {{priority: LOW}}) {{ ticket {{ id }} }} }}", whole(own));
    let changed = answer(app, person, &update).await;
    end(changed.map(|data| assert_eq!(data["updateTicket"]["ticket"]["id"], whole(own))))
}

/// Asks, and does not wait for the answer.
async fn leave(app: &TestApp, person: &Person, step: usize) -> String {
    let patience = Duration::from_micros(200 * (step as u64 % 16));
    let query = "{ tickets { nodes { id events { id } } } macros { nodes { id } } }";
    match tokio::time::timeout(patience, answer(app, person, query)).await {
        Err(_) => "left".to_owned(),
        Ok(found) => end(found.map(|data| assert_eq!(ids(&data["tickets"]["nodes"]), expected(person.tickets)))),
    }
}

/// Every event names who did it: nobody views or changes another's ticket in anybody's name.
async fn check_records(app: &TestApp) {
    let events = app.rows("select actor_user_id, actor_role, event_type, entity_id, details from toolcrib.audit_events").await;
    for person in &PEOPLE {
        let own: Vec<&Json> = events.iter().filter(|event| event["actor_user_id"] == whole(person.id)).collect();
        let strange: Vec<String> =
            (401..=406).map(|ticket| ticket.to_string()).filter(|ticket| !person.tickets.contains(&ticket.as_str())).collect();
        for event in own.iter().filter(|event| event["event_type"] == "VIEW" || event["event_type"] == "UPDATE") {
            let text = event.to_string();
            assert_eq!(event["actor_role"], person.role, "{text}");
            assert!(strange.iter().all(|ticket| !text.contains(&whole(ticket))), "{} is said to see {text}", person.name);
        }
        let changes = own.iter().filter(|event| event["event_type"] == "UPDATE" && event["entity_id"] != Json::Null);
        let changed: BTreeSet<&str> =
            changes.filter_map(|event| event["entity_id"].as_str()).filter(|id| id.contains("0004")).collect();
        assert!(changed.iter().all(|id| Some(*id) == person.own.map(whole).as_deref()), "{}: {changed:?}", person.name);
    }
}
