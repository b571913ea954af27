//! The types of values in rules, and which of them can be compared.

use crate::base::ScalarType;
use crate::catalog::{Catalog, CollectionId, EnumId, Field, FieldKind};

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// A single value.
    One(Kind),
    /// A list.
    ListOf(Kind),
}

/// The type of a single value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A scalar of the SDL.
    Scalar(ScalarType),
    /// An enum of the SDL.
    Enum(EnumId),
    /// `user.role`: a value of the enum `Role`, or `platform`.
    Role,
    /// `request.auth.method`.
    AuthMethod,
    /// The id of a row of a collection; a team's is never compared with a user's.
    Reference(CollectionId),
}

impl Type {
    /// The type of a field that has a column; `None` for the other end of a relation.
    pub(super) fn of_field(field: &Field) -> Option<Self> {
        let (kind, is_list) = match field.kind {
            // An `id` is the id of its own collection.
            FieldKind::Scalar { scalar: ScalarType::Id, is_list: false, .. } if field.name == "id" => {
                (Kind::Reference(field.id.collection), false)
            }
            FieldKind::Scalar { scalar, is_list, .. } => (Kind::Scalar(scalar), is_list),
            FieldKind::Enum { enum_id, is_list, .. } => (Kind::Enum(enum_id), is_list),
            FieldKind::ToOne { target, .. } => (Kind::Reference(target), false),
            FieldKind::ToMany { .. } => return None,
        };
        Some(if is_list { Self::ListOf(kind) } else { Self::One(kind) })
    }

    /// The single value's type, or the elements'.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::One(kind) | Self::ListOf(kind) => kind,
        }
    }

    /// Its name in messages, `Team` or `[String]`.
    pub(super) fn name(self, catalog: &Catalog) -> String {
        match self {
            Self::One(kind) => kind.name(catalog).to_owned(),
            Self::ListOf(kind) => format!("[{}]", kind.name(catalog)),
        }
    }
}

impl Kind {
    /// Its name in messages.
    pub(super) fn name(self, catalog: &Catalog) -> &str {
        match self {
            Self::Scalar(scalar) => scalar.graphql_name(),
            Self::Enum(enum_id) => catalog.enum_type(enum_id).name.as_str(),
            Self::Role => "Role",
            Self::AuthMethod => "sign-in method",
            Self::Reference(collection) => catalog.collection(collection).name.as_str(),
        }
    }

    /// The scalar as which it is stored and bound.
    pub(super) fn stored_scalar(self) -> ScalarType {
        match self {
            Self::Scalar(scalar) => scalar,
            Self::Enum(_) | Self::Role | Self::AuthMethod => ScalarType::String,
            Self::Reference(_) => ScalarType::Id,
        }
    }

    /// Whether `startsWith` and its kin can look at it.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Scalar(scalar) if scalar.is_text())
    }

    /// Whether `<` and `>` mean the same here and in the database. Texts have an order that depends on the database's
    /// collation, enums one that is not their text's, and ids none that anybody means.
    pub(super) fn is_ordered(self) -> bool {
        use ScalarType::{BigInt, Date, DateTime, Decimal, Float, Int};
        matches!(self, Self::Scalar(Int | BigInt | Decimal | Float | DateTime | Date))
    }

    /// Whether two values can be equal.
    pub(super) fn is_comparable(self, other: Self, catalog: &Catalog) -> bool {
        use ScalarType::{Float, Id, Int, Json};
        match (self, other) {
            (Self::Scalar(Json), _) | (_, Self::Scalar(Json)) => false,
            (left, right) if left == right => true,
            (Self::Scalar(Int), Self::Scalar(Float)) | (Self::Scalar(Float), Self::Scalar(Int)) => true,
            (Self::Scalar(left), Self::Scalar(right)) => {
                (left.is_text() && right.is_text()) || (is_exact(left) && is_exact(right))
            }
            (Self::Reference(_), Self::Scalar(Id)) | (Self::Scalar(Id), Self::Reference(_)) => true,
            (Self::Role, Self::Enum(enum_id)) | (Self::Enum(enum_id), Self::Role) => catalog.enum_type(enum_id).name == "Role",
            (Self::Role | Self::AuthMethod, text) | (text, Self::Role | Self::AuthMethod) => text.is_text(),
            _ => false,
        }
    }
}

fn is_exact(scalar: ScalarType) -> bool {
    matches!(scalar, ScalarType::Int | ScalarType::BigInt | ScalarType::Decimal)
}
