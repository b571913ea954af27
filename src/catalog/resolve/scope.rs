//! What the names in the types of fields mean.

use crate::base::ScalarType;
use crate::catalog::draft::{Draft, TypeDraft};
use crate::catalog::findings::Findings;
use crate::catalog::nearest::nearest;
use crate::catalog::{CollectionId, Diagnostic, DiagnosticCode, EnumId};
use apollo_compiler::ast::{FieldDefinition, Type};

/// The draft with the type of every field.
pub(super) struct Scope<'a> {
    pub(super) draft: &'a Draft,
    /// By collection, then by field as it is written; `None` where the type was refused.
    types: Vec<Vec<Option<FieldType>>>,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FieldType {
    pub(super) base: BaseType,
    pub(super) is_list: bool,
    pub(super) is_required: bool,
}

/// What a name in a type means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum BaseType {
    Scalar(ScalarType),
    Enum(EnumId),
    Collection(CollectionId),
}

impl FieldType {
    /// Whether it is the other end of a relation, which has no storage of its own.
    pub(super) fn is_to_many(self) -> bool {
        self.is_list && matches!(self.base, BaseType::Collection(_))
    }

    /// Whether it is a foreign key.
    pub(super) fn is_to_one(self) -> bool {
        !self.is_list && matches!(self.base, BaseType::Collection(_))
    }

    /// Its scalar, if it is a single one.
    pub(super) fn single_scalar(self) -> Option<ScalarType> {
        match self.base {
            BaseType::Scalar(scalar) if !self.is_list => Some(scalar),
            _ => None,
        }
    }
}

impl<'a> Scope<'a> {
    /// Resolves the type of every field, and reports those that mean nothing.
    pub(super) fn new(draft: &'a Draft, findings: &mut Findings) -> Self {
        let mut scope = Self { draft, types: Vec::new() };
        for owner in &draft.types {
            let types = owner.fields.iter().map(|field| scope.resolve_type(field, findings));
            let types = types.collect();
            scope.types.push(types);
        }
        scope
    }

    /// The ids of all collections.
    pub(super) fn collection_ids(&self) -> impl Iterator<Item = CollectionId> {
        (0..self.draft.types.len()).map(|index| CollectionId(to_id(index)))
    }

    /// What is written of a collection.
    pub(super) fn type_draft(&self, id: CollectionId) -> &'a TypeDraft {
        &self.draft.types[usize::from(id.0)]
    }

    /// The written fields of a collection with their types.
    pub(super) fn fields(&self, id: CollectionId) -> impl Iterator<Item = (&'a FieldDefinition, Option<FieldType>)> {
        let fields = self.type_draft(id).fields.iter().map(|field| &**field);
        fields.zip(self.types[usize::from(id.0)].iter().copied())
    }

    fn find_base(&self, name: &str) -> Option<BaseType> {
        let collection = || self.draft.types.iter().position(|draft| draft.name == name);
        let enum_type = || self.draft.enums.iter().position(|draft| draft.name == name);
        let scalar = || ScalarType::from_graphql_name(name).map(BaseType::Scalar);
        scalar()
            .or_else(|| collection().map(|index| BaseType::Collection(CollectionId(to_id(index)))))
            .or_else(|| enum_type().map(|index| BaseType::Enum(EnumId(to_id(index)))))
    }

    fn resolve_type(&self, field: &FieldDefinition, findings: &mut Findings) -> Option<FieldType> {
        let name = field.ty.inner_named_type();
        let span = findings.span_of_name(name);
        let Some(base) = self.find_base(name) else {
            let unknown = Diagnostic::new(DiagnosticCode::UNKNOWN_TYPE, span, format!("there is no type `{name}`"));
            findings.add(unknown.with_label("unknown type").with_help(self.help_for_unknown(name)));
            return None;
        };
        let is_collection = matches!(base, BaseType::Collection(_));
        let (is_list, is_well_formed) = match &field.ty {
            Type::Named(_) | Type::NonNullNamed(_) => (false, true),
            Type::List(element) => (true, matches!(**element, Type::NonNullNamed(_)) && !is_collection),
            Type::NonNullList(element) => (true, matches!(**element, Type::NonNullNamed(_))),
        };
        if !is_well_formed {
            let (message, help) = if is_collection {
                ("a relation to many is never null, and neither are its rows", format!("write `[{name}!]!`"))
            } else {
                ("a list is stored as an array of values, none of them null or a list", format!("write `[{name}!]` or `[{name}!]!`"))
            };
            findings.add(Diagnostic::new(DiagnosticCode::LIST_TYPE, span, message).with_label("in this list").with_help(help));
            return None;
        }
        Some(FieldType { base, is_list, is_required: field.ty.is_non_null() })
    }

    fn help_for_unknown(&self, name: &str) -> String {
        let scalars = ScalarType::ALL.map(ScalarType::graphql_name);
        let types = self.draft.types.iter().map(|draft| draft.name.as_str());
        let enums = self.draft.enums.iter().map(|draft| draft.name.as_str());
        let known = types.chain(enums).chain(scalars);
        match scalar_of_other_languages(name).or_else(|| nearest(name, known)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("define it with `type {name} @collection @access(...) {{ ... }}` or `enum {name} {{ ... }}`"),
        }
    }
}

/// The scalar that a name known from SQL or from another language stands for.
fn scalar_of_other_languages(name: &str) -> Option<&'static str> {
    let scalar = match name.to_lowercase().as_str() {
        "text" | "varchar" | "str" => ScalarType::String,
        "integer" | "smallint" => ScalarType::Int,
        "long" | "int64" => ScalarType::BigInt,
        "double" | "real" => ScalarType::Float,
        "bool" => ScalarType::Boolean,
        "uuid" => ScalarType::Id,
        "timestamp" | "timestamptz" | "time" => ScalarType::DateTime,
        "numeric" | "money" | "number" => ScalarType::Decimal,
        "jsonb" | "object" | "map" => ScalarType::Json,
        "uri" | "link" => ScalarType::Url,
        _ => return None,
    };
    Some(scalar.graphql_name())
}

/// An index as an id.
pub(super) fn to_id(index: usize) -> u16 {
    u16::try_from(index).expect("the size of the schema bounds the number of its types and fields")
}
