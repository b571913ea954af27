//! The second wall, differentially: rows that PostgreSQL's own policies and triggers let pass, without any predicate in the statement,
//! are the rows that the oracle allows. Each case is a bare statement on the server's login, under the role and the settings of
//! a request: `select id from t`, `insert`, `update`, `delete`.

use super::database::Database;
use super::differential::{Batch, Case, Mix, generate, setting};
use super::generator::actors;
use super::model::COLLECTIONS;
use super::oracle::{Oracle, Sharing, Verdict};
use super::world::World;
use crate::support::database::{SUPPORT_DESK, TestDatabase, connect};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeSet;
use tokio_postgres::{Client, SimpleQueryMessage};
use toolcrib::base::{Actor, CallerContext, RequestContext, TableName};
use toolcrib::db::{ActorSettings, WrittenRows};
use toolcrib::migrate::{PieceKind, RuleDemands, row_security};
use toolcrib::policy::Operation;
use uuid::Uuid;

/// What policies know of the caller: the platform's own functions.
const FUNCTIONS: &str = include_str!("../../../migrations/platform/2026-12-04-100000_know_the_caller/up.sql");

const ROLES: [&str; 5] = ["admin", "manager", "agent", "viewer", "platform"];
const OPERATIONS: [Operation; 4] = [Operation::Read, Operation::Create, Operation::Update, Operation::Delete];
const ROWS: usize = 12;

#[tokio::test]
async fn policies_alone_let_pass_what_the_oracle_allows() {
    let wanted: usize = setting("TOOLCRIB_WALL_CASES", 4_000);
    let mut bench = Bench::new(setting("TOOLCRIB_WALL_SEED", 20_261_123)).await;
    while bench.mix.cases() < wanted {
        let batch = generate(&mut bench.random, &bench.world);
        bench.raise(&batch).await;
        bench.run(&batch).await;
    }
    let mix = bench.mix;
    assert!(mix.is_true * 4 >= mix.cases(), "too few cases are True: {mix:?}");
    assert!((mix.is_false + mix.is_unknown) * 4 >= mix.cases(), "too few cases are not True: {mix:?}");
    assert!(mix.is_unknown * 20 >= mix.cases(), "too few cases are Unknown: {mix:?}");
}

/// The world behind a wall.
struct Bench {
    random: StdRng,
    world: World,
    mix: Mix,
    owner: Client,
    server: Client,
    /// What takes the wall of the last batch down.
    down: String,
    _database: Database,
}

impl Bench {
    async fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let world = World::generate(&mut random, ROWS);
        // Roles belong to the whole server; any applied schema makes them.
        TestDatabase::new(SUPPORT_DESK).await;
        let database = Database::with(&format!("{};{FUNCTIONS}", world.to_sql())).await;
        let owner = connect(&database.database.owner_url()).await;
        let mut text = String::from("grant usage on schema toolcrib to public;");
        for collection in COLLECTIONS {
            // A row is inserted beside itself: rules may speak of its id.
            let (schema, name) = collection.table.split_once('.').unwrap();
            text += &format!(
                "alter table {0} drop constraint {name}_pkey; alter table {0} enable row level security;
                 grant select on {0}_changed to public; grant usage on schema toolcrib_rules_{schema} to public;",
                collection.table
            );
            for role in ROLES {
                text += &format!("grant select, insert, update, delete on {} to toolcrib_role_{role};", collection.table);
            }
        }
        owner.batch_execute(&text).await.unwrap();
        let server = connect(&database.database.server_url()).await;
        Self { random, world, mix: Mix::default(), owner, server, down: String::new(), _database: database }
    }

    /// Puts the wall of a batch's rules into the place of the last one, on the tables that the world has.
    async fn raise(&mut self, batch: &Batch) {
        let demands = RuleDemands::new(&batch.catalog, &batch.book);
        // The platform's own two have fewer columns in the world than the platform's own rules name.
        let tables: BTreeSet<&str> = COLLECTIONS[2..].iter().map(|collection| collection.table).collect();
        let is_here = |table: &TableName| tables.contains(table.to_string().as_str());
        let mut up = String::new();
        let mut down = Vec::new();
        for piece in row_security(&batch.catalog, &demands) {
            let is_wanted = match piece.name.kind {
                PieceKind::View | PieceKind::Table => false,
                // The logins of readers have no request; `database_logins` tests them.
                _ if piece.create.contains("toolcrib.login_has_role") || piece.create.contains("security definer") => false,
                PieceKind::Function => true,
                PieceKind::Trigger | PieceKind::Policy => is_here(&piece.name.on),
            };
            if is_wanted {
                up += &piece.create;
                down.push(piece.name.dropped());
            }
        }
        let views = "grant select on all tables in schema toolcrib_rules_public, toolcrib_rules_toolcrib to public;";
        let text = format!("{}{up}{views}", self.down);
        self.owner.batch_execute(&text).await.unwrap_or_else(|error| panic!("{error:?}\n{text}"));
        down.reverse();
        self.down = down.concat();
    }

    async fn run(&mut self, batch: &Batch) {
        for collection in &COLLECTIONS[2..] {
            for (index, operation) in OPERATIONS.into_iter().enumerate() {
                let text = &batch.texts[collection.name][index];
                for (actor, request) in actors(&mut self.random, &self.world, 2) {
                    let case = Case { batch, collection, operation, text, world: &self.world };
                    let passed = passed(&self.server, &case, &actor, &request).await;
                    judge(&case, &actor, &request, &passed, &mut self.mix);
                }
            }
        }
    }
}

