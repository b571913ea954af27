//! Administration of people and teams: what holds whoever administers, and the preview of a change.

use crate::support::app::TestApp;
use futures_util::future::join_all;
use serde_json::{Value as Json, json};

const SET: &str = "mutation Set($id: ID!, $set: UpdateUserInput!) { updateUser(id: $id, set: $set) { user { role isActive } } }";
const LAST: &str = "the last active admin cannot be removed, demoted or deactivated; make somebody else admin first";

/// Two more admins: one who left, and a service.
const ADMINS: &str = "insert into toolcrib.users (id, email, name, role, is_active, kind) values
    ('00000000-0000-7000-8000-000000000261', 'old@desk.test', 'Old', 'admin', false, 'PERSON'),
    ('00000000-0000-7000-8000-000000000262', 'bot@desk.test', 'Bot', 'admin', true, 'SERVICE')";

async fn active_admins(app: &TestApp) -> i64 {
    let count = "select count(*)::int as count from toolcrib.users where role = 'admin' and is_active and kind = 'PERSON'";
    app.rows(count).await[0]["count"].as_i64().unwrap()
}

#[tokio::test]
async fn who_is_invited_and_has_not_come_yet_is_told_to_admins() {
    let app = TestApp::support_desk().start().await;
    for (name, subject) in [("ada", "1"), ("ana", "2"), ("max", "3")] {
        let id = app.user_id(name).await;
        app.execute(&format!(
            "insert into toolcrib.identities (user_id, provider, issuer, subject, email)
             values ('{id}', 'sso', 'https://sso.test', '{subject}', '{name}@desk.test')"
        ))
        .await;
    }
    const INVITED: &str =
        "{ users(where: { kind: { eq: PERSON }, isActive: { eq: true }, identities: { none: {} } }) { nodes { email } } }";
    let emails = |data: Json| -> Vec<String> {
        let nodes = data["users"]["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|node| node["email"].as_str().unwrap().replace("@desk.test", "")).collect()
    };
    let invited = emails(app.user("ada").graphql(INVITED, json!({})).await.data());
    assert!(invited.contains(&"ben".to_owned()) && invited.contains(&"cleo".to_owned()), "{invited:?}");
    assert!(["ada", "ana", "max"].iter().all(|name| !invited.contains(&(*name).to_owned())), "{invited:?}");
    let own = app.user("ana").graphql("{ viewer { user { identities { provider subject } } } }", json!({})).await.data();
    assert_eq!(own["viewer"]["user"]["identities"], json!([{ "provider": "sso", "subject": "2" }]));
    // Whoever sees other people and not who they are at a provider learns nothing of it by asking around.
    let seen = async |query: &str| emails(app.user("max").graphql(query, json!({})).await.data());
    let all = seen("{ users(where: { kind: { eq: PERSON }, isActive: { eq: true } }) { nodes { email } } }").await;
    let without: Vec<String> = all.iter().filter(|email| *email != "max").cloned().collect();
    assert!(all.len() > 2 && seen(INVITED).await == without, "{all:?}");
    assert_eq!(seen("{ users(where: { identities: { some: { subject: { eq: \"1\" } } } }) { nodes { email } } }").await, [""; 0]);
    app.finish().await;
}

/// Administrators make tokens for service accounts: a person that could be made one for a moment would be signed for.
#[tokio::test]
async fn what_a_user_is_stays() {
    let app = TestApp::support_desk().with_rows(ADMINS).start().await;
    let (ada, ana, bot) = (app.user("ada"), app.user_id("ana").await, app.user_id("bot").await);
    const KIND: &str = "`kind`: what a user is stays what it was made; make another user";
    for (id, kind) in [(ana, "SERVICE"), (bot, "PERSON")] {
        let refused = ada.graphql(SET, json!({ "id": id, "set": { "kind": kind, "name": "Other" } })).await;
        assert_eq!(
            (refused.codes(), refused.messages()),
            (vec!["CONSTRAINT_VIOLATION".to_owned()], vec![KIND.to_owned()]),
            "{kind}"
        );
    }
    // What it is anyway may be said.
    ada.graphql(SET, json!({ "id": ana, "set": { "kind": "PERSON", "name": "Ana L." } })).await.data();
    let make = "mutation($user: ID!) { createServiceToken(input: { user: { id: $user }, scopes: [\"*:READ\"], expiresAt: \"2030-01-01T00:00:00Z\" }) { secret } }";
    assert_eq!(ada.graphql(make, json!({ "user": ana })).await.codes(), ["FORBIDDEN"]);
    ada.graphql(make, json!({ "user": bot })).await.data();
    app.finish().await;
}

#[tokio::test]
async fn the_last_active_admin_stays() {
    let app = TestApp::support_desk().with_rows(ADMINS).start().await;
    let ada = app.user_id("ada").await;
    for set in [json!({ "role": "manager" }), json!({ "isActive": false })] {
        for caller in [app.user("ada"), app.user("bot")] {
            let refused = caller.graphql(SET, json!({ "id": ada, "set": set })).await;
            assert_eq!(
                (refused.codes(), refused.messages()),
                (vec!["CONSTRAINT_VIOLATION".to_owned()], vec![LAST.to_owned()]),
                "{set}"
            );
        }
    }
    app.execute("delete from toolcrib.service_token_hashes; delete from toolcrib.service_tokens").await;
    let delete = "mutation Delete($id: ID!) { deleteUser(id: $id) { auditEventId } }";
    let refused = app.browser("bot").graphql(delete, json!({ "id": ada })).await;
    assert!(refused.messages()[0] == LAST || refused.messages()[0].contains("still points here"), "{:?}", refused.messages());
    let everybody = "mutation { updateUsers(where: {}, set: {isActive: false}) { count } }";
    assert_eq!(app.browser("bot").graphql(everybody, json!({})).await.messages(), [LAST]);
    assert_eq!(app.browser("ada").graphql(SET, json!({ "id": ada, "set": { "name": "Ada L." } })).await.codes(), [""; 0]);
    assert_eq!(active_admins(&app).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn one_admin_makes_room_for_another_in_one_change() {
    let app = TestApp::support_desk().start().await;
    let swap = "mutation Swap($updates: [UpdateUserByIdInput!]!) { updateUsersById(updates: $updates) { count } }";
    let (ada, max) = (app.user_id("ada").await, app.user_id("max").await);
    let updates = json!([{ "id": ada, "set": { "role": "viewer" } }, { "id": max, "set": { "role": "admin" } }]);
    assert_eq!(app.user("ada").graphql(swap, json!({ "updates": updates })).await.data()["updateUsersById"]["count"], 2);
    assert_eq!(active_admins(&app).await, 1);
    app.finish().await;
}

#[tokio::test]
async fn two_admins_who_let_each_other_go_at_once_leave_one() {
    let app = TestApp::support_desk().start().await;
    for round in 0..4 {
        app.execute(
            "update toolcrib.users set role = 'admin', is_active = true where email in ('ada@desk.test', 'max@desk.test')",
        )
        .await;
        app.app.authenticator.forget_all();
        let (ada, max) = (app.user_id("ada").await, app.user_id("max").await);
        let callers = [(app.user("ada"), max, json!({ "role": "viewer" })), (app.user("max"), ada, json!({ "isActive": false }))];
        for (caller, _, _) in &callers {
            caller.graphql("{ __typename }", json!({})).await.data();
        }
        let changes = callers.iter().map(|(caller, id, set)| caller.graphql(SET, json!({ "id": id, "set": set })));
        let answers = join_all(changes).await;
        let refused: Vec<_> = answers.iter().filter(|answer| answer.json().get("errors").is_some()).collect();
        assert!(refused.len() <= 1, "round {round}");
        assert_eq!(
            active_admins(&app).await,
            1,
            "round {round}: {:?}",
            refused.iter().map(|answer| answer.messages()).collect::<Vec<_>>()
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn teams_form_a_tree() {
    let app = TestApp::support_desk().start().await;
    const MOVE: &str =
        "mutation Move($id: ID!, $to: ID!) { updateTeam(id: $id, set: {parent: {id: $to}}) { team { parent { name } } } }";
    let team = |number: u8| format!("00000000-0000-7000-8000-0000000001{number:02}");
    // Dark red stands below Red.
    let move_to = async |id: u8, to: u8| app.user("ada").graphql(MOVE, json!({ "id": team(id), "to": team(to) })).await;
    let refused = move_to(1, 3).await;
    assert_eq!(refused.codes(), ["CONSTRAINT_VIOLATION"]);
    assert_eq!(refused.messages(), [format!("`parent`: `Team` `{}` would stand below itself", team(1))]);
    assert_eq!(move_to(2, 2).await.codes(), ["CONSTRAINT_VIOLATION"], "not below itself at once");
    assert_eq!(move_to(2, 3).await.data()["updateTeam"]["team"]["parent"]["name"], "Dark red");
    assert_eq!(move_to(1, 2).await.codes(), ["CONSTRAINT_VIOLATION"], "however long the way");
    let both = format!(
        "mutation {{ updateTeamsById(updates: [{{id: \"{}\", set: {{parent: null}}}}, {{id: \"{}\", set: {{parent: {{id: \"{}\"}}}}}}]) {{ count }} }}",
        team(3),
        team(1),
        team(2)
    );
    let refused = app.user("ada").graphql(&both, json!({})).await;
    assert_eq!(refused.codes(), [""; 0], "asked of the whole change: {:?}", refused.messages());
    app.finish().await;
}

#[tokio::test]
async fn two_moves_at_once_make_no_circle() {
    let app = TestApp::support_desk().start().await;
    const MOVE: &str = "mutation Move($id: ID!, $to: ID!) { updateTeam(id: $id, set: {parent: {id: $to}}) { auditEventId } }";
    let (red, blue) = ("00000000-0000-7000-8000-000000000101", "00000000-0000-7000-8000-000000000102");
    let ada = app.user("ada");
    ada.graphql("{ __typename }", json!({})).await.data();
    for round in 0..4 {
        app.execute("update toolcrib.teams set parent_id = null").await;
        let answers = tokio::join!(
            ada.graphql(MOVE, json!({ "id": red, "to": blue })),
            ada.graphql(MOVE, json!({ "id": blue, "to": red }))
        );
        let refused = [answers.0, answers.1].iter().filter(|answer| answer.json().get("errors").is_some()).count();
        assert_eq!(refused, 1, "round {round}");
    }
    app.finish().await;
}

const PREVIEW: &str = "mutation Preview($id: ID!, $set: UpdateUserInput!, $dryRun: Boolean!) {
    updateUser(id: $id, set: $set, dryRun: $dryRun) {
        changes: accessChanges { collection operation before after rowsBefore rowsAfter }
        user { role }
    }
}";

fn change<'j>(changes: &'j Json, collection: &str, operation: &str) -> Option<&'j Json> {
    let is_meant = |change: &&Json| change["collection"] == collection && change["operation"] == operation;
    changes.as_array().unwrap().iter().find(is_meant)
}

#[tokio::test]
async fn a_dry_run_shows_what_a_role_widens() {
    let app = TestApp::support_desk().start().await;
    let vic = app.user_id("vic").await;
    let preview = async |set: Json, dry_run: bool| {
        let variables = json!({ "id": vic, "set": set, "dryRun": dry_run });
        app.user("ada").graphql(PREVIEW, variables).await.data()["updateUser"].clone()
    };
    let shown = preview(json!({ "role": "manager" }), true).await;
    assert_eq!(shown["user"]["role"], "manager");
    let expected =
        json!({ "collection": "Ticket", "operation": "READ", "before": "SOME", "after": "ALL", "rowsBefore": 2, "rowsAfter": 6 });
    assert_eq!(change(&shown["changes"], "Ticket", "READ"), Some(&expected));
    let export = json!({ "collection": "Customer", "operation": "EXPORT", "before": "NONE", "after": "ALL", "rowsBefore": null, "rowsAfter": null });
    assert_eq!(change(&shown["changes"], "Customer", "EXPORT"), Some(&export));
    assert_eq!(change(&shown["changes"], "Customer", "READ"), None, "what stays is not said");
    assert_eq!(app.rows(&format!("select role from toolcrib.users where id = '{vic}'")).await, [json!({ "role": "viewer" })]);

    let gone = preview(json!({ "isActive": false }), true).await;
    let expected = json!({ "collection": "Ticket", "operation": "READ", "before": "SOME", "after": "NONE", "rowsBefore": 2, "rowsAfter": 0 });
    assert_eq!(change(&gone["changes"], "Ticket", "READ"), Some(&expected));
    let nothing = preview(json!({ "name": "Victor" }), false).await;
    assert_eq!(nothing["changes"], json!([]));
    let real = preview(json!({ "role": "manager" }), false).await;
    // But for the audit log, which has more events by then.
    let told = |changes: &Json| {
        let changes = changes.as_array().unwrap().iter().filter(|change| change["collection"] != "AuditEvent");
        changes.cloned().collect::<Vec<_>>()
    };
    assert_eq!(told(&real["changes"]), told(&shown["changes"]), "the change says the same as its preview");
    app.finish().await;
}

#[tokio::test]
async fn another_team_is_told_in_rows() {
    let app = TestApp::support_desk().start().await;
    let set = json!({ "team": { "id": "00000000-0000-7000-8000-000000000102" } });
    let variables = json!({ "id": app.user_id("ana").await, "set": set, "dryRun": true });
    let shown = app.user("ada").graphql(PREVIEW, variables.clone()).await.data()["updateUser"].clone();
    let expected = json!({ "collection": "Ticket", "operation": "READ", "before": "SOME", "after": "SOME", "rowsBefore": 4, "rowsAfter": 2 });
    assert_eq!(change(&shown["changes"], "Ticket", "READ"), Some(&expected));
    // Whoever may not change the user gets no preview either.
    assert_eq!(app.user("max").graphql(PREVIEW, variables).await.codes(), ["FORBIDDEN"]);
    app.finish().await;
}

#[tokio::test]
async fn a_preview_counts_no_rows_beyond_the_reach_of_whoever_asks() {
    let schema = "
        type Salary @collection @access(read: \"user.role == 'manager'\", write: \"user.role == 'manager'\") { amount: Int! }
        type Note @collection @access(read: \"user.role == 'manager' || (user.role == 'admin' && row.shown)\", write: \"false\") { shown: Boolean! }";
    let rows =
        "insert into toolcrib.users (email, name, role) values ('ada@x.test', 'Ada', 'admin'), ('vic@x.test', 'Vic', 'viewer');
        insert into public.salaries (amount) values (1), (2);
        insert into public.notes (shown) values (true), (false), (false)";
    let app = TestApp::with_schema(schema).with_rows(rows).start().await;
    let variables = json!({ "id": app.user_id("vic").await, "set": { "role": "manager" }, "dryRun": true });
    let shown = app.user("ada").graphql(PREVIEW, variables).await.data()["updateUser"]["changes"].clone();
    let salary = change(&shown, "Salary", "READ").unwrap();
    assert_eq!((&salary["after"], &salary["rowsBefore"], &salary["rowsAfter"]), (&json!("ALL"), &json!(0), &json!(null)));
    assert_eq!(change(&shown, "Note", "READ").unwrap()["rowsAfter"], 1, "of three");
    app.finish().await;
}
