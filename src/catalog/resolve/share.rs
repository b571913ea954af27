//! `@shareable`: whether rows of a collection are shared one by one, and by whom.

use crate::catalog::directives::ShareableDirective;
use crate::catalog::draft::TypeDraft;
use crate::catalog::findings::Findings;
use crate::catalog::resolve::scope::{Scope, to_id};
use crate::catalog::{Collection, CollectionId, Diagnostic, DiagnosticCode, FieldId, RuleText};

/// The field of a share that says which row it is of.
const RECORD_ID: &str = "recordId";

/// Checks where the directive stands.
pub(super) fn resolve_shareable(
    ShareableDirective { by, span }: ShareableDirective,
    draft: &TypeDraft,
    findings: &mut Findings,
) -> Option<RuleText> {
    if draft.is_platform {
        let message = format!("the rows of `{}` are the platform's own and not shared one by one", draft.name);
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_SHAREABLE, span, message);
        findings.add(refusal.with_label("not shareable").with_help("say who may read them with `@access`"));
        return None;
    }
    if let Some(taken) = draft.fields.iter().find(|field| field.name == Collection::RECORD_SHARES) {
        let message = format!("`{}` lists the shares of a row of `{}`", Collection::RECORD_SHARES, draft.name);
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_SHAREABLE, findings.span_of_name(&taken.name), message);
        findings.add(refusal.with_label("already there").with_help("give the field another name"));
        return None;
    }
    Some(by)
}

/// The other end of the shares of a row.
pub(super) fn shares_of(scope: &Scope<'_>) -> Option<FieldId> {
    let types = &scope.draft.types;
    let index = types.iter().position(|draft| draft.is_platform && draft.name == Collection::RECORD_SHARE)?;
    let field = types[index].fields.iter().position(|field| field.name == RECORD_ID)?;
    // `id` stands in front of the written fields.
    Some(FieldId { collection: CollectionId(to_id(index)), index: to_id(field + 1) })
}
