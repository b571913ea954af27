//! Which of the two media types of GraphQL over HTTP answers a request.

use crate::http::graphql_request::is_utf8;
use axum::http::{HeaderMap, header};

/// A media type of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// The one of the GraphQL-over-HTTP specification, under which the status tells a faulty request from an executed one.
    GraphqlResponse,
    /// The older one, which every client reads; executed or not, a well-formed request is answered with 200.
    Json,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::Json => "application/json",
        }
    }
}

/// What a client is told that accepts neither.
pub(crate) const NOT_ACCEPTABLE: &str =
    "answers come as `application/graphql-response+json` or `application/json`, in UTF-8; `Accept` has to allow one of them";

/// The media type of the answer; `None` if the client accepts neither. Who says nothing, or anything goes, gets the older one.
pub(crate) fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    let values: Vec<&str> = headers.get_all(header::ACCEPT).iter().map(|value| value.to_str().unwrap_or("*/*")).collect();
    let accept = values.join(",");
    if accept.trim().is_empty() {
        return Some(MediaType::Json);
    }
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::read).collect();
    let graphql = quality(&ranges, MediaType::GraphqlResponse);
    let json = quality(&ranges, MediaType::Json);
    let is_graphql_named = ranges.iter().any(|range| range.name.eq_ignore_ascii_case(MediaType::GraphqlResponse.name()));
    match (graphql > 0, json > 0) {
        (false, false) => None,
        (true, _) if graphql > json || (graphql == json && is_graphql_named) => Some(MediaType::GraphqlResponse),
        _ => Some(MediaType::Json),
    }
}

/// A range of `Accept` with its weight in thousandths.
struct Range<'a> {
    name: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    /// `None` for what is no range, and for one of another charset than ours.
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        let mut weight = 1000;
        for (parameter, value) in parts.filter_map(|part| part.split_once('=')) {
            match parameter.trim().to_ascii_lowercase().as_str() {
                "q" => weight = (value.trim().parse::<f32>().unwrap_or(0.0).clamp(0.0, 1.0) * 1000.0) as u16,
                "charset" if !is_utf8(value.trim().trim_matches('"')) => return None,
                _ => {}
            }
        }
        Some(Self { name, weight })
    }
}

/// The weight that the most specific range gives to a type.
fn quality(ranges: &[Range<'_>], media_type: MediaType) -> u16 {
    let named = |name: &str| ranges.iter().find(|range| range.name.eq_ignore_ascii_case(name)).map(|range| range.weight);
    named(media_type.name()).or_else(|| named("application/*")).or_else(|| named("*/*")).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_both_answers() {
        let cases = [
            ("", Some(MediaType::Json)),
            ("*/*", Some(MediaType::Json)),
            ("application/*", Some(MediaType::Json)),
            ("text/html, */*;q=0.1", Some(MediaType::Json)),
            ("application/json", Some(MediaType::Json)),
            ("Application/JSON; charset=utf-8", Some(MediaType::Json)),
            ("application/graphql-response+json", Some(MediaType::GraphqlResponse)),
            ("application/graphql-response+json, application/json", Some(MediaType::GraphqlResponse)),
            ("application/graphql-response+json, application/json;q=0.9", Some(MediaType::GraphqlResponse)),
            ("application/json, application/graphql-response+json;q=0.9", Some(MediaType::Json)),
            ("application/graphql-response+json;q=0, */*", Some(MediaType::Json)),
            ("application/json;q=0, */*", Some(MediaType::GraphqlResponse)),
            ("application/json;q=0", None),
            ("application/json;q=nonsense", None),
            ("text/html", None),
            ("application/xml, text/*", None),
            ("application/json; charset=\"UTF-8\"", Some(MediaType::Json)),
            ("application/json; charset=utf8; q=0.5", Some(MediaType::Json)),
            ("application/graphql-response+json; charset=utf-16, application/json; q=0.1", Some(MediaType::Json)),
            ("application/json; charset=latin1", None),
        ];
        for (accept, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(negotiate(&headers), expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), Some(MediaType::Json));
    }
}
