//! A [`Predicate`] as an SQL expression.

use crate::base::{ColumnName, Value};
use crate::policy::{CallerValue, Comparison, Condition, Operand, Predicate, RowImage, TextTest, rule_view};
use crate::sql::{Alias, Column, CompareOp, Expr, From, Select};

/// The SQL name of each row image that a predicate may speak of. Every one exposes the table's columns by their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// `row`.
    pub row: Option<Alias>,
    /// `old`.
    pub old: Option<Alias>,
    /// `new`.
    pub new: Option<Alias>,
}

impl Images {
    /// Only `row`: every rule but an update rule over `old` and `new`.
    pub fn row(alias: Alias) -> Self {
        Self { row: Some(alias), ..Self::default() }
    }

    /// `old` and `new`.
    pub fn changed(old: Alias, new: Alias) -> Self {
        Self { old: Some(old), new: Some(new), row: None }
    }

    fn alias(&self, image: RowImage) -> Alias {
        let alias = match image {
            RowImage::Row => self.row,
            RowImage::Old => self.old,
            RowImage::New => self.new,
            RowImage::Member(depth) => Some(Alias::Rule(depth)),
        };
        alias.expect("`RuleBook::update_form` says which images a rule names, and the caller gives those")
    }

    /// A column of an image.
    pub(super) fn column(&self, image: RowImage, column: &ColumnName) -> Expr {
        Expr::column(self.alias(image), column)
    }

    fn operand(&self, operand: &Operand) -> Expr {
        match operand {
            Operand::Column(image, column) => self.column(*image, column),
            Operand::Value(value) => Expr::Value(value.clone()),
            Operand::Caller(value) => caller_value(*value),
            Operand::Now => Expr::Fixed("now()"),
        }
    }
}

impl Predicate {
    /// The predicate over the images' aliases: true for the rows that it selects, false or null for the others. Its opposite
    /// is `is not true`, never `not`.
    ///
    /// # Panics
    /// When the predicate names an image that `images` does not give.
    pub fn to_sql(&self, images: &Images) -> Expr {
        self.render(images, Look::Joined)
    }

    /// The same for a policy or trigger, which PostgreSQL asks row by row.
    ///
    /// # Panics
    /// When the predicate names an image that `images` does not give.
    pub fn to_policy_sql(&self, images: &Images) -> Expr {
        self.render(images, Look::EachRow)
    }

    fn render(&self, images: &Images, look: Look) -> Expr {
        match self {
            Self::Always => Expr::always(),
            Self::Never => Expr::never(),
            Self::All(parts) => Expr::all(parts.iter().map(|part| part.render(images, look))),
            Self::Any(parts) => Expr::Or(parts.iter().map(|part| part.render(images, Look::EachRow)).collect()),
            Self::Condition(condition) => condition_to_sql(condition, images, look),
        }
    }
}

/// How the row at the end of a to-one path is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// PostgreSQL may make a join of it.
    Joined,
    /// It cannot, beside an `or` and in a policy. An `exists` it might answer there by a hash of the whole other table, because it
    /// does not reckon with the LIMIT of the statement; a scalar subselect is looked up by its key.
    EachRow,
}

fn condition_to_sql(condition: &Condition, images: &Images, look: Look) -> Expr {
    match condition {
        Condition::Compare(comparison, left, right) => {
            Expr::compare(operator(*comparison), images.operand(left), images.operand(right))
        }
        Condition::IsNull(operand) => Expr::IsNull(Box::new(images.operand(operand))),
        Condition::IsNotNull(operand) => Expr::IsNotNull(Box::new(images.operand(operand))),
        Condition::InList { operand, list, is_negated } => {
            opposite_if(*is_negated, Expr::AnyOf(Box::new(images.operand(operand)), Box::new(images.operand(list))))
        }
        Condition::IsBoolean(operand, true) => images.operand(operand),
        Condition::IsBoolean(operand, false) => Expr::Not(Box::new(images.operand(operand))),
        Condition::Text { test, text, part, is_negated } => {
            opposite_if(*is_negated, text_test(*test, images.operand(text), images.operand(part)))
        }
        Condition::Exists { table, join_column, join_value, depth, body, is_negated } => {
            let inside = Alias::Rule(*depth);
            let joined = Expr::compare(CompareOp::Equal, Expr::column(inside, join_column), images.operand(join_value));
            // Through the view, which has the author's rights in the rule and the caller's nowhere.
            let source = From::Table(rule_view(table), inside);
            let select = Select::new(Vec::new(), source).filtered(Expr::all([joined, body.to_sql(images)]));
            let exists = if look == Look::EachRow && *join_column == "id" {
                let one = vec![Column::bare(Expr::Fixed("true"))];
                Expr::IsNotNull(Box::new(Expr::Scalar(Box::new(Select { columns: one, ..select }))))
            } else {
                Expr::Exists(Box::new(select))
            };
            // `exists` is never null.
            if *is_negated { Expr::Not(Box::new(exists)) } else { exists }
        }
        Condition::Among { operand, table, column, depth, body, is_negated } => {
            let inside = Alias::Rule(*depth);
            let found = vec![Column::bare(Expr::column(inside, column))];
            let select = Select::new(found, From::Table(rule_view(table), inside)).filtered(body.to_sql(images));
            // An array and no `in (select ...)`: PostgreSQL looks for its elements in an index, also on one side of an `or`.
            let list = Expr::ArrayOf(Box::new(select));
            opposite_if(*is_negated, Expr::AnyOf(Box::new(images.operand(operand)), Box::new(list)))
        }
        Condition::Not(inner) => Expr::IsNotTrue(Box::new(inner.to_sql(images))),
    }
}

