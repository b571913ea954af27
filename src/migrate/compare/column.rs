//! Columns: type, nulls, default; and those that are new.

use crate::base::TableName;
use crate::catalog::ConstraintKind;
use crate::db::introspect::StoredColumn;
use crate::db::probe::RowLike;
use crate::migrate::cast::Cast;
use crate::migrate::compare::{Draft, Pair};
use crate::migrate::step::{Change, Pass, default_over};
use crate::migrate::wanted::{WantedColumn, WantedDefault, WantedFill, WantedTable, sequence_of};
use crate::migrate::{Step, ddl, definition, names};

/// A column that is there, as one that is wanted.
#[derive(Clone, Copy)]
pub(super) struct ColumnPair<'a> {
    pub(super) pair: Pair<'a>,
    pub(super) column: &'a WantedColumn,
    pub(super) stored: &'a StoredColumn,
    /// Whether it gets another type; then what its checks say has to be said anew.
    pub(super) is_retyped: bool,
}

impl ColumnPair<'_> {
    /// The name that something of the column has, before and now.
    pub(super) fn names(&self, kind: ConstraintKind) -> (String, String) {
        let Self { pair, column, stored, .. } = self;
        (names::of(pair.name, &stored.name, kind), names::of(&pair.table.name, &column.name, kind))
    }
}

