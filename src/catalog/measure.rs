//! What can be computed of a field over many rows: the ground for aggregates, in the API and in plans alike.

use crate::base::ScalarType;
use crate::catalog::{Field, FieldKind};

impl Field {
    /// Whether rows can be grouped by the field: anything with one value that can be equal to another.
    pub fn is_groupable(&self) -> bool {
        match self.kind {
            FieldKind::Scalar { scalar, is_list, .. } => !is_list && scalar != ScalarType::Json,
            FieldKind::Enum { is_list, .. } => !is_list,
            FieldKind::ToOne { .. } => true,
            FieldKind::ToMany { .. } => false,
        }
    }

    /// Whether rows can be grouped by the span of time in which the field's instant or day lies.
    pub fn is_temporal(&self) -> bool {
        matches!(self.kind, FieldKind::Scalar { scalar: ScalarType::DateTime | ScalarType::Date, is_list: false, .. })
    }

    /// The scalar of the sum: wide enough that the sum of a whole table fits. `None` for what is no number.
    pub fn sum_scalar(&self) -> Option<ScalarType> {
        match self.number()? {
            ScalarType::Int => Some(ScalarType::BigInt),
            ScalarType::Float => Some(ScalarType::Float),
            _ => Some(ScalarType::Decimal),
        }
    }

    /// The scalar of the average. `None` for what is no number.
    pub fn average_scalar(&self) -> Option<ScalarType> {
        match self.number()? {
            ScalarType::Int | ScalarType::Float => Some(ScalarType::Float),
            _ => Some(ScalarType::Decimal),
        }
    }

    /// The scalar of the least and the greatest value. `None` for what has no order that people know: ids, enums, booleans.
    pub fn extreme_scalar(&self) -> Option<ScalarType> {
        match self.kind {
            FieldKind::Scalar { scalar, is_list: false, .. } if scalar.is_ordered() && scalar != ScalarType::Id => Some(scalar),
            _ => None,
        }
    }

    fn number(&self) -> Option<ScalarType> {
        match self.kind {
            FieldKind::Scalar { scalar, is_list: false, .. } => Some(scalar).filter(|scalar| {
                matches!(scalar, ScalarType::Int | ScalarType::BigInt | ScalarType::Float | ScalarType::Decimal)
            }),
            _ => None,
        }
    }
}
