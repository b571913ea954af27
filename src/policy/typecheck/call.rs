//! Functions: `exists`, `inTeam`, the tests on texts, `now` and durations.

use super::operand::Term;
use super::types::{Kind, Type};
use super::{Checker, Member, RESERVED_NAMES};
use crate::base::{ScalarType, Value};
use crate::catalog::{Field, FieldKind};
use crate::policy::diagnostics::{self, Mistake};
use crate::policy::parse::{Direction, Literal, Node, NodeKind, Word};
use crate::policy::syntax::{Exists, KnownValue, Operand, Rule};
use crate::policy::{CallerValue, TextTest};
use chrono::TimeDelta;

const FUNCTIONS: &str = "there are `exists(row.members, m, ...)`, `inTeam(row.team)`, `shared('read')`, `has(row.x)`, `now()`, \
    `duration('24h')`, and on texts `startsWith`, `endsWith`, `contains`";

impl Checker<'_, '_> {
    /// `exists(row.members, m, body)`.
    pub(super) fn exists(&mut self, node: &Node, arguments: &[Node]) -> Option<Rule> {
        let [list, variable, body] = arguments else {
            return self.wrong_arguments(
                node,
                "`exists` takes three arguments",
                "write `exists(row.members, m, m.user == user.id)`",
            );
        };
        let NodeKind::Name(name) = &variable.kind else {
            return self.wrong_arguments(
                variable,
                "the second argument of `exists` is the name of a row",
                "write a name, such as `m`",
            );
        };
        let is_taken = RESERVED_NAMES.contains(&name.as_str())
            || self.environment.library.find(name).is_some()
            || self.members.iter().any(|member| member.name == *name);
        if is_taken {
            let mistake =
                Mistake::new(diagnostics::NAME_TAKEN, format!("`{name}` already means something here"), "not a new name");
            return self.refuse(variable.range.clone(), mistake.help("choose another name"));
        }
        let (root, words) = self.take_apart(list)?;
        let root_name = match &root.kind {
            NodeKind::Name(name) if !words.is_empty() && name != "user" && name != "request" => name,
            _ => return self.not_a_relation(list),
        };
        let (image, collection) = self.root_row(root, root_name)?;
        let (steps, field) = self.follow(collection, &words)?;
        let FieldKind::ToMany { target, inverse } = field.kind else { return self.not_a_relation(list) };
        let owner = self.path(list, image, steps, self.catalog().collection(field.id.collection).id_field())?;
        let outer = self.depth;
        let depth = outer + u16::try_from(owner.steps.len()).ok()?;
        self.looked_into.push((target, self.text.span_of(list.range.start, list.range.len())));
        self.members.push(Member { name: name.clone(), collection: target, depth });
        self.depth = depth + 1;
        let body = self.condition(body);
        self.depth = outer;
        self.members.pop();
        let body = self.of_relation(field, depth, body);
        let join_column = self.catalog().field(inverse).column()?.clone();
        let table = self.catalog().collection(target).table.clone();
        Some(Rule::Exists(Box::new(Exists {
            owner,
            collection: target,
            table,
            join_field: inverse,
            join_column,
            depth,
            body: body?,
        })))
    }

    /// What has to hold of a row of a relation: of the shares of a row, that they are of a row of its collection.
    fn of_relation(&self, relation: &Field, depth: u16, body: Option<Rule>) -> Option<Rule> {
        let (Some(shared), Some(table)) = (self.catalog().shares_of(relation), self.environment.shares) else { return body };
        Some(Rule::All(vec![table.is_of(depth, shared), body?]))
    }

    fn not_a_relation<T>(&mut self, list: &Node) -> Option<T> {
        let message = format!("`{}` is no list of rows", self.quote(list));
        let help = "the first argument of `exists` is the other end of a relation, such as `row.members`";
        self.refuse(
            list.range.clone(),
            Mistake::new(diagnostics::NOT_A_PATH, message, "not the other end of a relation").help(help),
        )
    }

