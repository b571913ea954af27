//! What `explain` and `test` share: which rules decide an operation, and how a clause is told.

use crate::catalog::{Catalog, Collection, FieldId, LineColumn};
use crate::cli::arguments::PolicyOperation;
use crate::policy::{Action, Clause, Examination, Operation, RuleSite, SeenValue, Truth, clauses};
use anyhow::bail;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use uuid::Uuid;

/// A row of an examination.
pub(super) type ExaminedRow = (Uuid, Vec<String>, Vec<Option<String>>);

/// Its SQL type.
pub(super) type ExaminedType = (SqlUuid, Array<Text>, Array<Nullable<Text>>);

/// The rules that have to hold together for an operation, in the order in which they are asked.
pub(super) fn sites(
    collection: &Collection,
    field: Option<FieldId>,
    operation: PolicyOperation,
) -> anyhow::Result<Vec<RuleSite>> {
    let action = match operation {
        PolicyOperation::Read => Action::Row(Operation::Read),
        PolicyOperation::Create => Action::Row(Operation::Create),
        PolicyOperation::Update => Action::Row(Operation::Update),
        PolicyOperation::Delete => Action::Row(Operation::Delete),
        PolicyOperation::Export => Action::Export,
    };
    if field.is_some() && operation == PolicyOperation::Delete {
        bail!("rows are deleted whole: name no field");
    }
    Ok(RuleSite::of(collection.id, action, field))
}

/// The rules with their parts; where there is none, a field's allows everything.
pub(super) fn examinations(catalog: &Catalog, sites: Vec<RuleSite>) -> Vec<Examination> {
    sites.into_iter().filter_map(|site| Some(Examination { site, root: clauses(catalog, site)? })).collect()
}

/// `schema.graphql:6:32`
pub(super) fn place(catalog: &Catalog, clause: &Clause) -> String {
    let file = &catalog.sources[usize::from(clause.span.source.0)];
    let LineColumn { line, column } = file.line_column(clause.span.offset);
    let name = file.path.file_name().unwrap_or(file.path.as_os_str());
    format!("{}:{line}:{column}", name.to_string_lossy())
}

/// `row.team = "a", user.team = "b"`
pub(super) fn seen(values: &[SeenValue]) -> String {
    let values = values.iter().map(|SeenValue { name, value }| format!("{name} = {}", value.as_deref().unwrap_or("null")));
    values.collect::<Vec<_>>().join(", ")
}

pub(super) fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}
