//! What is left of a rule once the actor has decided its part: a condition on rows.
//!
//! Negation is already pushed to the leaves, so a predicate has two outcomes: it selects a row exactly when the rule is
//! `True` for it. Both `False` and `Unknown` do not select.

use crate::base::{ColumnName, TableName, Value};
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// A solved rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// Allows every row: no predicate in the SQL.
    Always,
    /// Allows none: the database is not asked.
    Never,
    /// All parts; at least two, none constant.
    All(Vec<Predicate>),
    /// Any part; at least two, none constant.
    Any(Vec<Predicate>),
    /// A condition on one row.
    Condition(Condition),
}

impl Predicate {
    /// Conjunction with constants folded.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::Always => {}
                Self::Never => return Self::Never,
                Self::All(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        match kept.len() {
            0 => Self::Always,
            1 => kept.remove(0),
            _ => Self::All(kept),
        }
    }

    /// Disjunction with constants folded.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::Never => {}
                Self::Always => return Self::Always,
                Self::Any(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        match kept.len() {
            0 => Self::Never,
            1 => kept.remove(0),
            _ => Self::Any(kept),
        }
    }

    /// `Always` for `true`, `Never` for anything else.
    pub(super) fn constant(is_allowed: bool) -> Self {
        if is_allowed { Self::Always } else { Self::Never }
    }

    /// Selects what `inner` does not select.
    pub(super) fn unless(inner: Self) -> Self {
        match inner {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            other => Self::Condition(Condition::Not(Box::new(other))),
        }
    }

    /// Whether the condition looks into other rows, by a path or by `exists`.
    pub fn has_sub_reads(&self) -> bool {
        match self {
            Self::Always | Self::Never => false,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::has_sub_reads),
            Self::Condition(Condition::Exists { .. } | Condition::Among { .. }) => true,
            Self::Condition(Condition::Not(inner)) => inner.has_sub_reads(),
            Self::Condition(_) => false,
        }
    }

    /// The tables of the other rows that the condition looks into.
    pub fn tables(&self) -> BTreeSet<TableName> {
        let mut tables = BTreeSet::new();
        self.add_tables(&mut tables);
        tables
    }

    fn add_tables(&self, tables: &mut BTreeSet<TableName>) {
        match self {
            Self::Always | Self::Never => {}
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.add_tables(tables)),
            Self::Condition(condition) => {
                if let Condition::Exists { table, .. } | Condition::Among { table, .. } = condition {
                    tables.insert(table.clone());
                }
                let (_, inner) = condition.parts();
                inner.into_iter().for_each(|inner| inner.add_tables(tables));
            }
        }
    }

    /// The columns of the rule's own row that it speaks of, whichever of its images.
    pub fn columns(&self) -> BTreeSet<ColumnName> {
        let mut columns = BTreeSet::new();
        self.add_columns(&mut columns);
        columns
    }

    fn add_columns(&self, columns: &mut BTreeSet<ColumnName>) {
        match self {
            Self::Always | Self::Never => {}
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.add_columns(columns)),
            Self::Condition(condition) => {
                let (operands, inner) = condition.parts();
                inner.into_iter().for_each(|inner| inner.add_columns(columns));
                columns.extend(operands.into_iter().filter_map(Operand::own_column).cloned());
            }
        }
    }

    /// What is asked of the row as it is stored: whatever is asked of the changed one counts as granted. Every row that some
    /// change is allowed for is selected, and perhaps others.
    pub fn of_stored_row(&self) -> Self {
        match self {
            Self::Always | Self::Never => self.clone(),
            Self::All(parts) => Self::all(parts.iter().map(Self::of_stored_row)),
            Self::Any(parts) => Self::any(parts.iter().map(Self::of_stored_row)),
            Self::Condition(condition) if condition.names_new_row() => Self::Always,
            Self::Condition(_) => self.clone(),
        }
    }

    fn names_new_row(&self) -> bool {
        match self {
            Self::Always | Self::Never => false,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::names_new_row),
            Self::Condition(condition) => condition.names_new_row(),
        }
    }

    /// Whether every row is allowed.
    pub fn is_always(&self) -> bool {
        matches!(self, Self::Always)
    }

    /// Whether no row is allowed.
    pub fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }
}

/// Which image of a row a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowImage {
    /// `row`: the stored row, for `create` the new one.
    Row,
    /// `old`: before the change.
    Old,
    /// `new`: after the change.
    New,
    /// The row of an enclosing `exists`, by nesting depth from 0.
    Member(u16),
}

