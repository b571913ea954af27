//! What the actor and the request decide: the values of one side, and conditions between them.

use crate::base::{Actor, RequestContext, RoleName, ScalarType, Value};
use crate::policy::syntax::{KnownValue, Order};
use crate::policy::{CallerValue, TextTest, Truth};
use std::cmp::Ordering;

/// Who is asking and how: the side of a rule that is known before any row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'a> {
    /// Who.
    pub(super) actor: &'a Actor,
    /// How.
    pub(super) request: &'a RequestContext,
}

/// For whom a rule is solved.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asker<'a> {
    /// A caller, here and now.
    Caller(Caller<'a>),
    /// Whoever has a role: what else there is to know of the caller stays open.
    Role(&'a RoleName),
}

/// A value of the caller's side.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    /// It is this, perhaps null.
    Decided(Value),
    /// PostgreSQL knows it.
    Open(CallerValue),
}

impl Asker<'_> {
    /// The value, or what PostgreSQL calls it.
    pub(super) fn value(self, known: &KnownValue) -> Given {
        match self {
            Self::Caller(caller) => Given::Decided(caller.value(known)),
            // A service that works for a user has the platform's database role and the user's role.
            Self::Role(role) if *known == KnownValue::Caller(CallerValue::UserRole) && *role == RoleName::platform() => {
                Given::Open(CallerValue::UserRole)
            }
            Self::Role(role) => known.for_role(role).map_or_else(Given::Open, Given::Decided),
        }
    }

    /// Whether it is there for certain.
    pub(super) fn has(self, known: &KnownValue) -> bool {
        matches!(self.value(known), Given::Decided(value) if !value.is_null())
    }
}

impl Caller<'_> {
    /// The value, which may be null.
    pub(super) fn value(self, known: &KnownValue) -> Value {
        let Self { actor, request } = self;
        let id = |id: Option<_>| id.map_or(Value::Null(ScalarType::Id), Value::Id);
        let text = |text: Option<String>| text.map_or(Value::Null(ScalarType::String), Value::Text);
        let value = match known {
            KnownValue::Literal(value) => return value.clone(),
            KnownValue::Caller(value) => value,
        };
        match value {
            CallerValue::UserId => id(actor.id),
            CallerValue::UserEmail => text(actor.email.clone()),
            CallerValue::UserRole => role(&actor.role),
            CallerValue::UserTeam => id(actor.team),
            // Who has no team is in none: unknown like every other null of the caller, also under `!`.
            CallerValue::UserTeams if actor.teams.is_empty() => Value::Null(ScalarType::Id),
            CallerValue::UserTeams => Value::List(ScalarType::Id, actor.teams.iter().copied().map(Value::Id).collect()),
            CallerValue::UserIsActive => Value::Boolean(actor.is_active),
            CallerValue::RequestIp => text(request.ip_address.map(|address| address.to_string())),
            CallerValue::RequestTime(moved) => {
                // A rule's durations are bounded while it is checked, so only a time at the end of the calendar stays.
                Value::DateTime(request.time.checked_add_signed(*moved).unwrap_or(request.time))
            }
            CallerValue::RequestAuthMethod => Value::Text(actor.auth_method.as_str().to_owned()),
            CallerValue::RequestAuthMfa => Value::Boolean(actor.is_mfa),
            CallerValue::RequestAuthAge => {
                // A token proves nobody's presence: its age is null, and whatever asks for a young one is unknown.
                let age = actor.authenticated_at.map(|at| Value::BigInt((request.time - at).num_seconds().max(0)));
                age.unwrap_or(Value::Null(ScalarType::BigInt))
            }
            CallerValue::RequestService => text(actor.service.clone()),
        }
    }
}

impl KnownValue {
    /// The value, if the role alone decides it; else what the caller alone decides.
    pub(super) fn for_role(&self, role_name: &RoleName) -> Result<Value, CallerValue> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Caller(CallerValue::UserRole) => Ok(role(role_name)),
            // Services work under the platform's role, whoever they work for.
            Self::Caller(CallerValue::RequestService) if *role_name != RoleName::platform() => {
                Ok(Value::Null(ScalarType::String))
            }
            Self::Caller(value) => Err(*value),
        }
    }
}

fn role(role: &RoleName) -> Value {
    Value::Text(role.as_str().to_owned())
}

/// `left == right`: unknown if one of them is null.
pub(super) fn equal(left: &Value, right: &Value) -> Truth {
    if left.is_null() || right.is_null() { Truth::Unknown } else { Truth::from(left == right) }
}

/// `value in list`: unknown if the value is null.
pub(super) fn contained(value: &Value, list: &Value) -> Truth {
    match list {
        _ if value.is_null() => Truth::Unknown,
        Value::List(_, elements) => Truth::from(elements.contains(value)),
        _ => Truth::Unknown,
    }
}

/// `left < right` and its kin: unknown if one of them is null.
pub(super) fn ordered(order: Order, left: &Value, right: &Value) -> Truth {
    let ordering = match (left, right) {
        (Value::DateTime(left), Value::DateTime(right)) => Some(left.cmp(right)),
        (Value::BigInt(left), Value::BigInt(right)) => Some(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        // Every other ordered value is stored in a row, or a literal that takes its type from one.
        _ => None,
    };
    ordering.map_or(Truth::Unknown, |ordering| {
        Truth::from(match order {
            Order::Less => ordering == Ordering::Less,
            Order::LessOrEqual => ordering != Ordering::Greater,
            Order::Greater => ordering == Ordering::Greater,
            Order::GreaterOrEqual => ordering != Ordering::Less,
        })
    })
}

/// `text.startsWith(part)` and its kin: unknown if one of them is null.
pub(super) fn tested(test: TextTest, text: &Value, part: &Value) -> Truth {
    let (Value::Text(text), Value::Text(part)) = (text, part) else { return Truth::Unknown };
    Truth::from(match test {
        TextTest::StartsWith => text.starts_with(part.as_str()),
        TextTest::EndsWith => text.ends_with(part.as_str()),
        TextTest::Contains => text.contains(part.as_str()),
    })
}

/// A boolean that stands alone: unknown if it is null.
pub(super) fn flag(value: &Value) -> Truth {
    match value {
        Value::Boolean(is_true) => Truth::from(*is_true),
        _ => Truth::Unknown,
    }
}
