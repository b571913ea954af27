//! Teams in a tree: who is in a team reaches what those below it have, and a move counts with the next request.

use crate::support::app::TestApp;
use crate::support::caller::Caller;
use serde_json::{Value as Json, json};

const SCHEMA: &str = r#"
type Ticket @collection @access(read: "user.role == 'admin' || inTeam(row.team)", create: "inTeam(row.team)", update: "inTeam(row.team)", delete: "false") @audit {
  subject: String!
  team: Team
  events: [Event!]!
}

type Event @collection @access(read: "inTeam(row.ticket.team)", write: "false") {
  ticket: Ticket!
}

extend type Team @access(read: "true", write: "user.role == 'admin'")

type Elsewhere @collection @access(read: "!inTeam(row.team)", write: "false") {
  team: Team
}
"#;

/// Red over dark red over deep red, and blue; a ticket of each and one of nobody's. Ana is in dark red, Ray in red, Cleo in
/// blue, Noa nowhere.
const ROWS: &str = "
insert into toolcrib.teams (id, name, parent_id) values
  ('00000000-0000-7000-8000-000000000101', 'Red', null),
  ('00000000-0000-7000-8000-000000000102', 'Blue', null),
  ('00000000-0000-7000-8000-000000000103', 'Dark red', '00000000-0000-7000-8000-000000000101'),
  ('00000000-0000-7000-8000-000000000104', 'Deep red', '00000000-0000-7000-8000-000000000103');
insert into toolcrib.users (id, email, name, role, team_id) values
  ('00000000-0000-7000-8000-000000000201', 'ada@desk.test', 'Ada', 'admin', null),
  ('00000000-0000-7000-8000-000000000202', 'ray@desk.test', 'Ray', 'agent', '00000000-0000-7000-8000-000000000101'),
  ('00000000-0000-7000-8000-000000000203', 'ana@desk.test', 'Ana', 'agent', '00000000-0000-7000-8000-000000000103'),
  ('00000000-0000-7000-8000-000000000205', 'cleo@desk.test', 'Cleo', 'agent', '00000000-0000-7000-8000-000000000102'),
  ('00000000-0000-7000-8000-000000000206', 'noa@desk.test', 'Noa', 'agent', null);
insert into public.tickets (id, subject, team_id) values
  ('00000000-0000-7000-8000-000000000401', 'red', '00000000-0000-7000-8000-000000000101'),
  ('00000000-0000-7000-8000-000000000402', 'blue', '00000000-0000-7000-8000-000000000102'),
  ('00000000-0000-7000-8000-000000000403', 'dark', '00000000-0000-7000-8000-000000000103'),
  ('00000000-0000-7000-8000-000000000404', 'deep', '00000000-0000-7000-8000-000000000104'),
  ('00000000-0000-7000-8000-000000000405', 'nobody', null);
insert into public.events (id, ticket_id) select id, id from public.tickets;
insert into public.elsewheres (id, team_id) select id, team_id from public.tickets;
";

fn team(number: u8) -> String {
    format!("00000000-0000-7000-8000-0000000001{number:02}")
}

/// The subjects of the tickets that somebody reads; events say the same through their tickets.
async fn seen(caller: &Caller<'_>) -> Vec<String> {
    let query =
        "{ tickets(orderBy: [{id: ASC}]) { nodes { subject } } events(orderBy: [{id: ASC}]) { nodes { ticket { subject } } } }";
    let data = caller.graphql(query, json!({})).await.data();
    let texts = |nodes: &Json, at: &str| -> Vec<String> {
        nodes.as_array().unwrap().iter().map(|node| node.pointer(at).unwrap().as_str().unwrap().to_owned()).collect()
    };
    let tickets = texts(&data["tickets"]["nodes"], "/subject");
    assert_eq!(texts(&data["events"]["nodes"], "/ticket/subject"), tickets, "a path leads to the same answer");
    tickets
}

