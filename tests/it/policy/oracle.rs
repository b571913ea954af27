//! The truth of a rule, told straight from the syntax tree that CEL's own parser gives, over rows in memory.
//!
//! Written from the prose alone, and shares nothing with the compiler: True, False and Unknown with Kleene's tables; Unknown is
//! anything compared with a null on the caller's side, an ordering with a null, a path through a null; `== null` and `!= null`
//! as literals are decided; only True allows.

use super::model::{Collection, Kind};
use super::world::{Datum, Expiry, Grantee, Row, Share, World};
use bigdecimal::{BigDecimal, RoundingMode};
use cel::common::ast::{Expr, IdedExpr, LiteralValue};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use std::cmp::Ordering;
use std::collections::HashMap;
use toolcrib::base::{Actor, RequestContext};

/// The three truths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    True,
    False,
    Unknown,
}

use Verdict::{False, True, Unknown};

/// What a rule is asked of.
pub struct Oracle<'a> {
    pub world: &'a World,
    pub actor: &'a Actor,
    pub request: &'a RequestContext,
    /// The named rules, parsed.
    pub named: &'a HashMap<String, IdedExpr>,
    /// What all has to be true of a row for somebody to share it, by the names of the collections whose rows are shared.
    pub sharing: &'a Sharing,
}

/// The rules of who shares rows: who may read one, and who may share it.
pub type Sharing = HashMap<&'static str, Vec<IdedExpr>>;

/// The rows that names stand for: `row`, `old`, `new`, the variables of `exists`.
pub type Rows<'a> = HashMap<String, &'a Row>;

/// What a value expression gives.
enum Seen {
    /// A value, stored or not.
    Value(Datum),
    /// A stored null.
    Empty,
    /// A null of the caller's.
    CallerHasNone,
    /// The end of a path through a null.
    Nowhere,
}

impl Seen {
    fn stored(datum: Datum) -> Self {
        if datum == Datum::Null { Self::Empty } else { Self::Value(datum) }
    }

    fn of_caller(datum: Option<Datum>) -> Self {
        datum.map_or(Self::CallerHasNone, Self::Value)
    }
}

impl<'a> Oracle<'a> {
    /// The truth of a condition; a rule allows what it is True of.
    pub fn judge(&self, expr: &IdedExpr, rows: &Rows<'a>) -> Verdict {
        match &expr.expr {
            Expr::Call(call) => {
                let target = call.target.as_deref();
                match (call.func_name.as_str(), target, call.args.as_slice()) {
                    ("_&&_", None, [left, right]) => and(self.judge(left, rows), self.judge(right, rows)),
                    ("_||_", None, [left, right]) => or(self.judge(left, rows), self.judge(right, rows)),
                    ("!_", None, [inner]) => not(self.judge(inner, rows)),
                    ("_==_", None, [left, right]) => self.equals(left, right, rows),
                    ("_!=_", None, [left, right]) => not(self.equals(left, right, rows)),
                    ("@in", None, [needle, hay]) => self.is_in(needle, hay, rows),
                    ("inTeam", None, [team]) => self.is_in_team(team, rows),
                    ("shared", None, [level]) => self.shared(rows.get("row").or_else(|| rows.get("old")).copied(), level),
                    ("shared", None, [row, level]) => self.shared(self.row_at(row, rows), level),
                    ("mayShare", None, []) => self.may_share(rows["row"]),
                    ("exists", None, [list, variable, body]) => self.exists(list, variable, body, rows),
                    ("startsWith", Some(text), [part]) => self.text(text, part, rows, |text, part| text.starts_with(part)),
                    ("endsWith", Some(text), [part]) => self.text(text, part, rows, |text, part| text.ends_with(part)),
                    ("contains", Some(text), [part]) => self.text(text, part, rows, |text, part| text.contains(part)),
                    (operator @ ("_<_" | "_<=_" | "_>_" | "_>=_"), None, [left, right]) => {
                        self.orders(operator, left, right, rows)
                    }
                    (other, ..) => panic!("no condition: {other}"),
                }
            }
            Expr::Select(select) if select.test => not(verdict(self.is_null(&select.operand, &select.field, rows))),
            Expr::Ident(name) if self.named.contains_key(name) => {
                // A named rule speaks of the rows of the rule that uses it, not of the variables around its name.
                let images = ["row", "old", "new"].into_iter();
                let images = images.filter_map(|name| rows.get(name).map(|row| (name.to_owned(), *row))).collect();
                self.judge(&self.named[name], &images)
            }
            _ => match self.see(expr, rows) {
                Seen::Value(Datum::Boolean(boolean)) => verdict(boolean),
                Seen::Value(other) => panic!("no condition: {other:?}"),
                Seen::Empty | Seen::CallerHasNone | Seen::Nowhere => Unknown,
            },
        }
    }

