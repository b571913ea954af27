//! Who may read and write: `@access` of collections and of fields.

use crate::base::ScalarType;
use crate::catalog::directives::{AccessDirective, Located};
use crate::catalog::draft::TypeDraft;
use crate::catalog::findings::Findings;
use crate::catalog::nearest::{listed, spoken};
use crate::catalog::resolve::scope::FieldType;
use crate::catalog::{AccessRules, Diagnostic, DiagnosticCode, FieldAccess, Mask, RuleText, SourceId, SourceSpan};
use std::time::Duration;

/// The row rules of a collection. A collection that leaves one out is refused, and meanwhile closed.
pub(super) fn row_rules(directive: Option<AccessDirective>, owner: &TypeDraft, findings: &mut Findings) -> AccessRules {
    let Some(AccessDirective { read, write, create, update, delete, step_up, mask, mask_as, span }) = directive else {
        let message = format!("`{}` does not say who may read and write it", owner.name);
        let missing = Diagnostic::new(DiagnosticCode::MISSING_ACCESS, owner.span, message);
        let help = "add `@access(read: \"...\", write: \"...\")`; `\"false\"` closes an operation";
        findings.add(missing.with_label("`@access` is missing").with_help(help));
        return closed_rules(owner.span);
    };
    let masks = [("mask", mask.map(|mask| mask.span)), ("maskAs", mask_as.map(|mask| mask.span))];
    for (argument, span) in masks.into_iter().filter_map(|(argument, span)| Some((argument, span?))) {
        refuse_argument(argument, "collection", span, "put the mask on the field that it masks", findings);
    }
    let or_write = |rule: Option<RuleText>| rule.or_else(|| write.clone());
    let rules = [("read", read), ("create", or_write(create)), ("update", or_write(update)), ("delete", or_write(delete))];
    let missing: Vec<&str> = rules.iter().filter(|(_, rule)| rule.is_none()).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        let message = format!("`{}` does not say who may {}", owner.name, spoken(&missing));
        let incomplete = Diagnostic::new(DiagnosticCode::INCOMPLETE_ACCESS, span, message);
        let help = match missing.as_slice() {
            ["read"] => "add `read:`; `\"false\"` closes it".to_owned(),
            _ => format!("add {}; `write:` stands for whichever write is not given, `\"false\"` closes one", listed(missing)),
        };
        findings.add(incomplete.with_label("incomplete").with_help(help));
    }
    let [read, create, update, delete] = rules.map(|(_, rule)| rule.unwrap_or_else(|| closed(span)));
    AccessRules { read, create, update, delete, step_up: step_up.and_then(|text| checked_step_up(&text, findings)) }
}

/// Adds what the platform's own services may do, which no `@access` of a tool takes away.
pub(super) fn with_services(
    rules: AccessRules,
    service: Option<AccessDirective>,
    owner: &TypeDraft,
    findings: &mut Findings,
) -> AccessRules {
    let Some(AccessDirective { read, write: _, create, update, delete, step_up: _, mask: _, mask_as: _, span }) = service else {
        return rules;
    };
    if span.source != SourceId::PLATFORM {
        let message = format!("`@service` on `{}` is not for tools", owner.name);
        let refusal = Diagnostic::new(DiagnosticCode::PLATFORM_ONLY, span, message);
        findings.add(refusal.with_label("the platform's own").with_help("say who may do what with `@access`"));
        return rules;
    }
    AccessRules {
        read: either(rules.read, read),
        create: either(rules.create, create),
        update: either(rules.update, update),
        delete: either(rules.delete, delete),
        step_up: rules.step_up,
    }
}

/// `(rule) || (service)`, with the places of the first part kept.
fn either(rule: RuleText, service: Option<RuleText>) -> RuleText {
    let Some(service) = service else {
        return rule;
    };
    let offsets = rule.offsets.into_iter().map(|(in_text, in_file)| (in_text + 1, in_file)).collect();
    let own = format!("({}) || (", rule.text);
    let services = Some((own.len(), service.span));
    RuleText { text: format!("{own}{})", service.text), span: rule.span, offsets, services }
}

fn closed_rules(span: SourceSpan) -> AccessRules {
    AccessRules { read: closed(span), create: closed(span), update: closed(span), delete: closed(span), step_up: None }
}

