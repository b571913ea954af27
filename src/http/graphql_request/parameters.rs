//! The parameters of a request, each checked by name: a client that sends the wrong type is told which.

use super::Unreadable;
use crate::graphql::{GraphqlRequest, Variables};
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::fmt::Display;

/// The parameters of a JSON object as they were sent. Null is as good as absent; whatever else is there is not looked at, as
/// the specification asks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent<'t> {
    #[serde(borrow)]
    query: Option<&'t RawValue>,
    #[serde(borrow)]
    document_id: Option<&'t RawValue>,
    #[serde(borrow)]
    operation_name: Option<&'t RawValue>,
    #[serde(borrow)]
    variables: Option<&'t RawValue>,
    #[serde(borrow)]
    extensions: Option<&'t RawValue>,
}

impl<'t> Sent<'t> {
    /// Reads an object; `name` says where it stands.
    pub(super) fn parse(text: &'t str, name: &str) -> Result<Self, Unreadable> {
        const FORM: &str = "a JSON object with `query`, and perhaps `variables`, `operationName` and `extensions`";
        match text.trim_start() {
            "" => Err(Unreadable::Malformed(format!("{name} is empty; send {FORM}"))),
            object if object.starts_with('{') => parse_json(text, name),
            other => {
                // What is no JSON at all is rather told where it ceases to be.
                let json: &RawValue = parse_json(other, name)?;
                Err(Unreadable::NoRequest(format!("{name} is {}; send {FORM}", kind(json))))
            }
        }
    }

    /// The request, if every parameter is of its type.
    pub(super) fn read(self) -> Result<GraphqlRequest, Unreadable> {
        let Self { query, document_id, operation_name, variables, extensions } = self;
        let query = read_text("query", query)?;
        let document_id = read_text("documentId", document_id)?;
        let operation_name = read_text("operationName", operation_name)?;
        let variables = read_map("variables", variables)?;
        let extensions = read_map("extensions", extensions)?;
        request(query, document_id, operation_name, variables, extensions)
    }
}

/// The parameters of a query string: texts, of which two hold JSON. An empty one is as good as absent.
#[derive(Default)]
pub(super) struct SentTexts {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl SentTexts {
    /// Picks the parameters out of a query string.
    pub(super) fn collect(pairs: Vec<(String, String)>) -> Result<Self, Unreadable> {
        let mut sent = Self::default();
        for (name, text) in pairs {
            let place = match name.as_str() {
                "query" => &mut sent.query,
                "documentId" => &mut sent.document_id,
                "operationName" => &mut sent.operation_name,
                "variables" => &mut sent.variables,
                "extensions" => &mut sent.extensions,
                _ => continue,
            };
            if place.replace(text).is_some() {
                return Err(Unreadable::NoRequest(format!("`{name}` stands twice in the query string; send it once")));
            }
        }
        Ok(sent)
    }

    /// The request, if every parameter is of its type.
    pub(super) fn read(self) -> Result<GraphqlRequest, Unreadable> {
        let Self { query, document_id, operation_name, variables, extensions } = self;
        let map = |name: &str, text: Option<String>| match text.filter(|text| !text.is_empty()) {
            Some(text) => read_map(name, parse_json::<Option<&RawValue>>(&text, format_args!("`{name}`"))?),
            None => Ok(Variables::default()),
        };
        let (variables, extensions) = (map("variables", variables)?, map("extensions", extensions)?);
        request(query, document_id, operation_name, variables, extensions)
    }
}

fn request(
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Variables,
    extensions: Variables,
) -> Result<GraphqlRequest, Unreadable> {
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (query, document_id) = (query.unwrap_or_default(), some(document_id));
    if query.is_empty() && document_id.is_none() && !extensions.contains_key("persistedQuery") {
        return Err(Unreadable::NoRequest("`query` is missing: the GraphQL document to run".to_owned()));
    }
    Ok(GraphqlRequest { query, document_id, operation_name: some(operation_name), variables, extensions })
}

fn read_text(name: &str, sent: Option<&RawValue>) -> Result<Option<String>, Unreadable> {
    let Some(json) = sent else { return Ok(None) };
    if !json.get().starts_with('"') {
        return Err(Unreadable::NoRequest(format!("`{name}` has to be a text; it is {}", kind(json))));
    }
    parse_json(json.get(), format_args!("`{name}`")).map(Some)
}

fn read_map(name: &str, sent: Option<&RawValue>) -> Result<Variables, Unreadable> {
    let Some(json) = sent else { return Ok(Variables::default()) };
    if !json.get().starts_with('{') {
        return Err(Unreadable::NoRequest(format!("`{name}` has to be a JSON object; it is {}", kind(json))));
    }
    parse_json(json.get(), format_args!("`{name}`"))
}

/// Parses JSON that `name` names. The parser's own words tell places and never values.
pub(super) fn parse_json<'t, T: Deserialize<'t>>(text: &'t str, name: impl Display) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|error| {
        let problem = error.to_string();
        Unreadable::Malformed(match error.classify() {
            _ if problem.starts_with("recursion limit exceeded") => {
                format!("{name} nests lists and objects more than 127 levels deep; send flatter values")
            }
            Category::Data => format!("{name} cannot be read: {problem}"),
            Category::Syntax | Category::Eof | Category::Io => format!("{name} is not JSON: {problem}"),
        })
    })
}

fn kind(json: &RawValue) -> &'static str {
    match json.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}
