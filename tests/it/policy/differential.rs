//! The differential test: the ids that a rule's SQL selects in PostgreSQL are the ids that the oracle allows.

use super::corners::{CORNERS, OF_THE_TEAM};
use super::database::Database;
use super::generator::{Generator, Images as Spoken, actors};
use super::model::{COLLECTIONS, Collection, to_sdl};
use super::oracle::{Oracle, Rows, Sharing, Verdict};
use super::world::{self, World};
use cel::IdedExpr;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::{BTreeSet, HashMap};
use toolcrib::base::{Actor, RequestContext, TableName};
use toolcrib::catalog::{Catalog, SourceFile};
use toolcrib::policy::{Images, Operation, Predicate, RoleAnswer, RuleBook, UpdateForm};
use toolcrib::sql::{Alias, Column, CompareOp, Expr, From, Join, JoinKind, Query, Select, Statement};
use uuid::Uuid;

const ROWS: usize = 20;
const ACTORS_PER_RULE: usize = 2;
const OPERATIONS: [Operation; 4] = [Operation::Read, Operation::Create, Operation::Update, Operation::Delete];

/// How often the oracle said what.
#[derive(Debug, Default)]
pub(super) struct Mix {
    pub(super) is_true: usize,
    pub(super) is_false: usize,
    pub(super) is_unknown: usize,
    /// Rules for which a role's answer was `Always` or `Never`.
    decided_by_role: usize,
    /// Solved rules that needed rows, and those that did not.
    residues: usize,
    constants: usize,
}

impl Mix {
    pub(super) fn cases(&self) -> usize {
        self.is_true + self.is_false + self.is_unknown
    }

    pub(super) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::True => self.is_true += 1,
            Verdict::False => self.is_false += 1,
            Verdict::Unknown => self.is_unknown += 1,
        }
    }
}

/// A batch of rules, one for each collection and operation, compiled together.
pub(super) struct Batch {
    pub(super) named: HashMap<String, IdedExpr>,
    /// The rules' texts, by collection name, in the order of [`OPERATIONS`].
    pub(super) texts: HashMap<&'static str, [String; 4]>,
    pub(super) catalog: Catalog,
    pub(super) book: RuleBook,
}

#[tokio::test]
async fn sql_selects_what_the_oracle_allows() {
    let wanted: usize = setting("TOOLCRIB_DIFFERENTIAL_CASES", 10_000);
    let mut bench = Bench::new(setting("TOOLCRIB_DIFFERENTIAL_SEED", 20_260_302)).await;
    while bench.mix.cases() < wanted {
        let batch = generate(&mut bench.random, &bench.world);
        bench.run(&batch, ACTORS_PER_RULE).await;
    }
    let mix = bench.report();
    assert!(mix.is_true * 3 >= mix.cases(), "too few cases are True: {mix:?}");
    assert!((mix.is_false + mix.is_unknown) * 3 >= mix.cases(), "too few cases are not True: {mix:?}");
    assert!(mix.is_unknown * 20 >= mix.cases(), "too few cases are Unknown: {mix:?}");
    assert!(mix.residues > mix.constants, "too few rules need rows: {mix:?}");
    assert!(mix.decided_by_role > 0, "no rule is decided by the role: {mix:?}");
}

#[tokio::test]
async fn sql_selects_what_the_oracle_allows_where_nulls_meet() {
    let mut bench = Bench::new(setting("TOOLCRIB_DIFFERENTIAL_SEED", 20_260_302)).await;
    let both = CORNERS.iter().flat_map(|rule| [(*rule).to_owned(), format!("!({rule})")]);
    let rules: Vec<String> = both.collect();
    for chunk in rules.chunks(3) {
        let rule = |index: usize| chunk.get(index).cloned().unwrap_or_else(|| "true".to_owned());
        let closed = || ["false", "false", "false", "false"].map(str::to_owned);
        let mut texts: HashMap<&str, [String; 4]> =
            COLLECTIONS[2..].iter().map(|collection| (collection.name, closed())).collect();
        texts.insert("Case", [rule(0), rule(1), "false".to_owned(), rule(2)]);
        bench.run(&Batch::compile(Vec::new(), texts), 6).await;
    }
    bench.report();
}

