//! A value that travels from a request, a rule or the platform into a bind parameter.

use crate::base::ScalarType;
use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use std::cmp::Ordering;
use uuid::Uuid;

/// A typed value. Null keeps its type, so that PostgreSQL never has to guess one.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The null of a type.
    Null(ScalarType),
    /// The null of a list of this type.
    NullList(ScalarType),
    /// `uuid`.
    Id(Uuid),
    /// `text`: `String`, `URL`, `Email` and enum values.
    Text(String),
    /// `integer`.
    Int(i32),
    /// `bigint`.
    BigInt(i64),
    /// `double precision`.
    Float(f64),
    /// `boolean`.
    Boolean(bool),
    /// `timestamp with time zone`.
    DateTime(DateTime<Utc>),
    /// `date`.
    Date(NaiveDate),
    /// `numeric`.
    Decimal(BigDecimal),
    /// `jsonb`.
    Json(serde_json::Value),
    /// A PostgreSQL array; the scalar is the element's type, also when the list is empty.
    List(ScalarType, Vec<Value>),
}

/// Why a text is no value of a scalar.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{text}` is not a valid {expected}")]
pub struct ValueError {
    /// What was given.
    pub text: String,
    /// What was expected, in words that a caller can act on.
    pub expected: &'static str,
}

impl Value {
    /// Whether this is a null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null(_) | Self::NullList(_))
    }

    /// The scalar by which the value is bound; for a list, the element's.
    pub fn scalar_type(&self) -> ScalarType {
        match self {
            Self::Null(scalar) | Self::NullList(scalar) | Self::List(scalar, _) => *scalar,
            Self::Id(_) => ScalarType::Id,
            Self::Text(_) => ScalarType::String,
            Self::Int(_) => ScalarType::Int,
            Self::BigInt(_) => ScalarType::BigInt,
            Self::Float(_) => ScalarType::Float,
            Self::Boolean(_) => ScalarType::Boolean,
            Self::DateTime(_) => ScalarType::DateTime,
            Self::Date(_) => ScalarType::Date,
            Self::Decimal(_) => ScalarType::Decimal,
            Self::Json(_) => ScalarType::Json,
        }
    }

    /// Which of two numbers or dates of one type is greater; `None` for other values.
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => Some(left.cmp(right)),
            (Self::BigInt(left), Self::BigInt(right)) => Some(left.cmp(right)),
            (Self::Float(left), Self::Float(right)) => left.partial_cmp(right),
            (Self::Decimal(left), Self::Decimal(right)) => Some(left.cmp(right)),
            (Self::Date(left), Self::Date(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }

    /// Reads a value of `scalar` from the text form that the API uses for it.
    ///
    /// # Errors
    /// [`ValueError`] when the text does not have the scalar's form.
    pub fn parse(scalar: ScalarType, text: &str) -> Result<Self, ValueError> {
        let refuse = |expected| ValueError { text: text.chars().take(80).collect(), expected };
        match scalar {
            ScalarType::Id => text.parse().map(Self::Id).map_err(|_| refuse("ID (a UUID)")),
            ScalarType::String => Self::checked_text(text).ok_or(refuse("String (a NUL character cannot be stored)")),
            ScalarType::Url => {
                let is_url = text.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
                let refused = || refuse("URL (`https://...`)");
                if is_url { Self::checked_text(text).ok_or_else(refused) } else { Err(refused()) }
            }
            ScalarType::Email => {
                let is_email = text.split_once('@').is_some_and(|(local, domain)| {
                    !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !text.contains(char::is_whitespace)
                });
                let refused = || refuse("Email (`local@domain`)");
                if is_email { Self::checked_text(text).ok_or_else(refused) } else { Err(refused()) }
            }
            ScalarType::Int => text.parse().map(Self::Int).map_err(|_| refuse("Int (32 bits)")),
            ScalarType::BigInt => text.parse().map(Self::BigInt).map_err(|_| refuse("BigInt (64 bits)")),
            ScalarType::Float => text.parse().map(Self::Float).map_err(|_| refuse("Float")),
            ScalarType::Boolean => text.parse().map(Self::Boolean).map_err(|_| refuse("Boolean")),
            ScalarType::DateTime => DateTime::parse_from_rfc3339(text)
                .map(|instant| Self::DateTime(instant.with_timezone(&Utc)))
                .map_err(|_| refuse("DateTime (RFC 3339, `2026-01-31T09:00:00Z`)")),
            ScalarType::Date => text.parse().map(Self::Date).map_err(|_| refuse("Date (`2026-01-31`)")),
            ScalarType::Decimal => parse_decimal(text).map(Self::Decimal).ok_or(refuse("Decimal (`12.50`, at most 200 digits)")),
            ScalarType::Json => serde_json::from_str(text).map(Self::Json).map_err(|_| refuse("JSON")),
        }
    }

    /// PostgreSQL's `text` holds every character but NUL.
    fn checked_text(text: &str) -> Option<Self> {
        (!text.contains('\0')).then(|| Self::Text(text.to_owned()))
    }

    /// The value as JSON, in the form in which the API shows it.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null(_) | Self::NullList(_) => serde_json::Value::Null,
            Self::Id(id) => id.to_string().into(),
            Self::Text(text) => text.as_str().into(),
            Self::Int(number) => (*number).into(),
            Self::BigInt(number) => number.to_string().into(),
            Self::Float(number) => (*number).into(),
            Self::Boolean(boolean) => (*boolean).into(),
            Self::DateTime(instant) => instant.to_rfc3339_opts(SecondsFormat::Micros, true).into(),
            Self::Date(date) => date.to_string().into(),
            Self::Decimal(number) => number.to_string().into(),
            Self::Json(json) => json.clone(),
            Self::List(_, values) => values.iter().map(Self::to_json).collect::<Vec<_>>().into(),
        }
    }
}

/// A short text such as `1e400000` is a number of 400,000 digits: more than PostgreSQL holds, and than anybody means.
fn parse_decimal(text: &str) -> Option<BigDecimal> {
    const MAX_DIGITS: i64 = 200;
    let number: BigDecimal = (text.len() <= 256).then(|| text.parse().ok())??;
    let (_, scale) = number.as_bigint_and_exponent();
    (-MAX_DIGITS..=MAX_DIGITS).contains(&scale).then_some(number)
}