/// What `migrations/platform/*_know_the_caller` says of the caller: a subselect, so that PostgreSQL asks once for each statement.
fn caller_value(value: CallerValue) -> Expr {
    let (function, sql_type, arguments) = match value {
        CallerValue::UserId => ("toolcrib.user_id", "uuid", Vec::new()),
        CallerValue::UserEmail => ("toolcrib.user_email", "text", Vec::new()),
        CallerValue::UserRole => ("toolcrib.user_role", "text", Vec::new()),
        CallerValue::UserTeam => ("toolcrib.user_team", "uuid", Vec::new()),
        CallerValue::UserTeams => ("toolcrib.user_teams", "uuid[]", Vec::new()),
        CallerValue::UserIsActive => ("toolcrib.user_is_active", "boolean", Vec::new()),
        CallerValue::RequestIp => ("toolcrib.request_ip", "text", Vec::new()),
        CallerValue::RequestTime(moved) => {
            let microseconds = moved.num_microseconds().unwrap_or_default();
            ("toolcrib.request_time", "timestamptz", vec![Expr::Value(Value::BigInt(microseconds))])
        }
        CallerValue::RequestAuthMethod => ("toolcrib.request_auth_method", "text", Vec::new()),
        CallerValue::RequestAuthMfa => ("toolcrib.request_auth_mfa", "boolean", Vec::new()),
        CallerValue::RequestAuthAge => ("toolcrib.request_auth_age", "bigint", Vec::new()),
        CallerValue::RequestService => ("toolcrib.request_service", "text", Vec::new()),
    };
    let asked = Select { columns: vec![Column::bare(Expr::Call(function, arguments))], ..Select::default() };
    // The type says that `any (...)` is meant of a list, not of a subselect's rows.
    Expr::Cast(Box::new(Expr::Scalar(Box::new(asked))), sql_type)
}

fn opposite_if(is_negated: bool, expr: Expr) -> Expr {
    if is_negated { Expr::IsNotTrue(Box::new(expr)) } else { expr }
}

fn operator(comparison: Comparison) -> CompareOp {
    match comparison {
        Comparison::Equal => CompareOp::Equal,
        Comparison::EqualOrBothNull => CompareOp::NotDistinctFrom,
        Comparison::NotEqual => CompareOp::NotEqual,
        Comparison::Distinct => CompareOp::DistinctFrom,
        Comparison::Less => CompareOp::Less,
        Comparison::LessOrEqual => CompareOp::LessOrEqual,
        Comparison::Greater => CompareOp::Greater,
        Comparison::GreaterOrEqual => CompareOp::GreaterOrEqual,
    }
}

/// Functions rather than `like`: the part may be a column, and nothing in it is a pattern.
fn text_test(test: TextTest, text: Expr, part: Expr) -> Expr {
    match test {
        TextTest::StartsWith => Expr::Call("starts_with", vec![text, part]),
        TextTest::EndsWith => {
            let length = Expr::Call("length", vec![part.clone()]);
            Expr::compare(CompareOp::Equal, Expr::Call("right", vec![text, length]), part)
        }
        TextTest::Contains => Expr::compare(CompareOp::Greater, Expr::Call("strpos", vec![text, part]), Expr::Fixed("0")),
    }
}
