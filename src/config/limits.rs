//! `[limits]`

use crate::config::duration;
use crate::config::entries::Entries;
use std::time::Duration;

/// What one request may ask for. Exceeding a limit is an answer, never a slow server.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitSettings {
    /// How deep selections nest. GraphiQL's introspection needs 13.
    pub max_depth: usize,
    /// How many root fields an operation has.
    pub max_root_fields: usize,
    /// How large a request body is.
    pub max_body_bytes: usize,
    /// How many operations one request may bundle in a JSON array; 1 means that batches are refused.
    pub max_batch: usize,
    /// How many fields are aliased.
    pub max_aliases: usize,
    /// How many directives stand in it.
    pub max_directives: usize,
    /// How many fields are selected.
    pub max_fields: usize,
    /// How many tokens the text of a document has, blanks included.
    pub max_tokens: usize,
    /// How many values arguments hold, lists and objects taken apart, with each variable counted wherever it is used.
    pub max_values: usize,
    /// What an operation may be estimated to cost.
    pub max_cost: usize,
    /// How long a query may run.
    pub timeout: Duration,
    /// How many rows a list has when `first` does not say.
    pub page_size: usize,
    /// The most that `first` may say.
    pub max_page_size: usize,
    /// The most rows that one operation could show, nested lists multiplied.
    pub max_rows: usize,
}

impl LimitSettings {
    pub(super) const KEYS: &'static [&'static str] = &[
        "limits.max_depth",
        "limits.max_root_fields",
        "limits.max_body_bytes",
        "limits.max_batch",
        "limits.max_aliases",
        "limits.max_directives",
        "limits.max_fields",
        "limits.max_tokens",
        "limits.max_values",
        "limits.max_cost",
        "limits.timeout",
        "limits.page_size",
        "limits.max_page_size",
        "limits.max_rows",
    ];

    pub(super) fn read(entries: &mut Entries) -> Self {
        let max_page_size = entries.read_count("limits.max_page_size").unwrap_or(500);
        let page_size = entries.read("limits.page_size", &format!("a whole number from 1 to {max_page_size}"), |text| {
            text.parse().ok().filter(|count| (1..=max_page_size).contains(count))
        });
        Self {
            max_depth: entries.read_count("limits.max_depth").unwrap_or(20),
            max_root_fields: entries.read_count("limits.max_root_fields").unwrap_or(50),
            max_body_bytes: entries.read_count("limits.max_body_bytes").unwrap_or(1024 * 1024),
            max_batch: entries.read_count("limits.max_batch").unwrap_or(1),
            max_aliases: entries.read_count("limits.max_aliases").unwrap_or(200),
            max_fields: entries.read_count("limits.max_fields").unwrap_or(2000),
            max_directives: entries.read_count("limits.max_directives").unwrap_or(200),
            max_tokens: entries.read_count("limits.max_tokens").unwrap_or(20_000),
            max_values: entries.read_count("limits.max_values").unwrap_or(100_000),
            max_cost: entries.read_count("limits.max_cost").unwrap_or(10_000_000),
            timeout: entries.read("limits.timeout", duration::EXPECTED, duration::parse).unwrap_or(Duration::from_secs(30)),
            page_size: page_size.unwrap_or(max_page_size.min(50)),
            max_page_size,
            max_rows: entries.read_count("limits.max_rows").unwrap_or(250_000),
        }
    }
}