async fn start() -> TestApp {
    TestApp::with_schema(SCHEMA).with_rows(ROWS).start().await
}

#[tokio::test]
async fn a_team_reaches_what_is_below_it_and_nothing_else() {
    let app = start().await;
    for (name, expected) in
        [("ray", vec!["red", "dark", "deep"]), ("ana", vec!["dark", "deep"]), ("cleo", vec!["blue"]), ("noa", vec![])]
    {
        assert_eq!(seen(&app.user(name)).await, expected, "{name}");
    }
    app.finish().await;
}

#[tokio::test]
async fn nobody_without_a_team_is_outside_of_one_either() {
    let app = start().await;
    for (name, expected) in [("ray", 2), ("ana", 3), ("cleo", 4), ("noa", 0)] {
        let data = app.user(name).graphql("{ elsewheres { totalCount } }", json!({})).await.data();
        assert_eq!(data["elsewheres"]["totalCount"], expected, "{name}");
    }
    app.finish().await;
}

#[tokio::test]
async fn moving_a_team_counts_with_the_next_request() {
    let app = start().await;
    const MOVE: &str = "mutation Move($id: ID!, $set: UpdateTeamInput!) { updateTeam(id: $id, set: $set) { auditEventId } }";
    let (ray, cleo) = (app.user("ray"), app.user("cleo"));
    let before = (seen(&ray).await, seen(&cleo).await);
    assert_eq!((before.0.len(), before.1.len()), (3, 1));
    let below_blue = json!({ "id": team(3), "set": { "parent": { "id": team(2) } } });
    app.user("ada").graphql(MOVE, below_blue).await.data();
    assert_eq!(seen(&ray).await, ["red"]);
    assert_eq!(seen(&cleo).await, ["blue", "dark", "deep"]);
    app.user("ada").graphql(MOVE, json!({ "id": team(3), "set": { "parent": null } })).await.data();
    assert_eq!(seen(&cleo).await, ["blue"]);
    assert_eq!(seen(&app.user("ana")).await, ["dark", "deep"]);
    app.finish().await;
}

#[tokio::test]
async fn rows_are_written_within_the_own_teams() {
    let app = start().await;
    const CREATE: &str =
        "mutation Create($team: ID!) { createTicket(input: {subject: \"new\", team: {id: $team}}) { ticket { subject } } }";
    const HAND_ON: &str = "mutation HandOn($team: ID!) { updateTicket(id: \"00000000-0000-7000-8000-000000000404\", set: {team: {id: $team}}) { ticket { subject } } }";
    let ana = app.user("ana");
    for (number, code) in [(1, Some("FORBIDDEN")), (2, Some("FORBIDDEN")), (3, None), (4, None)] {
        for document in [CREATE, HAND_ON] {
            let answer = ana.graphql(document, json!({ "team": team(number) })).await;
            assert_eq!(answer.codes(), code.into_iter().collect::<Vec<_>>(), "{document} {number}: {:?}", answer.messages());
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn the_preview_of_a_move_counts_the_teams_below() {
    let app = start().await;
    let preview = "mutation Preview($id: ID!, $team: ID!) {
        updateUser(id: $id, set: {team: {id: $team}}, dryRun: true) { accessChanges { collection operation rowsBefore rowsAfter } }
    }";
    let variables = json!({ "id": app.user_id("noa").await, "team": team(1) });
    let data = app.user("ada").graphql(preview, variables).await.data();
    let changes = data["updateUser"]["accessChanges"].as_array().unwrap();
    let read = changes.iter().find(|change| change["collection"] == "Ticket" && change["operation"] == "READ").unwrap();
    assert_eq!((&read["rowsBefore"], &read["rowsAfter"]), (&json!(0), &json!(3)), "{changes:?}");
    assert_eq!(seen(&app.user("noa")).await, Vec::<String>::new(), "nothing stays");
    app.finish().await;
}
