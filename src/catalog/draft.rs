//! The definitions of all files merged by name, before anything is known of what they mean.

use crate::catalog::SourceSpan;
use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, Document, EnumTypeDefinition, EnumValueDefinition, FieldDefinition, ObjectTypeDefinition,
    SchemaExtension,
};
use apollo_compiler::{Name, Node};

/// Every type, enum and directive on the schema, each in one piece: extensions are merged into what they extend.
#[derive(Default)]
pub(super) struct Draft {
    /// The directives on the schema, in order.
    pub schema_directives: Vec<Node<Directive>>,
    /// Object types: the platform's first, then the tool's in order.
    pub types: Vec<TypeDraft>,
    /// Enums, in the same order.
    pub enums: Vec<EnumDraft>,
}

/// An object type with its extensions.
pub(super) struct TypeDraft {
    pub name: Name,
    pub span: SourceSpan,
    pub is_platform: bool,
    pub description: Option<String>,
    pub directives: Vec<Node<Directive>>,
    pub fields: Vec<Node<FieldDefinition>>,
}

/// An enum with its extensions.
pub(super) struct EnumDraft {
    pub name: Name,
    pub span: SourceSpan,
    pub is_platform: bool,
    pub description: Option<String>,
    pub directives: Vec<Node<Directive>>,
    pub values: Vec<Node<EnumValueDefinition>>,
}

impl Draft {
    /// The draft as one GraphQL document, for the validation that GraphQL itself prescribes. Its nodes keep their places.
    pub(super) fn to_document(&self) -> Document {
        let schema = SchemaExtension { directives: DirectiveList(self.schema_directives.clone()), root_operations: Vec::new() };
        let mut definitions = vec![Definition::SchemaExtension(Node::new(schema))];
        definitions.extend(self.types.iter().map(|draft| {
            Definition::ObjectTypeDefinition(Node::new(ObjectTypeDefinition {
                description: None,
                name: draft.name.clone(),
                implements_interfaces: Vec::new(),
                directives: DirectiveList(draft.directives.clone()),
                fields: draft.fields.clone(),
            }))
        }));
        definitions.extend(self.enums.iter().map(|draft| {
            Definition::EnumTypeDefinition(Node::new(EnumTypeDefinition {
                description: None,
                name: draft.name.clone(),
                directives: DirectiveList(draft.directives.clone()),
                values: draft.values.clone(),
            }))
        }));
        Document { sources: Default::default(), definitions }
    }
}
