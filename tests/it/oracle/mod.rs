//! Generated operations, answered twice: by the engine over PostgreSQL and by async-graphql's ordinary executor over the same
//! rows in memory, with rules, filters and orders written a second time by hand. The answers have to be the same text, key by
//! key.
//!
//! `TOOLCRIB_ORACLE_OPERATIONS` asks for another number of operations, `TOOLCRIB_ORACLE_SEED` for others.
//!
//! What 7.2.1's executor gets wrong is kept away. It answers parallel fields in the order of their completion: the oracle's
//! resolvers are ready at once, so that is the document's. It answers null for an object without keys: every generated object has
//! one. It
//! looks for variables of directives in the request alone: defaults are given to it as if the request had them. Where an error has to take its parents away (a refused argument of a list at the root, which is not nullable) it drops
//! the key: `data` is expected to be null there.

mod arguments;
mod cell;
mod document;
mod executor;
mod filter;
mod json;
mod literal;
mod rules;
mod selection;
mod world;

use crate::support::app::TestApp;
use crate::support::database::compile;
use async_graphql::dynamic::DynamicRequestExt;
use cell::Cell;
use chrono::Utc;
use document::Operation;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rules::Caller;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;
use toolcrib::base::{Actor, AuthMethod, RequestContext, RoleName};
use toolcrib::config::{LimitSettings, Roles, Settings};
use toolcrib::graphql::{GraphqlRequest, Variables};
use world::{AGENT_WITHOUT_TEAM, ROLES, Table, World};

const SCHEMA: &str = include_str!("schema.graphql");

/// Both executors over the same rows.
struct Bench {
    app: TestApp,
    oracle: async_graphql::dynamic::Schema,
    types: apollo_compiler::Schema,
    world: Arc<World>,
    callers: Vec<Caller>,
}

impl Bench {
    async fn start() -> Self {
        let world = Arc::new(World::generate(&mut StdRng::seed_from_u64(7)));
        let rows = world.to_sql(&compile(SCHEMA).0);
        let app = TestApp::with_schema(SCHEMA).with_rows(rows).with_limits(lift).with_settings(show).start().await;
        let sdl = app.app.engine.sdl();
        Self {
            oracle: executor::schema(&sdl, Arc::clone(&world)),
            types: apollo_compiler::Schema::parse(sdl, "api.graphql").unwrap(),
            callers: callers(&world),
            app,
            world,
        }
    }

    /// The `data` of the engine's answer, without blanks and with every cursor replaced.
    async fn answer(&self, operation: &Operation, caller: &Caller) -> String {
        let variables = serde_json_bytes::to_value(&operation.variables).unwrap().as_object().unwrap().clone();
        let request = GraphqlRequest {
            query: operation.text.clone(),
            document_id: None,
            operation_name: operation.name.clone(),
            variables,
            extensions: Variables::default(),
        };
        let context = RequestContext::internal(Utc::now());
        // From the third time on by a plan that was kept, if it can be.
        let mut body = String::new();
        for _ in 0..3 {
            body = self.app.app.engine.execute(&request, &actor(caller), &context).await.body;
        }
        let parts: HashMap<&str, &RawValue> = serde_json::from_str(&body).unwrap();
        match (parts.get("data"), parts.contains_key("errors")) {
            (Some(data), has_errors) if has_errors == operation.is_refused => without_cursors(&compact(data.get())),
            _ => body,
        }
    }

    /// The `data` that has to come out.
    async fn expectation(&self, operation: &Operation, caller: &Caller) -> String {
        let mut variables = operation.variables.clone();
        variables.extend(operation.defaults.clone());
        let variables = async_graphql::Variables::from_json(variables.into());
        let mut request = async_graphql::Request::new(&operation.text).variables(variables).data(caller.clone());
        request.operation_name = operation.name.clone();
        let response = self.oracle.execute(request.root_value(executor::root())).await;
        match response.errors.as_slice() {
            [] => serde_json::to_string(&response.data).unwrap(),
            _ if operation.is_refused => "null".to_owned(),
            errors => format!("the oracle fails: {errors:?}"),
        }
    }
}

/// Large operations are what is wanted here.
fn lift(limits: &mut LimitSettings) {
    limits.max_aliases = 100_000;
    limits.max_directives = 100_000;
    limits.max_fields = 100_000;
    limits.max_rows = 1_000_000_000;
    limits.max_cost = usize::MAX;
}

/// Introspection is compared too, whoever asks.
fn show(settings: &mut Settings) {
    settings.graphql.introspection_for = Roles::All;
}

/// One user of each role, and an agent without a team.
fn callers(world: &World) -> Vec<Caller> {
    let names = ["admin", "manager", "agent", "viewer", "agent without a team"];
    let users = (0..ROLES.len()).chain([AGENT_WITHOUT_TEAM]).map(|index| &world.rows(Table::User)[index]);
    let callers = users.zip(names).map(|(user, name)| {
        let id = |cell: &Cell| if let Cell::Id(id) = cell { Some(*id) } else { None };
        let Cell::Choice(roles, role) = user["role"] else { panic!("a user has a role") };
        Caller { name, id: id(&user["id"]).unwrap(), role: roles[role], team: id(&user["team"]) }
    });
    callers.collect()
}