/// `30s`, `5m`, `12h`.
fn checked_step_up(text: &Located<String>, findings: &mut Findings) -> Option<Duration> {
    let unit = text.value.chars().last();
    let number = text.value.strip_suffix(['s', 'm', 'h']).and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
    let seconds = match unit {
        Some('s') => 1,
        Some('m') => 60,
        _ => 3600,
    };
    if number == 0 {
        let message = format!("`{}` is no time within which somebody proves who they are", text.value);
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_VALUE, text.span, message);
        findings.add(refusal.with_label("not a time").with_help("write a number and a unit: `30s`, `5m`, `12h`"));
        return None;
    }
    Some(Duration::from_secs(u64::from(number) * seconds))
}

/// Stands in for a rule that is missing; a catalog that needs one does not load.
fn closed(span: SourceSpan) -> RuleText {
    RuleText { text: "false".to_owned(), span, offsets: vec![(0, span.offset)], services: None }
}

fn refuse_argument(argument: &str, place: &str, span: SourceSpan, help: &str, findings: &mut Findings) {
    let message = format!("`@access` on a {place} has no argument `{argument}`");
    let refusal = Diagnostic::new(DiagnosticCode::UNKNOWN_ARGUMENT, span, message);
    findings.add(refusal.with_label("not here").with_help(help));
}

/// The guards of a field.
pub(super) fn field_access(directive: Option<AccessDirective>, ty: FieldType, findings: &mut Findings) -> FieldAccess {
    let Some(AccessDirective { read, write, create, update, delete, step_up, mask, mask_as, span }) = directive else {
        return FieldAccess::default();
    };
    for (name, rule) in [("create", create), ("update", update), ("delete", delete)] {
        if let Some(rule) = rule {
            refuse_argument(
                name,
                "field",
                rule.span,
                "`write:` guards whoever sets the field, in a new row or a stored one",
                findings,
            );
        }
    }
    if let Some(step_up) = step_up {
        refuse_argument("stepUp", "field", step_up.span, "ask for it on the collection", findings);
    }
    if ty.is_to_many() {
        let message = "a relation to many cannot be guarded: each of its rows has the rules of its own collection";
        let refusal = Diagnostic::new(DiagnosticCode::FIELD_ACCESS, span, message);
        findings.add(refusal.with_label("not on a list of rows").with_help("guard the collection or its fields instead"));
        return FieldAccess::default();
    }
    if read.is_none() && write.is_none() {
        let empty = Diagnostic::new(DiagnosticCode::FIELD_ACCESS, span, "`@access` on a field needs `read:` or `write:`");
        findings.add(empty.with_label("guards nothing").with_help("say who sees the value, who may set it, or leave it out"));
    }
    let mask = match (mask, mask_as) {
        (Some(_), Some(mask_as)) => {
            let refusal = Diagnostic::new(DiagnosticCode::WRONG_MASK, mask_as.span, "a field has one mask");
            findings.add(refusal.with_label("a second mask").with_help("keep `mask:` or `maskAs:`"));
            None
        }
        (mask, None) => mask,
        (None, Some(text)) => Some(Located { span: text.span, value: Mask::Computed(text) }),
    };
    let mask = mask.and_then(|mask| checked_mask(mask, read.is_some(), ty, findings));
    FieldAccess { read, write, mask }
}

fn checked_mask(mask: Located<Mask>, is_guarded: bool, ty: FieldType, findings: &mut Findings) -> Option<Mask> {
    let (fits, help) = match mask.value {
        Mask::Email => (
            matches!(ty.single_scalar(), Some(ScalarType::Email | ScalarType::String)),
            "`EMAIL` masks an `Email` or `String`; without a mask the value is null",
        ),
        Mask::Hash => (
            ty.single_scalar() == Some(ScalarType::String),
            "a hash is a `String` and neither a mail address nor a URL; without a mask the value is null",
        ),
        Mask::Last4 | Mask::Redact => (
            ty.single_scalar().is_some_and(ScalarType::is_text),
            "this mask is for text (`String`, `Email`, `URL`); without a mask the value is null",
        ),
        // What it gives is compared with the field's type where rules are checked.
        Mask::Computed(_) => (
            !ty.is_list && !ty.is_to_one() && ty.single_scalar() != Some(ScalarType::Json),
            "`maskAs` is for single values; without a mask the value is null",
        ),
    };
    if !fits {
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_MASK, mask.span, "the mask does not fit the field's type");
        findings.add(refusal.with_label("does not fit").with_help(help));
        return None;
    }
    if !is_guarded {
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_MASK, mask.span, "a mask without `read:` masks nothing");
        findings.add(refusal.with_label("for whom?").with_help("say with `read:` who sees the value; the others see the mask"));
    }
    Some(mask.value)
}
