//! The tables that the catalog asks for against those that are there. Pure, and always in the same order.
//!
//! Purpose: find the steps from one to the other, and refuse what no step does without losing what somebody may want.
//! Flow: [`matching`] says which table and column of before is which of now; then each table is compared column by column, and
//! what nothing asks for any more is dropped.
//! Invariants: a step that nobody has to be asked about loses nothing; a question about rows decides between a step and a refusal,
//! never between two steps, because the plan is applied to other databases than the one it is made on.
//! Deliberately unknown: SQL, and how steps are ordered.

mod column;
mod constraint;
mod drops;
mod matching;
mod together;

use crate::base::TableName;
use crate::db::introspect::{StoredSchema, StoredTable};
use crate::db::probe::{Probe, RowLike};
use crate::migrate::step::{Age, Change, Pass, comment_of};
use crate::migrate::wanted::{WantedColumn, WantedTable};
use crate::migrate::{Plan, Refusal, Step, names};
use matching::Matching;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the rows.
pub(super) type Answers = BTreeMap<Probe, bool>;

/// A plan, or what has to be known before there is one.
pub(super) enum Outcome {
    /// The plan.
    Plan(Plan),
    /// Questions about rows.
    Questions(BTreeSet<Probe>),
}

/// Compares the tables. `answers` are those to the questions of before.
pub(super) fn compare(wanted: &[WantedTable], stored: &StoredSchema, answers: &Answers) -> Outcome {
    let matching = Matching::find(wanted, stored);
    let mut draft = Draft::new(stored, &matching, answers);
    draft.rename_tables();
    for table in wanted {
        match matching.origin(&table.name) {
            Some(origin) => draft.compare_table(table, origin),
            None => draft.create_table(table),
        }
    }
    draft.drop_tables(wanted);
    let Draft { steps, refusals, questions, .. } = draft;
    if questions.is_empty() { Outcome::Plan(Plan::new(steps, refusals)) } else { Outcome::Questions(questions) }
}

/// The plan so far.
struct Draft<'a> {
    stored: &'a StoredSchema,
    matching: &'a Matching<'a>,
    answers: &'a Answers,
    steps: Vec<Step>,
    refusals: Vec<Refusal>,
    questions: BTreeSet<Probe>,
    /// What changes in the rows of the table that is being compared, and whether it has to be made sure of.
    changes: Vec<(Change, Pass)>,
}

/// A table that is there, as one that is wanted.
#[derive(Clone, Copy)]
struct Pair<'a> {
    /// As it is wanted.
    table: &'a WantedTable,
    /// As it is called.
    name: &'a TableName,
    /// As it is.
    there: &'a StoredTable,
}

impl Pair<'_> {
    /// What an index or a foreign key of it has to mind.
    fn age(&self) -> Age {
        if self.there.is_partitioned { Age::OldInPartitions } else { Age::Old }
    }
}

impl<'a> Draft<'a> {
    fn new(stored: &'a StoredSchema, matching: &'a Matching<'a>, answers: &'a Answers) -> Self {
        Self {
            stored,
            matching,
            answers,
            steps: Vec::new(),
            refusals: Vec::new(),
            questions: BTreeSet::new(),
            changes: Vec::new(),
        }
    }

    /// Takes a step, once.
    fn take(&mut self, step: Step) {
        if !self.steps.contains(&step) {
            self.steps.push(step);
        }
    }

    /// Whether the table holds such a row; as long as nobody knows, it does.
    fn holds(&mut self, table: &TableName, row: RowLike) -> bool {
        let probe = Probe { table: table.clone(), row };
        let answer = self.answers.get(&probe).copied();
        if answer.is_none() {
            self.questions.insert(probe);
        }
        answer.unwrap_or(true)
    }

    fn rename_tables(&mut self) {
        for (from, to) in &self.matching.renames {
            self.create_schema(&to.schema);
            self.take(Step::RenameTable { from: from.clone(), to: to.clone() });
        }
        self.refusals.extend(self.matching.refusals.iter().cloned());
    }

