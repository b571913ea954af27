//! Typed access to the arguments of a directive.

use crate::catalog::findings::Findings;
use crate::catalog::{MutationKind, RuleText, SourceSpan};
use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

/// A value with its place.
#[derive(Clone, Debug)]
pub(in crate::catalog) struct Located<T> {
    pub value: T,
    pub span: SourceSpan,
}

/// A directive about to be read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    directive: &'a Node<Directive>,
    findings: &'a Findings,
}

impl<'a> Reader<'a> {
    pub(super) fn new(directive: &'a Node<Directive>, findings: &'a Findings) -> Self {
        Self { directive, findings }
    }

    /// The place of `@name`.
    pub(super) fn span(&self) -> SourceSpan {
        let whole = self.findings.span(self.directive.location());
        let name = self.findings.span_of_name(&self.directive.name);
        SourceSpan::new(whole.source, whole.offset..(name.offset + name.length).max(whole.offset))
    }

    /// An argument as it is written.
    pub(super) fn value(&self, argument: &str) -> Option<Located<Node<Value>>> {
        let value = self.directive.specified_argument_by_name(argument)?;
        Some(Located { value: value.clone(), span: self.findings.span(value.location()) })
    }

    /// A string.
    pub(super) fn text(&self, argument: &str) -> Option<Located<String>> {
        let Located { value, span } = self.value(argument)?;
        Some(Located { value: value.as_str()?.to_owned(), span })
    }

    /// A list of strings; GraphQL takes a single value for a list of one.
    pub(super) fn texts(&self, argument: &str) -> Option<Vec<Located<String>>> {
        let Located { value, span } = self.value(argument)?;
        let Value::List(elements) = &*value else {
            return Some(vec![Located { value: value.as_str()?.to_owned(), span }]);
        };
        let text = |element: &Node<Value>| {
            let span = self.findings.span(element.location());
            Some(Located { value: element.as_str()?.to_owned(), span })
        };
        elements.iter().map(text).collect()
    }

    /// A string that holds a rule.
    pub(super) fn rule(&self, argument: &str) -> Option<RuleText> {
        self.findings.rule_text(&self.value(argument)?.value)
    }

    /// A whole number.
    pub(super) fn number(&self, argument: &str) -> Option<Located<i32>> {
        let Located { value, span } = self.value(argument)?;
        Some(Located { value: value.to_i32()?, span })
    }

    /// A switch that is off unless it is written as on.
    pub(super) fn is_on(&self, argument: &str) -> bool {
        self.value(argument).and_then(|located| located.value.to_bool()).unwrap_or(false)
    }

    /// An enum value, as one of ours.
    pub(super) fn choice<T>(&self, argument: &str, choose: impl Fn(&str) -> Option<T>) -> Option<Located<T>> {
        let Located { value, span } = self.value(argument)?;
        Some(Located { value: choose(value.as_enum()?)?, span })
    }

    /// A list of mutations, each once; GraphQL takes a single value for a list of one.
    pub(super) fn mutations(&self, argument: &str) -> Option<Vec<MutationKind>> {
        let Located { value, .. } = self.value(argument)?;
        let written: Vec<&Node<Value>> = match &*value {
            Value::List(values) => values.iter().collect(),
            _ => vec![&value],
        };
        let mut mutations = Vec::new();
        for mutation in written.into_iter().filter_map(|value| read_mutation(value.as_enum()?)) {
            if !mutations.contains(&mutation) {
                mutations.push(mutation);
            }
        }
        Some(mutations)
    }
}

fn read_mutation(name: &str) -> Option<MutationKind> {
    match name {
        "CREATE" => Some(MutationKind::Create),
        "UPDATE" => Some(MutationKind::Update),
        "DELETE" => Some(MutationKind::Delete),
        _ => None,
    }
}
