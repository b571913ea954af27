//! The named rules of the schema.

use crate::catalog::directives::{RuleDirective, read_rules};
use crate::catalog::findings::Findings;
use crate::catalog::resolve::names;
use crate::catalog::{Diagnostic, DiagnosticCode, NamedRule, reserved};
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
