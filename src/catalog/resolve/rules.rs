//! The rules of the schema itself: the named ones, and what holds besides all others.

use crate::catalog::directives::{BaseDirective, RuleDirective, read_base, read_rules};
use crate::catalog::findings::Findings;
use crate::catalog::resolve::names;
use crate::catalog::{BaseRules, Diagnostic, DiagnosticCode, NamedRule, reserved};
use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

/// Resolves every `@rule`.
pub(super) fn resolve_rules(directives: &[Node<Directive>], findings: &mut Findings) -> Vec<NamedRule> {
    let mut rules: Vec<NamedRule> = Vec::new();
    for RuleDirective { name, rule } in read_rules(directives, findings) {
        if rules.iter().any(|known| known.name == name.value) {
            let message = format!("there is already a rule `{}`", name.value);
            let duplicate = Diagnostic::new(DiagnosticCode::DUPLICATE_RULE, name.span, message);
            findings.add(duplicate.with_label("a second time").with_help("give one of them another name"));
            continue;
        }
        if reserved::is_rule_word(&name.value) {
            let message = format!("`{}` already means something in every rule", name.value);
            let refusal = Diagnostic::new(DiagnosticCode::RESERVED_NAME, name.span, message);
            findings.add(refusal.with_label("reserved").with_help("give the rule another name"));
        } else if !names::is_field_name(&name.value) {
            let message = format!("`{}` is not written as the name of a rule", name.value);
            let refusal = Diagnostic::new(DiagnosticCode::INVALID_NAME, name.span, message);
            findings.add(refusal.with_label("not a rule's name").with_help("write a word such as `ownTeam`"));
        }
        rules.push(NamedRule { name: name.value, rule });
    }
    rules
}

/// Resolves `@base`.
pub(super) fn resolve_base(directives: &[Node<Directive>], findings: &mut Findings) -> BaseRules {
    let Some(BaseDirective { read, write, span }) = read_base(directives, findings) else { return BaseRules::default() };
    if read.is_none() && write.is_none() {
        let empty = Diagnostic::new(DiagnosticCode::EMPTY_BASE, span, "`@base` needs `read:` or `write:`");
        findings.add(empty.with_label("narrows nothing").with_help("say what has to hold of every caller, or leave it out"));
    }
    BaseRules { read, write }
}
