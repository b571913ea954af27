//! What a caller selected, without GraphQL's syntax: fragments are spread, `@skip` and `@include` applied, arguments coerced,
//! fields with the same response key merged.

use serde_json::{Map, Value as Json};

/// The fields of one level, in the order in which their keys appear in the response.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection(pub Vec<SelectedField>);

/// One field of a selection.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectedField {
    /// The response key: the alias, or the name.
    pub key: String,
    /// The field's name in the schema.
    pub name: String,
    /// Coerced arguments; an absent argument is absent, a given null is null.
    pub arguments: Map<String, Json>,
    /// The fields below.
    pub selection: Selection,
}

impl SelectedField {
    /// An argument that was given and is not null.
    pub fn argument(&self, name: &str) -> Option<&Json> {
        self.arguments.get(name).filter(|value| !value.is_null())
    }

    /// A text argument.
    pub fn text_argument(&self, name: &str) -> Option<&str> {
        self.argument(name).and_then(Json::as_str)
    }
}