    /// A share of the row reaches the caller; unknown only where there is no row.
    fn shared(&self, row: Option<&Row>, level: &IdedExpr) -> Verdict {
        let Some(row) = row else { return Unknown };
        let Expr::Literal(LiteralValue::String(level)) = &level.expr else { panic!("no level") };
        let actor = self.actor;
        if !actor.is_active || actor.service.is_some() || actor.role.as_str() == "platform" {
            return False;
        }
        let reaches = |share: &&Share| match &share.with {
            Grantee::User(id) => actor.id == Some(*id),
            Grantee::Team(id) => actor.teams.contains(id),
            Grantee::Role(role) => actor.role.as_str() == *role,
        };
        let lasts = |share: &&Share| !share.is_revoked && share.expires != Expiry::Passed;
        let of_row =
            self.world.shares.iter().filter(|share| share.record_type == row.collection.name && share.record_id == row.id());
        let enough = |share: &&Share| level.inner() == "read" || share.level == "WRITE";
        verdict(of_row.filter(lasts).filter(reaches).any(|share| enough(&share)))
    }

    /// The row that a share is of is one that the caller may read and share; false where there is none.
    fn may_share(&self, share: &'a Row) -> Verdict {
        let (Datum::Text(record_type), Datum::Id(id)) = (&share.values["recordType"], &share.values["recordId"]) else {
            panic!("a share is of a row")
        };
        let Some((name, rules)) = self.sharing.get_key_value(record_type.as_str()) else { return False };
        let Some(row) = self.world.rows_of(name).find(|row| row.id() == *id) else { return False };
        let images: Rows<'a> = ["row", "old", "new"].map(|image| (image.to_owned(), row)).into();
        verdict(rules.iter().all(|rule| self.judge(rule, &images) == True))
    }

    /// The value of an expression that is shown in a field's place; null where a part of it is.
    pub fn show(&self, expr: &IdedExpr, rows: &Rows<'a>) -> Datum {
        let Expr::Call(call) = &expr.expr else {
            return match &expr.expr {
                Expr::Literal(LiteralValue::Null) => Datum::Null,
                _ => match self.see(expr, rows) {
                    Seen::Value(datum) => datum,
                    Seen::Empty | Seen::CallerHasNone | Seen::Nowhere => Datum::Null,
                },
            };
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            ("_?_:_", [condition, then, otherwise]) => {
                self.show(if self.judge(condition, rows) == True { then } else { otherwise }, rows)
            }
            ("roundDown", [number, step]) => match (self.show(number, rows), self.show(step, rows)) {
                (Datum::Decimal(number), Datum::Int(step)) => {
                    let step = BigDecimal::from(step);
                    Datum::Decimal((number / &step).with_scale_round(0, RoundingMode::Floor) * step)
                }
                (Datum::Null, _) => Datum::Null,
                other => panic!("nothing to round down: {other:?}"),
            },
            (other, _) => panic!("no value to show: {other}"),
        }
    }