/// A condition on one row, already in the positive: true in SQL exactly when it is `True`. Otherwise it is false or null there,
/// which select alike; whoever needs the opposite asks for it while solving or uses [`Condition::Not`], never SQL's `not`.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A comparison of two operands.
    Compare(Comparison, Operand, Operand),
    /// `operand is null`.
    IsNull(Operand),
    /// `operand is not null`.
    IsNotNull(Operand),
    /// The operand equals one of the values of a list; `is_negated`: equals none of them (null equals none, and a list that
    /// is null holds none).
    InList {
        /// What is looked for.
        operand: Operand,
        /// A [`Value::List`] without nulls, bound as one array; or a column that holds a list.
        list: Operand,
        /// Whether it must not be there.
        is_negated: bool,
    },
    /// A boolean column that must be exactly this; null is neither.
    IsBoolean(Operand, bool),
    /// A text operand starts with, ends with or contains another; null does neither.
    Text {
        /// The test.
        test: TextTest,
        /// The text that is looked at.
        text: Operand,
        /// What it has to start with, end with or contain.
        part: Operand,
        /// Whether it must not.
        is_negated: bool,
    },
    /// There is a row of `table` with `join_column = join_value` for which `body` holds; `is_negated`: there is none.
    /// Used for to-one paths (`join_column` is `id`) and for `exists(row.members, m, ...)` (`join_column` is the foreign key).
    Exists {
        /// The table looked into.
        table: TableName,
        /// Its column that joins.
        join_column: ColumnName,
        /// What it has to equal.
        join_value: Operand,
        /// The nesting depth: the row inside is [`RowImage::Member`] of this depth.
        depth: u16,
        /// What must hold of the row inside.
        body: Box<Predicate>,
        /// Whether there must be none.
        is_negated: bool,
    },
    /// The operand is the value of `column` in a row of `table` for which `body` holds, which says nothing of any other row;
    /// `is_negated`: in none. Used for `shared(...)`: the rows of the table are found once for the statement, and not for each row.
    Among {
        /// What is looked for.
        operand: Operand,
        /// The table looked into.
        table: TableName,
        /// Its column, which is never null.
        column: ColumnName,
        /// The nesting depth: the row inside is [`RowImage::Member`] of this depth.
        depth: u16,
        /// What must hold of the row inside.
        body: Box<Predicate>,
        /// Whether it must be in none.
        is_negated: bool,
    },
    /// The inner predicate does not select. Only below a negated `exists`.
    Not(Box<Predicate>),
}

impl Condition {
    /// What it compares, and the condition inside it.
    fn parts(&self) -> (Vec<&Operand>, Option<&Predicate>) {
        match self {
            Self::Compare(_, left, right) => (vec![left, right], None),
            Self::IsNull(operand) | Self::IsNotNull(operand) | Self::IsBoolean(operand, _) => (vec![operand], None),
            Self::InList { operand, list, .. } => (vec![operand, list], None),
            Self::Text { text, part, .. } => (vec![text, part], None),
            Self::Exists { join_value, body, .. } => (vec![join_value], Some(body)),
            Self::Among { operand, body, .. } => (vec![operand], Some(body)),
            Self::Not(inner) => (Vec::new(), Some(inner)),
        }
    }
}

impl Operand {
    /// The column, if it is one of the rule's own row.
    fn own_column(&self) -> Option<&ColumnName> {
        match self {
            Self::Column(RowImage::Row | RowImage::Old | RowImage::New, column) => Some(column),
            Self::Column(RowImage::Member(_), _) | Self::Value(_) | Self::Caller(_) | Self::Now => None,
        }
    }
}

impl Condition {
    fn names_new_row(&self) -> bool {
        let is_new = |operand: &Operand| matches!(operand, Operand::Column(RowImage::New, _));
        let (operands, inner) = self.parts();
        operands.into_iter().any(is_new) || inner.is_some_and(Predicate::names_new_row)
    }
}

/// A comparison in the positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`, true only if neither side is null.
    Equal,
    /// `is not distinct from`: two nulls are equal.
    EqualOrBothNull,
    /// `<>`, true only if neither side is null.
    NotEqual,
    /// `is distinct from`: a null differs from a value.
    Distinct,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A test on texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextTest {
    /// `startsWith`
    StartsWith,
    /// `endsWith`
    EndsWith,
    /// `contains`
    Contains,
}

/// A value inside a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A column of a row image.
    Column(RowImage, ColumnName),
    /// A value that the actor, the request or a literal decided; never null.
    Value(Value),
    /// A value of a caller who is known to PostgreSQL alone, in a predicate that was solved for a role; may be null.
    Caller(CallerValue),
    /// The time at which the transaction began, by the database's clock. `now()` in rules is the request's time, a value; this one is
    /// the same text for every request, so that plans can be kept.
    Now,
}

/// A value that PostgreSQL knows of the caller by the settings of the transaction, see `migrations/platform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerValue {
    /// `user.id`
    UserId,
    /// `user.email`
    UserEmail,
    /// `user.role`, which the database role says of everybody but a service
    UserRole,
    /// `user.team`
    UserTeam,
    /// `user.teams`; null for whoever has no team
    UserTeams,
    /// `user.isActive`
    UserIsActive,
    /// `request.ip`
    RequestIp,
    /// `request.time`, moved by a duration
    RequestTime(TimeDelta),
    /// `request.auth.method`
    RequestAuthMethod,
    /// `request.auth.mfa`
    RequestAuthMfa,
    /// `request.auth.age`, in seconds
    RequestAuthAge,
    /// `request.service`
    RequestService,
}
