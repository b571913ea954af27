//! Whether the names of the database are short enough and each is there once.

use crate::base::ColumnName;
use crate::catalog::findings::Findings;
use crate::catalog::physical::{ConstraintKind, MAX_IDENTIFIER_BYTES, compound_unique_name, constraint_name};
use crate::catalog::{Collection, Diagnostic, DiagnosticCode, Field, FieldKind, SourceSpan, reserved};
use std::collections::HashMap;

/// Checks the names of all collections.
pub(in crate::catalog) fn check(collections: &[Collection], findings: &mut Findings) {
    let mut relations = Taken::default();
    for collection in collections {
        let is_table_short = check_length(&collection.table.name, collection.span, "@collection(table:)", findings);
        // What follows from a table's name is not worth saying again for each of its columns.
        if !check_table(collection, &mut relations, findings) {
            continue;
        }
        let mut taken = Taken::default();
        for (field, column) in columns(collection) {
            let owner = format!("the column of `{}.{}`", collection.name, field.name);
            let is_free = taken.take(column.to_string(), &owner, field.span, findings);
            let is_short = check_column(field, column, findings);
            if is_free && is_short && is_table_short {
                check_longest_constraint(collection, (field, column), findings);
                check_indexes(collection, (field, column), &mut relations, findings);
            }
        }
        check_checks(collection, findings);
        check_uniques(collection, &mut relations, findings);
        check_search(collection, &mut relations, findings);
    }
}

/// The indexes of `@search`.
fn check_search(collection: &Collection, relations: &mut Taken, findings: &mut Findings) {
    let Some(search) = &collection.search else { return };
    for group in search.groups(collection) {
        if check_length(&group.index, search.span, "@column(name:)` or `@collection(table:)", findings) {
            let owner = format!("`@search` of `{}`", collection.name);
            relations.take(format!("{}.{}", collection.table.schema, group.index), &owner, search.span, findings);
        }
    }
}

/// The indexes of fields that are unique together.
fn check_uniques(collection: &Collection, relations: &mut Taken, findings: &mut Findings) {
    for unique in &collection.uniques {
        let name = compound_unique_name(&collection.table, unique.columns(collection));
        if check_length(&name, unique.span, "@column(name:)` or `@collection(table:)", findings) {
            let owner = format!("`@unique(fields:)` of `{}`", collection.name);
            relations.take(format!("{}.{name}", collection.table.schema), &owner, unique.span, findings);
        }
    }
}

/// Takes the names of the table and its key; says whether both were free.
fn check_table(collection: &Collection, relations: &mut Taken, findings: &mut Findings) -> bool {
    let table = collection.table.to_string();
    let owner = format!("the table of `{}`", collection.name);
    let key = format!("the key of `{}`", collection.name);
    relations.take(table.clone(), &owner, collection.span, findings)
        && relations.take(format!("{table}_pkey"), &key, collection.span, findings)
}

/// Tables, indexes and sequences share their names within a database schema. Any column may become one of a rule and get an
/// index, so that name is always taken.
fn check_indexes(
    collection: &Collection,
    (field, column): (&Field, &ColumnName),
    relations: &mut Taken,
    findings: &mut Findings,
) {
    let owner = format!("an index of `{}.{}`", collection.name, field.name);
    let kinds = [
        ConstraintKind::Index,
        ConstraintKind::OrderIndex,
        ConstraintKind::DescendingIndex,
        ConstraintKind::Unique,
        ConstraintKind::Sequence,
    ];
    for kind in kinds {
        let name = format!("{}.{}", collection.table.schema, constraint_name(&collection.table, column, kind));
        if has_constraint(field, kind) && !relations.take(name, &owner, field.span, findings) {
            return;
        }
    }
}

fn check_column(field: &Field, column: &ColumnName, findings: &mut Findings) -> bool {
    if reserved::SYSTEM_COLUMNS.contains(&column.as_str()) {
        let message = format!("every table of PostgreSQL has a column `{column}` already");
        let refusal = Diagnostic::new(DiagnosticCode::RESERVED_NAME, field.span, message).with_label("reserved");
        findings.add(refusal.with_help("give the field another name, or its column with `@column(name:)`"));
    }
    check_length(column.as_str(), field.span, "@column(name:)", findings)
}

fn check_longest_constraint(collection: &Collection, (field, column): (&Field, &ColumnName), findings: &mut Findings) {
    let names = ConstraintKind::ALL.into_iter().filter(|kind| has_constraint(field, *kind));
    let names = names.map(|kind| constraint_name(&collection.table, column, kind));
    let longest = names.max_by_key(String::len).unwrap_or_default();
    check_length(&longest, field.span, "@column(name:)` or `@collection(table:)", findings);
}

fn columns(collection: &Collection) -> impl Iterator<Item = (&Field, &ColumnName)> {
    collection.fields.iter().filter_map(|field| Some((field, field.column()?)))
}

/// Checks are named within their table.
fn check_checks(collection: &Collection, findings: &mut Findings) {
    let mut taken = Taken::default();
    for (field, column) in columns(collection) {
        for kind in ConstraintKind::CHECKS {
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
        ConstraintKind::MinLengthCheck => field.limits.min_length.is_some(),
        ConstraintKind::MinCheck => field.limits.min.is_some(),
        ConstraintKind::MaxCheck => field.limits.max.is_some(),
        ConstraintKind::PatternCheck => field.limits.pattern.is_some(),
        ConstraintKind::Index => field.name != "id",
        ConstraintKind::OrderIndex => field.is_indexed && matches!(field.kind, FieldKind::Enum { .. }),
        ConstraintKind::DescendingIndex => field.is_indexed && !field.is_required,
        ConstraintKind::Sequence => field.sequence.is_some(),
    }
}

/// Says whether PostgreSQL keeps the whole name.
fn check_length(name: &str, span: SourceSpan, directive: &str, findings: &mut Findings) -> bool {
    if name.len() <= MAX_IDENTIFIER_BYTES {
        return true;
    }
    let message = format!("`{name}` has {} bytes, PostgreSQL keeps {MAX_IDENTIFIER_BYTES}", name.len());
    let refusal = Diagnostic::new(DiagnosticCode::IDENTIFIER_TOO_LONG, span, message).with_label("too long in the database");
    findings.add(refusal.with_help(format!("choose a shorter name, or give one with `{directive}`")));
    false
}

/// Names already taken, with what has them.
#[derive(Default)]
struct Taken(HashMap<String, String>);

impl Taken {
    /// Takes a name, or refuses it to the second who wants it; says whether it was free.
    fn take(&mut self, name: String, owner: &str, span: SourceSpan, findings: &mut Findings) -> bool {
        let Some(first) = self.0.get(&name) else {
            self.0.insert(name, owner.to_owned());
            return true;
        };
        let message = format!("{owner} would be called `{name}`, as is {first}");
        let refusal =
            Diagnostic::new(DiagnosticCode::STORAGE_COLLISION, span, message).with_label("the same name in the database");
        findings.add(refusal.with_help("rename one of the two, or use `@column(name:)` or `@collection(table:)`"));
        false
    }
}