    /// `inTeam(row.team)`: the user's team or one below it. It is `row.team in user.teams`, of a value that is a team.
    pub(super) fn in_team(&mut self, node: &Node, arguments: &[Node]) -> Option<Rule> {
        let [team] = arguments else {
            return self.wrong_arguments(node, "`inTeam` takes one team", "write `inTeam(row.team)`");
        };
        let teams = self.catalog().find_collection("Team").map(|collection| Kind::Reference(collection.id));
        match self.operand(team)? {
            Term::Typed(operand, Type::One(kind)) if Some(kind) == teams => {
                Some(Rule::In(operand, Operand::Known(KnownValue::Caller(CallerValue::UserTeams))))
            }
            term => {
                let message = format!("`{}` is {}, where a team is needed", self.quote(team), self.type_name(&term));
                let mistake = Mistake::new(diagnostics::TYPE_MISMATCH, message, "not a team")
                    .help("name a field that holds a team: `inTeam(row.team)`, `inTeam(row.parent.team)`");
                self.refuse(team.range.clone(), mistake)
            }
        }
    }

    /// `text.startsWith(part)` and its kin.
    pub(super) fn text_test(&mut self, node: &Node, target: &Node, method: &Word, arguments: &[Node]) -> Option<Rule> {
        let test = match method.text.as_str() {
            "startsWith" => TextTest::StartsWith,
            "endsWith" => TextTest::EndsWith,
            "contains" => TextTest::Contains,
            _ => return self.unknown_function(method),
        };
        let [part] = arguments else {
            let message = format!("`{}` takes one text", method.text);
            return self.wrong_arguments(node, message, "write `row.subject.startsWith('RE:')`");
        };
        let text = self.text_operand(target);
        let outer = self.depth;
        self.depth = outer + text.as_ref().map_or(0, steps);
        let part = self.text_operand(part);
        self.depth = outer;
        Some(Rule::Text(test, text?, part?))
    }

    fn text_operand(&mut self, node: &Node) -> Option<Operand> {
        match self.operand(node)? {
            Term::Literal(Literal::Text(text)) if !text.contains('\0') => {
                Some(Operand::Known(KnownValue::Literal(Value::Text(text))))
            }
            Term::Typed(operand, Type::One(kind)) if kind.is_text() => Some(operand),
            term => {
                let given = self.type_name(&term);
                let message = format!("`{}` is {given}, where a text is needed", self.quote(node));
                self.refuse(node.range.clone(), Mistake::new(diagnostics::TYPE_MISMATCH, message, "not a text"))
            }
        }
    }

    /// A call that gives a value: only `now()` does.
    pub(super) fn value_call(&mut self, node: &Node, function: &Word, arguments: &[Node]) -> Option<Term> {
        match function.text.as_str() {
            "now" if arguments.is_empty() => {
                let now = Operand::Known(KnownValue::Caller(CallerValue::RequestTime(TimeDelta::zero())));
                Some(Term::Typed(now, Type::One(Kind::Scalar(ScalarType::DateTime))))
            }
            "now" => self.wrong_arguments(node, "`now` takes no arguments", "write `now()`"),
            condition @ ("exists" | "inTeam" | "shared" | "mayShare") => {
                let message = format!("`{condition}` is a condition, where a value is needed");
                let mistake = Mistake::new(diagnostics::NOT_A_VALUE, message, "true or false");
                self.refuse(node.range.clone(), mistake.help("combine conditions with `&&`, `||` and `!`"))
            }
            "duration" => self.refuse(
                node.range.clone(),
                Mistake::new(diagnostics::NOT_A_VALUE, "a duration is no value to compare", "moves a time")
                    .help("add it to a time or take it away: `now() - duration('24h')`"),
            ),
            "has" => self.wrong_arguments(node, "`has` takes one field", "write `has(row.assignedTo)`"),
            _ => self.unknown_function(function),
        }
    }

