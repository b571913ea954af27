//! Rules over the row before and after a change.

use super::{event_list, id};
use crate::support::app::TestApp;
use serde_json::{Value as Json, json};

/// Asks for a change of a ticket's assignee; `null` gives it back.
fn assign(ticket: u8, user: Option<u8>) -> String {
    let target = user.map_or("null".to_owned(), |user| format!("{{id: \"{}\"}}", id(2, user)));
    format!(
        "mutation {{ updateTicket(id: \"{}\", set: {{assignedTo: {target}}}) {{ ticket {{ assignedTo {{ name }} }} }} }}",
        id(4, ticket)
    )
}

async fn codes(app: &TestApp, user: &str, mutation: &str) -> Vec<String> {
    app.user(user).graphql(mutation, json!({})).await.codes()
}

#[tokio::test]
async fn an_agent_picks_up_what_is_unassigned_in_the_own_team() {
    let app = TestApp::support_desk().start().await;
    assert_eq!(codes(&app, "ana", &assign(3, Some(4))).await, ["FORBIDDEN"], "not for somebody else");
    assert_eq!(codes(&app, "ana", &assign(2, Some(3))).await, ["FORBIDDEN"], "not from somebody else");
    assert_eq!(codes(&app, "ana", &assign(5, Some(3))).await, ["NOT_FOUND"], "not from another team");
    assert_eq!(codes(&app, "cleo", &assign(3, Some(5))).await, ["NOT_FOUND"], "not from another team");
    let subject = format!("mutation {{ updateTicket(id: \"{}\", set: {{subject: \"Mine\"}}) {{ auditEventId }} }}", id(4, 3));
    assert_eq!(codes(&app, "ana", &subject).await, ["FORBIDDEN"], "not without picking it up");
    let picked = app.user("ana").graphql(&assign(3, Some(3)), json!({})).await.data();
    assert_eq!(picked["updateTicket"]["ticket"]["assignedTo"]["name"], "Ana");
    assert_eq!(codes(&app, "ana", &subject).await, Vec::<String>::new(), "now it is hers");
    assert_eq!(codes(&app, "ben", &assign(3, Some(4))).await, ["FORBIDDEN"], "now it is nobody else's");
    app.finish().await;
}

#[tokio::test]
async fn an_agent_hands_over_what_is_the_own() {
    let app = TestApp::support_desk().start().await;
    assert_eq!(codes(&app, "ana", &assign(1, Some(4))).await, Vec::<String>::new());
    assert_eq!(codes(&app, "ana", &assign(1, Some(3))).await, ["FORBIDDEN"], "what is given is given");
    assert_eq!(codes(&app, "ben", &assign(1, None)).await, Vec::<String>::new(), "given back to the team");
    assert_eq!(codes(&app, "ana", &assign(1, Some(3))).await, Vec::<String>::new(), "picked up again");
    app.finish().await;
}

#[tokio::test]
async fn a_row_handed_to_another_team_is_null_in_the_payload() {
    let app = TestApp::support_desk().start().await;
    let mutation = format!(
        "mutation {{ updateTicket(id: \"{}\", set: {{team: {{id: \"{}\"}}}}) {{ auditEventId ticket {{ id }} }} }}",
        id(4, 1),
        id(1, 2)
    );
    let data = app.user("ana").graphql(&mutation, json!({})).await.data();
    assert_eq!(data["updateTicket"]["ticket"], Json::Null);
    assert_eq!(codes(&app, "ana", &mutation).await, ["NOT_FOUND"]);
    assert_eq!(event_list(&app).await, ["UPDATE Ticket 401", "DENIED Ticket 401"]);
    app.finish().await;
}

/// An update rule that says `row` holds before and after.
const DESKS: &str = r#"
    type Desk @collection
      @access(read: "true", create: "user.role == 'admin'", delete: "false",
        update: "user.role == 'admin' || row.team == user.team")
      @audit {
      name: String!
      team: Team
      floor: Int @access(write: "user.role == 'admin' || row.floor == null || row.floor < 10")
    }

    extend type Team @access(read: "true", write: "user.role == 'admin'")
