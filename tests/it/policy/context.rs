//! What PostgreSQL is told of a caller: what the policies and triggers of the caller's role ask, and nothing else.

use super::solved::{actor, request};
use crate::support::database::{SUPPORT_DESK, TestDatabase, compile};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Client;
use toolcrib::base::{Actor, CallerContext, ContextUse};
use toolcrib::db::ActorSettings;
use toolcrib::policy::RuleBook;

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

/// What the settings of an actor tell beside who it is.
fn told(actor: &Actor, asked: ContextUse) -> BTreeSet<String> {
    let opening = ActorSettings::of(CallerContext { actor, request: &request(), asked }).opening();
    let Some((_, context)) = opening.split_once("toolcrib.context = '") else { return BTreeSet::new() };
    let context: Json = serde_json::from_str(context.strip_suffix('\'').unwrap()).unwrap();
    context.as_object().unwrap().keys().cloned().collect()
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
    assert_eq!(told_to(&rules, "admin"), words(&[]));
    assert_eq!(told_to(&rules, "manager"), words(&["age", "mfa", "teams"]));
    assert_eq!(told_to(&rules, "agent"), words(&["email", "method", "time"]));
    assert_eq!(told_to(&rules, "viewer"), words(&["ip"]));
    let all = words(&["age", "email", "ip", "isActive", "method", "mfa", "teams", "time"]);
    let through = actor("admin", None).through("export");
    for platform in [Actor::platform("cli"), through, actor("unheard_of", None)] {
        assert_eq!(told(&platform, rules.context_use_for(&platform)), all, "{platform:?}");
    }
    assert_eq!(told(&actor("admin", None), rules.context_use()), all, "plans are kept by what guards and masks ask, too");
}

/// By its name in `toolcrib`, the value of `toolcrib.context` that a function gives.
async fn functions(owner: &Client) -> BTreeMap<String, String> {
    let given = r"select proname::text, (regexp_match(pg_get_functiondef(oid), 'context_value\(''(\w+)'''))[1] from pg_proc
        where pronamespace = 'toolcrib'::regnamespace and pg_get_functiondef(oid) ~ 'context_value\('''";
    let rows = owner.query(given, &[]).await.unwrap();
    rows.iter().map(|row| (format!("toolcrib.{}(", row.get::<_, &str>(0)), row.get(1))).collect()
}

/// What every database role's policies and triggers call, by the catalogs.
async fn called(owner: &Client) -> BTreeMap<String, BTreeSet<String>> {
    let functions = functions(owner).await;
    assert_eq!(functions.len(), 8, "{functions:?}");
    let calls = |text: &str| functions.iter().filter(|(call, _)| text.contains(*call)).map(|(_, value)| value.clone()).collect();
    let mut called: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let policies = "select coalesce(rolname::text, 'public'),
            concat(pg_get_expr(polqual, polrelid), ' ', pg_get_expr(polwithcheck, polrelid))
        from pg_policy cross join unnest(polroles) as named left join pg_roles r on r.oid = named";
    for row in owner.query(policies, &[]).await.unwrap() {
        let found: BTreeSet<String> = calls(row.get(1));
        called.entry(row.get(0)).or_default().extend(found);
    }
    let triggers = "select distinct prosrc from pg_trigger join pg_proc p on p.oid = tgfoid where not tgisinternal";
    for row in owner.query(triggers, &[]).await.unwrap() {
        let mut role = "anybody".to_owned();
        for line in row.get::<_, &str>(0).lines() {
            if let Some((name, _)) = line.trim_start().strip_prefix("when '").and_then(|rest| rest.split_once('\'')) {
                name.clone_into(&mut role);
            }
            let found: BTreeSet<String> = calls(line);
            called.entry(role.clone()).or_default().extend(found);
        }
    }
    // Whoever else calls them: the functions of readers, who have no settings, and views, which would be asked by any role.
    let others = "select pg_get_functiondef(oid) from pg_proc
            where pronamespace::regnamespace::text like 'toolcrib%' and prokind = 'f' and not prosecdef and prorettype <> 'trigger'::regtype
        union all select definition from pg_views where schemaname like 'toolcrib%'";
    for row in owner.query(others, &[]).await.unwrap() {
        let definition: &str = row.get(0);
        let body = definition.split_once('\n').map_or(definition, |(_, body)| body);
        let found: BTreeSet<String> = calls(body);
        called.entry("anybody".to_owned()).or_default().extend(found);
    }
    called
}

#[tokio::test]
async fn a_role_is_told_what_its_policies_and_triggers_call() {
    let mut silent = 0;
    for schema in [SUPPORT_DESK, DIRECTORY, PLANS] {
        let database = TestDatabase::new(schema).await;
        let mut called = called(&database.connect().await).await;
        for role in database.catalog.roles() {
            let calls = called.remove(&format!("toolcrib_role_{role}")).unwrap();
            assert_eq!(told_to(&database.rules, role.as_str()), calls, "{role}");
            silent += usize::from(calls.is_empty());
        }
        let platform = Actor::platform("cli");
        let calls = called.remove("toolcrib_role_platform").unwrap();
        assert!(told(&platform, database.rules.context_use_for(&platform)).is_superset(&calls), "{calls:?}");
        called.retain(|role, calls| !role.starts_with("toolcrib_reader_") && !calls.is_empty());
        assert_eq!(called, BTreeMap::new(), "nobody else calls them");
    }
    assert!(silent > 0, "no role asks nothing");
}
