//! `where`: conditions of the caller, always beside the read rule, never instead of it.
//!
//! Purpose: an argument's JSON → [`Filter`], plain data.
//! Flow: `relation` walks the argument through fields and relations, `test` reads the tests of one column, `json` those that
//! look into a document.
//! Invariants: a relation is only ever looked through as the caller may read its target; a guarded column counts as null where
//! its guard does not allow; every list and every nesting has a limit.
//! Deliberately unknown: SQL.

mod json;
mod relation;
mod test;

pub use json::{JsonKind, JsonPathTest};
pub use test::FilterTest;
pub(crate) use test::text_value;

use crate::catalog::Collection;
use crate::planner::{GuardedColumn, PlanError, Planner, Readable, Search};
use serde_json::Value as Json;

/// A caller's condition on rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them; none holds.
    All(Vec<Filter>),
    /// Any of them; none does not hold.
    Any(Vec<Filter>),
    /// The opposite; null stays null, as in SQL.
    Not(Box<Filter>),
    /// A test of a column. A guarded column counts as null where its guard does not allow.
    Column(GuardedColumn, FilterTest),
    /// Words that have to be in its texts.
    Search(Search),
    /// The row that a foreign key points to is there for the caller and passes the filter.
    ToOne {
        /// The foreign key.
        key: GuardedColumn,
        /// Its target as the caller may read it.
        target: Readable,
        /// What must hold of the target.
        filter: Box<Filter>,
    },
    /// Of the rows that point here and are there for the caller, so many pass the filter.
    ToMany {
        /// How many.
        quantifier: Quantifier,
        /// Their foreign key; where its guard does not allow, the row does not point here.
        key: GuardedColumn,
        /// Their table as the caller may read it.
        target: Readable,
        /// What must hold of them.
        filter: Box<Filter>,
    },
}

/// How many of the rows at the other end of a relation. Rows that the caller may not read count for nothing, so `every` says
/// the same whether a hidden row passes or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one passes.
    Some,
    /// None fails, or is unknown to pass; so it is when there is none.
    Every,
    /// None passes.
    None,
}

impl Quantifier {
    /// The quantifier's name in the API.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "some" => Some(Self::Some),
            "every" => Some(Self::Every),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

impl Filter {
    /// No condition.
    pub fn none() -> Self {
        Self::All(Vec::new())
    }

    /// How many conditions it has. None at all counts as one, too: a list of them is text that PostgreSQL has to read.
    fn size(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::size).sum::<usize>().max(1),
            Self::Not(inner) => inner.size(),
            Self::Column(..) | Self::Search(_) => 1,
            Self::ToOne { filter, .. } | Self::ToMany { filter, .. } => filter.size() + 1,
        }
    }

    /// How many relations it looks through, one behind the other.
    fn depth(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::depth).max().unwrap_or_default(),
            Self::Not(inner) => inner.depth(),
            Self::Column(..) | Self::Search(_) => 0,
            Self::ToOne { filter, .. } | Self::ToMany { filter, .. } => filter.depth() + 1,
        }
    }
}

/// The most conditions of one `where`. Each is a bind parameter or a subselect that PostgreSQL has to plan.
const MAX_CONDITIONS: usize = 500;

/// How deep the braces and brackets of a `where` may nest.
const MAX_NESTING: usize = 64;

/// The most relations that one condition leads through: each is a subselect inside the one before.
const MAX_DEPTH: usize = 10;

impl Planner<'_> {
    /// Plans a whole `where` argument.
    ///
    /// # Errors
    /// [`PlanError`] naming the path of the argument that makes no sense, or the limit that it exceeds.
    pub(crate) fn plan_conditions(&self, collection: &Collection, json: &Json) -> Result<Filter, PlanError> {
        // Before anything walks it: whatever does so calls itself for each level, and a stack has an end.
        if nesting(json) > MAX_NESTING {
            return Err(PlanError::too_many("where", "levels of braces and brackets", MAX_NESTING));
        }
        let filter = self.plan_filter(collection, "where", json)?;
        if filter.size() > MAX_CONDITIONS {
            return Err(PlanError::TooManyConditions { limit: MAX_CONDITIONS });
        }
        if filter.depth() > MAX_DEPTH {
            return Err(PlanError::too_many("where", "relations inside each other", MAX_DEPTH));
        }
        Ok(filter)
    }
}

/// A null where a condition is expected is refused: it would silently mean "no condition" where a value is missing.
fn refuse_null<'j>(path: &str, json: &'j Json) -> Result<&'j Json, PlanError> {
    if json.is_null() {
        return Err(PlanError::argument(path, "null is no condition; leave it out, or use `isNull: true`"));
    }
    Ok(json)
}

fn read_boolean(path: &str, json: &Json) -> Result<bool, PlanError> {
    json.as_bool().ok_or_else(|| PlanError::argument(path, "expected true or false"))
}

/// The elements of a list; a single value stands for a list of it, as the specification says.
fn elements(json: &Json) -> &[Json] {
    match json {
        Json::Array(elements) => elements.as_slice(),
        single => std::slice::from_ref(single),
    }
}

/// How deep objects and lists nest.
fn nesting(json: &Json) -> usize {
    let below = match json {
        Json::Array(elements) => elements.iter().map(nesting).max(),
        Json::Object(fields) => fields.values().map(nesting).max(),
        _ => return 0,
    };
    below.unwrap_or_default() + 1
}
