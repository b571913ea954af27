//! The mistakes that a rule can have, and how they are told.

use crate::catalog::{Diagnostic, DiagnosticCode, RuleText};
use std::ops::Range;

/// The text is no CEL.
pub(super) const SYNTAX: DiagnosticCode = DiagnosticCode("rule-syntax");
/// CEL that is no part of the rule language.
pub(super) const UNSUPPORTED: DiagnosticCode = DiagnosticCode("rule-unsupported");
/// A name that is none of `user`, `request`, `row`, ... nor a named rule.
pub(super) const UNKNOWN_NAME: DiagnosticCode = DiagnosticCode("rule-unknown-name");
/// A field that its collection, `user` or `request` does not have.
pub(super) const UNKNOWN_FIELD: DiagnosticCode = DiagnosticCode("rule-unknown-field");
/// A function that does not exist.
pub(super) const UNKNOWN_FUNCTION: DiagnosticCode = DiagnosticCode("rule-unknown-function");
/// A function with the wrong arguments.
pub(super) const ARGUMENTS: DiagnosticCode = DiagnosticCode("rule-arguments");
/// A text that is no value of the enum that it is compared with.
pub(super) const UNKNOWN_VALUE: DiagnosticCode = DiagnosticCode("rule-unknown-value");
/// A literal that does not fit the type that it is compared with.
pub(super) const INVALID_LITERAL: DiagnosticCode = DiagnosticCode("rule-invalid-literal");
/// Two sides of types that cannot be compared.
pub(super) const TYPE_MISMATCH: DiagnosticCode = DiagnosticCode("rule-type-mismatch");
/// A value where a condition is needed.
pub(super) const NOT_A_CONDITION: DiagnosticCode = DiagnosticCode("rule-not-a-condition");
/// Something that has no value where one is needed.
pub(super) const NOT_A_VALUE: DiagnosticCode = DiagnosticCode("rule-not-a-value");
/// A path that goes on after a value, or through a list.
pub(super) const NOT_A_PATH: DiagnosticCode = DiagnosticCode("rule-not-a-path");
/// `row`, `old` or `new` where there is none.
pub(super) const NO_SUCH_IMAGE: DiagnosticCode = DiagnosticCode("rule-no-such-image");
/// `row` beside `old` or `new`.
pub(super) const MIXED_IMAGES: DiagnosticCode = DiagnosticCode("rule-mixed-images");
/// A path back into the collection that is being changed.
pub(super) const STALE_PATH: DiagnosticCode = DiagnosticCode("rule-stale-path");
/// Named rules that need each other.
pub(super) const CYCLE: DiagnosticCode = DiagnosticCode("rule-cycle");
/// A variable of `exists` whose name already means something.
pub(super) const NAME_TAKEN: DiagnosticCode = DiagnosticCode("rule-name-taken");

/// `shared(...)` of rows that are not shared, or `mayShare()` of a row that is no share.
pub(super) const NOT_SHAREABLE: DiagnosticCode = DiagnosticCode("rule-not-shareable");
/// A `@shareable` collection whose rules ask for no share.
pub(super) const NEVER_SHARED: DiagnosticCode = DiagnosticCode("rule-never-shared");

/// Every kind of mistake that a rule can have; each has a case under `tests/cases/policy/failing/`.
pub const DIAGNOSTIC_CODES: &[DiagnosticCode] = &[
    SYNTAX,
    UNSUPPORTED,
    UNKNOWN_NAME,
    UNKNOWN_FIELD,
    UNKNOWN_FUNCTION,
    ARGUMENTS,
    UNKNOWN_VALUE,
    INVALID_LITERAL,
    TYPE_MISMATCH,
    NOT_A_CONDITION,
    NOT_A_VALUE,
    NOT_A_PATH,
    NO_SUCH_IMAGE,
    MIXED_IMAGES,
    STALE_PATH,
    CYCLE,
    NAME_TAKEN,
    NOT_SHAREABLE,
    NEVER_SHARED,
];

/// A diagnostic without its place.
#[derive(Debug)]
pub(super) struct Mistake {
    code: DiagnosticCode,
    message: String,
    label: String,
    help: Option<String>,
}

impl Mistake {
    /// A mistake with its message and the words under the marked place.
    pub(super) fn new(code: DiagnosticCode, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { code, message: message.into(), label: label.into(), help: None }
    }

    /// Adds what to write instead.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Puts it at a range of bytes of the rule's text.
    pub(super) fn at(self, rule: &RuleText, range: Range<usize>) -> Diagnostic {
        let Self { code, message, label, help } = self;
        Diagnostic { code, message, label, span: rule.span_of(range.start, range.len()), help }
    }
}

/// Help for a name that is not there: the nearest one, or all of them.
pub(super) fn suggest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let distance = |name: &&str| strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase());
    let nearest = names.iter().copied().min_by_key(distance);
    match nearest {
        Some(name) if distance(&name) <= 1 + wanted.len() / 4 => format!("did you mean `{name}`?"),
        Some(_) => format!("there is {}", list(&names)),
        None => "there is none".to_owned(),
    }
}

/// Names in backticks with commas.
pub(super) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(suggest("taem", ["team", "status"]), "did you mean `team`?");
        assert_eq!(suggest("Status", ["team", "status"]), "did you mean `status`?");
        assert_eq!(suggest("customer", ["team", "status"]), "there is `team`, `status`");
        assert_eq!(suggest("customer", []), "there is none");
    }
}