fn actor(caller: &Caller) -> Actor {
    Actor {
        id: Some(caller.id),
        email: None,
        role: RoleName::new(caller.role),
        team: caller.team,
        teams: caller.team.into_iter().collect(),
        is_active: true,
        auth_method: AuthMethod::Token,
        is_mfa: false,
        authenticated_at: None,
        service: None,
        scope: toolcrib::base::Scope::Full,
        acted_by: None,
    }
}

/// JSON text without the blanks between its tokens.
fn compact(json: &str) -> String {
    let mut is_in_string = false;
    let mut is_escaped = false;
    let kept = json.chars().filter(|character| {
        let is_quote = *character == '"' && !is_escaped;
        is_escaped = is_in_string && *character == '\\' && !is_escaped;
        is_in_string ^= is_quote;
        is_in_string || !character.is_whitespace()
    });
    kept.collect()
}

/// The text with every string that has a cursor's form replaced by the oracle's.
fn without_cursors(json: &str) -> String {
    let is_cursor =
        |text: &str| text.len() > 90 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let parts: Vec<&str> = json.split('"').map(|part| if is_cursor(part) { executor::CURSOR } else { part }).collect();
    parts.join("\"")
}

/// A number from the environment.
fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

/// How many operations had what, so that the generator cannot fall silent.
#[derive(Debug, Default)]
struct Mix {
    fragments: u64,
    nested_fragments: u64,
    merges: u64,
    directives: u64,
    variables: u64,
    introspections: u64,
    filters: u64,
    orders: u64,
    rows: u64,
    nulls: u64,
    refusals: u64,
    depth: usize,
}

impl Mix {
    fn note(&mut self, operation: &Operation, answer: &str) {
        let text = &operation.text;
        let mut count = |counter: fn(&mut Self) -> &mut u64, is_so: bool| *counter(self) += u64::from(is_so);
        count(|mix| &mut mix.fragments, text.contains("fragment "));
        count(|mix| &mut mix.nested_fragments, text.contains("... on ") && text.contains("...F"));
        count(|mix| &mut mix.merges, operation.merges > 0);
        count(|mix| &mut mix.directives, text.contains("@skip") || text.contains("@include"));
        count(|mix| &mut mix.variables, text.contains('$'));
        count(|mix| &mut mix.introspections, text.contains("__schema") || text.contains("__type("));
        count(|mix| &mut mix.filters, text.contains("where: "));
        count(|mix| &mut mix.orders, text.contains("orderBy: "));
        count(|mix| &mut mix.rows, answer.len() > 200);
        count(|mix| &mut mix.nulls, answer.contains(":null"));
        count(|mix| &mut mix.refusals, operation.is_refused);
        let mut depth = 0usize;
        for character in answer.chars() {
            match character {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.depth = self.depth.max(depth);
        }
    }

    /// Each kind is a good part of the whole.
    fn check(&self, operations: u64) {
        let Self {
            fragments,
            nested_fragments,
            merges,
            directives,
            variables,
            introspections,
            filters,
            orders,
            rows,
            nulls,
            refusals,
            depth,
        } = *self;
        for (share, counts) in
            [(2, vec![fragments, merges, directives, variables, filters, orders, rows]), (4, vec![nested_fragments, nulls])]
        {
            assert!(counts.iter().all(|count| count * share >= operations), "of {operations} operations only {self:?}");
        }
        assert!(introspections * 20 >= operations && refusals * 100 >= operations && depth >= 6, "{self:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_as_the_ordinary_executor_does() {
    let bench = Bench::start().await;
    let operations = number("TOOLCRIB_ORACLE_OPERATIONS", 200);
    let seed = number("TOOLCRIB_ORACLE_SEED", 0);
    let mut mix = Mix::default();
    let mut mismatches = Vec::new();
    for index in 0..operations {
        let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(index));
        let operation = Operation::generate(&bench.types, &bench.world, &mut random);
        let caller = &bench.callers[random.random_range(0..bench.callers.len())];
        let (actual, expected) = (bench.answer(&operation, caller).await, bench.expectation(&operation, caller).await);
        mix.note(&operation, &expected);
        let Operation { text, variables, .. } = &operation;
        if actual != expected {
            mismatches.push(format!(
                "operation {index} of seed {seed}, asked by the {}:\n{text}\n{variables:?}\n--- the oracle's answer\n{expected}\n--- the engine's answer\n{actual}\n",
                caller.name
            ));
        }
    }
    let shown: Vec<&str> = mismatches.iter().take(5).map(String::as_str).collect();
    assert!(mismatches.is_empty(), "{} of {operations} answers differ:\n\n{}", mismatches.len(), shown.join("\n"));
    mix.check(operations);
}
