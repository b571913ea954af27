//! What GraphQL knows and a tool's schema does not, each with what to write instead.

use crate::catalog::findings::Findings;
use crate::catalog::{Diagnostic, DiagnosticCode, SourceSpan};
use apollo_compiler::ast::{Definition, NamedType, OperationType};
use apollo_compiler::{Name, Node};

/// Refuses a definition that is neither a type nor an enum nor an extension of one.
pub(super) fn refuse_definition(definition: &Definition, findings: &Findings) -> Diagnostic {
    let (what, help) = match definition {
        Definition::InterfaceTypeDefinition(_) | Definition::InterfaceTypeExtension(_) => {
            ("interfaces", "write the fields in each type that has them")
        }
        Definition::UnionTypeDefinition(_) | Definition::UnionTypeExtension(_) => {
            ("unions", "give the type one nullable relation for each kind of target, such as `ticket: Ticket` and `customer: Customer`")
        }
        Definition::InputObjectTypeDefinition(_) | Definition::InputObjectTypeExtension(_) => {
            ("input types", "leave it out: the inputs of every mutation are made from the collections' fields")
        }
        Definition::ScalarTypeDefinition(_) | Definition::ScalarTypeExtension(_) => ("own scalars", SCALAR_HELP),
        Definition::DirectiveDefinition(_) => {
            ("directive definitions", "leave it out: the directives that exist need no definition")
        }
        Definition::SchemaDefinition(_) => ("`schema` definitions", "the root types are made from the collections; write `extend schema @rule(...)`"),
        _ => ("operations and fragments", "keep queries in files of their own; this one only holds types and enums"),
    };
    let span = match definition.name() {
        Some(name) => findings.span_of_name(name),
        None => first_word(definition, findings),
    };
    let message = format!("{what} are no part of a tool's schema");
    Diagnostic::new(DiagnosticCode::UNSUPPORTED_DEFINITION, span, message).with_label("not supported").with_help(help)
}

const SCALAR_HELP: &str = "use one of `ID`, `String`, `Int`, `Float`, `Boolean`, `DateTime`, `Date`, `Decimal`, `BigInt`, `JSON`, \
                           `URL`, `Email`";

/// The keyword of a definition without a name.
fn first_word(definition: &Definition, findings: &Findings) -> SourceSpan {
    let whole = findings.span(definition.location());
    let text = &findings.sources()[usize::from(whole.source.0)].text[whole.offset..];
    let length = text.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(text.len());
    SourceSpan::new(whole.source, whole.offset..whole.offset + length)
}

/// Refuses a root type written by hand.
pub(super) fn refuse_root_type(name: &Name, span: SourceSpan) -> Diagnostic {
    let message = format!("`{name}` is made from the collections and cannot be written by hand");
    let help = "leave it out: every `@collection` gets its queries and mutations by itself";
    Diagnostic::new(DiagnosticCode::ROOT_TYPE, span, message).with_label("a root type").with_help(help)
}

/// Refuses the root types that `extend schema { ... }` names.
pub(super) fn refuse_root_operations(operations: &[Node<(OperationType, NamedType)>], findings: &mut Findings) {
    for operation in operations {
        let span = findings.span(operation.location());
        findings.add(refuse_root_type(&operation.0.default_type_name(), span));
    }
}

/// Refuses `implements`.
pub(super) fn refuse_interfaces(interfaces: &[Name], findings: &mut Findings) {
    let Some(first) = interfaces.first() else { return };
    let span = findings.span_of_name(first);
    let message = "interfaces are no part of a tool's schema";
    let refusal = Diagnostic::new(DiagnosticCode::UNSUPPORTED_DEFINITION, span, message).with_label("not supported");
    findings.add(refusal.with_help("leave `implements` out"));
}

/// Refuses the arguments of a field.
pub(super) fn refuse_field_arguments(name: &Name, span: SourceSpan) -> Diagnostic {
    let message = format!("`{name}` has arguments, but a field is stored or a relation");
    let help = "leave them out: lists get `where`, `orderBy`, `first` and the others by themselves";
    Diagnostic::new(DiagnosticCode::FIELD_ARGUMENTS, span, message).with_label("takes no arguments").with_help(help)
}