/// A null team is no row's team, and no row without a team is of somebody's: whatever is asked, and negated.
#[tokio::test]
async fn whoever_has_no_team_is_of_none() {
    let mut bench = Bench::new(setting("TOOLCRIB_DIFFERENTIAL_SEED", 20_260_302)).await;
    let team = bench.world.rows_of("Team").next().unwrap().id();
    let mut found = 0;
    for rule in OF_THE_TEAM.iter().flat_map(|rule| [(*rule).to_owned(), format!("!({rule})")]) {
        let closed = || ["false", "false", "false", "false"].map(str::to_owned);
        let mut texts: HashMap<&str, [String; 4]> =
            COLLECTIONS[2..].iter().map(|collection| (collection.name, closed())).collect();
        texts.get_mut("Case").unwrap()[0].clone_from(&rule);
        let batch = Batch::compile(Vec::new(), texts);
        let (actor, request) = actors(&mut bench.random, &bench.world, 1).remove(0);
        for team in [None, Some(team)] {
            let teams = team.map(|team| bench.world.teams_below(team)).unwrap_or_default();
            let actor = Actor { team, teams, service: None, ..actor.clone() };
            let id = batch.catalog.find_collection("Case").unwrap().id;
            let predicate = batch.book.solve(id, Operation::Read, &actor, &request);
            let case =
                Case { batch: &batch, collection: &COLLECTIONS[2], operation: Operation::Read, text: &rule, world: &bench.world };
            let ids = bench.database.ids(&case.query(&predicate, UpdateForm::Row)).await;
            assert!(team.is_some() || ids.is_empty(), "{rule} gives somebody without a team {ids:?}");
            found += ids.len();
        }
    }
    assert!(found > 50, "somebody of a team is given only {found}");
}

/// The world, its database, and what was found so far.
struct Bench {
    seed: u64,
    random: StdRng,
    world: World,
    database: Database,
    mix: Mix,
}

impl Bench {
    async fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let world = World::generate(&mut random, ROWS);
        let database = Database::with(&world.to_sql()).await;
        Self { seed, random, world, database, mix: Mix::default() }
    }

    /// Asks every rule of a batch for actors of all sorts.
    async fn run(&mut self, batch: &Batch, actor_count: usize) {
        for collection in &COLLECTIONS[2..] {
            for (index, operation) in OPERATIONS.into_iter().enumerate() {
                let text = &batch.texts[collection.name][index];
                if text == "false" {
                    continue;
                }
                for (actor, request) in actors(&mut self.random, &self.world, actor_count) {
                    let case = Case { batch, collection, operation, text, world: &self.world };
                    case.run(&actor, &request, &mut self.database, &mut self.mix).await;
                }
            }
        }
    }

    #[expect(clippy::print_stdout, reason = "the mix is what one wants to see of a long run")]
    fn report(self) -> Mix {
        println!("differential test with seed {}: {} cases, {:?}", self.seed, self.mix.cases(), self.mix);
        self.mix
    }
}

pub(super) fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

pub(super) fn generate(random: &mut StdRng, world: &World) -> Batch {
    let mut free = Vec::new();
    for index in 0..3 {
        let names: Vec<String> = free.iter().map(|(name, _): &(String, String)| name.clone()).collect();
        let rule = Generator::new(random, world, &COLLECTIONS[2], Spoken::None, &names).condition(2);
        free.push((format!("named{index}"), rule));
    }
    let free_names: Vec<String> = free.iter().map(|(name, _)| name.clone()).collect();
    let mut named = free;
    let mut texts = HashMap::new();
    for collection in &COLLECTIONS[2..] {
        // A named rule that speaks of `row` fits only the collections that have what it names.
        let own = format!("own{}", collection.name);
        let rule = Generator::new(random, world, collection, Spoken::Row, &free_names).condition(1);
        named.push((own.clone(), rule));
        let row_names: Vec<String> = free_names.iter().cloned().chain([own]).collect();
        let mut rule = |spoken: Spoken| {
            let names = if spoken == Spoken::Row { &row_names } else { &free_names };
            Generator::new(random, world, collection, spoken, names).rule()
        };
        let rules = [rule(Spoken::Row), rule(Spoken::Row), rule(Spoken::OldNew), rule(Spoken::Row)];
        texts.insert(collection.name, rules);
    }
    Batch::compile(named, texts)
}

impl Batch {
    fn compile(named: Vec<(String, String)>, texts: HashMap<&'static str, [String; 4]>) -> Self {
        let sdl = to_sdl(&named, |collection| texts[collection.name].clone());
        let loaded = Catalog::load(vec![SourceFile::new("differential.graphql", &sdl)]);
        let catalog = loaded.unwrap_or_else(|error| panic!("{error:#?}\n{sdl}"));
        let book = RuleBook::compile(&catalog).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}\n{sdl}"));
        let named = named.into_iter().map(|(name, rule)| (name, parse(&rule))).collect();
        Self { named, texts, catalog, book }
    }
}

