//! `extend type` and `extend enum`.

use crate::catalog::draft::{Draft, TypeDraft};
use crate::catalog::findings::Findings;
use crate::catalog::merge::definition::{add_fields, add_values};
use crate::catalog::merge::refusal;
use crate::catalog::nearest::suggestion;
use crate::catalog::{Diagnostic, DiagnosticCode, SourceId, reserved};
use apollo_compiler::ast::{EnumTypeExtension, ObjectTypeExtension};

/// Adds fields and directives to a type. On a platform collection the tool's `@access` takes the place of the platform's.
pub(super) fn extend_type(draft: &mut Draft, extension: &ObjectTypeExtension, findings: &mut Findings) {
    let span = findings.span_of_name(&extension.name);
    if reserved::is_root_type(&extension.name) {
        findings.add(refusal::refuse_root_type(&extension.name, span));
        return;
    }
    let Some(index) = draft.types.iter().position(|known| known.name == extension.name) else {
        let names = draft.types.iter().map(|known| known.name.as_str());
        let message = format!("there is no type `{}` to extend", extension.name);
        let unknown = Diagnostic::new(DiagnosticCode::UNKNOWN_EXTENSION, span, message);
        findings.add(unknown.with_label("unknown type").with_help(suggestion(&extension.name, names)));
        return;
    };
    refusal::refuse_interfaces(&extension.implements_interfaces, findings);
    let extended = &mut draft.types[index];
    if extended.is_platform && extension.directives.has("access") {
        drop_platform_access(extended, findings);
    }
    extended.directives.extend(extension.directives.iter().cloned());
    add_fields(&mut extended.fields, &extension.name, &extension.fields, findings);
}

/// Removes the `@access` that the platform itself wrote; one that the tool already gave stays and counts as a duplicate.
fn drop_platform_access(extended: &mut TypeDraft, findings: &Findings) {
    extended.directives.retain(|directive| {
        directive.name != "access" || findings.span(directive.location()).source != SourceId::PLATFORM
    });
}

/// Adds values to an enum. Of the platform's enums only `Role` grows: the others are what the platform itself writes.
pub(super) fn extend_enum(draft: &mut Draft, extension: &EnumTypeExtension, findings: &mut Findings) {
    let span = findings.span_of_name(&extension.name);
    let Some(extended) = draft.enums.iter_mut().find(|known| known.name == extension.name) else {
        let names = draft.enums.iter().map(|known| known.name.as_str());
        let message = format!("there is no enum `{}` to extend", extension.name);
        let unknown = Diagnostic::new(DiagnosticCode::UNKNOWN_EXTENSION, span, message);
        findings.add(unknown.with_label("unknown enum").with_help(suggestion(&extension.name, names)));
        return;
    };
    if extended.is_platform && extended.name != "Role" {
        let message = format!("`{}` is the platform's own enum", extension.name);
        let refusal = Diagnostic::new(DiagnosticCode::PLATFORM_ENUM, span, message);
        findings.add(refusal.with_label("cannot be extended").with_help("only `Role` can be; define an enum of your own"));
        return;
    }
    extended.directives.extend(extension.directives.iter().cloned());
    add_values(&mut extended.values, &extension.name, &extension.values, findings);
}