"#;

const DESK_ROWS: &str = "
    insert into toolcrib.teams (id, name) values
        ('00000000-0000-7000-8000-000000000101', 'Red'), ('00000000-0000-7000-8000-000000000102', 'Blue');
    insert into toolcrib.users (email, name, role, team_id) values
        ('ada@test.test', 'Ada', 'admin', null), ('noa@test.test', 'Noa', 'agent', null),
        ('ana@test.test', 'Ana', 'agent', '00000000-0000-7000-8000-000000000101');
    insert into public.desks (id, name, team_id, floor) values
        ('00000000-0000-7000-8000-000000000401', 'red', '00000000-0000-7000-8000-000000000101', 2),
        ('00000000-0000-7000-8000-000000000402', 'blue', '00000000-0000-7000-8000-000000000102', 2),
        ('00000000-0000-7000-8000-000000000403', 'nobody', null, 12);";

fn set_desk(desk: u8, set: &str) -> String {
    format!("mutation {{ updateDesk(id: \"{}\", set: {{{set}}}) {{ desk {{ name }} }} }}", id(4, desk))
}

#[tokio::test]
async fn no_row_is_moved_out_of_the_own_reach_or_into_it() {
    let app = TestApp::with_schema(DESKS).with_rows(DESK_ROWS).start().await;
    let team = |number| format!("team: {{id: \"{}\"}}", id(1, number));
    assert_eq!(codes(&app, "ana", &set_desk(1, "name: \"mine\"")).await, Vec::<String>::new());
    assert_eq!(codes(&app, "ana", &set_desk(1, &team(2))).await, ["FORBIDDEN"], "out of it");
    assert_eq!(codes(&app, "ana", &set_desk(1, "team: null")).await, ["FORBIDDEN"], "out of it");
    assert_eq!(codes(&app, "ana", &set_desk(2, &team(1))).await, ["FORBIDDEN"], "into it");
    assert_eq!(codes(&app, "ana", &set_desk(3, &team(1))).await, ["FORBIDDEN"], "into it");
    assert_eq!(codes(&app, "noa", &set_desk(3, "name: \"mine\"")).await, ["FORBIDDEN"], "no team is no team's");
    assert_eq!(codes(&app, "ada", &set_desk(1, &team(2))).await, Vec::<String>::new());
    let stored = app.rows("select name, team_id from public.desks order by id").await;
    assert_eq!(stored[0], json!({ "name": "mine", "team_id": id(1, 2) }));
    assert_eq!(stored[1], json!({ "name": "blue", "team_id": id(1, 2) }));
    app.finish().await;
}

