//! A rule after checking: names are columns, literals have the type of what they are compared with, nothing is left to refuse.

use crate::base::{ColumnName, ScalarType, TableName, Value};
use crate::catalog::{CollectionId, FieldId};
use crate::policy::share::Shared;
use crate::policy::{CallerValue, RowImage, TextTest};

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    /// `&&`
    All(Vec<Rule>),
    /// `||`
    Any(Vec<Rule>),
    /// `!`
    Not(Box<Rule>),
    /// A boolean that stands alone.
    Flag(Operand),
    /// `operand == null`
    IsNull(Operand),
    /// `left == right`
    Equal(Operand, Operand),
    /// `left < right` and its kin
    Order(Order, Operand, Operand),
    /// `operand in list`
    In(Operand, Operand),
    /// `text.startsWith(part)` and its kin
    Text(TextTest, Operand, Operand),
    /// `exists(owner.members, m, body)`
    Exists(Box<Exists>),
    /// `shared(level)`
    Shared(Box<Shared>),
}

/// An ordering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A row of the other end of a relation for which something holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exists {
    /// The `id` of the row whose relation it is.
    pub(super) owner: Path,
    /// The collection looked into.
    pub(super) collection: CollectionId,
    /// Its table.
    pub(super) table: TableName,
    /// The field that points back to the owner.
    pub(super) join_field: FieldId,
    /// That field's column.
    pub(super) join_column: ColumnName,
    /// The nesting depth of the row looked at.
    pub(super) depth: u16,
    /// What has to hold of it.
    pub(super) body: Rule,
}

/// A value inside a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// Known once the actor and the request are.
    Known(KnownValue),
    /// Stored in a row.
    Stored(Path),
}

/// A value that the actor, the request or the rule's text decides.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum KnownValue {
    /// Written in the rule; never null.
    Literal(Value),
    /// Something of the caller or the request.
    Caller(CallerValue),
}

/// What a field shows where its rule hides it, `maskAs:`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum MaskRule {
    /// `null`
    Null(ScalarType),
    /// A literal, something of the caller, or a field of the row.
    Value(Operand),
    /// `text + text`
    Join(Box<MaskRule>, Box<MaskRule>),
    /// `text.substring(start, end)`, in characters from 0
    Part {
        /// The text.
        text: Box<MaskRule>,
        /// Where the part begins.
        start: i32,
        /// Before which character it ends.
        end: Option<i32>,
    },
    /// `roundDown(number, step)`
    RoundDown(Box<MaskRule>, Value),
    /// `condition ? value : value`
    Choose(Rule, Box<MaskRule>, Box<MaskRule>),
}

impl MaskRule {
    /// Every condition that it asks.
    pub(super) fn conditions(&self) -> Vec<&Rule> {
        match self {
            Self::Null(_) | Self::Value(_) => Vec::new(),
            Self::Join(left, right) => [left.conditions(), right.conditions()].concat(),
            Self::Part { text: inner, .. } | Self::RoundDown(inner, _) => inner.conditions(),
            Self::Choose(condition, then, otherwise) => [vec![condition], then.conditions(), otherwise.conditions()].concat(),
        }
    }

    /// Calls `visit` with every value that it shows, or makes others of.
    pub(super) fn values<'m>(&'m self, visit: &mut impl FnMut(&'m Operand)) {
        match self {
            Self::Null(_) => {}
            Self::Value(operand) => visit(operand),
            Self::Join(left, right) | Self::Choose(_, left, right) => {
                left.values(visit);
                right.values(visit);
            }
            Self::Part { text: inner, .. } | Self::RoundDown(inner, _) => inner.values(visit),
        }
    }
}

/// The way from a row image to a column, over to-one relations.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    /// The image that it starts at.
    pub(super) image: RowImage,
    /// The relations that it follows.
    pub(super) steps: Vec<Step>,
    /// The field that it ends at.
    pub(super) field: FieldId,
    /// That field's column, in the row of the last step.
    pub(super) column: ColumnName,
    /// Whether the column may be null.
    pub(super) is_nullable: bool,
    /// Whether a null in the column is a relation that leads nowhere (`row.team.id` read from `row`'s own `team_id`) and so
    /// makes the condition unknown, while the null of a field is a value.
    pub(super) is_null_a_gap: bool,
}

/// One to-one relation on a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// The field with the foreign key.
    pub(super) field: FieldId,
    /// Its column in the row before.
    pub(super) key: ColumnName,
    /// Whether that may be null.
    pub(super) is_nullable: bool,
    /// The collection that it leads to.
    pub(super) collection: CollectionId,
    /// Its table.
    pub(super) table: TableName,
    /// The column that the key points to.
    pub(super) target_column: ColumnName,
    /// The nesting depth of the row that it leads to.
    pub(super) depth: u16,
}

impl Path {
    /// The image whose column the path ends at.
    pub(super) fn last_image(&self) -> RowImage {
        self.steps.last().map_or(self.image, |step| RowImage::Member(step.depth))
    }

    /// Whether the path may lead nowhere, which makes what it is compared with unknown.
    pub(super) fn may_lead_nowhere(&self) -> bool {
        self.steps.iter().any(|step| step.is_nullable) || (self.is_null_a_gap && self.is_nullable)
    }
}

impl Rule {
    /// Calls `visit` with this condition and every one inside it.
    pub(super) fn walk(&self, visit: &mut impl FnMut(&Rule)) {
        visit(self);
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.walk(visit)),
            Self::Not(inner) => inner.walk(visit),
            Self::Exists(exists) => exists.body.walk(visit),
            Self::Flag(_)
            | Self::IsNull(_)
            | Self::Equal(..)
            | Self::Order(..)
            | Self::In(..)
            | Self::Text(..)
            | Self::Shared(_) => {}
        }
    }

    /// The values that this condition itself compares, without those of conditions inside it.
    pub(super) fn operands(&self) -> Vec<&Operand> {
        match self {
            Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Exists(_) | Self::Shared(_) => Vec::new(),
            Self::Flag(operand) | Self::IsNull(operand) => vec![operand],
            Self::Equal(left, right) | Self::Order(_, left, right) | Self::In(left, right) | Self::Text(_, left, right) => {
                vec![left, right]
            }
        }
    }

    /// The paths that this condition itself names, without those of conditions inside it.
    pub(super) fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Exists(exists) => return vec![&exists.owner],
            Self::Shared(shared) => return vec![&shared.owner],
            _ => {}
        }
        let stored = self.operands().into_iter().map(|operand| match operand {
            Operand::Stored(path) => Some(path),
            Operand::Known(_) => None,
        });
        stored.flatten().collect()
    }
}
