//! What is left of a rule once a role is known, in the words of the rule language: for people who review who may do what.

use crate::base::{RoleName, Value};
use crate::catalog::{Catalog, CollectionId, FieldId, FieldKind};
use crate::policy::answer::{self, RoleAnswer};
use crate::policy::known;
use crate::policy::share::Shared;
use crate::policy::syntax::{Exists, KnownValue, Operand, Order, Path, Rule};
use crate::policy::{CallerValue, RowImage, TextTest, Truth};
use chrono::TimeDelta;

/// What a rule gives a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Residue {
    /// Everything.
    Always,
    /// Nothing.
    Never,
    /// What this condition, written in CEL, allows.
    If(String),
}

/// What is left of a rule for a role.
pub(super) fn residue(catalog: &Catalog, rule: &Rule, role: &RoleName) -> Residue {
    match answer::answer(rule, role) {
        RoleAnswer::Always => Residue::Always,
        RoleAnswer::Never => Residue::Never,
        RoleAnswer::Depends => match (Writer { catalog, role }).rule(rule) {
            Part::Known(truth) => Residue::If(word(truth).to_owned()),
            Part::Text { text, .. } => Residue::If(text),
        },
    }
}

/// A condition in words, as far as the role decides it.
pub(super) fn words(catalog: &Catalog, rule: &Rule, role: &RoleName) -> String {
    match (Writer { catalog, role }).rule(rule) {
        Part::Known(truth) => word(truth).to_owned(),
        Part::Text { text, .. } => text,
    }
}

/// A stored value's name.
pub(super) fn path_words(catalog: &Catalog, path: &Path) -> String {
    // No role is named by a path.
    (Writer { catalog, role: &RoleName::platform() }).path(path)
}

/// A condition, decided or written.
enum Part {
    Known(Truth),
    Text {
        text: String,
        /// How it binds: an operator of a higher level needs parentheses around it.
        level: Level,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Comparison,
    Single,
}

struct Writer<'c> {
    catalog: &'c Catalog,
    role: &'c RoleName,
}

