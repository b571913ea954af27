//! Who may do what: the rules that the directives give collections and fields, as text.

use crate::catalog::RuleText;
use std::time::Duration;

/// A reusable condition, `@rule(name: "staff", is: "...")`.
#[derive(Clone, Debug)]
pub struct NamedRule {
    /// The name by which rules call it, without parentheses.
    pub name: String,
    /// Its condition.
    pub rule: RuleText,
}

/// What has to hold of every caller besides the rules of each collection, `@base(read: "...", write: "...")`.
#[derive(Clone, Debug, Default)]
pub struct BaseRules {
    /// Of whoever reads or exports.
    pub read: Option<RuleText>,
    /// Of whoever creates, updates or deletes.
    pub write: Option<RuleText>,
}

/// The row rules of a collection; all four are always there.
#[derive(Clone, Debug)]
pub struct AccessRules {
    /// Filters every read.
    pub read: RuleText,
    /// Guards a new row.
    pub create: RuleText,
    /// Guards a change.
    pub update: RuleText,
    /// Guards a deletion.
    pub delete: RuleText,
    /// The most time since whoever writes proved who they are.
    pub step_up: Option<Duration>,
}

/// `@access` on a field.
#[derive(Clone, Debug, Default)]
pub struct FieldAccess {
    /// Who sees the value; others get null or the mask.
    pub read: Option<RuleText>,
    /// Who may set the value.
    pub write: Option<RuleText>,
    /// What those who may not read see instead of null.
    pub mask: Option<Mask>,
}

/// `mask:` or `maskAs:` of a field's `@access`.
#[derive(Clone, Debug)]
pub enum Mask {
    /// `a***@acme.test`.
    Email,
    /// `****1234`.
    Last4,
    /// A keyed hash.
    Hash,
    /// `****`.
    Redact,
    /// The value of a CEL expression.
    Computed(RuleText),
}
