//! What PostgreSQL is told of a caller: what the policies and triggers of the caller's role ask, and nothing else.

use super::solved::{actor, request};
use crate::support::app::TestApp;
use crate::support::database::{SUPPORT_DESK, TestDatabase, compile};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use tokio_postgres::Client;
use toolcrib::auth::Credential;
use toolcrib::base::{Actor, CallerContext, ContextUse};
use toolcrib::catalog::Collection;
use toolcrib::db::ActorSettings;
use toolcrib::graphql::GraphqlRequest;
use toolcrib::policy::RuleBook;

/// Of the team that Ana is in.
const TICKET: &str = "00000000-0000-7000-8000-000000000401";
/// Of another team than Ana's.
const OTHER_TICKET: &str = "00000000-0000-7000-8000-000000000404";

const DIRECTORY: &str = include_str!("../../../examples/directory/schema.graphql");

/// Rules that ask of each role something else: in policies, in triggers over `old` and `new`, and in those of rules that look into
/// their own collection. What guards and masks ask, no policy does.
const PLANS: &str = r#"
type Plan
  @collection
  @access(
    read: """
    user.role in ['admin', 'manager'] || (user.role == 'agent' && row.openUntil > now()) ||
    (user.role == 'viewer' && row.address == request.ip)
    """
    create: "user.role == 'admin' || (user.role == 'manager' && request.auth.mfa)"
    update: "user.role == 'admin' || (user.role == 'manager' && old.owner == new.owner && request.auth.age < 300)"
    delete: "user.role == 'admin' || (user.role == 'agent' && request.auth.method == 'session')"
  )
  @export(allow: "user.email == 'max@desk.test'", maxRows: 10) {
  owner: User
  openUntil: DateTime
  address: String
  text: String @access(read: "user.isActive", maskAs: "user.email")
}

type Folder
  @collection
  @access(
    read: "user.role != 'viewer'"
    create: "user.role == 'admin' || (user.role == 'agent' && row.parent.owner.email == user.email)"
    update: "user.role == 'admin' || (user.role == 'manager' && inTeam(row.parent.team))"
    delete: "user.role == 'admin'"
  ) {
  parent: Folder
  owner: User
  team: Team
}

extend type RecordShare
  @access(read: "user.role == 'admin' || row.sharedBy == user.id", create: "true", update: "user.role == 'admin'", delete: "false")
"#;

/// What the settings of an actor tell: `who` it is, and what else.
fn told(actor: &Actor, asked: ContextUse) -> BTreeSet<String> {
    let opening = ActorSettings::as_asked(CallerContext { actor, request: &request(), asked }).opening();
    let who = (!opening.contains("toolcrib.actor = ''")).then(|| "who".to_owned());
    let context = opening.split_once("toolcrib.context = '").map(|(_, context)| context.strip_suffix('\'').unwrap());
    let context: Json = context.map_or(json!({}), |context| serde_json::from_str(context).unwrap());
    who.into_iter().chain(context.as_object().unwrap().keys().cloned()).collect()
}

fn told_to(rules: &RuleBook, role: &str) -> BTreeSet<String> {
    let actor = actor(role, Some(0xb));
    told(&actor, rules.context_use_for(&actor))
}

fn words(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(ToString::to_string).collect()
}

#[test]
fn each_role_s_rules_ask_for_themselves() {
    let (_, rules) = compile(PLANS);
    assert_eq!(told_to(&rules, "admin"), words(&["who"]));
    assert_eq!(told_to(&rules, "manager"), words(&["age", "mfa", "teams", "who"]));
    assert_eq!(told_to(&rules, "agent"), words(&["email", "method", "time", "who"]));
    assert_eq!(told_to(&rules, "viewer"), words(&["ip", "who"]));
    let all = words(&["age", "email", "ip", "isActive", "method", "mfa", "teams", "time", "who"]);
    let through = actor("admin", None).through("export");
    for platform in [Actor::platform("cli"), through, actor("unheard_of", None)] {
        assert_eq!(told(&platform, rules.context_use_for(&platform)), all, "{platform:?}");
    }
    assert_eq!(told(&actor("admin", None), rules.context_use()), all, "plans are kept by what guards and masks ask, too");
}

