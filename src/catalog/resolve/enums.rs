//! Enums, the roles among them.

use crate::base::{EnumValueName, RoleName, TypeName};
use crate::catalog::directives::read_deprecation;
use crate::catalog::draft::EnumDraft;
use crate::catalog::findings::Findings;
use crate::catalog::resolve::{history, names};
use crate::catalog::{Diagnostic, DiagnosticCode, EnumType, EnumValue};

/// The longest role: PostgreSQL cuts identifiers at 63 bytes, and the longest that names the role is a policy of its readers.
const MAX_ROLE_BYTES: usize = 63 - "toolcrib_reader__read".len();

/// Resolves an enum.
pub(super) fn resolve_enum(draft: &EnumDraft, findings: &mut Findings) -> EnumType {
    names::check_type_name(&draft.name, draft.span, findings);
    if draft.is_platform && draft.name == "Role" {
        check_roles(draft, findings);
    }
    let values: Vec<EnumValue> = draft
        .values
        .iter()
        .map(|value| EnumValue {
            name: EnumValueName::new(&value.value),
            description: value.description.as_ref().map(|text| text.as_str().to_owned()),
            deprecation: read_deprecation(&value.directives, findings),
            former_names: history::former_values(draft, value, findings),
        })
        .collect();
    EnumType { name: TypeName::new(&draft.name), description: draft.description.clone(), values, span: draft.span }
}

fn check_roles(draft: &EnumDraft, findings: &mut Findings) {
    for value in &draft.values {
        let name = &value.value;
        let span = findings.span_of_name(name);
        if *RoleName::platform().as_str() == **name {
            let message = format!("`{name}` is the role of the platform's own work, which no user can have");
            let refusal = Diagnostic::new(DiagnosticCode::RESERVED_NAME, span, message).with_label("reserved");
            findings.add(refusal.with_help("give the role another name"));
        }
        let is_well_formed = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || other == '_')
            && name.len() <= MAX_ROLE_BYTES;
        if !is_well_formed {
            let message = format!("`{name}` is not written as a role");
            let refusal = Diagnostic::new(DiagnosticCode::INVALID_NAME, span, message).with_label("not a role's name");
            let help = format!("use small letters, digits and `_`, at most {MAX_ROLE_BYTES}: `team_lead`");
            findings.add(refusal.with_help(help));
        }
    }
}