    fn equals(&self, left: &IdedExpr, right: &IdedExpr, rows: &Rows<'a>) -> Verdict {
        let is_null_literal = |expr: &IdedExpr| matches!(expr.expr, Expr::Literal(LiteralValue::Null));
        if is_null_literal(left) || is_null_literal(right) {
            let other = if is_null_literal(left) { right } else { left };
            return verdict(!matches!(self.see(other, rows), Seen::Value(_)));
        }
        seen_equal(&self.see(left, rows), &self.see(right, rows))
    }

    /// `has(operand.field)` is `operand.field != null`.
    fn is_null(&self, operand: &IdedExpr, field: &str, rows: &Rows<'a>) -> bool {
        !matches!(self.select(operand, field, rows), Seen::Value(_))
    }

    fn orders(&self, operator: &str, left: &IdedExpr, right: &IdedExpr, rows: &Rows<'a>) -> Verdict {
        let (Seen::Value(left), Seen::Value(right)) = (self.see(left, rows), self.see(right, rows)) else { return Unknown };
        let ordering = order(&left, &right);
        verdict(match operator {
            "_<_" => ordering == Ordering::Less,
            "_<=_" => ordering != Ordering::Greater,
            "_>_" => ordering == Ordering::Greater,
            _ => ordering != Ordering::Less,
        })
    }

    fn is_in(&self, needle: &IdedExpr, hay: &IdedExpr, rows: &Rows<'a>) -> Verdict {
        let needle = self.see(needle, rows);
        if let Expr::List(list) = &hay.expr {
            return list.elements.iter().map(|element| seen_equal(&needle, &self.see(element, rows))).fold(False, or);
        }
        match (needle, self.see(hay, rows)) {
            (Seen::CallerHasNone | Seen::Nowhere, _) | (_, Seen::CallerHasNone | Seen::Nowhere) => Unknown,
            // A stored null is in no list, and no list has nothing in it.
            (Seen::Empty, _) | (_, Seen::Empty) => False,
            (Seen::Value(needle), Seen::Value(Datum::List(elements))) => {
                verdict(elements.iter().any(|element| order(&needle, element) == Ordering::Equal))
            }
            (_, Seen::Value(other)) => panic!("no list: {other:?}"),
        }
    }

    /// Climbs from the team: whether the user's own is on the way up.
    fn is_in_team(&self, team: &IdedExpr, rows: &Rows<'a>) -> Verdict {
        let mut next = match (self.see(team, rows), self.actor.team) {
            (Seen::CallerHasNone | Seen::Nowhere, _) | (_, None) => return Unknown,
            (Seen::Empty, _) => return False,
            (Seen::Value(datum), _) => datum,
        };
        let own = self.actor.team.map(Datum::Id);
        let mut seen = Vec::new();
        while let Datum::Id(id) = next {
            if Some(&next) == own.as_ref() {
                return True;
            }
            // The world's teams may stand below themselves.
            if seen.contains(&id) {
                return False;
            }
            seen.push(id);
            next = self.world.find("Team", id).values["parent"].clone();
        }
        False
    }

    fn text(&self, text: &IdedExpr, part: &IdedExpr, rows: &Rows<'a>, test: impl Fn(&str, &str) -> bool) -> Verdict {
        match (self.see(text, rows), self.see(part, rows)) {
            (Seen::CallerHasNone | Seen::Nowhere, _) | (_, Seen::CallerHasNone | Seen::Nowhere) => Unknown,
            (Seen::Empty, _) | (_, Seen::Empty) => False,
            (Seen::Value(Datum::Text(text)), Seen::Value(Datum::Text(part))) => verdict(test(&text, &part)),
            _ => panic!("not two texts"),
        }
    }

    fn exists(&self, list: &IdedExpr, variable: &IdedExpr, body: &IdedExpr, rows: &Rows<'a>) -> Verdict {
        let (Expr::Select(select), Expr::Ident(variable)) = (&list.expr, &variable.expr) else {
            panic!("exists over no relation")
        };
        let Some(owner) = self.row_at(&select.operand, rows) else { return Unknown };
        let Kind::Many(target, inverse) = owner.collection.field(&select.field).kind else { panic!("exists over no relation") };
        let members = self.world.rows_of(target).filter(|member| member.values[inverse] == Datum::Id(owner.id()));
        members
            .map(|member| {
                let mut inner = rows.clone();
                inner.insert(variable.clone(), member);
                self.judge(body, &inner)
            })
            .fold(False, or)
    }

