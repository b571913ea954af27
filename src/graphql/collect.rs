//! An operation's fields as a [`Selection`]: fragments spread, `@skip` and `@include` applied, fields with the same response
//! key merged, arguments with their variables and defaults. The specification's CollectFields() and CoerceArgumentValues().

use crate::base::TypeName;
use crate::graphql::GraphqlError;
use crate::graphql::limits::too_many_values;
use crate::planner::{NodeId, SelectedField, Selection};
use apollo_compiler::ast::{DirectiveList, Value};
use apollo_compiler::executable::{Field, Selection as AstSelection, SelectionSet};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::{ExecutableDocument, Name};
use indexmap::IndexMap;
use serde_json::{Map, Number, Value as Json};
use std::cell::Cell;

/// Collects the fields of a selection set, however many values its arguments hold.
///
/// # Errors
/// None.
pub fn collect(document: &ExecutableDocument, set: &SelectionSet, variables: &JsonMap) -> Result<Selection, GraphqlError> {
    collect_within(document, set, variables, usize::MAX)
}

/// Collects the fields of a selection set.
///
/// # Errors
/// When the arguments hold too many values: a variable is small to send and counts wherever it is used.
pub(crate) fn collect_within(
    document: &ExecutableDocument,
    set: &SelectionSet,
    variables: &JsonMap,
    max_values: usize,
) -> Result<Selection, GraphqlError> {
    let collector = Collector { document, variables, max_values, values: Cell::new(0) };
    let selection = collector.selection(&[set], None);
    if collector.values.get() > max_values { Err(too_many_values(max_values)) } else { Ok(selection) }
}

/// The interface that every collection is.
const NODE: &str = "Node";

/// The type that a `nodeId` names; where it names none, only what every node has is selected.
fn type_of_node(arguments: &Map<String, Json>) -> TypeName {
    let node_id = arguments.get("nodeId").and_then(Json::as_str).and_then(NodeId::parse);
    node_id.map_or_else(|| TypeName::new(NODE), |node_id| node_id.type_name)
}

struct Collector<'a> {
    document: &'a ExecutableDocument,
    variables: &'a JsonMap,
    max_values: usize,
    /// Values so far. Beyond the limit nothing is copied any more; the operation is refused then.
    values: Cell<usize>,
}

/// The fields of one level by response key, each with every selection set below it.
type Groups<'a> = IndexMap<&'a str, (&'a Field, Vec<&'a SelectionSet>)>;

impl<'a> Collector<'a> {
    /// The fields of one level. `node` is the type of what stands there, where the schema only says that it is a `Node`.
    fn selection(&self, sets: &[&'a SelectionSet], node: Option<&str>) -> Selection {
        let mut groups = Groups::new();
        sets.iter().for_each(|set| self.group(set, node, &mut groups));
        let fields = groups.into_iter().map(|(key, (field, sets))| {
            let arguments = self.arguments(field);
            let node = (field.ty().inner_named_type() == NODE).then(|| type_of_node(&arguments));
            let selection = self.selection(&sets, node.as_ref().map(TypeName::as_str));
            SelectedField { key: key.to_owned(), name: field.name.as_str().to_owned(), arguments, selection }
        });
        Selection(fields.collect())
    }

    /// Every type of the API but `Node` is concrete, so a fragment's type condition always applies once the document is valid.
    fn group(&self, set: &'a SelectionSet, node: Option<&str>, groups: &mut Groups<'a>) {
        let applies = |condition: Option<&Name>| match (node, condition) {
            (Some(node), Some(condition)) => condition == NODE || condition == node,
            _ => true,
        };
        for selection in &set.selections {
            if self.is_left_out(selection.directives()) {
                continue;
            }
            match selection {
                AstSelection::Field(field) => {
                    let group = groups.entry(field.response_key().as_str()).or_insert_with(|| (field, Vec::new()));
                    group.1.push(&field.selection_set);
                }
                AstSelection::InlineFragment(inline) => {
                    if applies(inline.type_condition.as_ref()) {
                        self.group(&inline.selection_set, node, groups);
                    }
                }
                AstSelection::FragmentSpread(spread) => {
                    let fragment = spread.fragment_def(self.document);
                    if let Some(fragment) = fragment.filter(|fragment| applies(Some(fragment.type_condition()))) {
                        self.group(&fragment.selection_set, node, groups);
                    }
                }
            }
        }
    }

    fn is_left_out(&self, directives: &DirectiveList) -> bool {
        let condition = |name| {
            let directive = directives.get(name)?;
            let value = directive.specified_argument_by_name("if")?;
            self.value(value)?.as_bool()
        };
        condition("skip") == Some(true) || condition("include") == Some(false)
    }

    fn arguments(&self, field: &Field) -> Map<String, Json> {
        let mut arguments = Map::new();
        for definition in &field.definition.arguments {
            let given = field.specified_argument_by_name(&definition.name).and_then(|value| self.value(value));
            let value = given.or_else(|| definition.default_value.as_ref().and_then(|value| self.value(value)));
            if let Some(value) = value {
                arguments.insert(definition.name.as_str().to_owned(), value);
            }
        }
        arguments
    }

    /// A value with its variables; `None` for a variable that was not given, which is then absent wherever it stands.
    fn value(&self, value: &Value) -> Option<Json> {
        if !self.count_value() {
            return None;
        }
        Some(match value {
            Value::Null => Json::Null,
            Value::Boolean(boolean) => Json::Bool(*boolean),
            Value::String(text) => Json::String(text.clone()),
            Value::Enum(name) => Json::String(name.as_str().to_owned()),
            Value::Int(number) => number_json(number.as_str()),
            Value::Float(number) => number_json(number.as_str()),
            Value::Variable(name) => self.to_json(self.variables.get(name.as_str())?),
            Value::List(elements) => elements.iter().map(|element| self.value(element).unwrap_or(Json::Null)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), self.value(value)?)));
                Json::Object(fields.collect())
            }
        })
    }

    fn to_json(&self, value: &JsonValue) -> Json {
        if !self.count_value() {
            return Json::Null;
        }
        match value {
            JsonValue::Null => Json::Null,
            JsonValue::Bool(boolean) => Json::Bool(*boolean),
            JsonValue::Number(number) => Json::Number(number.clone()),
            JsonValue::String(text) => Json::String(text.as_str().to_owned()),
            JsonValue::Array(elements) => elements.iter().map(|element| self.to_json(element)).collect(),
            JsonValue::Object(fields) => {
                fields.iter().map(|(name, value)| (name.as_str().to_owned(), self.to_json(value))).collect()
            }
        }
    }

    /// Counts one value; false once there are too many.
    fn count_value(&self) -> bool {
        self.values.set(self.values.get() + 1);
        self.values.get() <= self.max_values
    }
}

/// A number literal; one that JSON cannot hold stays text, and is refused where it is used.
fn number_json(text: &str) -> Json {
    text.parse::<Number>().map_or_else(|_| Json::String(text.to_owned()), Json::Number)
}
