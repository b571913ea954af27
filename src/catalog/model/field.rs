//! A field: what it holds, where that is stored, and what its values have to keep to.

use crate::base::{ColumnName, FieldName, ScalarType, Value};
use crate::catalog::{CollectionId, EnumId, FieldAccess, FieldId, RuleText, SourceId, SourceSpan};

/// A field of a collection.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its own id.
    pub id: FieldId,
    /// Its GraphQL name.
    pub name: FieldName,
    /// Its description.
    pub description: Option<String>,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it is NOT NULL in storage and required as input; never for a relation to many, which has no storage.
    pub is_required: bool,
    /// `@unique`.
    pub is_unique: bool,
    /// `@index`.
    pub is_indexed: bool,
    /// `@readOnly`, and the fields the platform writes itself (`id`, `createdAt`, `updatedAt`, `version`, sequences).
    pub is_read_only: bool,
    /// Whether the compiler added it (`id`, `createdAt`, `updatedAt`, `version`).
    pub is_implicit: bool,
    /// Whether no row may stand below itself along this relation to the own collection.
    pub is_acyclic: bool,
    /// `@default`.
    pub default: Option<DefaultValue>,
    /// `@sequence(format:)`: text such as `CASE-{:06}`, filled from a PostgreSQL sequence.
    pub sequence: Option<String>,
    /// `@length(max:)`, in characters.
    pub max_length: Option<u32>,
    /// What else its values have to keep to.
    pub limits: ValueLimits,
    /// The columns that it may have in a database of before: those of `@was(name:)`, and the one that `@column` replaces.
    pub former_columns: Vec<ColumnName>,
    /// `@backfill`.
    pub backfill: Option<Backfill>,
    /// `@access` on the field.
    pub access: FieldAccess,
    /// `@deprecated(reason:)`.
    pub deprecation: Option<String>,
    /// Where it is defined.
    pub span: SourceSpan,
}

impl Field {
    /// The column that stores it; `None` for the other end of a relation.
    pub fn column(&self) -> Option<&ColumnName> {
        match &self.kind {
            FieldKind::Scalar { column, .. } | FieldKind::Enum { column, .. } | FieldKind::ToOne { column, .. } => Some(column),
            FieldKind::ToMany { .. } => None,
        }
    }

    /// The scalar as which its column is bound: enums as `String`, a to-one relation as `ID`.
    pub fn stored_scalar(&self) -> Option<ScalarType> {
        match &self.kind {
            FieldKind::Scalar { scalar, .. } => Some(*scalar),
            FieldKind::Enum { .. } => Some(ScalarType::String),
            FieldKind::ToOne { .. } => Some(ScalarType::Id),
            FieldKind::ToMany { .. } => None,
        }
    }

    /// Whether the platform's own migrations create its column; `false` also for what a tool adds to a platform collection.
    pub fn is_platform(&self) -> bool {
        self.span.source == SourceId::PLATFORM
    }

    /// Whether the column holds an array.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, FieldKind::Scalar { is_list: true, .. } | FieldKind::Enum { is_list: true, .. })
    }
}

/// What the values of a field have to keep to, beside `@length(max:)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueLimits {
    /// `@length(min:)`, in characters.
    pub min_length: Option<u32>,
    /// `@range(min:)`.
    pub min: Option<Value>,
    /// `@range(max:)`.
    pub max: Option<Value>,
    /// `@pattern(regex:)`: the whole text is like this.
    pub pattern: Option<String>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// A scalar or a list of them.
    Scalar {
        /// The (element's) type.
        scalar: ScalarType,
        /// Whether it is a list.
        is_list: bool,
        /// Its column.
        column: ColumnName,
    },
    /// An enum or a list of them, stored as text.
    Enum {
        /// The (element's) enum.
        enum_id: EnumId,
        /// Whether it is a list.
        is_list: bool,
        /// Its column.
        column: ColumnName,
    },
    /// A foreign key.
    ToOne {
        /// The collection it points to.
        target: CollectionId,
        /// The column with the target's id, `customer_id`.
        column: ColumnName,
        /// What happens to this row when the target is deleted.
        on_delete: OnDelete,
    },
    /// The other end of a foreign key.
    ToMany {
        /// The collection that holds the foreign key.
        target: CollectionId,
        /// Its to-one field that points here.
        ///
        /// The shares of a row are the one exception: `RecordShare.recordId` is the id of a row of any collection, and
        /// [`crate::catalog::Catalog::shares_of`] says which rows are meant.
        inverse: FieldId,
    },
}

/// `@onDelete`: what happens to a row whose to-one target is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnDelete {
    /// The target cannot be deleted while the row is there.
    Restrict,
    /// The row is deleted too, under its own delete rule and with its own audit event.
    Cascade,
    /// The reference becomes null, under the row's update rule and with its own audit event.
    SetNull,
}

/// `@default`.
#[derive(Clone, Debug)]
pub enum DefaultValue {
    /// `@default(value:)`: a literal that fits the field, in the text form that [`crate::base::Value::parse`] reads for its
    /// scalar (an enum: the value's name); for a list, a JSON array of such texts.
    Literal(String),
    /// `@default(expr:)`: a CEL value over `user`, `request` and `now()`.
    Expression(RuleText),
}

/// `@backfill`: what the rows that are there get when the field is added or becomes required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backfill {
    /// `value:`, a literal in the text form of [`DefaultValue::Literal`].
    Literal(String),
    /// `sql:`, an expression over the columns of the row. Only `migrate` writes it down, for people to review.
    Sql(String),
}