impl Writer<'_> {
    fn rule(&self, rule: &Rule) -> Part {
        let text = |text, level| Part::Text { text, level };
        match rule {
            Rule::All(parts) => self.joined(parts, Truth::False, " && ", Level::And),
            Rule::Any(parts) => self.joined(parts, Truth::True, " || ", Level::Or),
            Rule::Not(inner) => match &**inner {
                Rule::Equal(left, right) => self.compared(left, "!=", right, |left, right| !known::equal(left, right)),
                Rule::IsNull(operand) => self.null_test(operand, "!=", |is_null| !is_null),
                other => match self.rule(other) {
                    Part::Known(truth) => Part::Known(!truth),
                    part => text(format!("!{}", part.within(Level::Single)), Level::Single),
                },
            },
            Rule::Flag(operand) => self
                .decided([operand], |[value]| known::flag(value))
                .unwrap_or_else(|| text(self.operand(operand), Level::Single)),
            Rule::IsNull(operand) => self.null_test(operand, "==", |is_null| is_null),
            Rule::Equal(left, right) => self.compared(left, "==", right, known::equal),
            Rule::In(operand, list) => self.compared(operand, "in", list, known::contained),
            Rule::Order(order, left, right) => {
                let symbol = match order {
                    Order::Less => "<",
                    Order::LessOrEqual => "<=",
                    Order::Greater => ">",
                    Order::GreaterOrEqual => ">=",
                };
                self.compared(left, symbol, right, |left, right| known::ordered(*order, left, right))
            }
            Rule::Text(test, operand, part) => {
                let function = match test {
                    TextTest::StartsWith => "startsWith",
                    TextTest::EndsWith => "endsWith",
                    TextTest::Contains => "contains",
                };
                let call = || format!("{}.{function}({})", self.operand(operand), self.operand(part));
                self.decided([operand, part], |[operand, part]| known::tested(*test, operand, part))
                    .unwrap_or_else(|| text(call(), Level::Single))
            }
            Rule::Exists(exists) => text(self.exists(exists), Level::Single),
            Rule::Shared(shared) => self.shared(shared),
        }
    }

    /// A connective: one part that is `deciding` decides it, parts that are its opposite say nothing.
    fn joined(&self, parts: &[Rule], deciding: Truth, word_between: &str, level: Level) -> Part {
        let mut texts = Vec::new();
        let mut has_unknown = false;
        for part in parts {
            match self.rule(part) {
                Part::Known(truth) if truth == deciding => return Part::Known(deciding),
                Part::Known(Truth::Unknown) => has_unknown = true,
                Part::Known(_) => {}
                part => texts.push(part),
            }
        }
        match (texts.len(), has_unknown) {
            (0, true) => Part::Known(Truth::Unknown),
            (0, false) => Part::Known(!deciding),
            (1, false) => texts.remove(0),
            _ => {
                let unknown = has_unknown.then(|| word(Truth::Unknown).to_owned());
                let texts: Vec<String> = texts.into_iter().map(|part| part.within(level)).chain(unknown).collect();
                Part::Text { text: texts.join(word_between), level }
            }
        }
    }

    fn decided<const N: usize>(&self, operands: [&Operand; N], truth: impl FnOnce([&Value; N]) -> Truth) -> Option<Part> {
        let values = operands.map(|operand| match operand {
            Operand::Known(known) => known.for_role(self.role).ok(),
            Operand::Stored(_) => None,
        });
        if values.iter().any(Option::is_none) {
            return None;
        }
        let null = Value::Null(crate::base::ScalarType::String);
        Some(Part::Known(truth(std::array::from_fn(|index| values[index].as_ref().unwrap_or(&null)))))
    }

    fn null_test(&self, operand: &Operand, symbol: &str, truth: impl FnOnce(bool) -> bool) -> Part {
        self.decided([operand], |[value]| truth(value.is_null()).into())
            .unwrap_or_else(|| Part::Text { text: format!("{} {symbol} null", self.operand(operand)), level: Level::Comparison })
    }

    fn compared(&self, left: &Operand, symbol: &str, right: &Operand, truth: impl FnOnce(&Value, &Value) -> Truth) -> Part {
        self.decided([left, right], |[left, right]| truth(left, right)).unwrap_or_else(|| Part::Text {
            text: format!("{} {symbol} {}", self.operand(left), self.operand(right)),
            level: Level::Comparison,
        })
    }

    fn exists(&self, exists: &Exists) -> String {
        let Exists { owner, collection, join_field, depth, body, .. } = exists;
        let owner_collection = self.catalog.collection(owner.field.collection);
        let is_this_end = |kind: &FieldKind| matches!(kind, FieldKind::ToMany { target, inverse } if target == collection && inverse == join_field);
        let relation = owner_collection.fields.iter().find(|field| is_this_end(&field.kind));
        // Whose shares they are, the relation says by itself.
        let body = match (relation.and_then(|relation| self.catalog.shares_of(relation)), body) {
            (Some(_), Rule::All(parts)) => &Rule::All(parts.iter().skip(1).cloned().collect()),
            _ => body,
        };
        let relation = relation.map_or_else(|| self.name(*collection), |field| field.name.to_string());
        let member = member(*depth);
        let body = match self.rule(body) {
            Part::Known(truth) => word(truth).to_owned(),
            Part::Text { text, .. } => text,
        };
        let path = self.path(owner);
        let owner = path.strip_suffix(".id").unwrap_or(&path);
        format!("exists({owner}.{relation}, {member}, {body})")
    }

    fn shared(&self, shared: &Shared) -> Part {
        if *self.role == RoleName::platform() && !shared.owner.may_lead_nowhere() {
            return Part::Known(Truth::False);
        }
        let level = shared.level.name();
        let path = self.path(&shared.owner);
        let text = match path.strip_suffix(".id").filter(|_| shared.is_path_named) {
            Some(owner) => format!("shared({owner}, '{level}')"),
            None => format!("shared('{level}')"),
        };
        Part::Text { text, level: Level::Single }
    }

    fn name(&self, collection: CollectionId) -> String {
        self.catalog.collection(collection).name.to_string()
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Known(known) => match known.for_role(self.role) {
                Ok(value) => literal(&value),
                Err(_) => known_name(known),
            },
            Operand::Stored(path) => self.path(path),
        }
    }

    fn path(&self, path: &Path) -> String {
        let image = match path.image {
            RowImage::Row => "row".to_owned(),
            RowImage::Old => "old".to_owned(),
            RowImage::New => "new".to_owned(),
            RowImage::Member(depth) => member(depth),
        };
        let name = |field: FieldId| self.catalog.field(field).name.to_string();
        let steps = path.steps.iter().map(|step| name(step.field));
        // `row.team` is a value of the row, `row.team.id` one of the team, which may not be there.
        let id = path.is_null_a_gap.then(|| "id".to_owned());
        [image].into_iter().chain(steps).chain([name(path.field)]).chain(id).collect::<Vec<_>>().join(".")
    }
}

impl Part {
    /// The text as a part of something that binds as strongly as `level`.
    fn within(self, level: Level) -> String {
        match self {
            Self::Known(truth) => word(truth).to_owned(),
            Self::Text { text, level: own } if own < level => format!("({text})"),
            Self::Text { text, .. } => text,
        }
    }
}

/// `unknown` is no word of the language; it stands where neither a condition nor its opposite can hold.
fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}

fn member(depth: u16) -> String {
    format!("m{depth}")
}

/// A value as the rule language writes it.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null(_) => "null".to_owned(),
        Value::Id(id) => format!("'{id}'"),
        Value::Text(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        Value::DateTime(time) => format!("timestamp('{}')", time.to_rfc3339()),
        Value::List(_, values) => format!("[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", ")),
        other => other.to_json().to_string(),
    }
}

/// The name of what the caller or the request has.
pub(super) fn known_name(known: &KnownValue) -> String {
    let value = match known {
        KnownValue::Literal(value) => return literal(value),
        KnownValue::Caller(value) => value,
    };
    let name = match value {
        CallerValue::RequestTime(moved) if *moved == TimeDelta::zero() => "now()",
        CallerValue::RequestTime(moved) => {
            let sign = if *moved < TimeDelta::zero() { '-' } else { '+' };
            return format!("now() {sign} duration('{}s')", moved.num_seconds().abs());
        }
        CallerValue::UserId => "user.id",
        CallerValue::UserEmail => "user.email",
        CallerValue::UserRole => "user.role",
        CallerValue::UserTeam => "user.team",
        CallerValue::UserTeams => "user.teams",
        CallerValue::UserIsActive => "user.isActive",
        CallerValue::RequestIp => "request.ip",
        CallerValue::RequestAuthMethod => "request.auth.method",
        CallerValue::RequestAuthMfa => "request.auth.mfa",
        CallerValue::RequestAuthAge => "request.auth.age",
        CallerValue::RequestService => "request.service",
    };
    name.to_owned()
}
