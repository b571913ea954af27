//! Uniqueness, checks, foreign keys and indexes of a column.

use crate::base::{ColumnName, ScalarType, Value};
use crate::catalog::ConstraintKind;
use crate::db::introspect::{StoredConstraint, StoredIndex};
use crate::db::probe::{Bound, RowLike};
use crate::migrate::check::{self, CHECK_KINDS};
use crate::migrate::compare::column::ColumnPair;
use crate::migrate::compare::{Draft, Pair};
use crate::migrate::step::{Age, Change, Pass, Shape};
use crate::migrate::wanted::{WantedColumn, WantedIndex};
use crate::migrate::{Step, definition, names};

/// The kinds of indexes that a column can have.
const INDEX_KINDS: [ConstraintKind; 3] = [ConstraintKind::Index, ConstraintKind::OrderIndex, ConstraintKind::DescendingIndex];

/// The order of an enum's values is no matter of its check.
fn is_same_check(kind: ConstraintKind, scalar: ScalarType, stored: &[String], condition: &str) -> bool {
    let (mut stored, mut wanted) = (stored.to_vec(), definition::literals_in(condition));
    if kind == ConstraintKind::EnumCheck {
        stored.sort();
        wanted.sort();
    }
    if matches!(kind, ConstraintKind::MinCheck | ConstraintKind::MaxCheck) {
        // PostgreSQL writes numbers its own way, `1e3` as `1000`.
        let values = |texts: &[String]| texts.iter().map(|text| Value::parse(scalar, text).ok()).collect::<Vec<_>>();
        return values(&stored) == values(&wanted);
    }
    stored == wanted
}

