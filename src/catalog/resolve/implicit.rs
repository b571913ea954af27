//! The fields that every collection has without writing them.

use crate::base::{ColumnName, FieldName, ScalarType};
use crate::catalog::{Collection, CollectionId, Field, FieldAccess, FieldId, FieldKind, SourceSpan, ValueLimits, physical};

/// `id`, the first field.
pub(super) fn id_field(collection: CollectionId, span: SourceSpan) -> Field {
    implicit_field(FieldId { collection, index: 0 }, "id", (ScalarType::Id, "The row's key."), span)
}

/// The fields that end a collection, from this index on: rows that never change only know when they were made.
pub(super) fn last_fields(collection: CollectionId, first_index: u16, is_append_only: bool, span: SourceSpan) -> Vec<Field> {
    let all = [
        ("createdAt", ScalarType::DateTime, "When the row was made."),
        ("updatedAt", ScalarType::DateTime, "When the row was last changed."),
        ("version", ScalarType::Int, "How often the row was changed; `ifVersion` compares it."),
    ];
    let kept = if is_append_only { &all[..1] } else { &all[..] };
    let fields = kept.iter().zip(first_index..);
    fields
        .map(|((name, scalar, text), index)| implicit_field(FieldId { collection, index }, name, (*scalar, text), span))
        .collect()
}

/// The shares of a row of a shareable collection; `inverse` is their field that says which row it is.
pub(super) fn shares_field(id: FieldId, inverse: FieldId, span: SourceSpan) -> Field {
    let kind = FieldKind::ToMany { target: inverse.collection, inverse };
    let description = "With whom the row is shared, by whom and why: the shares that the caller may read, ended ones too.";
    Field { is_required: false, ..new_field(id, Collection::RECORD_SHARES, kind, (description, span)) }
}

fn implicit_field(id: FieldId, name: &str, (scalar, description): (ScalarType, &str), span: SourceSpan) -> Field {
    let kind = FieldKind::Scalar { scalar, is_list: false, column: ColumnName::new(physical::snake_case(name)) };
    new_field(id, name, kind, (description, span))
}

fn new_field(id: FieldId, name: &str, kind: FieldKind, (description, span): (&str, SourceSpan)) -> Field {
    Field {
        id,
        name: FieldName::new(name),
        description: Some(description.to_owned()),
        kind,
        is_required: true,
        is_unique: false,
        is_indexed: false,
        is_read_only: true,
        is_implicit: true,
        is_acyclic: false,
        default: None,
        sequence: None,
        max_length: None,
        limits: ValueLimits::default(),
        former_columns: Vec::new(),
        backfill: None,
        access: FieldAccess::default(),
        deprecation: None,
        span,
    }
}
