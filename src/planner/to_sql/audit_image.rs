//! An audit image as SQL: the document as it is, or what the rules show of the row that it was.

use crate::base::{ColumnName, ScalarType, Value};
use crate::planner::audit_image::{AskedField, AuditImagePlan, ImageField, ShownImage};
use crate::planner::to_sql::Aliases;
use crate::sql::{Alias, Column, CompareOp, Expr, From, Label, Select};

/// The image of the audit event that `event` names, as the caller may see it.
pub(crate) fn audit_image(plan: &AuditImagePlan, event: Alias, aliases: &mut Aliases) -> Expr {
    let image = plan.column.unguarded(event);
    let entity_type = Expr::column(event, &plan.entity_type);
    let mut arms = vec![(Expr::IsNull(Box::new(image.clone())), Expr::Fixed("null::jsonb"))];
    if !plan.column.is_hidden() {
        arms.push((plan.column.guard(event), image.clone()));
    }
    for shown in &plan.shown {
        let is_of = Expr::compare(CompareOp::Equal, entity_type.clone(), text(shown.entity_type.as_str()));
        arms.push((is_of, shown_image(shown, &image, aliases)));
    }
    Expr::Case(arms, None)
}

/// What the rules show of the row; null where they do not show the row.
fn shown_image(shown: &ShownImage, image: &Expr, aliases: &mut Aliases) -> Expr {
    let row = aliases.next();
    let mut asked: Vec<Column> = shown
        .asked
        .iter()
        .map(|field| Column { expr: asked_value(field, image), label: Label::new(field.column.as_str()) })
        .collect();
    if asked.is_empty() {
        asked.push(Column::bare(Expr::Fixed("1")));
    }
    let fields = shown
        .fields
        .iter()
        .map(|field| Column { expr: field_value(field, image, row, aliases), label: Label::new(field.name.as_str()) });
    let fields = Select { columns: fields.collect(), ..Select::default() };
    let object = aliases.next();
    let json = Expr::Call("to_jsonb", vec![Expr::WholeRow(object)]);
    let json = Expr::Scalar(Box::new(Select::new(vec![Column::bare(json)], From::Subselect(Box::new(fields), object))));
    let source = From::Subselect(Box::new(Select { columns: asked, ..Select::default() }), row);
    Expr::Scalar(Box::new(Select::new(vec![Column::bare(json)], source).filtered(shown.source.condition(row))))
}

/// A value that a rule asks for. What is not of its type's form, because the field was of another type once, is null, so that
/// no rule shows anything by it; so is a list.
fn asked_value(field: &AskedField, image: &Expr) -> Expr {
    if field.is_list {
        return Expr::Value(Value::NullList(field.scalar));
    }
    let name = text(field.field.as_str());
    if field.scalar == ScalarType::Json {
        return Expr::Call("jsonb_extract_path", vec![image.clone(), name]);
    }
    let value = Expr::Call("jsonb_extract_path_text", vec![image.clone(), name]);
    let Some(form) = form_of(field.scalar) else { return value };
    // `substring` with a pattern gives what matches it, and null where nothing does.
    Expr::Cast(Box::new(Expr::Call("substring", vec![value, Expr::Fixed(form)])), field.scalar.sql_type())
}

/// A day that the calendar has, of four digits' years.
macro_rules! day {
    () => {
        concat!(
            "(?:[1-9][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)",
            "|(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)"
        )
    };
}

/// What every value of the scalar looks like in an image, and nothing that PostgreSQL would refuse to read.
fn form_of(scalar: ScalarType) -> Option<&'static str> {
    Some(match scalar {
        ScalarType::String | ScalarType::Url | ScalarType::Email | ScalarType::Json => return None,
        ScalarType::Id => "'^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$'",
        ScalarType::Int => "'^-?(?:[0-9]{1,9}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7})$'",
        ScalarType::BigInt => "'^-?(?:[0-9]{1,18}|[1-8][0-9]{18})$'",
        ScalarType::Decimal => "'^-?[0-9]{1,255}(?:[.][0-9]{1,255})?$'",
        ScalarType::Float => "'^-?[0-9]{1,200}(?:[.][0-9]{1,200})?(?:e[+-]?[0-9]{1,2})?$'",
        ScalarType::Boolean => "'^(?:true|false)$'",
        ScalarType::DateTime => concat!(
            "'^",
            day!(),
            "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,6})?[+-](?:0[0-9]|1[0-4]):[0-5][0-9]$'"
        ),
        ScalarType::Date => concat!("'^", day!(), "$'"),
    })
}

fn field_value(field: &ImageField, image: &Expr, row: Alias, aliases: &mut Aliases) -> Expr {
    let stored = Expr::Call("jsonb_extract_path", vec![image.clone(), text(field.name.as_str())]);
    let stored = match &field.target {
        None => stored,
        Some(target) if target.is_unrestricted() => stored,
        Some(target) if target.is_empty() => return Expr::Fixed("null::jsonb"),
        Some(target) => {
            let other = aliases.next();
            let (from, rule) = target.source(other);
            let id = Expr::column(other, &ColumnName::new("id"));
            let is_it = Expr::compare(CompareOp::Equal, id, field.output.column.unguarded(row));
            let found = Select::new(Vec::new(), from).filtered(Expr::all([is_it, rule]));
            Expr::Case(vec![(Expr::Exists(Box::new(found)), stored)], None)
        }
    };
    let masked = field.output.masked(row).map(|masked| Expr::Call("to_jsonb", vec![masked]));
    match masked {
        _ if field.output.column.is_open() => stored,
        Some(masked) if field.output.column.is_hidden() => masked,
        None if field.output.column.is_hidden() => Expr::Fixed("null::jsonb"),
        masked => Expr::Case(vec![(field.output.column.guard(row), stored)], masked.map(Box::new)),
    }
}

fn text(text: &str) -> Expr {
    Expr::Value(Value::Text(text.to_owned()))
}
