//! From syntax trees to a [`Draft`]: extensions join what they extend, and what a tool's schema cannot hold is refused.

mod definition;
mod extension;
mod refusal;

use crate::catalog::draft::Draft;
use crate::catalog::findings::Findings;
use crate::catalog::{Diagnostic, DiagnosticCode};
use apollo_compiler::ast::{Definition, Document};

/// Merges the files, in their order. Definitions come before extensions, wherever they stand.
pub(super) fn merge(documents: &[Document], findings: &mut Findings) -> Draft {
    let mut draft = Draft::default();
    let definitions = || documents.iter().flat_map(|document| &document.definitions);
    for definition in definitions() {
        match definition {
            Definition::ObjectTypeDefinition(object) => definition::add_type(&mut draft, object, findings),
            Definition::EnumTypeDefinition(enum_type) => definition::add_enum(&mut draft, enum_type, findings),
            _ => {}
        }
    }
    for definition in definitions() {
        match definition {
            Definition::ObjectTypeDefinition(_) | Definition::EnumTypeDefinition(_) => {}
            Definition::ObjectTypeExtension(object) => extension::extend_type(&mut draft, object, findings),
            Definition::EnumTypeExtension(enum_type) => extension::extend_enum(&mut draft, enum_type, findings),
            Definition::SchemaExtension(schema) => {
                draft.schema_directives.extend(schema.directives.iter().cloned());
                refusal::refuse_root_operations(&schema.root_operations, findings);
            }
            other => findings.add(refusal::refuse_definition(other, findings)),
        }
    }
    refuse_empty(&draft, findings);
    draft
}

fn refuse_empty(draft: &Draft, findings: &mut Findings) {
    let types = draft.types.iter().filter(|draft| draft.fields.is_empty()).map(|draft| (&draft.name, draft.span, "field"));
    let enums = draft.enums.iter().filter(|draft| draft.values.is_empty()).map(|draft| (&draft.name, draft.span, "value"));
    for (name, span, member) in types.chain(enums) {
        let message = format!("`{name}` has no {member}s");
        let empty = Diagnostic::new(DiagnosticCode::EMPTY_TYPE, span, message);
        findings.add(empty.with_label("empty").with_help(format!("write at least one {member} between `{{` and `}}`")));
    }
}