#[tokio::test]
async fn a_field_s_rule_holds_before_and_after_and_is_named() {
    let app = TestApp::with_schema(DESKS).with_rows(DESK_ROWS).start().await;
    let refused = async |mutation: &str| app.user("ana").graphql(mutation, json!({})).await.messages();
    assert_eq!(codes(&app, "ana", &set_desk(1, "floor: 9")).await, Vec::<String>::new());
    let message = format!("you may not set `floor` of `Desk` `{}`", id(4, 1));
    assert_eq!(refused(&set_desk(1, "floor: 10")).await, [message.as_str()], "the changed row");
    app.execute("update public.desks set floor = 11").await;
    assert_eq!(refused(&set_desk(1, "floor: 1")).await, [message.as_str()], "the stored row");
    assert_eq!(codes(&app, "ana", &set_desk(1, "name: \"still mine\"")).await, Vec::<String>::new(), "only where it is set");
    assert_eq!(codes(&app, "ada", &set_desk(1, "floor: 20")).await, Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn a_field_s_rule_of_a_new_row_is_named() {
    let schema = DESKS.replace("create: \"user.role == 'admin'\"", "create: \"true\"");
    let app = TestApp::with_schema(schema).with_rows(DESK_ROWS).start().await;
    let create = |floor| format!("mutation {{ createDesk(input: {{name: \"new\", floor: {floor}}}) {{ desk {{ name }} }} }}");
    let response = app.user("ana").graphql(&create(10), json!({})).await;
    assert_eq!(
        (response.codes(), response.messages()),
        (vec!["FORBIDDEN".to_owned()], vec!["you may not set `floor` of `Desk`".to_owned()])
    );
    assert_eq!(codes(&app, "ana", &create(9)).await, Vec::<String>::new());
    assert_eq!(codes(&app, "ada", &create(10)).await, Vec::<String>::new());
    app.finish().await;
}

/// Rules that look into the collection itself: the changed row decides, too, not only those that were there before.
const CLUBS: &str = r#"
    type Member @collection
      @access(
        read: "true"
        create: "user.role == 'admin' || !exists(row.boss.people, m, m.isChief && m.boss != null)"
        update: "user.role == 'admin' || row.boss == null || row.boss.isChief"
        delete: "false"
      )
      @audit {
      name: String!
      isChief: Boolean! @default(value: false)
      boss: Member
      people: [Member!]! @inverse(field: "boss")
    }
"#;

const CLUB_ROWS: &str = "
    insert into toolcrib.users (email, name, role) values ('ada@test.test', 'Ada', 'admin'), ('ana@test.test', 'Ana', 'agent');
    insert into public.members (id, name, is_chief, boss_id) values
        ('00000000-0000-7000-8000-000000000401', 'chief', true, null),
        ('00000000-0000-7000-8000-000000000402', 'clerk', false, '00000000-0000-7000-8000-000000000401'),
        ('00000000-0000-7000-8000-000000000403', 'guest', false, null);";

#[tokio::test]
async fn a_rule_over_the_own_collection_sees_the_change() {
    let app = TestApp::with_schema(CLUBS).with_rows(CLUB_ROWS).start().await;
    let set = |member: u8, set: &str| {
        format!("mutation {{ updateMember(id: \"{}\", set: {{{set}}}) {{ member {{ name }} }} }}", id(4, member))
    };
    let boss = |number| format!("boss: {{id: \"{}\"}}", id(4, number));
    assert_eq!(codes(&app, "ana", &set(3, &boss(1))).await, Vec::<String>::new(), "under a chief");
    assert_eq!(codes(&app, "ana", &set(3, &boss(2))).await, ["FORBIDDEN"], "under a clerk");
    // Its own boss: whether that is a chief is what the change itself decides.
    assert_eq!(codes(&app, "ana", &set(2, &format!("{}, isChief: false", boss(2)))).await, ["FORBIDDEN"]);
    assert_eq!(codes(&app, "ana", &set(2, &format!("{}, isChief: true", boss(2)))).await, Vec::<String>::new());
    let stored = app.rows("select is_chief, boss_id from public.members order by id").await;
    assert_eq!(stored[1], json!({ "is_chief": true, "boss_id": id(4, 2) }));
    assert_eq!(stored[2]["boss_id"], id(4, 1));
    app.finish().await;
}

#[tokio::test]
async fn a_rule_over_the_own_collection_sees_the_new_row() {
    let app = TestApp::with_schema(CLUBS).with_rows(CLUB_ROWS).start().await;
    let create = |is_chief| {
        format!(
            "mutation {{ createMember(input: {{name: \"x\", isChief: {is_chief}, boss: {{id: \"{}\"}}}}) {{ member {{ name }} }} }}",
            id(4, 1)
        )
    };
    assert_eq!(codes(&app, "ana", &create("false")).await, Vec::<String>::new());
    assert_eq!(codes(&app, "ana", &create("true")).await, ["FORBIDDEN"], "it would be the chief among the boss's people itself");
    assert_eq!(codes(&app, "ada", &create("true")).await, Vec::<String>::new());
    assert_eq!(codes(&app, "ana", &create("false")).await, ["FORBIDDEN"], "now there is one");
    app.finish().await;
}
