//! Argument values and variables.

use serde_json::{Map, Value as Json, json};
use std::fmt::{self, Display, Formatter};

/// A value as a document writes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Null,
    Boolean(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// An enum's value.
    Name(String),
    List(Vec<Literal>),
    Object(Vec<(String, Literal)>),
    Variable(String),
}

impl Literal {
    /// The literal of a JSON value whose keys are names.
    pub fn of_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(boolean) => Self::Boolean(*boolean),
            Json::Number(number) => number.as_i64().map_or_else(|| Self::Float(number.as_f64().unwrap()), Self::Int),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(elements) => Self::List(elements.iter().map(Self::of_json).collect()),
            Json::Object(fields) => {
                Self::Object(fields.iter().map(|(name, value)| (name.clone(), Self::of_json(value))).collect())
            }
        }
    }

    /// The value as the JSON of a variable; `None` if it names a variable itself.
    pub fn to_json(&self) -> Option<Json> {
        Some(match self {
            Self::Null => Json::Null,
            Self::Boolean(boolean) => json!(boolean),
            Self::Int(number) => json!(number),
            Self::Float(number) => json!(number),
            Self::Text(text) | Self::Name(text) => json!(text),
            Self::List(elements) => Json::Array(elements.iter().map(Self::to_json).collect::<Option<_>>()?),
            Self::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| Some((name.clone(), value.to_json()?)));
                Json::Object(fields.collect::<Option<Map<_, _>>>()?)
            }
            Self::Variable(_) => return None,
        })
    }
}

impl Display for Literal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let separated = |formatter: &mut Formatter<'_>, index: usize| if index > 0 { formatter.write_str(", ") } else { Ok(()) };
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Boolean(boolean) => write!(formatter, "{boolean}"),
            Self::Int(number) => write!(formatter, "{number}"),
            Self::Float(number) => write!(formatter, "{number:?}"),
            // The escapes of JSON are escapes of GraphQL.
            Self::Text(text) => write!(formatter, "{}", json!(text)),
            Self::Name(name) => formatter.write_str(name),
            Self::List(elements) => {
                formatter.write_str("[")?;
                for (index, element) in elements.iter().enumerate() {
                    separated(formatter, index)?;
                    write!(formatter, "{element}")?;
                }
                formatter.write_str("]")
            }
            Self::Object(fields) => {
                formatter.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    separated(formatter, index)?;
                    write!(formatter, "{name}: {value}")?;
                }
                formatter.write_str("}")
            }
            Self::Variable(name) => write!(formatter, "${name}"),
        }
    }
}

/// The variables of an operation.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    /// `$v0: Int! = 5`
    pub definitions: Vec<String>,
    /// What the request gives.
    pub given: Map<String, Json>,
    /// What stands in the definitions for those that the request does not give.
    pub defaults: Map<String, Json>,
}

impl Variables {
    /// Declares a variable; its name.
    pub fn declare(&mut self, ty: &str, default: Option<&Literal>, given: Option<Json>) -> Literal {
        let name = format!("v{}", self.definitions.len());
        match (given, default.and_then(Literal::to_json)) {
            (Some(given), _) => _ = self.given.insert(name.clone(), given),
            (None, Some(default)) => _ = self.defaults.insert(name.clone(), default),
            (None, None) => {}
        }
        let default = default.map(|default| format!(" = {default}")).unwrap_or_default();
        self.definitions.push(format!("${name}: {ty}{default}"));
        Literal::Variable(name)
    }
}
