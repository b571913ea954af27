//! Values that stand in for a request's own while a plan is made to be kept.
//!
//! They are random, so that nothing else in a plan can be taken for one, and made such that a plan that changes what it is
//! given (folds its case, trims it, makes a pattern of it) does not give the same back.

use crate::base::{RequestContext, ScalarType};
use crate::graphql::plan_cache::key::{Part, part_of};
use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::executable::Operation;
use apollo_compiler::response::{JsonMap, JsonValue};
use chrono::{DateTime, TimeDelta, Utc};
use std::net::{IpAddr, Ipv6Addr};
use uuid::Uuid;

/// Stand-ins for one planning.
pub(super) struct StandIns {
    /// The variables with a stand-in in the place of each text that may be a slot.
    pub(super) variables: JsonMap,
    /// Those, in the order of the key.
    pub(super) texts: Vec<String>,
    /// A request with a stand-in in the place of whatever it is known by.
    pub(super) request: RequestContext,
}

impl StandIns {
    /// New ones. `ip_address` stays what it is where rules name it.
    pub(super) fn new(schema: &Schema, operation: &Operation, variables: &JsonMap, ip_address: Option<IpAddr>) -> Self {
        let mut placing = Placing { schema, texts: Vec::new() };
        let mut placed = JsonMap::new();
        for definition in &operation.variables {
            if let Some(value) = variables.get(definition.name.as_str()) {
                placed.insert(definition.name.as_str(), placing.place(&definition.ty, value));
            }
        }
        let request = RequestContext {
            request_id: Uuid::new_v4(),
            ip_address: ip_address.or_else(|| Some(IpAddr::V6(Ipv6Addr::from(Uuid::new_v4().as_u128())))),
            user_agent: Some(text_of(ScalarType::String)),
            time: random_time(),
        };
        Self { variables: placed, texts: placing.texts, request }
    }
}

struct Placing<'s> {
    schema: &'s Schema,
    texts: Vec<String>,
}

impl Placing<'_> {
    /// The value with its texts replaced, in the order in which a key is written.
    fn place(&mut self, ty: &Type, value: &JsonValue) -> JsonValue {
        match part_of(self.schema, ty, value) {
            Part::List(inner, elements) => elements.iter().map(|element| self.place(inner, element)).collect(),
            Part::Object(input, object) => {
                let fields = object.iter().map(|(key, value)| {
                    let field = input.fields.get(key.as_str());
                    (key.clone(), field.map_or_else(|| value.clone(), |field| self.place(&field.ty, value)))
                });
                JsonValue::Object(fields.collect())
            }
            Part::Text(scalar, _) => {
                let text = text_of(scalar);
                self.texts.push(text.clone());
                JsonValue::from(text)
            }
            Part::Whole => value.clone(),
        }
    }
}

fn text_of(scalar: ScalarType) -> String {
    let random = Uuid::new_v4();
    match scalar {
        ScalarType::Id => random.to_string(),
        ScalarType::Email => format!("Aa.{random}@Bb.{random}"),
        ScalarType::Url => format!("Aa://Bb/{random}/%41/../ "),
        ScalarType::DateTime => random_time().to_rfc3339(),
        _ => format!(" Aa%_\\*'\"\u{e4}\u{df} {random} "),
    }
}

/// Some microsecond of this millennium.
fn random_time() -> DateTime<Utc> {
    let micros = i64::try_from(Uuid::new_v4().as_u128() % 30_000_000_000_000_000).unwrap_or_default();
    DateTime::UNIX_EPOCH + TimeDelta::microseconds(micros)
}
