//! One field of a collection.

use crate::base::{ColumnName, FieldName};
use crate::catalog::directives::FieldDirectives;
use crate::catalog::findings::Findings;
use crate::catalog::resolve::relation::ToMany;
use crate::catalog::resolve::scope::{BaseType, FieldType, Scope};
use crate::catalog::resolve::{access, checks, default, history, limits, names, relation, unique};
use crate::catalog::{
    DefaultValue, Diagnostic, DiagnosticCode, Field, FieldId, FieldKind, MutationKind, SourceSpan, ValueLimits, physical,
};
use apollo_compiler::ast::FieldDefinition;

/// What a field has to know of its collection.
pub(super) struct Owner {
    pub(super) is_platform: bool,
    pub(super) is_append_only: bool,
    pub(super) mutations: Vec<MutationKind>,
}

/// A field as it is written.
pub(super) struct Written<'a> {
    pub(super) id: FieldId,
    pub(super) definition: &'a FieldDefinition,
    pub(super) ty: FieldType,
    pub(super) span: SourceSpan,
}

/// Refuses a field that cannot stand under its name; says whether the field can be used.
pub(super) fn check_name(definition: &FieldDefinition, findings: &mut Findings) -> bool {
    let span = findings.span_of_name(&definition.name);
    if definition.name == "id" && definition.directives.has("access") {
        let refusal = Diagnostic::new(DiagnosticCode::FIELD_ACCESS, span, "`id` is there for whoever may read the row");
        findings.add(refusal.with_label("cannot be guarded").with_help("leave the field out: every collection has its `id`"));
        return false;
    }
    names::check_field_name(&definition.name, span, findings)
}

/// Resolves a field.
pub(super) fn resolve_field(scope: &Scope<'_>, written: &Written<'_>, owner: &Owner, findings: &mut Findings) -> Field {
    let Written { id, definition, ty, span } = *written;
    let mut directives = FieldDirectives::read(&definition.directives, findings);
    checks::check_fit(&directives, id.collection, ty, findings);
    unique::check_field(&directives.uniques, findings);
    let kind = resolve_kind(scope, written, (&directives, owner), findings);
    let sequence = directives.sequence.as_ref().and_then(|sequence| checks::checked_sequence(sequence, findings));
    let max_length = directives.length.as_ref().and_then(|length| checks::checked_length(length, findings));
    let limits = limits::resolve_limits(scope, &directives, ty, findings);
    let default = resolve_default(scope, &mut directives, (ty, max_length, &limits), findings);
    let field = Field {
        id,
        name: FieldName::new(&definition.name),
        description: definition.description.as_ref().map(|text| text.as_str().to_owned()),
        kind,
        is_required: ty.is_required && !ty.is_to_many(),
        is_unique: !directives.uniques.is_empty(),
        is_indexed: directives.index.is_some(),
        is_read_only: directives.read_only.is_some() || directives.sequence.is_some(),
        is_implicit: false,
        is_acyclic: directives.acyclic.is_some(),
        default,
        sequence,
        max_length,
        limits,
        former_columns: history::former_columns(scope, written, &directives, findings),
        backfill: history::resolve_backfill(scope, &directives, ty, findings),
        access: access::field_access(directives.access, ty, findings),
        deprecation: directives.deprecation,
        span,
    };
    check_fillable(&field, owner, findings);
    field
}

fn resolve_kind(
    scope: &Scope<'_>,
    written: &Written<'_>,
    (directives, owner): (&FieldDirectives, &Owner),
    findings: &mut Findings,
) -> FieldKind {
    let Written { id, definition, ty, span } = *written;
    let column = column_name(directives, written, findings);
    match ty.base {
        BaseType::Scalar(scalar) => FieldKind::Scalar { scalar, is_list: ty.is_list, column },
        BaseType::Enum(enum_id) => FieldKind::Enum { enum_id, is_list: ty.is_list, column },
        BaseType::Collection(target) if ty.is_list => {
            let relation = ToMany { owner: id.collection, name: &definition.name, target, span };
            let inverse = relation::find_inverse(scope, &relation, directives.inverse.as_ref(), findings);
            // Without the other end the catalog does not load; the field itself keeps the place.
            FieldKind::ToMany { target, inverse: inverse.unwrap_or(id) }
        }
        BaseType::Collection(target) => {
            let on_delete = checks::checked_on_delete(directives, ty, owner.is_append_only, findings);
            FieldKind::ToOne { target, column, on_delete }
        }
    }
}

/// The column: the one given, or the one made from the field's name.
fn column_name(directives: &FieldDirectives, written: &Written<'_>, findings: &mut Findings) -> ColumnName {
    let made = physical::column_name(&written.definition.name, written.ty.is_to_one());
    let Some(directive) = &directives.column else { return made };
    if names::is_identifier(&directive.name.value) {
        return ColumnName::new(&directive.name.value);
    }
    let message = format!("`{}` is not written as the name of a column", directive.name.value);
    let refusal = Diagnostic::new(DiagnosticCode::INVALID_NAME, directive.name.span, message);
    findings.add(refusal.with_label("not a column's name").with_help("use letters, digits and `_`: `customer_id`"));
    made
}

fn resolve_default(
    scope: &Scope<'_>,
    directives: &mut FieldDirectives,
    (ty, max_length, limits): (FieldType, Option<u32>, &ValueLimits),
    findings: &mut Findings,
) -> Option<DefaultValue> {
    let directive = directives.default.take()?;
    let span = directive.span;
    if directives.sequence.is_some() {
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_DEFAULT, span, "`@sequence` gives every new row its value already");
        findings.add(refusal.with_label("never used").with_help("leave `@default` or `@sequence` out"));
        return None;
    }
    if ty.is_to_many() {
        return None;
    }
    let default = default::resolve_default(scope, directive, ty, findings)?;
    if let Some(max) = max_length {
        default::check_length(&default, max, span, findings);
    }
    limits::check_default(&default, limits, ty, (span, findings));
    Some(default)
}

/// Refuses a field that every new row needs and that nobody can give it.
fn check_fillable(field: &Field, owner: &Owner, findings: &mut Findings) {
    if !field.is_required || field.sequence.is_some() {
        return;
    }
    let is_created_by_callers = owner.mutations.contains(&MutationKind::Create);
    let (message, help) = if is_created_by_callers && field.is_read_only && field.default.is_none() {
        ("the field is required, but nobody may set it", "add a `@default`, or leave `@readOnly` or the `!` of the type out")
    } else if owner.is_platform && !field.is_platform() && !is_created_by_callers && !has_literal_default(field) {
        let help = "add `@default(value:)`, or leave the `!` of the type out";
        ("the platform makes these rows itself and knows nothing of this required field", help)
    } else {
        return;
    };
    let refusal = Diagnostic::new(DiagnosticCode::UNFILLABLE_FIELD, field.span, message);
    findings.add(refusal.with_label("cannot be filled").with_help(help));
}

fn has_literal_default(field: &Field) -> bool {
    matches!(field.default, Some(DefaultValue::Literal(_)))
}
