//! Groups of rows and what is computed over each: `ticketsAggregate(where, groupBy, having, orderBy, first)`.
//!
//! A field that the caller may not read counts as null, in a group's key as in a sum; a relation to a row that the caller may
//! not read counts as no relation, or the groups would tell hidden rows apart.
//!
//! `@aggregate(allow:, minGroup:)` limits who computes, and over how few: a group of fewer rows is left out, a statistic of
//! fewer values is null, wherever a group or a statistic can show (in the answer, `having`, the order). That there are none is
//! as little told as that there are few.

mod arguments;
mod fields;

pub(crate) use fields::key_label;

use crate::base::{FieldName, ScalarType};
use crate::catalog::GroupFloor;
use crate::planner::{Filter, FilterTest, GuardedColumn, Readable, ToOnePlan};
use crate::sql::Label;

/// Groups of rows of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregatePlan {
    /// The table as the caller may read it.
    pub source: Readable,
    /// The caller's filter of rows.
    pub filter: Filter,
    /// The columns that anything is computed of.
    pub inputs: Vec<AggregateInput>,
    /// What the rows are grouped by; nothing makes one group of all of them.
    pub keys: Vec<GroupKey>,
    /// What is computed of each group.
    pub measures: Vec<Measure>,
    /// The caller's filter of groups.
    pub having: Vec<(MeasureIndex, FilterTest)>,
    /// The order of the groups, ended by all keys.
    pub order: Vec<GroupOrder>,
    /// How many groups at most.
    pub first: u32,
    /// The fewest rows of a group, and values of a statistic, that anything is told of.
    pub floor: GroupFloor,
    /// What to show of each group.
    pub fields: Vec<(Label, AggregateField)>,
}

/// A measure's place in [`AggregatePlan::measures`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasureIndex(pub usize);

/// A column that something is computed of.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateInput {
    /// The field's name in the schema.
    pub field: FieldName,
    /// The column; counts as null where its guard does not allow.
    pub column: GuardedColumn,
    /// For a to-one relation, its target as the caller may read it.
    pub target: Option<Readable>,
}

/// What rows are grouped by.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupKey {
    /// Its place in [`AggregatePlan::inputs`].
    pub input: usize,
    /// The span of time, for an instant or a day that is not taken as it is.
    pub bucket: Option<DateBucket>,
    /// The scalar of its value.
    pub scalar: ScalarType,
    /// The enum's values in their order, when it holds an enum: they sort as the schema lists them.
    pub enum_order: Option<Vec<String>>,
}

/// A span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct DateBucket {
    /// The span.
    pub unit: BucketUnit,
    /// Where days begin, a name of the IANA database; a day of the calendar has none.
    pub time_zone: Option<String>,
}

/// The spans of time, PostgreSQL's words for `date_trunc` in capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketUnit {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week, from Monday on (ISO 8601).
    Week,
    /// A month.
    Month,
    /// Three months.
    Quarter,
    /// A year.
    Year,
}

impl BucketUnit {
    /// Every span, shortest first.
    pub const ALL: [Self; 6] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The name in the API.
    pub fn graphql_name(self) -> &'static str {
        match self {
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Quarter => "QUARTER",
            Self::Year => "YEAR",
        }
    }
}

/// What is computed over a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// What.
    pub statistic: Statistic,
    /// Of which of [`AggregatePlan::inputs`]; `None` to count rows.
    pub input: Option<usize>,
    /// The scalar of the result.
    pub scalar: ScalarType,
}

impl Measure {
    /// Whether it counts.
    pub(crate) fn is_count(&self) -> bool {
        matches!(self.statistic, Statistic::Count | Statistic::CountDistinct)
    }
}

/// What can be computed. Nulls do not count, as in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// How many rows, or how many values.
    Count,
    /// How many different values.
    CountDistinct,
    /// Their sum.
    Sum,
    /// Their average.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

/// A term of the order of groups.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupOrder {
    /// By what.
    pub by: GroupOrderBy,
    /// Whether the greatest comes first.
    pub is_descending: bool,
    /// Whether groups without a value come first.
    pub is_nulls_first: bool,
}

/// What groups are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupOrderBy {
    /// A key, by its place in [`AggregatePlan::keys`].
    Key(usize),
    /// A measure.
    Measure(MeasureIndex),
}

/// A field of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum AggregateField {
    /// `__typename`
    Typename(String),
    /// `count`
    Measure(MeasureIndex),
    /// `keys`
    Keys(Vec<(Label, KeyField)>),
    /// `sum`, `avg`, ...: the same statistic of several fields.
    Measures(Vec<(Label, MeasureField)>),
}

/// A field of `keys`.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyField {
    /// `__typename`
    Typename(String),
    /// The value, by its place in [`AggregatePlan::keys`].
    Value(usize),
    /// The row that the value points to.
    Row(usize, Box<ToOnePlan>),
    /// A field that the rows are not grouped by: null.
    NotGrouped,
}

/// A field of `sum`, `avg`, ...
#[derive(Clone, Debug, PartialEq)]
pub enum MeasureField {
    /// `__typename`
    Typename(String),
    /// The result.
    Measure(MeasureIndex),
}

impl AggregatePlan {
    /// The rows of the groups' keys.
    pub(crate) fn key_rows(&self) -> impl Iterator<Item = &ToOnePlan> {
        let keys = self.fields.iter().flat_map(|(_, field)| match field {
            AggregateField::Keys(fields) => fields.as_slice(),
            _ => &[],
        });
        keys.filter_map(|(_, field)| match field {
            KeyField::Row(_, relation) => Some(relation.as_ref()),
            _ => None,
        })
    }
}
