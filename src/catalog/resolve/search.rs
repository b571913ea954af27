//! `@search`: which texts are found by their words.

use crate::base::ScalarType;
use crate::catalog::directives::{Located, SearchDirective};
use crate::catalog::findings::Findings;
use crate::catalog::nearest::suggestion;
use crate::catalog::{Diagnostic, DiagnosticCode, Field, FieldId, FieldKind, SearchConfig, SearchSettings, SourceSpan};

/// What a collection is searched by; `None` if nothing of it holds.
pub(super) fn resolve_search(
    owner: &str,
    directive: SearchDirective,
    fields: &[Field],
    findings: &mut Findings,
) -> Option<SearchSettings> {
    let SearchDirective { fields: names, config, span } = directive;
    let config = config.map_or(Some(SearchConfig::SIMPLE), |config| resolve_config(&config, findings));
    if names.is_empty() {
        let refusal = refusal(span, format!("`@search` on `{owner}` does not say which fields"));
        findings.add(refusal.with_label("`fields` is empty").with_help("write `@search(fields: [\"subject\", \"body\"])`"));
        return None;
    }
    let mut ids = Vec::with_capacity(names.len());
    for name in &names {
        let id = resolve_field(owner, name, fields, findings)?;
        if ids.contains(&id) {
            let refusal = refusal(name.span, format!("`{}` stands here twice", name.value));
            findings.add(refusal.with_label("says nothing more").with_help("leave it out"));
            return None;
        }
        ids.push(id);
    }
    Some(SearchSettings { fields: ids, config: config?, span })
}

fn resolve_config(config: &Located<String>, findings: &mut Findings) -> Option<SearchConfig> {
    let found = SearchConfig::named(&config.value);
    if found.is_none() {
        let refusal = refusal(config.span, format!("PostgreSQL has no text search configuration `{}`", config.value));
        let known = SearchConfig::ALL.iter().map(|config| config.name());
        findings.add(refusal.with_label("unknown").with_help(suggestion(&config.value, known)));
    }
    found
}

fn resolve_field(owner: &str, name: &Located<String>, fields: &[Field], findings: &mut Findings) -> Option<FieldId> {
    let Located { value: name, span } = name;
    let Some(field) = fields.iter().find(|field| field.name == name.as_str()) else {
        let refusal = refusal(*span, format!("`{owner}` has no field `{name}`"));
        let known = fields.iter().map(|field| field.name.as_str());
        findings.add(refusal.with_label("unknown field").with_help(suggestion(name, known)));
        return None;
    };
    if !is_text(field) {
        let refusal = refusal(*span, format!("`{name}` has no words to search for"));
        findings.add(refusal.with_label("no text").with_help("name fields of `String`, `Email` or `URL`, no lists"));
        return None;
    }
    Some(field.id)
}

fn is_text(field: &Field) -> bool {
    let FieldKind::Scalar { scalar, is_list, .. } = &field.kind else { return false };
    matches!(scalar, ScalarType::String | ScalarType::Email | ScalarType::Url) && !is_list
}

fn refusal(span: SourceSpan, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(DiagnosticCode::WRONG_SEARCH, span, message)
}
