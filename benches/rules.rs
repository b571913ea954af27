//! What solving the rules costs a request: the support desk's, for each role.
//!
//! `list` is what a list of tickets with customer, assignee and events asks: four read rules and the guards of the fields.
//! `everything` is every rule of the book, more than any request asks. The aim is 20 microseconds for a request.
//!
//! `cargo bench --bench rules` measures, `cargo bench --bench rules -- --test` only tries. Nothing is written to disk but
//! criterion's own figures below `target/`.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use toolcrib::base::{Actor, AuthMethod, RequestContext, RoleName};
use toolcrib::catalog::{Catalog, Collection, SourceFile};
use toolcrib::policy::{FieldOperation, Operation, RuleBook};
use uuid::Uuid;

const SUPPORT_DESK: &str = include_str!("../schema.graphql");

/// The collections of a list of tickets.
const LIST: [&str; 4] = ["Ticket", "Customer", "User", "TicketEvent"];

const OPERATIONS: [Operation; 4] = [Operation::Read, Operation::Create, Operation::Update, Operation::Delete];

fn solve_rules(criterion: &mut Criterion) {
    let catalog = Catalog::load(vec![SourceFile::new("schema.graphql", SUPPORT_DESK)]).expect("the schema loads");
    let rules = RuleBook::compile(&catalog).expect("its rules compile");
    let request = RequestContext::internal(chrono::Utc::now());
    let mut group = criterion.benchmark_group("rules");
    for role in catalog.roles() {
        let actor = actor(&role);
        let listed: Vec<&Collection> = LIST.iter().filter_map(|name| catalog.find_collection(name)).collect();
        assert_eq!(listed.len(), LIST.len(), "a list of tickets is made of these");
        group.bench_function(BenchmarkId::new("list", &role), |bencher| {
            bencher.iter(|| listed.iter().for_each(|collection| solve_reads(&rules, collection, &actor, &request)));
        });
        group.bench_function(BenchmarkId::new("everything", &role), |bencher| {
            bencher.iter(|| {
                for collection in &catalog.collections {
                    for operation in OPERATIONS {
                        black_box(rules.solve(collection.id, operation, &actor, &request));
                    }
                    solve_guards(&rules, collection, FieldOperation::Write, &actor, &request);
                    solve_guards(&rules, collection, FieldOperation::Read, &actor, &request);
                }
            });
        });
    }
    group.finish();
}

/// What a read of rows with all their fields asks.
fn solve_reads(rules: &RuleBook, collection: &Collection, actor: &Actor, request: &RequestContext) {
    black_box(rules.solve(collection.id, Operation::Read, actor, request));
    solve_guards(rules, collection, FieldOperation::Read, actor, request);
}

fn solve_guards(rules: &RuleBook, collection: &Collection, operation: FieldOperation, actor: &Actor, request: &RequestContext) {
    let is_guarded = |field: &&toolcrib::catalog::Field| match operation {
        FieldOperation::Read => field.access.read.is_some(),
        FieldOperation::Write => field.access.write.is_some(),
    };
    for field in collection.fields.iter().filter(is_guarded) {
        black_box(rules.solve_field(field.id, operation, actor, request));
    }
}

/// Somebody of a team with one below it.
fn actor(role: &RoleName) -> Actor {
    let team = Uuid::from_u128(0x7);
    Actor {
        id: Some(Uuid::from_u128(0x1)),
        email: Some("ana@desk.test".to_owned()),
        role: role.clone(),
        team: Some(team),
        teams: vec![team, Uuid::from_u128(0x8)],
        auth_method: AuthMethod::Session,
        service: None,
        ..Actor::platform("bench")
    }
}

criterion_group!(benches, solve_rules);
criterion_main!(benches);
