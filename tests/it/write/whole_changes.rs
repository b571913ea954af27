//! A change of one row whose plan is kept is one message, judged as it is made. Whatever is asked, the answer, the rows and the audit
//! events are those of the same change in a transaction of its own.

use crate::support::app::{SUPPORT_DESK_ROWS, TestApp};
use crate::support::desk::Desk;
use serde_json::{Map, Value as Json, json};
use toolcrib::base::{Actor, RequestContext};

const UPDATE_TICKET: &str = "mutation($id: ID!, $set: UpdateTicketInput!, $v: Int, $why: String) {
  updateTicket(id: $id, set: $set, ifVersion: $v, reason: $why) {
    ticket { id subject status team { name } assignedTo { name } customerEmail internalNote version }
    again: ticket { subject }
    andAgain: ticket { subject }
    auditEventId
    __typename
  }
}";

const CREATE_TICKET: &str = "mutation($input: CreateTicketInput!) {
  createTicket(input: $input) { ticket { subject status team { name } customer { name email } } auditEventId }
}";

const CREATE_EVENT: &str = "mutation($input: CreateTicketEventInput!) {
  createTicketEvent(input: $input) { ticketEvent { kind body author { name } } }
}";

const CREATE_CUSTOMER: &str = "mutation($name: String!, $email: Email) {
  createCustomer(input: {name: $name, email: $email}) { customer { name email } }
}";

const UPDATE_USER: &str = "mutation($id: ID!, $isActive: Boolean) {
  updateUser(id: $id, set: {isActive: $isActive}) { user { name isActive } }
}";

