//! One collection: its names, its rules, its fields.

use crate::base::{FieldName, TableName, TypeName};
use crate::catalog::directives::{AggregateDirective, CollectionDirective, ExportDirective, Located, TypeDirectives};
use crate::catalog::draft::TypeDraft;
use crate::catalog::findings::Findings;
use crate::catalog::resolve::field::{Owner, Written};
use crate::catalog::resolve::scope::{Scope, to_id};
use crate::catalog::resolve::{access, field, history, implicit, names, search, share, unique};
use crate::catalog::{
    AggregateSettings, AuditSettings, Collection, CollectionId, Diagnostic, DiagnosticCode, ExportSettings, Field, FieldId,
    GroupFloor, MutationKind, physical,
};

/// The PostgreSQL schema of the platform's own tables.
const PLATFORM_SCHEMA: &str = "toolcrib";

/// The most rows of an export whose `@export` says nothing else.
const DEFAULT_EXPORT_ROWS: u32 = 100_000;

/// Resolves a collection.
pub(super) fn resolve_collection(scope: &Scope<'_>, id: CollectionId, findings: &mut Findings) -> Collection {
    let draft = scope.type_draft(id);
    names::check_type_name(&draft.name, draft.span, findings);
    let TypeDirectives { collection, access, service, audit, export, aggregate, shareable, search, was, uniques } =
        TypeDirectives::read(&draft.directives, findings);
    if collection.is_none() {
        let message = format!("`{}` is no collection", draft.name);
        let missing = Diagnostic::new(DiagnosticCode::MISSING_COLLECTION, draft.span, message);
        findings.add(missing.with_label("`@collection` is missing").with_help("write `@collection` behind the name of the type"));
    }
    let singular = physical::singular(&draft.name);
    let plural = plural_name(collection.as_ref(), &singular, findings);
    let is_append_only = collection.as_ref().is_some_and(|directive| directive.is_append_only);
    let mutations = offered_mutations(collection.as_ref(), is_append_only, findings);
    let name = draft.name.as_str();
    let owner = Owner { is_platform: draft.is_platform, is_append_only, mutations };
    let shareable = shareable.and_then(|shareable| share::resolve_shareable(shareable, draft, findings));
    let shares = shareable.as_ref().and_then(|_| share::shares_of(scope));
    let fields = resolve_fields(scope, id, &owner, shares, findings);
    Collection {
        id,
        name: TypeName::new(&draft.name),
        singular: FieldName::new(singular),
        description: draft.description.clone(),
        former_names: history::former_types(scope, draft, was.as_ref(), findings),
        table: table_name(collection.as_ref(), draft, &plural, findings),
        plural: FieldName::new(plural),
        is_platform: draft.is_platform,
        is_append_only,
        uniques: unique::resolve_uniques(name, uniques, &fields, findings),
        search: search.and_then(|search| search::resolve_search(name, search, &fields, findings)),
        fields,
        mutations: owner.mutations,
        access: access::with_services(access::row_rules(access, draft, findings), service, draft, findings),
        audit: audit.map_or_else(AuditSettings::default, |audit| AuditSettings {
            is_read_audited: audit.is_read_audited,
            reasons: audit.reasons,
        }),
        export: export.map(|export| export_settings(export, findings)),
        aggregate: aggregate.map(|aggregate| aggregate_settings(aggregate, findings)),
        shareable,
        span: draft.span,
    }
}

/// The fields; `shares` is the other end of the shares of a row, where rows are shared.
fn resolve_fields(
    scope: &Scope<'_>,
    id: CollectionId,
    owner: &Owner,
    shares: Option<FieldId>,
    findings: &mut Findings,
) -> Vec<Field> {
    let draft = scope.type_draft(id);
    let mut fields = vec![implicit::id_field(id, draft.span)];
    for (index, (definition, ty)) in scope.fields(id).enumerate() {
        let is_usable = field::check_name(definition, findings);
        let Some(ty) = ty.filter(|_| is_usable) else { continue };
        let span = findings.span_of_name(&definition.name);
        let field_id = FieldId { collection: id, index: to_id(index + 1) };
        let written = Written { id: field_id, definition, ty, span };
        fields.push(field::resolve_field(scope, &written, owner, findings));
    }
    let mut next = to_id(draft.fields.len() + 1);
    if let Some(inverse) = shares {
        fields.push(implicit::shares_field(FieldId { collection: id, index: next }, inverse, draft.span));
        next += 1;
    }
    fields.extend(implicit::last_fields(id, next, owner.is_append_only, draft.span));
    fields
}

