//! What a plan is kept under.

use crate::base::{Actor, ScalarType, Value};
use apollo_compiler::ast::Type;
use apollo_compiler::executable::Operation;
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Schema};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

/// Texts up to this length the planner binds or refuses by their form alone.
const MAX_ORDINARY_BYTES: usize = 256;

/// Longer values of variables are planned each time.
const MAX_BYTES: usize = 4 * 1024;

/// The document, operation and caller of a query or change, with the values that decide its plan.
#[derive(Clone)]
pub(crate) struct PlanKey {
    document: Arc<Valid<ExecutableDocument>>,
    operation: Option<Name>,
    actor: Actor,
    /// Where rules name it.
    ip_address: Option<IpAddr>,
    /// The variables as JSON, each text that may be a slot as its type's name alone.
    variables: String,
    hash: u64,
}

/// The same, as it is looked for: of what a request has already, nothing is copied.
pub(crate) struct SoughtKey<'r> {
    document: &'r Arc<Valid<ExecutableDocument>>,
    operation: Option<&'r Name>,
    actor: &'r Actor,
    ip_address: Option<IpAddr>,
    variables: String,
    hash: u64,
}

/// A text among the variables' values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TextValue<'v> {
    /// As what it is read.
    pub(crate) scalar: ScalarType,
    /// The text.
    pub(crate) text: &'v str,
}

impl TextValue<'_> {
    /// Whether it is a value of its scalar.
    pub(crate) fn is_well_formed(&self) -> bool {
        Value::parse(self.scalar, self.text).is_ok()
    }
}

/// What a key is made of.
pub(crate) struct KeyParts<'s, 'r> {
    pub(crate) schema: &'s Schema,
    pub(crate) document: &'r Arc<Valid<ExecutableDocument>>,
    pub(crate) operation: &'r Operation,
    pub(crate) actor: &'r Actor,
    pub(crate) ip_address: Option<IpAddr>,
    pub(crate) variables: &'r JsonMap,
}

impl<'r> KeyParts<'_, 'r> {
    /// The key, and the texts in the order of the key; `None` if the values are too long for one.
    pub(crate) fn into_key(self) -> Option<(SoughtKey<'r>, Vec<TextValue<'r>>)> {
        let Self { schema, document, operation, actor, ip_address, variables } = self;
        let mut writing = Writing { schema, out: String::new(), texts: Vec::new() };
        for definition in &operation.variables {
            match variables.get(definition.name.as_str()) {
                Some(value) => writing.write(&definition.ty, value),
                None => writing.out.push('-'),
            }
            writing.out.push(';');
        }
        let Writing { out, texts, .. } = writing;
        if out.len() > MAX_BYTES {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        let operation = operation.name.as_ref();
        (Arc::as_ptr(document).addr(), operation.map(Name::as_str), actor, ip_address, &out).hash(&mut hasher);
        Some((SoughtKey { document, operation, actor, ip_address, variables: out, hash: hasher.finish() }, texts))
    }
}

impl SoughtKey<'_> {
    /// The key, for whoever keeps it.
    pub(crate) fn to_kept(&self) -> PlanKey {
        let Self { document, operation, actor, ip_address, ref variables, hash } = *self;
        PlanKey {
            document: Arc::clone(document),
            operation: operation.cloned(),
            actor: actor.clone(),
            ip_address,
            variables: variables.clone(),
            hash,
        }
    }

    pub(super) fn is(&self, kept: &PlanKey) -> bool {
        Arc::ptr_eq(self.document, &kept.document)
            && self.operation == kept.operation.as_ref()
            && *self.actor == kept.actor
            && self.ip_address == kept.ip_address
            && self.variables == kept.variables
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }
}

impl PlanKey {
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn weight(&self) -> usize {
        self.variables.len()
    }
}

/// The type of a text that a plan may bind untouched; other values may decide what a plan looks like. So may blank and long
/// texts, which the planner refuses in places.
fn slot_type(type_name: &str, text: &str) -> Option<ScalarType> {
    let scalar = ScalarType::from_graphql_name(type_name)?;
    if text.len() > MAX_ORDINARY_BYTES || text.trim().is_empty() {
        return None;
    }
    let is_bound =
        matches!(scalar, ScalarType::Id | ScalarType::String | ScalarType::Url | ScalarType::Email | ScalarType::DateTime);
    is_bound.then_some(scalar)
}

/// What a value is, as far as keys and slots are concerned.
pub(super) enum Part<'s, 'v> {
    /// A list, with the type of its elements.
    List(&'s Type, &'v [JsonValue]),
    /// An input object.
    Object(&'s InputObjectType, &'v JsonMap),
    /// A text that may be a slot.
    Text(ScalarType, &'v str),
    /// Anything else: it may decide what a plan looks like.
    Whole,
}

/// What a value of a type is. Keys are written and stand-ins placed by this alone, so that they agree on what is a slot.
pub(super) fn part_of<'s, 'v>(schema: &'s Schema, ty: &'s Type, value: &'v JsonValue) -> Part<'s, 'v> {
    let name = match (ty, value) {
        (Type::List(inner) | Type::NonNullList(inner), JsonValue::Array(elements)) => return Part::List(inner, elements),
        (Type::List(_) | Type::NonNullList(_), _) => return Part::Whole,
        (Type::Named(name) | Type::NonNullNamed(name), _) => name,
    };
    match (schema.types.get(name), value) {
        (Some(ExtendedType::InputObject(input)), JsonValue::Object(object)) => Part::Object(input, object),
        (Some(ExtendedType::Scalar(_)), JsonValue::String(text)) => {
            slot_type(name, text.as_str()).map_or(Part::Whole, |scalar| Part::Text(scalar, text.as_str()))
        }
        _ => Part::Whole,
    }
}

/// Writes values with their types, in an order that is the same for equal values.
struct Writing<'s, 'v> {
    schema: &'s Schema,
    out: String,
    texts: Vec<TextValue<'v>>,
}

impl<'s, 'v> Writing<'s, 'v> {
    fn write(&mut self, ty: &'s Type, value: &'v JsonValue) {
        match part_of(self.schema, ty, value) {
            Part::List(inner, elements) => {
                self.out.push('[');
                for element in elements {
                    self.write(inner, element);
                    self.out.push(',');
                }
                self.out.push(']');
            }
            Part::Object(input, object) => {
                self.out.push('{');
                for (key, value) in object {
                    self.out.push_str(key.as_str());
                    self.out.push(':');
                    match input.fields.get(key.as_str()) {
                        Some(field) => self.write(&field.ty, value),
                        None => self.write_whole(value),
                    }
                    self.out.push(',');
                }
                self.out.push('}');
            }
            Part::Text(scalar, text) => {
                self.texts.push(TextValue { scalar, text });
                self.out.push_str(scalar.graphql_name());
            }
            Part::Whole => self.write_whole(value),
        }
    }

    /// JSON's quotes keep every text apart from the name of a type.
    fn write_whole(&mut self, value: &JsonValue) {
        let json = serde_json::to_string(value).unwrap_or_default();
        let _ = write!(self.out, "={json}");
    }
}