/// By its name in `toolcrib`, what a function gives: the value of `toolcrib.context`, or a part of `who` asks.
async fn functions(owner: &Client) -> BTreeMap<String, String> {
    let given = r"select proname::text, coalesce((regexp_match(pg_get_functiondef(oid), 'context_value\(''(\w+)'''))[1], 'who')
        from pg_proc where pronamespace = 'toolcrib'::regnamespace
        and pg_get_functiondef(oid) ~ 'context_value\(''|actor_part\([0-9]'";
    let rows = owner.query(given, &[]).await.unwrap();
    rows.iter().map(|row| (format!("toolcrib.{}(", row.get::<_, &str>(0)), row.get(1))).collect()
}

/// By database role and table, what its policies and triggers call; where it is no table's, by an empty name.
type Called = BTreeMap<(String, String), BTreeSet<String>>;

/// What policies and triggers call, by the catalogs.
async fn called(owner: &Client) -> Called {
    let functions = functions(owner).await;
    assert_eq!(functions.len(), 12, "{functions:?}");
    let mut called = Called::new();
    let mut add = |role: &str, table: &str, text: &str| {
        let values = functions.iter().filter(|(call, _)| text.contains(*call)).map(|(_, value)| value.clone());
        called.entry((role.to_owned(), table.to_owned())).or_default().extend(values);
    };
    let policies = "select coalesce(rolname::text, 'public'), concat(relnamespace::regnamespace, '.', relname),
            concat(pg_get_expr(polqual, polrelid), ' ', pg_get_expr(polwithcheck, polrelid))
        from pg_policy join pg_class c on c.oid = polrelid cross join unnest(polroles) as named left join pg_roles r on r.oid = named";
    for row in owner.query(policies, &[]).await.unwrap() {
        add(row.get(0), row.get(1), row.get(2));
    }
    let triggers = "select prosrc, concat(relnamespace::regnamespace, '.', relname)
        from pg_trigger join pg_class c on c.oid = tgrelid join pg_proc p on p.oid = tgfoid where not tgisinternal";
    for row in owner.query(triggers, &[]).await.unwrap() {
        let mut role = "anybody";
        for line in row.get::<_, &str>(0).lines() {
            if let Some((name, _)) = line.trim_start().strip_prefix("when '").and_then(|rest| rest.split_once('\'')) {
                role = name;
            }
            add(role, row.get(1), line);
        }
    }
    // Whatever else could: functions that others call, and views. Those of readers' logins have their owner's rights and no settings.
    let others = "select pg_get_functiondef(oid) from pg_proc
            where pronamespace::regnamespace::text like 'toolcrib%' and prokind = 'f' and not prosecdef and prorettype <> 'trigger'::regtype
        union all select definition from pg_views where schemaname like 'toolcrib%'";
    for row in owner.query(others, &[]).await.unwrap() {
        let definition: &str = row.get(0);
        add("anybody", "", definition.split_once('\n').map_or(definition, |(_, body)| body));
    }
    called
}

#[tokio::test]
async fn a_role_is_told_what_the_policies_and_triggers_of_a_table_call() {
    let mut silent = 0;
    for schema in [SUPPORT_DESK, DIRECTORY, PLANS] {
        let database = TestDatabase::new(schema).await;
        let (catalog, rules) = (&database.catalog, &database.rules);
        let mut called = called(&database.connect().await).await;
        for role in catalog.roles() {
            let actor = actor(role.as_str(), Some(0xb));
            let mut all = BTreeSet::new();
            for Collection { table, .. } in &catalog.collections {
                let calls = called.remove(&(format!("toolcrib_role_{role}"), table.to_string())).unwrap_or_default();
                let asked = rules.context_use_of_tables(&actor, slice::from_ref(table));
                assert_eq!(told(&actor, asked), calls, "{role}: {table}");
                silent += usize::from(calls.is_empty());
                all.extend(calls);
            }
            assert_eq!(told_to(rules, role.as_str()), all, "{role}");
        }
        // The server's own work says by itself who it is.
        called.retain(|(role, _), calls| !role.starts_with("toolcrib_reader_") && role != "toolcrib_server" && !calls.is_empty());
        let platform = Actor::platform("cli");
        let everything = told(&platform, rules.context_use_of_tables(&platform, &[]));
        for ((role, table), calls) in called {
            assert!(role == "toolcrib_role_platform" && calls.is_subset(&everything), "{role}: {table}: {calls:?}");
        }
    }
    assert!(silent > 0, "every table asks something");
}

