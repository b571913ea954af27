//! `@was` and `@backfill`: how a database of before becomes one of this schema.

use crate::base::{ColumnName, EnumValueName, TypeName};
use crate::catalog::directives::{FieldDirectives, Located, WasDirective, read_was};
use crate::catalog::draft::{EnumDraft, TypeDraft};
use crate::catalog::findings::Findings;
use crate::catalog::resolve::field::Written;
use crate::catalog::resolve::scope::{FieldType, Scope};
use crate::catalog::resolve::{default, names};
use crate::catalog::{Backfill, Diagnostic, DiagnosticCode, SourceSpan, physical, reserved};
use apollo_compiler::ast::EnumValueDefinition;
use std::collections::BTreeSet;

/// The names that a type had before.
pub(super) fn former_types(
    scope: &Scope<'_>,
    draft: &TypeDraft,
    was: Option<&WasDirective>,
    findings: &mut Findings,
) -> Vec<TypeName> {
    let Some(was) = was else { return Vec::new() };
    if draft.is_platform {
        let refusal = wrong(was.span, "the platform's own types keep their names").with_label("cannot be renamed");
        findings.add(refusal.with_help("leave `@was` out"));
        return Vec::new();
    }
    let is_there = |name: &str| scope.draft.types.iter().any(|other| other.name == name);
    gone("a type", was, is_there, findings).map(TypeName::new).collect()
}

/// The names that an enum's value had before.
pub(super) fn former_values(draft: &EnumDraft, value: &EnumValueDefinition, findings: &mut Findings) -> Vec<EnumValueName> {
    let Some(was) = read_was(&value.directives, findings) else { return Vec::new() };
    let is_there = |name: &str| draft.values.iter().any(|other| other.value == name);
    gone(&format!("a value of `{}`", draft.name), &was, is_there, findings).map(EnumValueName::new).collect()
}

/// The columns that a field may have in a database of before. A relation may have been the plain id that it stands for, and the
/// other way round; whoever used `@column` writes the column itself.
pub(super) fn former_columns(
    scope: &Scope<'_>,
    written: &Written<'_>,
    directives: &FieldDirectives,
    findings: &mut Findings,
) -> Vec<ColumnName> {
    let is_relation = written.ty.is_to_one();
    let mut columns = Vec::new();
    if let Some(was) = &directives.was {
        let owner = scope.type_draft(written.id.collection);
        let is_there = |name: &str| reserved::is_implicit_field(name) || owner.fields.iter().any(|other| other.name == name);
        for name in gone(&format!("a field of `{}`", owner.name), was, is_there, findings) {
            columns.extend([physical::column_name(name, is_relation), physical::column_name(name, !is_relation)]);
            columns.push(ColumnName::new(name));
        }
    }
    if directives.column.is_some() {
        columns.push(physical::column_name(&written.definition.name, is_relation));
    }
    let mut known = BTreeSet::new();
    columns.retain(|column| known.insert(column.clone()));
    columns
}

/// Names that nothing has any more; the others are refused, because nobody could say which of the two a column belongs to.
fn gone<'w>(
    what: &str,
    was: &'w WasDirective,
    is_there: impl Fn(&str) -> bool,
    findings: &mut Findings,
) -> impl Iterator<Item = &'w str> {
    for Located { value, span } in &was.names {
        if is_there(value) {
            let refusal = wrong(*span, format!("`{value}` is still {what}")).with_label("still there");
            findings.add(
                refusal.with_help("name what is there no more; two that change names need a third one in between, in two migrations; to move values from one \
                     field to another, see `@backfill(sql:)`"),
            );
        } else if !names::is_identifier(value) {
            let refusal = wrong(*span, format!("`{value}` was never a name")).with_label("not a name");
            findings.add(refusal.with_help("write the name that it had in the schema"));
        }
    }
    was.names.iter().map(|name| name.value.as_str())
}

fn wrong(span: SourceSpan, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(DiagnosticCode::WRONG_WAS, span, message)
}

/// What fills the rows that are there.
pub(super) fn resolve_backfill(
    scope: &Scope<'_>,
    directives: &FieldDirectives,
    ty: FieldType,
    findings: &mut Findings,
) -> Option<Backfill> {
    const CODE: DiagnosticCode = DiagnosticCode::WRONG_BACKFILL;
    let directive = directives.backfill.as_ref().filter(|_| !ty.is_to_many())?;
    match (&directive.literal, &directive.sql) {
        (Some(literal), None) if literal.value.is_null() => {
            let refusal = Diagnostic::new(CODE, literal.span, "null fills nothing").with_label("null");
            findings.add(refusal.with_help("give a value, or leave `@backfill` out"));
            None
        }
        (Some(literal), None) => default::resolve_literal(scope, literal, (ty, CODE), findings).map(Backfill::Literal),
        (None, Some(sql)) if sql.value.trim().is_empty() => {
            let refusal = Diagnostic::new(CODE, sql.span, "the expression is empty").with_label("empty");
            findings.add(refusal.with_help("write an SQL expression over the row's columns: `lower(name)`"));
            None
        }
        (None, Some(sql)) => Some(Backfill::Sql(sql.value.trim().to_owned())),
        (literal, _) => {
            let both = literal.is_some();
            let message = if both { "rows are filled with a value or with an expression" } else { "`@backfill` says no value" };
            let help = "write `@backfill(value: ...)` with a literal or `@backfill(sql: \"...\")` with an SQL expression";
            let refusal = Diagnostic::new(CODE, directive.span, message).with_label(if both { "both" } else { "neither" });
            findings.add(refusal.with_help(help));
            None
        }
    }
}