pub(super) fn parse(rule: &str) -> IdedExpr {
    cel::parser::Parser::default().parse(rule).unwrap()
}

/// One rule.
pub(super) struct Case<'a> {
    pub(super) batch: &'a Batch,
    pub(super) collection: &'static Collection,
    pub(super) operation: Operation,
    pub(super) text: &'a str,
    pub(super) world: &'a World,
}

impl Case<'_> {
    async fn run(&self, actor: &Actor, request: &RequestContext, database: &mut Database, mix: &mut Mix) {
        let id = self.batch.catalog.find_collection(self.collection.name).unwrap().id;
        let predicate = self.batch.book.solve(id, self.operation, actor, request);
        let query = self.query(&predicate, self.batch.book.update_form(id));
        let selected: BTreeSet<Uuid> = database.ids(&query).await.into_iter().collect();
        let oracle = Oracle { world: self.world, actor, request, named: &self.batch.named, sharing: &Sharing::new() };
        let rule = parse(self.text);
        let mut verdicts = Vec::new();
        for row in self.world.rows_of(self.collection.name) {
            let verdict = oracle.judge(&rule, &self.images(row));
            let is_selected = selected.contains(&row.id());
            assert_eq!(
                is_selected,
                verdict == Verdict::True,
                "SQL says {is_selected}, the oracle {verdict:?}\nrule: {}\nnamed: {:?}\nactor: {actor:?}\nrequest: {request:?}\n\
                 row: {row:?}\nchanged: {:?}\npredicate: {predicate:?}\nSQL: {}",
                self.text,
                self.batch.catalog.named_rules.iter().map(|named| (&named.name, &named.rule.text)).collect::<Vec<_>>(),
                self.world.changed(row),
                Statement::of(&query).unwrap().show(),
            );
            mix.add(verdict);
            verdicts.push(verdict);
        }
        self.check_constants(&predicate, mix);
        self.check_role(actor, &verdicts, mix);
    }

    fn check_constants(&self, predicate: &Predicate, mix: &mut Mix) {
        if predicate.is_always() || predicate.is_never() {
            mix.constants += 1;
        } else {
            mix.residues += 1;
        }
    }

    /// What a role is told for its grants holds for every actor of the role.
    fn check_role(&self, actor: &Actor, verdicts: &[Verdict], mix: &mut Mix) {
        if actor.service.is_some() {
            // Services work under the platform's role, whoever they work for.
            return;
        }
        let id = self.batch.catalog.find_collection(self.collection.name).unwrap().id;
        let is_expected = |verdict: &Verdict| match self.batch.book.answer_for_role(id, self.operation, &actor.role) {
            RoleAnswer::Always => *verdict == Verdict::True,
            RoleAnswer::Never => *verdict != Verdict::True,
            RoleAnswer::Depends => true,
        };
        assert!(verdicts.iter().all(is_expected), "the answer for `{}` is wrong: {}", actor.role, self.text);
        if self.batch.book.answer_for_role(id, self.operation, &actor.role) != RoleAnswer::Depends {
            mix.decided_by_role += 1;
        }
    }

    pub(super) fn images<'w>(&'w self, row: &'w world::Row) -> Rows<'w> {
        let images = if self.operation == Operation::Update {
            vec![("old", row), ("new", self.world.changed(row))]
        } else {
            vec![("row", row)]
        };
        images.into_iter().map(|(name, row)| (name.to_owned(), row)).collect()
    }

    /// `select id from table where predicate`; for an update, over the row and its changed image.
    fn query(&self, predicate: &Predicate, form: UpdateForm) -> Query {
        let (schema, name) = self.collection.table.split_once('.').unwrap();
        let (stored, changed) = (Alias::Named("stored"), Alias::Named("changed"));
        let id = |alias| Expr::labelled(alias, "id");
        let mut select = Select::new(vec![Column::bare(id(stored))], From::Table(TableName::new(schema, name), stored));
        if self.operation == Operation::Update {
            let table = TableName::new(schema, format!("{name}_changed"));
            select.joins.push(Join { kind: JoinKind::Cross, from: From::Table(table, changed) });
            select = select.filtered(Expr::compare(CompareOp::Equal, id(changed), id(stored)));
        }
        let images = match (self.operation, form) {
            (Operation::Update, UpdateForm::OldNew) => Images::changed(stored, changed),
            _ => Images::row(stored),
        };
        Query::select(select.filtered(predicate.to_sql(&images)))
    }
}
