//! What a value has to keep to by itself, checked before the database is asked, so that the refusal names its place and the
//! limit. The table has the same checks: they also hold for whoever else writes to it. A pattern is left to them, for there is
//! only one program that says what PostgreSQL's regular expressions mean.

use crate::base::Value;
use crate::catalog::{Field, ValueLimits};
use crate::planner::PlanError;
use std::cmp::Ordering;

/// Refuses a value beyond the limits of its field.
///
/// # Errors
/// [`PlanError::Constraint`], naming `path` and the limit.
pub(super) fn check_limits(field: &Field, path: &str, value: &Value) -> Result<(), PlanError> {
    let ValueLimits { min_length, min, max, pattern: _ } = &field.limits;
    let refuse = |problem: String| Err(PlanError::Constraint { argument: path.to_owned(), problem });
    if let Value::Text(text) = value {
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        if let Some(most) = field.max_length.filter(|most| length > *most) {
            return refuse(format!("has {length} characters, {most} is the most"));
        }
        if let Some(fewest) = min_length.filter(|fewest| length < *fewest) {
            return refuse(format!("has {length} characters, {fewest} is the fewest"));
        }
    }
    let is = |bound: &Value, wrong: Ordering| value.order(bound) == Some(wrong);
    match (min, max) {
        (Some(min), _) if is(min, Ordering::Less) => refuse(format!("is less than {}, which is the least", shown(min))),
        (_, Some(max)) if is(max, Ordering::Greater) => refuse(format!("is more than {}, which is the most", shown(max))),
        _ => Ok(()),
    }
}

fn shown(value: &Value) -> String {
    let json = value.to_json();
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}