/// The name of many rows: the one given, or the regular plural.
fn plural_name(directive: Option<&CollectionDirective>, singular: &str, findings: &mut Findings) -> String {
    let made = physical::plural(singular);
    let Some(Located { value, span }) = directive.and_then(|directive| directive.plural.as_ref()) else { return made };
    if names::is_field_name(value) {
        return value.clone();
    }
    let message = format!("`{value}` is not written as the name of many rows");
    let refusal = Diagnostic::new(DiagnosticCode::INVALID_NAME, *span, message);
    findings.add(refusal.with_label("not a plural").with_help("begin with a small letter: `people`"));
    made
}

/// The table: the one given, or the one made from the plural.
fn table_name(directive: Option<&CollectionDirective>, draft: &TypeDraft, plural: &str, findings: &mut Findings) -> TableName {
    let made = TableName::new("public", physical::snake_case(plural));
    let Some(Located { value, span }) = directive.and_then(|directive| directive.table.as_ref()) else { return made };
    let (schema, name) = value.split_once('.').unwrap_or_default();
    if !names::is_identifier(schema) || !names::is_identifier(name) {
        let message = format!("`{value}` is not written as a table");
        let refusal = Diagnostic::new(DiagnosticCode::INVALID_NAME, *span, message);
        findings.add(refusal.with_label("not a table").with_help("write its schema, too: `public.people`"));
        return made;
    }
    let is_taken = schema.starts_with("pg_") || schema == "information_schema" || schema == PLATFORM_SCHEMA;
    if is_taken && !draft.is_platform {
        let message = format!("the schema `{schema}` of PostgreSQL is not the tool's");
        let refusal = Diagnostic::new(DiagnosticCode::RESERVED_NAME, *span, message);
        findings.add(refusal.with_label("reserved").with_help(format!("write `public.{name}`, or a schema of your own")));
    }
    TableName::new(schema, name)
}

fn offered_mutations(
    directive: Option<&CollectionDirective>,
    is_append_only: bool,
    findings: &mut Findings,
) -> Vec<MutationKind> {
    let written = directive.and_then(|directive| directive.mutations.as_ref());
    let Some(Located { value: mutations, span }) = written else {
        let all = [MutationKind::Create, MutationKind::Update, MutationKind::Delete];
        return if is_append_only { vec![MutationKind::Create] } else { all.to_vec() };
    };
    if is_append_only && mutations.iter().any(|mutation| *mutation != MutationKind::Create) {
        let message = "the rows of an append-only collection are neither changed nor deleted";
        let refusal = Diagnostic::new(DiagnosticCode::APPEND_ONLY, *span, message);
        findings.add(refusal.with_label("cannot be offered").with_help("write `mutations: [CREATE]` or `mutations: []`"));
    }
    mutations.clone()
}

fn export_settings(ExportDirective { allow, max_rows }: ExportDirective, findings: &mut Findings) -> ExportSettings {
    let Some(Located { value, span }) = max_rows else { return ExportSettings { allow, max_rows: DEFAULT_EXPORT_ROWS } };
    let max_rows = u32::try_from(value).unwrap_or_default();
    if max_rows == 0 {
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_VALUE, span, "an export of no rows is none");
        findings.add(refusal.with_label("too small").with_help("write a number from 1, or leave `@export` out"));
    }
    ExportSettings { allow, max_rows }
}

fn aggregate_settings(directive: AggregateDirective, findings: &mut Findings) -> AggregateSettings {
    let AggregateDirective { allow, min_group, span } = directive;
    if allow.is_none() && min_group.is_none() {
        let message = "`@aggregate` says neither who may compute over rows nor over how few";
        let empty = Diagnostic::new(DiagnosticCode::MISSING_ARGUMENT, span, message);
        findings.add(empty.with_label("limits nothing").with_help("give `allow:`, `minGroup:` or both, or leave it out"));
    }
    let min_group = min_group.map_or(GroupFloor::NONE, |Located { value, span }| {
        u32::try_from(value).ok().and_then(GroupFloor::new).unwrap_or_else(|| {
            let message = format!("a group of {value} tells of a single row");
            let refusal = Diagnostic::new(DiagnosticCode::WRONG_VALUE, span, message);
            findings.add(refusal.with_label("too small").with_help("write a number from 2, or leave `minGroup:` out"));
            GroupFloor::NONE
        })
    });
    AggregateSettings { allow, min_group }
}