/// What PostgreSQL is told for a query's only root field.
async fn told_for(app: &TestApp, name: &str, query: &str) -> BTreeSet<String> {
    let credential = Credential::Token(app.token_of(name).await.into());
    let actor = app.app.authenticator.authenticate(&credential, &request()).await.unwrap();
    let query = GraphqlRequest { query: query.to_owned(), ..GraphqlRequest::default() };
    let explained = app.app.engine.explain(&query, &actor, &request()).unwrap();
    let statement = explained[0].statement.as_ref().unwrap();
    told(&actor, app.database.rules.context_use_of_tables(&actor, statement.tables()))
}

#[tokio::test]
async fn a_query_tells_what_its_tables_ask_wherever_they_stand_in_it() {
    let app = TestApp::support_desk().start().await;
    let (nothing, shares) = (words(&[]), words(&["isActive", "teams", "who"]));
    let one = format!("{{ ticket(id: \"{TICKET}\") {{ subject customer {{ name }} events {{ kind }} }} }}");
    assert_eq!(told_for(&app, "max", &one).await, words(&["who"]), "a manager reads every ticket, and leaves a VIEW event");
    assert_eq!(told_for(&app, "ana", &one).await, shares, "an agent those, too, that are shared with a team");
    // With whether a VIEW event is left, which is somebody's.
    for (query, is_recorded) in [
        ("{ recordShares { nodes { id } } }", false),
        ("{ tickets { nodes { recordShares { level } } } }", true),
        ("{ customers { nodes { tickets { recordSharesConnection { totalCount } } } } }", true),
        ("{ tickets(where: {recordShares: {some: {level: {eq: READ}}}}) { totalCount } }", true),
        ("{ ticketsAggregate(where: {recordShares: {none: {level: {eq: READ}}}}) { count } }", true),
    ] {
        assert_eq!(told_for(&app, "max", query).await, words(&["teams", "who"]), "{query}");
        let who = if is_recorded { words(&["who"]) } else { words(&[]) };
        assert_eq!(told_for(&app, "ada", query).await, who, "an admin's rules ask nothing: {query}");
    }
    let customers = "{ customers { nodes { name } } }";
    assert_eq!(told_for(&app, "ana", customers).await, nothing, "the table asks nothing, although others do");
    assert_eq!(told_for(&app, "ana", "{ customers(where: {tickets: {some: {}}}) { totalCount } }").await, shares);
    assert_eq!(told_for(&app, "ana", "{ ticketEvents(orderBy: [{ticket: {dueAt: ASC}}]) { nodes { kind } } }").await, shares);
    app.finish().await;
}

#[tokio::test]
async fn fields_of_one_request_are_told_what_any_of_them_asks_also_by_a_kept_plan() {
    let share = format!(
        "insert into toolcrib.record_shares (record_type, record_id, team_id, level)
         values ('Ticket', '{OTHER_TICKET}', '00000000-0000-7000-8000-000000000101', 'READ')"
    );
    let app = TestApp::support_desk().with_rows(share).start().await;
    let query = "{ macros { nodes { id } } tickets { nodes { id } } customers { totalCount } }";
    for _ in 0..3 {
        let data = app.user("ana").graphql(query, json!({})).await.data();
        let tickets = data["tickets"]["nodes"].as_array().unwrap();
        assert!(tickets.contains(&json!({ "id": OTHER_TICKET })), "shared with her team: {tickets:?}");
    }
    app.finish().await;
}
