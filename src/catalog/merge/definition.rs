//! `type` and `enum`.

use crate::catalog::draft::{Draft, EnumDraft, TypeDraft};
use crate::catalog::findings::Findings;
use crate::catalog::merge::refusal;
use crate::catalog::{Diagnostic, DiagnosticCode, SourceId, reserved};
use apollo_compiler::ast::{EnumTypeDefinition, EnumValueDefinition, FieldDefinition, ObjectTypeDefinition};
use apollo_compiler::{Name, Node};

/// Adds a type that is not there yet.
pub(super) fn add_type(draft: &mut Draft, object: &ObjectTypeDefinition, findings: &mut Findings) {
    let span = findings.span_of_name(&object.name);
    if reserved::is_root_type(&object.name) {
        findings.add(refusal::refuse_root_type(&object.name, span));
        return;
    }
    if let Some(refusal) = refuse_duplicate_type(draft, &object.name, findings) {
        findings.add(refusal);
        return;
    }
    refusal::refuse_interfaces(&object.implements_interfaces, findings);
    let mut fields = Vec::new();
    add_fields(&mut fields, &object.name, &object.fields, findings);
    draft.types.push(TypeDraft {
        name: object.name.clone(),
        span,
        is_platform: span.source == SourceId::PLATFORM,
        description: object.description.as_ref().map(|text| text.as_str().to_owned()),
        directives: object.directives.iter().cloned().collect(),
        fields,
    });
}

/// Adds an enum that is not there yet.
pub(super) fn add_enum(draft: &mut Draft, enum_type: &EnumTypeDefinition, findings: &mut Findings) {
    let span = findings.span_of_name(&enum_type.name);
    if let Some(refusal) = refuse_duplicate_type(draft, &enum_type.name, findings) {
        findings.add(refusal);
        return;
    }
    let mut values = Vec::new();
    add_values(&mut values, &enum_type.name, &enum_type.values, findings);
    draft.enums.push(EnumDraft {
        name: enum_type.name.clone(),
        span,
        is_platform: span.source == SourceId::PLATFORM,
        description: enum_type.description.as_ref().map(|text| text.as_str().to_owned()),
        directives: enum_type.directives.iter().cloned().collect(),
        values,
    });
}

fn refuse_duplicate_type(draft: &Draft, name: &Name, findings: &Findings) -> Option<Diagnostic> {
    let types = draft.types.iter().map(|known| (&known.name, known.is_platform, "type"));
    let enums = draft.enums.iter().map(|known| (&known.name, known.is_platform, "enum"));
    let (_, is_platform, kind) = types.chain(enums).find(|(known, ..)| *known == name)?;
    let message = format!("`{name}` is already defined");
    let refusal = Diagnostic::new(DiagnosticCode::DUPLICATE_TYPE, findings.span_of_name(name), message);
    Some(if is_platform {
        let help = format!("the platform has a {kind} `{name}`; add to it with `extend {kind} {name}`, or choose another name");
        refusal.with_label("the platform's own").with_help(help)
    } else {
        refusal.with_label("a second time").with_help(format!("merge the two, or write `extend {kind} {name}`"))
    })
}

/// Adds fields, without the arguments that they cannot have.
pub(super) fn add_fields(
    known: &mut Vec<Node<FieldDefinition>>,
    type_name: &Name,
    added: &[Node<FieldDefinition>],
    findings: &mut Findings,
) {
    for field in added {
        let span = findings.span_of_name(&field.name);
        if known.iter().any(|other| other.name == field.name) {
            let message = format!("`{type_name}` already has a field `{}`", field.name);
            let duplicate = Diagnostic::new(DiagnosticCode::DUPLICATE_FIELD, span, message);
            findings.add(duplicate.with_label("a second time").with_help("give one of them another name"));
            continue;
        }
        let mut field = field.clone();
        if !field.arguments.is_empty() {
            findings.add(refusal::refuse_field_arguments(&field.name, span));
            field.make_mut().arguments.clear();
        }
        known.push(field);
    }
}

/// Adds the values of an enum.
pub(super) fn add_values(
    known: &mut Vec<Node<EnumValueDefinition>>,
    enum_name: &Name,
    added: &[Node<EnumValueDefinition>],
    findings: &mut Findings,
) {
    for value in added {
        if known.iter().any(|other| other.value == value.value) {
            let message = format!("`{enum_name}` already has a value `{}`", value.value);
            let span = findings.span_of_name(&value.value);
            let duplicate = Diagnostic::new(DiagnosticCode::DUPLICATE_ENUM_VALUE, span, message);
            findings.add(duplicate.with_label("a second time").with_help("leave one of them out"));
            continue;
        }
        known.push(value.clone());
    }
}
