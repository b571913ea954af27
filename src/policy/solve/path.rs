//! Paths: from a row over its relations to a column of another.

use super::condition;
use crate::policy::syntax::{Path, Step};
use crate::policy::{Condition, Operand, Predicate, RowImage};

/// `operand == null`, for which a path that leads nowhere is null like a value that is not there.
pub(super) fn is_null(path: &Path) -> Predicate {
    negated(through(path, condition(Condition::IsNotNull(column(path)))))
}

fn negated(predicate: Predicate) -> Predicate {
    match predicate {
        Predicate::Condition(Condition::Exists { table, join_column, join_value, depth, body, .. }) => {
            condition(Condition::Exists { table, join_column, join_value, depth, body, is_negated: true })
        }
        Predicate::Condition(Condition::IsNotNull(operand)) => condition(Condition::IsNull(operand)),
        other => Predicate::unless(other),
    }
}

/// That no relation which a column stands for leads nowhere.
pub(super) fn known_ends(paths: [Option<&Path>; 2]) -> Predicate {
    let gaps = paths.into_iter().flatten().filter(|path| path.is_null_a_gap && path.is_nullable);
    Predicate::all(gaps.map(|path| condition(Condition::IsNotNull(column(path)))))
}

/// The rows whose paths lead to rows for which `inner` holds. The right path is looked into inside the left one, as its
/// depths say.
pub(super) fn through_both(left: Option<&Path>, right: Option<&Path>, inner: Predicate) -> Predicate {
    let through_one = |path: Option<&Path>, inner| match path {
        Some(path) => through(path, inner),
        None => inner,
    };
    through_one(left, through_one(right, inner))
}

/// The rows whose path leads to a row for which `inner` holds.
pub(super) fn through(path: &Path, inner: Predicate) -> Predicate {
    let mut predicate = inner;
    for (index, step) in path.steps.iter().enumerate().rev() {
        let from = index.checked_sub(1).map_or(path.image, |before| RowImage::Member(path.steps[before].depth));
        predicate = look(from, step, predicate);
    }
    predicate
}

/// The rows of `from` whose relation leads to a row for which `inner` holds.
fn look(from: RowImage, step: &Step, inner: Predicate) -> Predicate {
    let key = Operand::Column(from, step.key.clone());
    match inner {
        Predicate::Never => Predicate::Never,
        // The foreign key vouches for the row.
        Predicate::Always if step.is_nullable => condition(Condition::IsNotNull(key)),
        Predicate::Always => Predicate::Always,
        inner => condition(Condition::Exists {
            table: step.table.clone(),
            join_column: step.target_column.clone(),
            join_value: key,
            depth: step.depth,
            body: Box::new(inner),
            is_negated: false,
        }),
    }
}

pub(super) fn column(path: &Path) -> Operand {
    Operand::Column(path.last_image(), path.column.clone())
}
