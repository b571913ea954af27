//! The fields that every collection has without writing them.

use crate::base::{ColumnName, FieldName, ScalarType};
use crate::catalog::{CollectionId, Field, FieldAccess, FieldId, FieldKind, SourceSpan, ValueLimits, physical};

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

fn implicit_field(id: FieldId, name: &str, (scalar, description): (ScalarType, &str), span: SourceSpan) -> Field {
    Field {
        id,
        name: FieldName::new(name),
        description: Some(description.to_owned()),
        kind: FieldKind::Scalar { scalar, is_list: false, column: ColumnName::new(physical::snake_case(name)) },
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
