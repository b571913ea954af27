//! Custom scalars and the enums of the API's own.

use crate::base::ScalarType;
use crate::graphql::api::Types;
use async_graphql::dynamic::{Enum, EnumItem, Scalar};

/// Declares every scalar that GraphQL does not have itself, and `OrderDirection`.
pub(super) fn declare(types: &mut Types) {
    for scalar in ScalarType::ALL {
        let (description, specification) = match scalar {
            ScalarType::Id | ScalarType::String | ScalarType::Int | ScalarType::Float | ScalarType::Boolean => continue,
            ScalarType::DateTime => ("An instant, RFC 3339.", "https://www.rfc-editor.org/rfc/rfc3339"),
            ScalarType::Date => ("A calendar date, `2026-01-31`.", "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"),
            ScalarType::Decimal => {
                ("An exact number, as a string so that no client rounds it.", "https://www.w3.org/TR/xmlschema11-2/#decimal")
            }
            ScalarType::BigInt => {
                ("A 64-bit integer, as a string so that no client rounds it.", "https://www.w3.org/TR/xmlschema11-2/#long")
            }
            ScalarType::Json => ("Any JSON value.", "https://www.rfc-editor.org/rfc/rfc8259"),
            ScalarType::Url => ("An absolute URL.", "https://url.spec.whatwg.org/"),
            ScalarType::Email => ("A mail address, `local@domain`.", "https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1"),
        };
        types.scalars.push(Scalar::new(scalar.graphql_name()).description(description).specified_by_url(specification));
    }
    let directions = [
        ("ASC", "The smallest, earliest, or first of an enum; rows without a value last."),
        ("ASC_NULLS_FIRST", "The same, but rows without a value first."),
        ("ASC_NULLS_LAST", "As `ASC`."),
        ("DESC", "The greatest, latest, or last of an enum; rows without a value last, too."),
        ("DESC_NULLS_FIRST", "The same, but rows without a value first."),
        ("DESC_NULLS_LAST", "As `DESC`."),
    ];
    let direction = Enum::new("OrderDirection").description("Which end comes first, and where rows without a value stand.");
    let items = directions.map(|(name, description)| EnumItem::new(name).description(description));
    types.enums.push(direction.items(items));
}
