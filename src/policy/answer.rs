//! What a rule answers a role when nothing else is known: the ground for grants.

use crate::base::{RoleName, Value};
use crate::policy::known;
use crate::policy::syntax::{Operand, Rule};
use crate::policy::truth::{Truth, TruthSet};

/// What a rule gives a role, whoever of that role asks for whichever row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleAnswer {
    /// Everything.
    Always,
    /// Nothing.
    Never,
    /// It depends on the actor, the request or the row.
    Depends,
}

/// Answers a role. Where parts depend on each other (`row.a == 1 || row.a != 1`) it may say `Depends` too often, never too
/// rarely.
pub(super) fn answer(rule: &Rule, role: &RoleName) -> RoleAnswer {
    let possible = possible(rule, role);
    if !possible.has(Truth::True) {
        RoleAnswer::Never
    } else if possible == TruthSet::only(Truth::True) {
        RoleAnswer::Always
    } else {
        RoleAnswer::Depends
    }
}

fn possible(rule: &Rule, role: &RoleName) -> TruthSet {
    let decided = |operands: [&Operand; 2], truth: &dyn Fn(&Value, &Value) -> Truth| {
        let [left, right] = operands.map(|operand| value(operand, role));
        left.zip(right).map_or(TruthSet::ANY, |(left, right)| TruthSet::only(truth(&left, &right)))
    };
    match rule {
        Rule::All(parts) => {
            parts.iter().fold(TruthSet::only(Truth::True), |so_far, part| so_far.combine(possible(part, role), Truth::and))
        }
        Rule::Any(parts) => {
            parts.iter().fold(TruthSet::only(Truth::False), |so_far, part| so_far.combine(possible(part, role), Truth::or))
        }
        Rule::Not(inner) => possible(inner, role).negate(),
        Rule::Flag(operand) => value(operand, role).map_or(TruthSet::ANY, |value| TruthSet::only(known::flag(&value))),
        Rule::IsNull(operand) => value(operand, role).map_or(TruthSet::ANY, |value| TruthSet::only(value.is_null().into())),
        Rule::Equal(left, right) => decided([left, right], &known::equal),
        Rule::In(operand, list) => decided([operand, list], &known::contained),
        Rule::Order(order, left, right) => decided([left, right], &|left, right| known::ordered(*order, left, right)),
        Rule::Text(test, text, part) => decided([text, part], &|text, part| known::tested(*test, text, part)),
        // Without any row it is false, whatever the body says of rows.
        Rule::Exists(exists) => {
            let owner = if exists.owner.may_lead_nowhere() { Truth::Unknown } else { Truth::False };
            possible(&exists.body, role).union(TruthSet::only(Truth::False)).union(TruthSet::only(owner))
        }
        // The platform's services are reached by no share.
        Rule::Shared(shared) => {
            let owner = if shared.owner.may_lead_nowhere() { Truth::Unknown } else { Truth::False };
            let found = if *role == RoleName::platform() { Truth::False } else { Truth::True };
            TruthSet::only(Truth::False).union(TruthSet::only(found)).union(TruthSet::only(owner))
        }
    }
}

fn value(operand: &Operand, role: &RoleName) -> Option<Value> {
    match operand {
        Operand::Known(known) => known.for_role(role).ok(),
        Operand::Stored(_) => None,
    }
}