impl Draft<'_> {
    pub(super) fn compare_column(&mut self, pair: Pair<'_>, column: &WantedColumn, stored: &StoredColumn) {
        let is_retyped = column.sql_type() != stored.sql_type;
        let of_column = ColumnPair { pair, column, stored, is_retyped };
        if is_retyped && !self.change_type(of_column) {
            return;
        }
        self.rename_column(of_column);
        self.compare_default(of_column);
        match (column.is_required, stored.is_required) {
            (true, false) => self.require(of_column),
            (false, true) => self.take(Step::DropNotNull { table: pair.name.clone(), column: stored.name.clone() }),
            (true, true) | (false, false) => self.drop_left_over_check(of_column),
        }
        self.compare_constraints(of_column);
        self.compare_indexes(of_column);
    }

    fn rename_column(&mut self, ColumnPair { pair, column, stored, .. }: ColumnPair<'_>) {
        let (table, from, to) = (&pair.table.name, &stored.name, &column.name);
        if from != to {
            self.take(Step::RenameColumn { table: table.clone(), from: from.clone(), to: to.clone() });
        }
        let (before, now) = (names::sequence(pair.name, from), names::sequence(table, to));
        if self.stored.sequences.contains(&before) && before.name != now.name {
            // It goes to another schema with its table.
            let from = TableName::new(&now.schema, &before.name);
            self.take(Step::RenameSequence { from, to: now });
        }
    }

    /// Says whether there is a way to the type.
    fn change_type(&mut self, ColumnPair { pair, column, stored, .. }: ColumnPair<'_>) -> bool {
        let wanted = column.sql_type();
        let Some(cast) = Cast::find(&stored.sql_type, &wanted) else {
            let problem = format!("the field is stored as `{wanted}`, the column holds `{}`", stored.sql_type);
            let help = format!(
                "put the type back; or give the field another name and `@backfill(sql: \"...\")`, an expression over `{}` that makes \
                 the new values, and leave the old field out when nobody needs it any more",
                stored.name
            );
            self.refuse(pair, column, problem, help);
            return false;
        };
        let default = default_over(column, &names::sequence(&pair.table.name, &column.name));
        let (table, name) = (pair.table.name.clone(), column.name.clone());
        self.take(Step::ChangeType { table, column: name, cast, default });
        true
    }

    fn compare_default(&mut self, ColumnPair { pair, column, stored, is_retyped }: ColumnPair<'_>) {
        let before = stored.default.clone();
        let table = pair.name.clone();
        if is_retyped {
            // What there was may not fit the new type; its default comes with that.
            if before.is_some() {
                self.take(Step::SetDefault { table, column: stored.name.clone(), after: None, before });
            }
            return;
        }
        if definition::is_default_the_same(column, before.as_deref()) {
            return;
        }
        let former_sequence = names::sequence(pair.name, &stored.name);
        let is_there = self.stored.sequences.contains(&former_sequence);
        if !is_there {
            self.add_sequence(pair.table, column);
        }
        let sequence = if is_there { former_sequence } else { names::sequence(&pair.table.name, &column.name) };
        let after = default_over(column, &sequence);
        self.take(Step::SetDefault { table, column: stored.name.clone(), after, before });
    }

    /// From nullable to required: checked before it is set, so that no lock waits for the rows to be read.
    fn require(&mut self, of_column: ColumnPair<'_>) {
        let ColumnPair { pair, column, stored, .. } = of_column;
        if column.fill.is_none() && self.holds(pair.name, RowLike::Null(stored.name.clone())) {
            let problem = format!("the field is required, but rows of `{}` hold none", pair.name);
            let help = "say what they get with `@backfill(value: ...)` or `@backfill(sql: \"...\")`, or leave the `!` out";
            return self.refuse(pair, column, problem, help);
        }
        self.drop_left_over_check(of_column);
        self.fill_and_require(pair.table, column);
    }

    fn fill_and_require(&mut self, table: &WantedTable, column: &WantedColumn) {
        let (table, name) = (&table.name, names::filled_check(&column.name));
        self.fill(column, Pass::Second);
        let condition = format!("{} is not null", ddl::column(&column.name));
        self.take(Step::AddCheck { table: table.clone(), name: name.clone(), condition });
        self.take(Step::Validate { table: table.clone(), name });
        self.take(Step::SetNotNull { table: table.clone(), column: column.name.clone() });
    }

    fn fill(&mut self, column: &WantedColumn, last: Pass) {
        let Some(fill) = &column.fill else { return };
        let value = match fill {
            WantedFill::Literal(value) => ddl::literal(value),
            WantedFill::Sql(expression) => format!("({expression})"),
        };
        self.changes.push((Change::Fill { column: column.name.clone(), value }, last));
    }

    /// The check of a migration that was given up halfway.
    fn drop_left_over_check(&mut self, ColumnPair { pair, stored, .. }: ColumnPair<'_>) {
        let name = names::filled_check(&stored.name);
        if let Some(constraint) = pair.there.constraints.get(&name) {
            let definition = constraint.definition.clone();
            self.take(Step::DropConstraint { table: pair.name.clone(), name, definition });
        }
    }

    pub(super) fn add_column(&mut self, pair: Pair<'_>, column: &WantedColumn) {
        let is_given =
            column.fill.is_some() || matches!(column.default, Some(WantedDefault::Fixed(_) | WantedDefault::Sequence(_)));
        if column.is_required && !is_given && self.holds(pair.name, RowLike::Any) {
            let problem = format!("the field is new and required, but rows of `{}` have no value for it", pair.name);
            let help = "say what they get with `@default(value: ...)`, `@backfill(value: ...)` or `@backfill(sql: \"...\")`, or leave \
                        the `!` out";
            return self.refuse(pair, column, problem, help);
        }
        self.add_sequence(pair.table, column);
        let table = pair.table.name.clone();
        match &column.fill {
            Some(WantedFill::Sql(_)) => {
                let nullable = WantedColumn { is_required: false, ..column.clone() };
                self.take(Step::AddColumn { table, column: Box::new(nullable), fill: None });
                if column.is_required {
                    self.fill_and_require(pair.table, column);
                } else {
                    // Once: whoever has no value afterwards means it so.
                    self.fill(column, Pass::First);
                }
            }
            Some(WantedFill::Literal(value)) if is_for_all_rows(column) => {
                self.take(Step::AddColumn { table, column: Box::new(column.clone()), fill: Some(ddl::literal(value)) });
            }
            Some(WantedFill::Literal(_)) | None => {
                self.take(Step::AddColumn { table, column: Box::new(column.clone()), fill: None })
            }
        }
        self.add_constraints(pair, column);
        for index in &column.indexes {
            self.take(Step::BuildIndex { table: pair.table.name.clone(), index: index.clone(), age: pair.age() });
        }
    }

    pub(super) fn add_sequence(&mut self, table: &WantedTable, column: &WantedColumn) {
        let Some(sequence) = sequence_of(table, column).filter(|sequence| !self.stored.sequences.contains(sequence)) else {
            return;
        };
        let (table, column) = (table.name.clone(), column.name.clone());
        self.take(Step::CreateSequence { sequence: sequence.clone() });
        self.take(Step::OwnSequence { sequence, table, column });
    }
}

/// A sequence gives each row a number of its own.
fn is_for_all_rows(column: &WantedColumn) -> bool {
    !matches!(column.default, Some(WantedDefault::Sequence(_)))
}