    fn create_schema(&mut self, schema: &str) {
        if !self.stored.schemas.contains(schema) {
            self.take(Step::CreateSchema { schema: schema.to_owned() });
        }
    }

    fn create_table(&mut self, table: &WantedTable) {
        self.create_schema(&table.name.schema);
        for column in &table.columns {
            self.add_sequence(table, column);
            if let Some(target) = &column.reference {
                let (table, column, target) = (table.name.clone(), column.name.clone(), target.clone());
                self.take(Step::AddForeignKey { table, column, target, age: Age::New });
            }
            for index in &column.indexes {
                self.take(Step::BuildIndex { table: table.name.clone(), index: index.clone(), age: Age::New });
            }
        }
        for index in &table.indexes {
            self.take(Step::BuildIndex { table: table.name.clone(), index: index.clone(), age: Age::New });
        }
        self.take(Step::CreateTable { table: table.clone() });
    }

    fn compare_table(&mut self, table: &'a WantedTable, origin: &'a matching::Origin<'a>) {
        let pair = Pair { table, name: origin.name, there: origin.there };
        let comment = comment_of(&table.type_name);
        if let Some(before) = pair.there.comment.as_ref().filter(|before| **before != comment && !table.is_platform) {
            let (table, after) = (table.name.clone(), table.type_name.clone());
            self.take(Step::SetComment { table, after, before: before.clone() });
        }
        for column in &table.columns {
            match origin.columns.get(&column.name).and_then(|name| pair.there.find_column(name)) {
                Some(stored) => self.compare_column(pair, column, stored),
                None => self.add_column(pair, column),
            }
        }
        self.rewrite_rows(&table.name);
        self.drop_columns(pair, origin);
        self.compare_table_indexes(pair);
        self.rename_the_rest(pair);
    }

    /// What a check asks for afterwards is done a second time.
    fn rewrite_rows(&mut self, table: &TableName) {
        let changes = std::mem::take(&mut self.changes);
        for pass in [Pass::First, Pass::Second] {
            let changes = changes.iter().filter(|(_, last)| pass == Pass::First || *last == Pass::Second);
            let changes: Vec<Change> = changes.map(|(change, _)| change.clone()).collect();
            if !changes.is_empty() {
                self.take(Step::Rewrite { table: table.clone(), changes, pass });
            }
        }
    }

    /// Whatever else is named after a table follows it: its key, and what columns have together.
    fn rename_the_rest(&mut self, pair: Pair<'_>) {
        let Pair { table, name, there } = pair;
        if *name.name == *table.name.name {
            return;
        }
        let new_name = |old: &str| old.strip_prefix(&format!("{}_", name.name)).map(|rest| format!("{}_{rest}", table.name.name));
        let new_name = |old: &str| new_name(old).filter(|new| new.len() <= names::MAX_BYTES);
        for (from, to) in there.constraints.keys().filter_map(|old| Some((old.clone(), new_name(old)?))) {
            if !self.is_settled(&from) {
                self.take(Step::RenameConstraint { table: table.name.clone(), from, to });
            }
        }
        let indexes = there.indexes.iter().filter(|(_, index)| !index.is_of_constraint);
        for (from, to) in indexes.filter_map(|(old, _)| Some((old.clone(), new_name(old)?))) {
            if !self.is_settled(&from) {
                self.take(Step::RenameIndex { table: table.name.clone(), from, to });
            }
        }
    }

    /// Whether a step drops or renames the constraint or index of this name already.
    fn is_settled(&self, old: &str) -> bool {
        self.steps.iter().any(|step| match step {
            Step::DropConstraint { name, .. } | Step::DropIndex { name, .. } => name == old,
            Step::RenameConstraint { from, .. } | Step::RenameIndex { from, .. } => from == old,
            _ => false,
        })
    }

    fn refuse(&mut self, pair: Pair<'_>, column: &WantedColumn, problem: impl Into<String>, help: impl Into<String>) {
        self.refusals.push(Refusal::of_field(&pair.table.type_name, &column.field, problem, help));
    }
}
