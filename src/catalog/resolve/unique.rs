//! `@unique`: on a field, and over several fields of a type.

use crate::base::ScalarType;
use crate::catalog::directives::{Located, UniqueDirective};
use crate::catalog::findings::Findings;
use crate::catalog::nearest::suggestion;
use crate::catalog::{CompoundUnique, Diagnostic, DiagnosticCode, Field, FieldId, SourceSpan};

/// Refuses what `@unique` on a field does not take.
pub(super) fn check_field(directives: &[UniqueDirective], findings: &mut Findings) {
    for second in directives.iter().skip(1) {
        let refusal = Diagnostic::new(DiagnosticCode::DUPLICATE_DIRECTIVE, second.span, "`@unique` stands here twice");
        findings.add(refusal.with_label("a second time").with_help("keep one"));
    }
    for directive in directives.iter().filter(|directive| directive.fields.is_some()) {
        let message = "`@unique` on a field is about that field alone";
        let help = "leave `fields` out, or put the directive behind the name of the type";
        findings.add(refusal(directive.span, message).with_label("takes no `fields` here").with_help(help));
    }
}

/// The fields that are unique together.
pub(super) fn resolve_uniques(
    owner: &str,
    directives: Vec<UniqueDirective>,
    fields: &[Field],
    findings: &mut Findings,
) -> Vec<CompoundUnique> {
    let mut uniques: Vec<CompoundUnique> = Vec::new();
    for UniqueDirective { fields: names, span } in directives {
        let Some(names) = names else {
            let refusal = refusal(span, format!("`@unique` on `{owner}` does not say which fields"));
            findings.add(refusal.with_label("`fields` is missing").with_help("write `@unique(fields: [\"a\", \"b\"])`"));
            continue;
        };
        let Some(ids) = resolve_fields(owner, span, &names, fields, findings) else { continue };
        let is_same = |known: &CompoundUnique| known.fields.len() == ids.len() && ids.iter().all(|id| known.fields.contains(id));
        if uniques.iter().any(is_same) {
            let refusal = refusal(span, "these fields are unique together already");
            findings.add(refusal.with_label("a second time").with_help("keep one"));
            continue;
        }
        uniques.push(CompoundUnique { fields: ids, span });
    }
    uniques
}

fn resolve_fields(
    owner: &str,
    span: SourceSpan,
    names: &[Located<String>],
    fields: &[Field],
    findings: &mut Findings,
) -> Option<Vec<FieldId>> {
    if names.len() < 2 {
        let refusal = refusal(span, "fewer than two fields are nothing to be unique together");
        findings.add(refusal.with_label("too few").with_help("for one field, write `@unique` behind its type"));
        return None;
    }
    let mut ids = Vec::with_capacity(names.len());
    for Located { value: name, span } in names {
        let Some(field) = fields.iter().find(|field| field.name == name.as_str()) else {
            let refusal = refusal(*span, format!("`{owner}` has no field `{name}`"));
            let known = fields.iter().map(|field| field.name.as_str());
            findings.add(refusal.with_label("unknown field").with_help(suggestion(name, known)));
            return None;
        };
        if !is_single_value(field) {
            let refusal = refusal(*span, format!("`{name}` cannot be unique with others"));
            findings.add(
                refusal.with_label("not one value").with_help("name stored fields with a single value, no list and no JSON"),
            );
            return None;
        }
        if ids.contains(&field.id) || field.is_unique || field.name == "id" {
            let refusal = refusal(*span, format!("`{name}` is unique already, or stands here twice"));
            findings.add(refusal.with_label("says nothing more").with_help("leave it out"));
            return None;
        }
        ids.push(field.id);
    }
    Some(ids)
}

fn is_single_value(field: &Field) -> bool {
    field.stored_scalar().is_some_and(|scalar| scalar != ScalarType::Json) && !field.is_list()
}

fn refusal(span: SourceSpan, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(DiagnosticCode::WRONG_UNIQUE, span, message)
}
