//! Whether the directives of a field fit its type and each other.

use crate::base::ScalarType;
use crate::catalog::directives::{FieldDirectives, LengthDirective, SequenceDirective};
use crate::catalog::findings::Findings;
use crate::catalog::resolve::limits;
use crate::catalog::resolve::scope::{BaseType, FieldType};
use crate::catalog::{CollectionId, Diagnostic, DiagnosticCode, OnDelete};

/// Refuses each directive that means nothing on a field of this type.
pub(super) fn check_fit(directives: &FieldDirectives, owner: CollectionId, ty: FieldType, findings: &mut Findings) {
    let is_json = ty.base == BaseType::Scalar(ScalarType::Json);
    let is_stored = !ty.is_to_many();
    let is_single_value = !ty.is_list && !is_json;
    let is_text = ty.single_scalar().is_some_and(ScalarType::is_text);
    let is_number_or_date = ty.single_scalar().is_some_and(limits::has_range);
    let is_string = ty.single_scalar() == Some(ScalarType::String);
    let is_to_itself = ty.is_to_one() && ty.base == BaseType::Collection(owner);
    let table = [
        ("unique", directives.uniques.first().map(|found| found.span), is_single_value, "a single value, no list and no JSON"),
        ("index", directives.index, is_single_value, "a single value, no list and no JSON"),
        ("readOnly", directives.read_only, is_stored, "a stored field"),
        ("default", directives.default.as_ref().map(|found| found.span), is_stored, "a stored field"),
        ("column", directives.column.as_ref().map(|found| found.span), is_stored, "a stored field"),
        ("was", directives.was.as_ref().map(|found| found.span), is_stored, "a stored field"),
        ("backfill", directives.backfill.as_ref().map(|found| found.span), is_stored, "a stored field"),
        ("sequence", directives.sequence.as_ref().map(|found| found.span), is_string, "a `String`"),
        ("length", directives.length.as_ref().map(|found| found.span), is_text, "a text (`String`, `Email`, `URL`)"),
        ("range", directives.range.as_ref().map(|found| found.span), is_number_or_date, "a number or a `Date`"),
        ("pattern", directives.pattern.as_ref().map(|found| found.span), is_text, "a text (`String`, `Email`, `URL`)"),
        ("inverse", directives.inverse.as_ref().map(|found| found.span), ty.is_to_many(), "a list of a collection"),
        ("acyclic", directives.acyclic, is_to_itself, "a field typed by its own collection"),
        ("onDelete", directives.on_delete.as_ref().map(|found| found.span), ty.is_to_one(), "a field typed by a collection"),
    ];
    for (name, span, fits, wanted) in table {
        let Some(span) = span.filter(|_| !fits) else { continue };
        let message = format!("`@{name}` does not fit the field's type");
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_FIELD_TYPE, span, message);
        findings.add(refusal.with_label("does not fit").with_help(format!("`@{name}` is for {wanted}")));
    }
}

/// The most characters, if the number makes sense.
pub(super) fn checked_length(directive: &LengthDirective, findings: &mut Findings) -> Option<u32> {
    let max = u32::try_from(directive.max.value).ok().filter(|max| *max > 0);
    if max.is_none() {
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_VALUE, directive.max.span, "no text is that short");
        findings.add(refusal.with_label("too small").with_help("write a number from 1"));
    }
    max
}

/// The format of a sequence, if it has one place for the number.
pub(super) fn checked_sequence(directive: &SequenceDirective, findings: &mut Findings) -> Option<String> {
    let format = &directive.format.value;
    if has_one_number(format) {
        return Some(format.clone());
    }
    let message = "the format needs exactly one place for the number";
    let refusal = Diagnostic::new(DiagnosticCode::SEQUENCE_FORMAT, directive.format.span, message);
    let help = "write `{}` for the number, or `{:06}` for at least six digits: `CASE-{:06}`";
    findings.add(refusal.with_label("not a format").with_help(help));
    None
}

/// Whether a text has one `{}` or `{:06}` and no other braces.
fn has_one_number(format: &str) -> bool {
    let Some((before, rest)) = format.split_once('{') else { return false };
    let Some((inside, after)) = rest.split_once('}') else { return false };
    let width = inside.strip_prefix(":0");
    let is_width =
        |width: &str| width.parse::<u8>().is_ok_and(|digits| (1..=18).contains(&digits)) && !width.starts_with(['+', '0']);
    (inside.is_empty() || width.is_some_and(is_width)) && !format!("{before}{after}").contains(['{', '}'])
}

/// What happens when the target goes, if it can be carried out.
pub(super) fn checked_on_delete(
    directives: &FieldDirectives,
    ty: FieldType,
    is_append_only: bool,
    findings: &mut Findings,
) -> OnDelete {
    let Some(action) = directives.on_delete.as_ref().map(|directive| &directive.action) else { return OnDelete::Restrict };
    let refused = if action.value == OnDelete::SetNull && ty.is_required {
        Some(("a required field cannot become null", "leave the `!` of the type out, or write `RESTRICT` or `CASCADE`"))
    } else if action.value != OnDelete::Restrict && is_append_only {
        Some(("the rows of an append-only collection are neither changed nor deleted", "write `RESTRICT`, or leave it out"))
    } else {
        None
    };
    if let Some((message, help)) = refused {
        let refusal = Diagnostic::new(DiagnosticCode::WRONG_ON_DELETE, action.span, message);
        findings.add(refusal.with_label("cannot be done").with_help(help));
    }
    action.value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_has_one_place_for_its_number() {
        for format in ["{}", "CASE-{:06}", "{:01}/a", "A{:012}B"] {
            assert!(has_one_number(format), "{format}");
        }
        for format in ["", "CASE", "{}{}", "{:6}", "{:0}", "{:00}", "{:0x}", "{:0+6}", "{{}}", "{", "}{", "{} }", "{:099}"] {
            assert!(!has_one_number(format), "{format}");
        }
    }
}