    fn see(&self, expr: &IdedExpr, rows: &Rows<'a>) -> Seen {
        match &expr.expr {
            Expr::Literal(literal) => Seen::Value(match literal {
                LiteralValue::Boolean(boolean) => Datum::Boolean(*boolean.inner()),
                LiteralValue::Int(number) => Datum::Int(*number.inner()),
                LiteralValue::Double(number) => Datum::Float(*number.inner()),
                LiteralValue::String(text) => Datum::Text(text.inner().to_owned()),
                other => panic!("no value: {other:?}"),
            }),
            Expr::Select(select) => self.select(&select.operand, &select.field, rows),
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                ("now", []) => Seen::Value(Datum::Time(self.request.time)),
                ("_+_", [time, duration]) => Seen::Value(Datum::Time(self.time(time, rows) + duration_of(duration))),
                ("_-_", [time, duration]) => Seen::Value(Datum::Time(self.time(time, rows) - duration_of(duration))),
                (other, _) => panic!("no value: {other}"),
            },
            other => panic!("no value: {other:?}"),
        }
    }

    fn time(&self, expr: &IdedExpr, rows: &Rows<'a>) -> DateTime<Utc> {
        match self.see(expr, rows) {
            Seen::Value(Datum::Time(time)) => time,
            Seen::Value(Datum::Text(text)) => text.parse().unwrap(),
            _ => panic!("no time"),
        }
    }

    fn select(&self, operand: &IdedExpr, field: &str, rows: &Rows<'a>) -> Seen {
        match &operand.expr {
            Expr::Ident(root) if root == "user" => self.user(field),
            Expr::Ident(root) if root == "request" => self.request(field),
            Expr::Select(inner) if matches!(&inner.operand.expr, Expr::Ident(root) if root == "request") => {
                assert_eq!(inner.field, "auth");
                Seen::Value(match field {
                    "method" => Datum::Text(self.actor.auth_method.as_str().to_owned()),
                    "mfa" => Datum::Boolean(self.actor.is_mfa),
                    other => panic!("no field: {other}"),
                })
            }
            _ => self.row_at(operand, rows).map_or(Seen::Nowhere, |row| Seen::stored(row.values[field].clone())),
        }
    }

    fn user(&self, field: &str) -> Seen {
        let actor = self.actor;
        match field {
            "id" => Seen::of_caller(actor.id.map(Datum::Id)),
            "email" => Seen::of_caller(actor.email.clone().map(Datum::Text)),
            "role" => Seen::Value(Datum::Text(actor.role.as_str().to_owned())),
            "team" => Seen::of_caller(actor.team.map(Datum::Id)),
            "teams" if actor.teams.is_empty() => Seen::CallerHasNone,
            "teams" => Seen::Value(Datum::List(actor.teams.iter().copied().map(Datum::Id).collect())),
            "isActive" => Seen::Value(Datum::Boolean(actor.is_active)),
            other => panic!("no field: {other}"),
        }
    }

    fn request(&self, field: &str) -> Seen {
        match field {
            "ip" => Seen::of_caller(self.request.ip_address.map(|address| Datum::Text(address.to_string()))),
            "time" => Seen::Value(Datum::Time(self.request.time)),
            "service" => Seen::of_caller(self.actor.service.clone().map(Datum::Text)),
            other => panic!("no field: {other}"),
        }
    }

    /// The row that an expression stands for; `None` where a relation on the way is null.
    fn row_at(&self, expr: &IdedExpr, rows: &Rows<'a>) -> Option<&'a Row> {
        match &expr.expr {
            Expr::Ident(name) => Some(rows[name]),
            Expr::Select(select) => {
                let owner = self.row_at(&select.operand, rows)?;
                let collection: &Collection = owner.collection;
                let Kind::One(target) = collection.field(&select.field).kind else { panic!("no relation: {}", select.field) };
                match owner.values[select.field.as_str()] {
                    Datum::Id(id) => Some(self.world.find(target, id)),
                    _ => None,
                }
            }
            other => panic!("no row: {other:?}"),
        }
    }
}