impl Draft<'_> {
    /// Everything that a new column of a table that is there has to keep.
    pub(super) fn add_constraints(&mut self, pair: Pair<'_>, column: &WantedColumn) {
        for kind in CHECK_KINDS {
            self.add_check(pair, column, kind);
        }
        if column.is_unique {
            self.add_unique(pair, column);
        }
        self.add_foreign_key(pair, column);
    }

    pub(super) fn compare_constraints(&mut self, of_column: ColumnPair<'_>) {
        self.compare_unique(of_column);
        for kind in CHECK_KINDS {
            self.compare_check(of_column, kind);
        }
        self.compare_foreign_key(of_column);
    }

    fn compare_unique(&mut self, of_column: ColumnPair<'_>) {
        let ColumnPair { pair, column, .. } = of_column;
        let (before, now) = of_column.names(ConstraintKind::Unique);
        match (column.is_unique, pair.there.constraints.get(&before)) {
            (true, Some(_)) => self.follow_constraint(pair, before, now),
            (false, Some(stored)) => self.drop_constraint(pair, before, stored),
            (is_unique, None) => {
                // An interrupted build leaves an index that refuses rows although it can answer nothing.
                let left_over = pair.there.indexes.get(&before).filter(|_| !is_unique || before != now);
                if let Some(left_over) = left_over {
                    self.drop_index(pair, before, left_over);
                }
                if is_unique {
                    self.add_unique(pair, column);
                }
            }
        }
    }

    fn add_unique(&mut self, pair: Pair<'_>, column: &WantedColumn) {
        if pair.there.is_partitioned {
            let problem = format!("`{}` has partitions, and PostgreSQL cannot tell what is unique across them", pair.name);
            return self.refuse(pair, column, problem, "leave `@unique` out");
        }
        let (table, column) = (pair.table.name.clone(), column.name.clone());
        self.take(Step::BuildUniqueIndex { table: table.clone(), column: column.clone() });
        self.take(Step::AttachUnique { table, column });
    }

    fn compare_check(&mut self, of_column: ColumnPair<'_>, kind: ConstraintKind) {
        let ColumnPair { pair, column, is_retyped, .. } = of_column;
        let (before, now) = of_column.names(kind);
        let stored = pair.there.constraints.get(&before);
        let Some(condition) = check::condition(column, kind) else {
            if let Some(stored) = stored {
                self.drop_constraint(pair, before, stored);
            }
            return;
        };
        let literals = stored.map(|stored| definition::literals_in(&stored.definition));
        if !is_retyped && literals.as_deref().is_some_and(|stored| is_same_check(kind, column.scalar, stored, &condition)) {
            let is_validated = stored.is_some_and(|stored| stored.is_validated);
            self.follow_constraint(pair, before, now.clone());
            if !is_validated {
                self.take(Step::Validate { table: pair.table.name.clone(), name: now });
            }
            return;
        }
        if !is_retyped && self.refuse_rows(of_column, kind, literals.as_deref()) {
            return;
        }
        if let Some(stored) = stored {
            self.drop_constraint(pair, before, stored);
        }
        self.add_check(pair, column, kind);
        if kind == ConstraintKind::EnumCheck {
            self.recode(column, literals.as_deref());
        }
    }

    /// Refuses a check that rows do not keep; says whether it did.
    fn refuse_rows(&mut self, of_column: ColumnPair<'_>, kind: ConstraintKind, before: Option<&[String]>) -> bool {
        let ColumnPair { pair, column, stored, .. } = of_column;
        match (kind, &column.values, column.max_length) {
            (ConstraintKind::EnumCheck, Some(values), _) => {
                let known = values.iter().chain(column.former_values.iter().map(|(former, _)| former));
                let known: Vec<String> = known.cloned().collect();
                let is_narrower = before.is_none_or(|before| before.iter().any(|value| !known.contains(value)));
                let name = stored.name.clone();
                let row = if column.is_list { RowLike::ListBeside(name, known) } else { RowLike::TextBeside(name, known) };
                if !is_narrower || !self.holds(pair.name, row) {
                    return false;
                }
                let problem = format!("rows of `{}` hold values that the enum does not have", pair.name);
                let help = "put the values back, or say `@was(name: \"OLD\")` on the value that takes their place";
                self.refuse(pair, column, problem, help);
                true
            }
            (ConstraintKind::LengthCheck, _, Some(max)) => {
                let allowed = before.and_then(|before| before.first()?.parse::<u32>().ok());
                let is_narrower = allowed.is_none_or(|allowed| allowed > max);
                if !is_narrower || !self.holds(pair.name, RowLike::LongerThan(stored.name.clone(), max)) {
                    return false;
                }
                let problem = format!("rows of `{}` hold more than {max} characters", pair.name);
                self.refuse(pair, column, problem, "raise `@length(max:)`, or shorten those rows first");
                true
            }
            (
                ConstraintKind::MinLengthCheck
                | ConstraintKind::MinCheck
                | ConstraintKind::MaxCheck
                | ConstraintKind::PatternCheck,
                ..,
            ) => self.refuse_limit(of_column, kind),
            _ => false,
        }
    }

    /// Refuses a limit that rows do not keep to; says whether it did.
    fn refuse_limit(&mut self, ColumnPair { pair, column, stored, .. }: ColumnPair<'_>, kind: ConstraintKind) -> bool {
        let (limits, name) = (&column.limits, stored.name.clone());
        let beyond = match kind {
            ConstraintKind::MinLengthCheck => limits.min_length.map(|min| (RowLike::ShorterThan(name, min), "shorter texts")),
            ConstraintKind::MinCheck => limits.min.as_ref().map(|min| (RowLike::Below(name, Bound::of(min)), "smaller values")),
            ConstraintKind::MaxCheck => limits.max.as_ref().map(|max| (RowLike::Above(name, Bound::of(max)), "greater values")),
            _ => limits.pattern.as_ref().map(|regex| (RowLike::Unlike(name, format!("^(?:{regex})$")), "texts of another form")),
        };
        let Some((row, what)) = beyond else { return false };
        if !self.holds(pair.name, row) {
            return false;
        }
        let problem = format!("rows of `{}` hold {what}", pair.name);
        self.refuse(pair, column, problem, "widen the limit, or change those rows first");
        true
    }

    /// Rows hold enum values under names of before.
    fn recode(&mut self, column: &WantedColumn, before: Option<&[String]>) {
        let may_hold = |name: &String| before.is_none_or(|before| before.contains(name));
        let names: Vec<(String, String)> = column.former_values.iter().filter(|(from, _)| may_hold(from)).cloned().collect();
        if names.is_empty() {
            return;
        }
        let is_shared = |to: &String| may_hold(to) || names.iter().filter(|(_, other)| other == to).count() > 1;
        let merged = names.iter().filter(|(_, to)| is_shared(to)).map(|(from, _)| from.clone()).collect();
        let mut back: Vec<(String, String)> = Vec::new();
        for (from, to) in &names {
            if !may_hold(to) && back.iter().all(|(known, _)| known != to) {
                back.push((to.clone(), from.clone()));
            }
        }
        let shape = if column.is_list { Shape::List } else { Shape::Single };
        self.changes.push((Change::Recode { column: column.name.clone(), shape, names, merged, back }, Pass::Second));
    }

    fn add_check(&mut self, pair: Pair<'_>, column: &WantedColumn, kind: ConstraintKind) {
        let Some(condition) = check::condition(column, kind) else { return };
        let (table, name) = (pair.table.name.clone(), names::of(&pair.table.name, &column.name, kind));
        self.take(Step::AddCheck { table: table.clone(), name: name.clone(), condition });
        self.take(Step::Validate { table, name });
    }

    fn compare_foreign_key(&mut self, of_column: ColumnPair<'_>) {
        let ColumnPair { pair, column, stored: stored_column, .. } = of_column;
        let (before, now) = of_column.names(ConstraintKind::ForeignKey);
        let stored = pair.there.constraints.get(&before);
        let Some(wanted) = &column.reference else {
            if let Some(stored) = stored {
                self.drop_constraint(pair, before, stored);
            }
            return;
        };
        let Some(stored) = stored else { return self.add_foreign_key(pair, column) };
        if stored.target.as_ref() == self.matching.former_name(wanted) {
            self.follow_constraint(pair, before, now.clone());
            if !stored.is_validated {
                self.take(Step::Validate { table: pair.table.name.clone(), name: now });
            }
        } else if self.holds(pair.name, RowLike::Filled(stored_column.name.clone())) {
            let target = stored.target.as_ref().map(ToString::to_string).unwrap_or_default();
            let problem = format!("the field points to `{wanted}`, the rows to `{target}`");
            let help =
                "put the type back; or give the field another name, with `@backfill(sql: \"...\")` where rows can be moved";
            self.refuse(pair, column, problem, help);
        } else {
            self.drop_constraint(pair, before, stored);
            self.add_foreign_key(pair, column);
        }
    }

    fn add_foreign_key(&mut self, pair: Pair<'_>, column: &WantedColumn) {
        let Some(target) = column.reference.clone() else { return };
        let (table, age) = (pair.table.name.clone(), pair.age());
        let name = names::foreign_key(&table, &column.name);
        self.take(Step::AddForeignKey { table: table.clone(), column: column.name.clone(), target, age });
        if age == Age::Old {
            self.take(Step::Validate { table, name });
        }
    }

    pub(super) fn compare_indexes(&mut self, of_column: ColumnPair<'_>) {
        let ColumnPair { pair, column, .. } = of_column;
        for kind in INDEX_KINDS {
            let (before, now) = of_column.names(kind);
            let wanted = column.indexes.iter().find(|index| index.name == now);
            match (wanted, pair.there.indexes.get(&before)) {
                (Some(wanted), Some(stored)) => self.compare_index(of_column, (before, stored), wanted),
                (Some(wanted), None) => self.build_index(pair, wanted),
                // The platform's own have indexes for what it does itself.
                (None, Some(stored)) if !column.is_platform => self.drop_index(pair, before, stored),
                (None, _) => {}
            }
        }
    }

    /// An index over values that an enum no longer has alone gives way to another of its name; one that an interrupted build left
    /// is built anew.
    fn compare_index(&mut self, of_column: ColumnPair<'_>, (before, stored): (String, &StoredIndex), wanted: &WantedIndex) {
        let ColumnPair { pair, is_retyped, .. } = of_column;
        let places = |(index, value): (usize, &String)| [value.clone(), (index + 1).to_string()];
        let order: Vec<String> = wanted.order.iter().flatten().enumerate().flat_map(places).collect();
        let is_current = definition::literals_in(&stored.definition) == order && !(is_retyped && wanted.order.is_some());
        if is_current && stored.is_valid {
            if before != wanted.name {
                let (table, to) = (pair.table.name.clone(), wanted.name.clone());
                self.take(Step::RenameIndex { table, from: before, to });
            }
            return;
        }
        // The build itself clears away an unusable index of its name.
        if stored.is_valid || before != wanted.name {
            self.drop_index(pair, before, stored);
        }
        self.build_index(pair, wanted);
    }

    fn build_index(&mut self, pair: Pair<'_>, index: &WantedIndex) {
        self.take(Step::BuildIndex { table: pair.table.name.clone(), index: index.clone(), age: pair.age() });
    }

    pub(super) fn drop_index(&mut self, pair: Pair<'_>, name: String, stored: &StoredIndex) {
        self.take(Step::DropIndex { table: pair.name.clone(), name, definition: stored.definition.clone() });
    }

    pub(super) fn drop_constraint(&mut self, pair: Pair<'_>, name: String, stored: &StoredConstraint) {
        self.take(Step::DropConstraint { table: pair.name.clone(), name, definition: stored.definition.clone() });
    }

    fn follow_constraint(&mut self, pair: Pair<'_>, from: String, to: String) {
        if from != to {
            self.take(Step::RenameConstraint { table: pair.table.name.clone(), from, to });
        }
    }

    /// What is about a column that goes: named, so that it can be taken back by itself.
    pub(super) fn drop_all_about(&mut self, pair: Pair<'_>, column: &ColumnName) {
        for (name, stored) in &pair.there.constraints {
            if stored.columns.contains(column) {
                self.drop_constraint(pair, name.clone(), stored);
            }
        }
        for (name, stored) in &pair.there.indexes {
            if stored.columns.contains(column) && !stored.is_of_constraint {
                self.drop_index(pair, name.clone(), stored);
            }
        }
    }
}