/// What is asked when the plan is kept, and what is asked of the plan then.
struct Case {
    who: &'static str,
    query: &'static str,
    /// Variables that make a plan.
    first: Json,
    /// Those that are compared, and what becomes of them: `None` for a change that is made, else the code of its error.
    then: Vec<(Json, Option<&'static str>)>,
}

fn id(number: u16) -> String {
    format!("00000000-0000-7000-8000-000000000{number}")
}

fn update(number: u16, set: &Json) -> Json {
    json!({ "id": id(number), "set": set })
}

fn subject(number: u16) -> Json {
    update(number, &json!({ "subject": "Another one" }))
}

fn with(mut variables: Json, name: &str, value: Json) -> Json {
    variables[name] = value;
    variables
}

fn cases() -> Vec<Case> {
    let assign = |number: u16, user: u16| update(number, &json!({ "assignedTo": { "id": id(user) } }));
    let event = |ticket: u16, body: &str| json!({ "input": { "ticket": { "id": id(ticket) }, "kind": "COMMENT", "body": body } });
    let ticket = |customer: u16, team: u16, text: &str| json!({ "input": { "customer": { "id": id(customer) }, "team": { "id": id(team) }, "subject": text } });
    let note = |number: u16, text: &str| update(number, &json!({ "customerEmail": text, "assignedTo": { "id": id(203) } }));
    let unassign = |number: u16, text: &str| update(number, &json!({ "subject": text, "assignedTo": null }));
    vec![
        Case {
            who: "ada",
            query: UPDATE_TICKET,
            first: subject(402),
            then: vec![
                (subject(401), None),
                (update(401, &json!({ "subject": "quo'te \\ \u{e4}" })), None),
                (subject(499), Some("NOT_FOUND")),
                (json!({ "id": "no uuid", "set": { "subject": "x" } }), Some("NOT_FOUND")),
                (update(401, &json!({ "subject": "s".repeat(201) })), Some("CONSTRAINT_VIOLATION")),
                (update(401, &json!({ "subject": "a\u{0}b" })), Some("BAD_USER_INPUT")),
            ],
        },
        Case {
            who: "ada",
            query: UPDATE_TICKET,
            first: with(subject(402), "v", json!(1)),
            then: vec![(with(subject(401), "v", json!(1)), None), (with(subject(405), "v", json!(1)), Some("CONFLICT"))],
        },
        Case {
            who: "max",
            query: UPDATE_TICKET,
            first: with(subject(402), "why", json!("spelling")),
            then: vec![(with(subject(401), "why", json!("  because of 'it'  ")), None)],
        },
        Case {
            who: "max",
            query: UPDATE_TICKET,
            first: assign(401, 203),
            then: vec![(assign(403, 204), None), (assign(403, 299), Some("NOT_FOUND"))],
        },
        // What an agent may do hangs on the row before and after.
        Case {
            who: "ana",
            query: UPDATE_TICKET,
            first: subject(401),
            then: vec![
                (subject(406), None),
                (subject(402), Some("FORBIDDEN")),
                (subject(403), Some("FORBIDDEN")),
                (subject(404), Some("NOT_FOUND")),
                (subject(499), Some("NOT_FOUND")),
            ],
        },
        Case {
            who: "ana",
            query: UPDATE_TICKET,
            first: assign(403, 203),
            then: vec![
                (assign(403, 203), None),
                (assign(401, 204), None),
                (assign(403, 204), Some("FORBIDDEN")),
                (assign(404, 203), Some("NOT_FOUND")),
                (assign(401, 299), Some("NOT_FOUND")),
            ],
        },
        // The changed row is one that the agent may not read any more.
        Case {
            who: "ana",
            query: UPDATE_TICKET,
            first: update(401, &json!({ "team": { "id": id(101) } })),
            then: vec![(update(401, &json!({ "team": { "id": id(102) } })), None)],
        },
        // A field that may only be changed where it may be read, before and after.
        Case {
            who: "ana",
            query: UPDATE_TICKET,
            first: note(401, "a@acme.test"),
            then: vec![(note(401, "b@acme.test"), None), (note(403, "b@acme.test"), Some("FORBIDDEN"))],
        },
        Case { who: "ana", query: UPDATE_TICKET, first: unassign(401, "a"), then: vec![(unassign(406, "b"), None)] },
        Case {
            who: "ada",
            query: CREATE_TICKET,
            first: ticket(301, 101, "first"),
            then: vec![
                (ticket(302, 102, "second"), None),
                (ticket(399, 102, "second"), Some("NOT_FOUND")),
                (ticket(302, 102, &"s".repeat(201)), Some("CONSTRAINT_VIOLATION")),
            ],
        },
        Case {
            who: "ana",
            query: CREATE_TICKET,
            first: ticket(301, 101, "first"),
            then: vec![(ticket(302, 101, "second"), None), (ticket(302, 102, "second"), Some("FORBIDDEN"))],
        },
        Case {
            who: "ana",
            query: CREATE_EVENT,
            first: event(401, "first"),
            then: vec![
                (event(406, "second"), None),
                (event(402, "second"), Some("FORBIDDEN")),
                (event(404, "second"), Some("NOT_FOUND")),
            ],
        },
        Case {
            who: "max",
            query: CREATE_CUSTOMER,
            first: json!({ "name": "First", "email": "first@acme.test" }),
            then: vec![
                (json!({ "name": "Second", "email": "second@acme.test" }), None),
                (json!({ "name": "Second", "email": "jo@acme.test" }), Some("CONSTRAINT_VIOLATION")),
            ],
        },
        Case {
            who: "ada",
            query: UPDATE_USER,
            first: json!({ "id": id(204), "isActive": false }),
            then: vec![
                (json!({ "id": id(203), "isActive": false }), None),
                (json!({ "id": id(201), "isActive": false }), Some("CONSTRAINT_VIOLATION")),
            ],
        },
    ]
}

/// What a request left, without what no two requests share.
async fn ask(desk: &Desk, actor: &Actor, query: &str, variables: &Json) -> (bool, Json) {
    // A ticket that was changed before.
    desk.app.reset(&format!("{SUPPORT_DESK_ROWS}; update public.tickets set version = 2 where id = '{}'", id(405))).await;
    let context = RequestContext {
        ip_address: Some("192.0.2.7".parse().unwrap()),
        user_agent: Some("test's own".to_owned()),
        ..RequestContext::internal("2026-02-01T12:00:00Z".parse().unwrap())
    };
    let response = desk.ask_in(&context, actor, query, variables).await;
    let events = format!(
        "select * from toolcrib.audit_events where request_id = '{}' order by event_type, entity_type, entity_id",
        context.request_id
    );
    let tables = ["public.tickets", "public.customers", "public.ticket_events", "toolcrib.users"];
    let mut left =
        json!({ "answer": serde_json::from_str::<Json>(&response.body).unwrap(), "events": desk.app.rows(&events).await });
    for table in tables {
        // New rows are told apart by what they say.
        left[table] = desk.app.rows(&format!("select * from {table} order by created_at < '2026-01-30', id")).await.into();
    }
    (response.summary.is_plan_kept, without_own(left))
}

/// New ids and times differ from request to request.
fn without_own(json: Json) -> Json {
    const OWN: [&str; 7] = ["createdAt", "updatedAt", "created_at", "updated_at", "transaction_id", "requestId", "request_id"];
    match json {
        Json::Object(members) => {
            let kept = members.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
            Json::Object(kept.map(|(name, value)| (name, without_own(value))).collect::<Map<_, _>>())
        }
        Json::Array(elements) => elements.into_iter().map(without_own).collect(),
        Json::String(text) => match text.rsplit_once(':').unwrap_or(("", &text)) {
            (of, id) if uuid::Uuid::parse_str(id).is_ok() && !id.starts_with("00000000-") => json!(format!("{of}:<new>")),
            _ => Json::String(text),
        },
        other => other,
    }
}

#[tokio::test]
async fn whole_changes_are_what_they_are_in_a_transaction() {
    let desk = Desk { app: TestApp::support_desk().start().await };
    let mut documents = 0;
    for Case { who, query, first, then } in cases() {
        let actor = desk.actor(who).await;
        for _ in 0..2 {
            ask(&desk, &actor, query, &first).await;
        }
        let (is_kept, made) = ask(&desk, &actor, query, &first).await;
        assert!(is_kept, "{who} {query} {first}: {made:#}");
        for (variables, code) in then {
            let (is_whole, whole) = ask(&desk, &actor, query, &variables).await;
            assert_eq!(whole["answer"]["errors"][0]["extensions"]["code"].as_str(), code, "{who} {variables}: {whole:#}");
            assert_eq!(is_whole, code.is_none(), "{who} {variables}");
            // Another document has no plan that was kept.
            documents += 1;
            let (is_kept, alone) = ask(&desk, &actor, &format!("{query} # {documents}"), &variables).await;
            assert!(!is_kept);
            assert_eq!(whole, alone, "{who} {query} {variables}");
            let denied = whole["events"].as_array().unwrap().iter().any(|event| event["event_type"] == "DENIED");
            assert!(denied || code != Some("FORBIDDEN"), "{who} {variables}");
        }
    }
    desk.app.finish().await;
}
