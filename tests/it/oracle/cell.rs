//! The value of one cell: how it sorts, and how it is written in JSON and SQL.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;
use uuid::Uuid;

/// The value of one cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Id(Uuid),
    Text(String),
    /// An enum's value: the values in their order, and which.
    Choice(&'static [&'static str], usize),
    Int(i64),
    /// A number that is a string on the wire.
    BigInt(i64),
    Float(f64),
    Boolean(bool),
    Instant(DateTime<Utc>),
    Date(NaiveDate),
    /// Hundredths: an exact number with two decimals, a string on the wire.
    Decimal(i64),
    Json(Json),
    List(Vec<Cell>),
}

impl Cell {
    /// How the two sort; cells of a column have one type.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        Some(match (self, other) {
            (Self::Id(left), Self::Id(right)) => left.cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Choice(_, left), Self::Choice(_, right)) => left.cmp(right),
            (Self::Int(left), Self::Int(right)) | (Self::BigInt(left), Self::BigInt(right)) => left.cmp(right),
            (Self::Decimal(left), Self::Decimal(right)) => left.cmp(right),
            (Self::Float(left), Self::Float(right)) => left.total_cmp(right),
            (Self::Boolean(left), Self::Boolean(right)) => left.cmp(right),
            (Self::Instant(left), Self::Instant(right)) => left.cmp(right),
            (Self::Date(left), Self::Date(right)) => left.cmp(right),
            _ => return None,
        })
    }

    /// The cell as the API's clients see it.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Id(id) => json!(id.to_string()),
            Self::Text(text) => json!(text),
            Self::Choice(values, index) => json!(values[*index]),
            Self::Int(number) => json!(number),
            Self::BigInt(number) => json!(number.to_string()),
            // PostgreSQL writes the same JSON number without a fraction that is zero.
            Self::Float(number) if number.fract() == 0.0 => json!(number.to_string().parse::<i64>().unwrap()),
            Self::Float(number) => json!(number),
            Self::Boolean(boolean) => json!(boolean),
            Self::Instant(instant) => {
                // As RFC 3339 allows, PostgreSQL leaves the zeros at the end of a fraction out.
                let text = instant.to_rfc3339_opts(SecondsFormat::Micros, false);
                let (seconds, fraction) = text.strip_suffix("+00:00").unwrap().split_once('.').unwrap();
                let fraction = fraction.trim_end_matches('0');
                let dot = if fraction.is_empty() { "" } else { "." };
                json!(format!("{seconds}{dot}{fraction}+00:00"))
            }
            Self::Date(date) => json!(date.to_string()),
            Self::Decimal(hundredths) => {
                let sign = if *hundredths < 0 { "-" } else { "" };
                json!(format!("{sign}{}.{:02}", hundredths.abs() / 100, hundredths.abs() % 100))
            }
            Self::Json(value) => value.clone(),
            Self::List(cells) => cells.iter().map(Self::to_json).collect(),
        }
    }

    /// The cell as an SQL literal without a type, which takes its column's.
    pub fn to_sql(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        match self {
            Self::Null => "null".to_owned(),
            Self::List(cells) if cells.is_empty() => "'{}'".to_owned(),
            Self::List(cells) => {
                let cells: Vec<String> = cells.iter().map(Self::to_sql).collect();
                format!("array[{}]", cells.join(", "))
            }
            Self::Json(value) => quoted(&value.to_string()),
            Self::Decimal(_) => self.to_json().as_str().unwrap().to_owned(),
            other => quoted(&other.to_json().as_str().map_or_else(|| other.to_json().to_string(), str::to_owned)),
        }
    }
}