    fn unknown_function<T>(&mut self, function: &Word) -> Option<T> {
        let help = if self.environment.library.find(&function.text).is_some() {
            format!("a named rule is used without parentheses: `{}`", function.text)
        } else {
            FUNCTIONS.to_owned()
        };
        let mistake =
            Mistake::new(diagnostics::UNKNOWN_FUNCTION, format!("unknown function `{}`", function.text), "unknown function");
        self.refuse(function.range.clone(), mistake.help(help))
    }

    pub(super) fn wrong_arguments<T>(&mut self, node: &Node, message: impl Into<String>, help: &str) -> Option<T> {
        self.refuse(node.range.clone(), Mistake::new(diagnostics::ARGUMENTS, message, "wrong arguments").help(help))
    }

    /// `time + duration('1h')`, `time - duration('1h')`.
    pub(super) fn shifted_time(&mut self, node: &Node, direction: Direction, left: &Node, right: &Node) -> Option<Term> {
        let is_duration = |node: &Node| matches!(&node.kind, NodeKind::Call(function, _) if function.text == "duration");
        let (time, duration) = match direction {
            Direction::Later if is_duration(left) => (right, left),
            _ => (left, right),
        };
        if !is_duration(duration) {
            return self.no_arithmetic(node);
        }
        let moved = self.duration(duration);
        let date_time = Kind::Scalar(ScalarType::DateTime);
        let known = match self.operand(time)? {
            Term::Typed(Operand::Known(known), Type::One(kind)) if kind == date_time => known,
            Term::Literal(literal @ Literal::Text(_)) => KnownValue::Literal(self.coerce(&literal, time, date_time, "a time")?),
            _ => return self.no_arithmetic(node),
        };
        let moved = match direction {
            Direction::Later => moved?,
            Direction::Earlier => -moved?,
        };
        let moved = match known {
            KnownValue::Caller(CallerValue::RequestTime(before)) => {
                before.checked_add(&moved).map(|moved| KnownValue::Caller(CallerValue::RequestTime(moved)))
            }
            KnownValue::Literal(Value::DateTime(instant)) => {
                instant.checked_add_signed(moved).map(|instant| KnownValue::Literal(Value::DateTime(instant)))
            }
            _ => None,
        };
        match moved {
            Some(known) => Some(Term::Typed(Operand::Known(known), Type::One(date_time))),
            None => self.no_arithmetic(node),
        }
    }

    fn no_arithmetic<T>(&mut self, node: &Node) -> Option<T> {
        let message = format!("`{}` cannot be computed in a rule", self.quote(node));
        let mistake = Mistake::new(diagnostics::UNSUPPORTED, message, "only durations on known times")
            .help("durations move `now()`, `request.time` or a written time: `row.createdAt > now() - duration('24h')`");
        self.refuse(node.range.clone(), mistake)
    }

    fn duration(&mut self, node: &Node) -> Option<TimeDelta> {
        let NodeKind::Call(_, arguments) = &node.kind else { return None };
        let [Node { kind: NodeKind::Literal(Literal::Text(text)), range }] = arguments.as_slice() else {
            return self.wrong_arguments(node, "`duration` takes one text", "write `duration('24h')`");
        };
        if let Some(duration) = super::literal::parse_duration(text) {
            return Some(duration);
        }
        let mistake = Mistake::new(diagnostics::INVALID_LITERAL, format!("`{text}` is no duration"), "not a duration")
            .help("write hours, minutes and seconds, at most 1000 years of them: `24h`, `1h30m`, `45s`, `100ms`");
        self.refuse(range.clone(), mistake)
    }
}

/// How many relations a value's path follows.
pub(super) fn steps(operand: &Operand) -> u16 {
    match operand {
        Operand::Stored(path) => u16::try_from(path.steps.len()).unwrap_or(u16::MAX),
        Operand::Known(_) => 0,
    }
}
