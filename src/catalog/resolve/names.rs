//! How names are written, and which are taken.

use crate::catalog::findings::Findings;
use crate::catalog::{Diagnostic, DiagnosticCode, SourceSpan, reserved};

/// Refuses a type name that is not written like `TicketEvent`. The names of tables and of everything in the API are made from
/// it, and an underscore in it would let two types make the same ones.
pub(super) fn check_type_name(name: &str, span: SourceSpan, findings: &mut Findings) {
    let is_well_formed =
        name.starts_with(|first: char| first.is_ascii_uppercase()) && name.chars().all(|other| other.is_ascii_alphanumeric());
    if !is_well_formed && !name.starts_with("__") {
        let message = format!("`{name}` is not written as the name of a type");
        let refusal = Diagnostic::new(DiagnosticCode::INVALID_NAME, span, message).with_label("not a type's name");
        findings.add(refusal.with_help("begin with a capital letter and use letters and digits only: `TicketEvent`"));
    }
}

/// Refuses a field name that is taken or not written like `assignedTo`; says whether the field can be used.
pub(super) fn check_field_name(name: &str, span: SourceSpan, findings: &mut Findings) -> bool {
    if reserved::is_implicit_field(name) {
        let message = format!("every collection has `{name}` without writing it");
        let refusal = Diagnostic::new(DiagnosticCode::IMPLICIT_FIELD, span, message).with_label("already there");
        findings.add(refusal.with_help("leave it out, or give it another name"));
        return false;
    }
    if reserved::is_reserved_field(name) {
        let message = format!("`{name}` has a meaning of its own in filters and nodes");
        let refusal = Diagnostic::new(DiagnosticCode::RESERVED_NAME, span, message).with_label("reserved");
        findings.add(refusal.with_help("give the field another name; `@column(name:)` keeps the name of an existing column"));
        return false;
    }
    if !is_field_name(name) && !name.starts_with("__") {
        let message = format!("`{name}` is not written as the name of a field");
        let refusal = Diagnostic::new(DiagnosticCode::INVALID_NAME, span, message).with_label("not a field's name");
        findings.add(refusal.with_help("begin with a small letter: `assignedTo`"));
    }
    true
}

/// Whether a name is written like `assignedTo`.
pub(super) fn is_field_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|other| other.is_ascii_alphanumeric() || other == '_')
}

/// Whether a name can name a table or column without surprises.
pub(super) fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|other| other.is_ascii_alphanumeric() || other == '_')
}