/// The rows that the wall lets a bare statement have.
async fn passed(server: &Client, case: &Case<'_>, actor: &Actor, request: &RequestContext) -> BTreeSet<Uuid> {
    let table = case.collection.table;
    let (schema, name) = table.split_once('.').unwrap();
    let asked = case.batch.book.context_use_of_tables(actor, &[TableName::new(schema, name)]);
    let settings = ActorSettings::as_asked(CallerContext { actor, request, asked });
    server.batch_execute(&settings.opening()).await.unwrap();
    let passed = if case.operation == Operation::Read {
        ids(server, &format!("select id from {table}")).await.unwrap()
    } else {
        // Whether the rows may be read is another question.
        let all: Vec<Uuid> = case.world.rows_of(case.collection.name).map(|row| row.id()).collect();
        server.batch_execute(&toolcrib::db::admitting(&all, WrittenRows::TakenAlong)).await.unwrap();
        let mut passed = BTreeSet::new();
        for id in all {
            if write(server, case, id).await {
                passed.insert(id);
            }
        }
        passed
    };
    server.batch_execute("rollback").await.unwrap();
    passed
}

/// Whether the wall lets one row be written.
async fn write(server: &Client, case: &Case<'_>, id: Uuid) -> bool {
    let table = case.collection.table;
    let columns: Vec<String> = case.collection.stored().map(|field| field.column().0).collect();
    let statement = match case.operation {
        Operation::Create => format!("insert into {table} select * from {table} where id = '{id}' returning id"),
        Operation::Update => {
            let set: Vec<String> = columns.iter().map(|column| format!("{column} = changed.{column}")).collect();
            let set = set.join(", ");
            format!(
                "update {table} t set {set} from {table}_changed changed where t.id = '{id}' and changed.id = t.id returning t.id"
            )
        }
        Operation::Read | Operation::Delete => format!("delete from {table} where id = '{id}' returning id"),
    };
    server.batch_execute("savepoint one").await.unwrap();
    let found = ids(server, &statement).await;
    server.batch_execute("rollback to one").await.unwrap();
    match found {
        Ok(found) => !found.is_empty(),
        Err(error) => {
            let code = error.code().map(tokio_postgres::error::SqlState::code);
            assert_eq!(code, Some("42501"), "{error:?}\n{statement}");
            false
        }
    }
}

async fn ids(server: &Client, statement: &str) -> Result<BTreeSet<Uuid>, tokio_postgres::Error> {
    let messages = server.simple_query(statement).await?;
    let id = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap().parse().unwrap()),
        _ => None,
    };
    Ok(messages.iter().filter_map(id).collect())
}

fn judge(case: &Case<'_>, actor: &Actor, request: &RequestContext, passed: &BTreeSet<Uuid>, mix: &mut Mix) {
    let oracle = Oracle { world: case.world, actor, request, named: &case.batch.named, sharing: &Sharing::new() };
    let rule = super::differential::parse(case.text);
    for row in case.world.rows_of(case.collection.name) {
        let verdict = oracle.judge(&rule, &case.images(row));
        assert_eq!(
            passed.contains(&row.id()),
            verdict == Verdict::True,
            "the oracle says {verdict:?}\n{:?} {}: {}\nactor: {actor:?}\nrequest: {request:?}\nrow: {row:?}\nchanged: {:?}\nfor the role: {:?}",
            case.operation,
            case.collection.name,
            case.text,
            case.world.changed(row),
            case.batch.book.solve_for_role(
                case.batch.catalog.find_collection(case.collection.name).unwrap().id,
                case.operation,
                &actor.role
            ),
        );
        mix.add(verdict);
    }
}
