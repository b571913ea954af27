//! Whether the names of the database are short enough and each is there once.

use crate::base::ColumnName;
use crate::catalog::findings::Findings;
use crate::catalog::physical::{ConstraintKind, MAX_IDENTIFIER_BYTES, constraint_name};
use crate::catalog::{Collection, Diagnostic, DiagnosticCode, Field, FieldKind, SourceSpan, reserved};
use std::collections::HashMap;

/// Checks the names of all collections.
pub(in crate::catalog) fn check(collections: &[Collection], findings: &mut Findings) {
    let mut relations = Taken::default();
    for collection in collections {
        check_columns(collection, findings);
        check_checks(collection, findings);
        let table = collection.table.name.to_string();
        let schema = &collection.table.schema;
        check_length(&table, collection.span, "@collection(table:)", findings);
        // Tables, indexes and sequences share their names within a schema.
        let owner = format!("the table of `{}`", collection.name);
        relations.take(format!("{schema}.{table}"), &owner, collection.span, findings);
        relations.take(format!("{schema}.{table}_pkey"), &format!("the key of `{}`", collection.name), collection.span, findings);
        for (field, column) in columns(collection) {
            for kind in relation_kinds(field) {
                let name = format!("{schema}.{}", constraint_name(&collection.table, column, kind));
                relations.take(name, &format!("an index of `{}.{}`", collection.name, field.name), field.span, findings);
            }
        }
    }
}

fn columns(collection: &Collection) -> impl Iterator<Item = (&Field, &ColumnName)> {
    collection.fields.iter().filter_map(|field| Some((field, field.column()?)))
}

/// The names that a field has beside tables. Any column may become one of a rule and get an index, so that name is always taken.
fn relation_kinds(field: &Field) -> impl Iterator<Item = ConstraintKind> {
    let sequence = field.sequence.is_some().then_some(ConstraintKind::Sequence);
    let unique = field.is_unique.then_some(ConstraintKind::Unique);
    [Some(ConstraintKind::Index), unique, sequence].into_iter().flatten()
}

fn check_columns(collection: &Collection, findings: &mut Findings) {
    let mut taken = Taken::default();
    for (field, column) in columns(collection) {
        if reserved::SYSTEM_COLUMNS.contains(&column.as_str()) {
            let message = format!("every table of PostgreSQL has a column `{column}` already");
            let refusal = Diagnostic::new(DiagnosticCode::RESERVED_NAME, field.span, message).with_label("reserved");
            findings.add(refusal.with_help("give the field another name, or its column with `@column(name:)`"));
        }
        taken.take(column.to_string(), &format!("the column of `{}.{}`", collection.name, field.name), field.span, findings);
        check_length(column.as_str(), field.span, "@column(name:)", findings);
        if column.as_str().len() <= MAX_IDENTIFIER_BYTES {
            let names = ConstraintKind::ALL.into_iter().filter(|kind| has_constraint(field, *kind));
            let names = names.map(|kind| constraint_name(&collection.table, column, kind));
            let longest = names.max_by_key(String::len).unwrap_or_default();
            check_length(&longest, field.span, "@column(name:)` or `@collection(table:)", findings);
        }
    }
}

/// Checks are named within their table.
fn check_checks(collection: &Collection, findings: &mut Findings) {
    let mut taken = Taken::default();
    for (field, column) in columns(collection) {
        for kind in [ConstraintKind::EnumCheck, ConstraintKind::LengthCheck] {
            if has_constraint(field, kind) {
                let name = constraint_name(&collection.table, column, kind);
                taken.take(name, &format!("a check of `{}.{}`", collection.name, field.name), field.span, findings);
            }
        }
    }
}

fn has_constraint(field: &Field, kind: ConstraintKind) -> bool {
    match kind {
        ConstraintKind::Unique => field.is_unique,
        ConstraintKind::ForeignKey => matches!(field.kind, FieldKind::ToOne { .. }),
        ConstraintKind::EnumCheck => matches!(field.kind, FieldKind::Enum { .. }),
        ConstraintKind::LengthCheck => field.max_length.is_some(),
        ConstraintKind::Index => !field.is_implicit,
        ConstraintKind::Sequence => field.sequence.is_some(),
    }
}

fn check_length(name: &str, span: SourceSpan, directive: &str, findings: &mut Findings) {
    if name.len() <= MAX_IDENTIFIER_BYTES {
        return;
    }
    let message = format!("`{name}` has {} bytes, PostgreSQL keeps {MAX_IDENTIFIER_BYTES}", name.len());
    let refusal = Diagnostic::new(DiagnosticCode::IDENTIFIER_TOO_LONG, span, message).with_label("too long in the database");
    findings.add(refusal.with_help(format!("choose a shorter name, or give one with `{directive}`")));
}

/// Names already taken, with what has them.
#[derive(Default)]
struct Taken(HashMap<String, String>);

impl Taken {
    /// Takes a name, or refuses it to the second who wants it.
    fn take(&mut self, name: String, owner: &str, span: SourceSpan, findings: &mut Findings) {
        let Some(first) = self.0.get(&name) else {
            self.0.insert(name, owner.to_owned());
            return;
        };
        let message = format!("{owner} would be called `{name}`, as is {first}");
        let refusal = Diagnostic::new(DiagnosticCode::STORAGE_COLLISION, span, message).with_label("the same name in the database");
        findings.add(refusal.with_help("rename one of the two, or use `@column(name:)` or `@collection(table:)`"));
    }
}