/// Equality of what was seen: a null of the caller's and a path through a null leave it open; stored nulls are equal to each
/// other and to nothing else.
fn seen_equal(left: &Seen, right: &Seen) -> Verdict {
    match (left, right) {
        (Seen::CallerHasNone | Seen::Nowhere, _) | (_, Seen::CallerHasNone | Seen::Nowhere) => Unknown,
        (Seen::Empty, Seen::Empty) => True,
        (Seen::Empty, _) | (_, Seen::Empty) => False,
        (Seen::Value(left), Seen::Value(right)) => verdict(order(left, right) == Ordering::Equal),
    }
}

/// Compares two values; a literal takes the type of the other side.
fn order(left: &Datum, right: &Datum) -> Ordering {
    use Datum::{Boolean, Date, Decimal, Float, Id, Int, Text, Time};
    match (left, right) {
        (Text(left), Text(right)) => left.cmp(right),
        (Int(left), Int(right)) => left.cmp(right),
        (Boolean(left), Boolean(right)) => left.cmp(right),
        (Time(left), Time(right)) => left.cmp(right),
        (Date(left), Date(right)) => left.cmp(right),
        (Id(left), Id(right)) => left.cmp(right),
        (Decimal(left), Decimal(right)) => left.cmp(right),
        (Float(left), Float(right)) => left.total_cmp(right),
        (Decimal(left), Int(right)) => left.cmp(&(*right).into()),
        (Decimal(left), Float(right)) => left.cmp(&right.to_string().parse().unwrap()),
        (Decimal(left), Text(right)) => left.cmp(&right.parse().unwrap()),
        (Float(left), Int(right)) => left.total_cmp(&(*right as f64)),
        (Int(left), Text(right)) => left.cmp(&right.parse().unwrap()),
        (Id(left), Text(right)) => left.cmp(&right.parse().unwrap()),
        (Time(left), Text(right)) => left.cmp(&right.parse().unwrap()),
        (Date(left), Text(right)) => left.cmp(&right.parse::<NaiveDate>().unwrap()),
        (Int(_), Decimal(_) | Float(_)) | (Float(_), Decimal(_)) | (Text(_), Decimal(_) | Int(_) | Id(_) | Time(_) | Date(_)) => {
            order(right, left).reverse()
        }
        other => panic!("not comparable: {other:?}"),
    }
}

/// Hours and minutes, which is all that the generator writes.
fn duration_of(expr: &IdedExpr) -> Duration {
    let Expr::Call(call) = &expr.expr else { panic!("no duration") };
    let Expr::Literal(LiteralValue::String(text)) = &call.args[0].expr else { panic!("no duration") };
    let (hours, rest) = text.inner().split_once('h').unwrap();
    let minutes = rest.strip_suffix('m').map_or(0, |minutes| minutes.parse().unwrap());
    Duration::hours(hours.parse().unwrap()) + Duration::minutes(minutes)
}

fn verdict(is_true: bool) -> Verdict {
    if is_true { True } else { False }
}

fn not(verdict: Verdict) -> Verdict {
    match verdict {
        True => False,
        False => True,
        Unknown => Unknown,
    }
}

fn and(left: Verdict, right: Verdict) -> Verdict {
    match (left, right) {
        (True, True) => True,
        (False, _) | (_, False) => False,
        _ => Unknown,
    }
}

fn or(left: Verdict, right: Verdict) -> Verdict {
    not(and(not(left), not(right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kleene_tables() {
        assert_eq!([and(True, Unknown), and(False, Unknown), and(Unknown, Unknown)], [Unknown, False, Unknown]);
        assert_eq!([or(True, Unknown), or(False, Unknown), or(Unknown, Unknown)], [True, Unknown, Unknown]);
    }
}
