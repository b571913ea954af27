//! Relations to many: each is the other end of a foreign key.

use crate::catalog::directives::InverseDirective;
use crate::catalog::findings::Findings;
use crate::catalog::nearest::{listed, suggestion};
use crate::catalog::resolve::scope::{BaseType, Scope, to_id};
use crate::catalog::{CollectionId, Diagnostic, DiagnosticCode, FieldId, SourceSpan, physical};

/// A relation to many as it is written.
pub(super) struct ToMany<'a> {
    pub(super) owner: CollectionId,
    pub(super) name: &'a str,
    pub(super) target: CollectionId,
    pub(super) span: SourceSpan,
}

/// A field of the target that may be the other end.
struct Candidate<'a> {
    id: FieldId,
    name: &'a str,
}

/// Finds the to-one field that points back.
pub(super) fn find_inverse(
    scope: &Scope<'_>,
    relation: &ToMany<'_>,
    directive: Option<&InverseDirective>,
    findings: &mut Findings,
) -> Option<FieldId> {
    if let Some(directive) = directive {
        return find_named(scope, relation, directive, findings);
    }
    let candidates = candidates(scope, relation);
    let owner = &scope.type_draft(relation.owner).name;
    let target = &scope.type_draft(relation.target).name;
    match candidates.as_slice() {
        [only] => Some(only.id),
        // A field whose type is wrong may be the one; it is reported already.
        [] if scope.fields(relation.target).any(|(_, ty)| ty.is_none()) => None,
        [] => {
            let message = format!("no field of `{target}` points back to `{owner}`");
            let missing = Diagnostic::new(DiagnosticCode::MISSING_INVERSE, relation.span, message);
            let field = physical::singular(owner);
            findings.add(missing.with_label("the other end of nothing").with_help(format!("add `{field}: {owner}` to `{target}`")));
            None
        }
        several => {
            let names = listed(several.iter().map(|candidate| candidate.name));
            let message = format!("`{}` may be the other end of {names} of `{target}`", relation.name);
            let ambiguous = Diagnostic::new(DiagnosticCode::AMBIGUOUS_INVERSE, relation.span, message);
            let help = format!("say which: `@inverse(field: \"{}\")`", several[0].name);
            findings.add(ambiguous.with_label("which one?").with_help(help));
            None
        }
    }
}

fn candidates<'a>(scope: &Scope<'a>, relation: &ToMany<'_>) -> Vec<Candidate<'a>> {
    let fields = scope.fields(relation.target).enumerate();
    let pointing_back = fields.filter(|(_, (_, ty))| {
        ty.is_some_and(|ty| !ty.is_list && ty.base == BaseType::Collection(relation.owner))
    });
    let candidates = pointing_back.map(|(index, (field, _))| Candidate {
        // `id` stands in front of the written fields.
        id: FieldId { collection: relation.target, index: to_id(index + 1) },
        name: field.name.as_str(),
    });
    candidates.collect()
}

fn find_named(
    scope: &Scope<'_>,
    relation: &ToMany<'_>,
    directive: &InverseDirective,
    findings: &mut Findings,
) -> Option<FieldId> {
    let candidates = candidates(scope, relation);
    let written = &directive.field.value;
    if let Some(found) = candidates.iter().find(|candidate| candidate.name == written) {
        return Some(found.id);
    }
    let owner = &scope.type_draft(relation.owner).name;
    let target = &scope.type_draft(relation.target).name;
    let field = scope.fields(relation.target).find(|(field, _)| field.name == written.as_str());
    let message = match field {
        // Its type is wrong, which is reported already.
        Some((_, None)) => return None,
        Some((_, Some(_))) => format!("`{target}.{written}` does not point to one `{owner}`"),
        None => format!("`{target}` has no field `{written}`"),
    };
    let wrong = Diagnostic::new(DiagnosticCode::WRONG_INVERSE, directive.field.span, message).with_label("not the other end");
    findings.add(match candidates.as_slice() {
        [] => wrong.with_help(format!("add a field of type `{owner}` to `{target}`")),
        _ => wrong.with_help(suggestion(written, candidates.iter().map(|candidate| candidate.name))),
    });
    None
}
