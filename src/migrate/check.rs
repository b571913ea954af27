//! The checks of a column: their names and conditions.

use crate::catalog::ConstraintKind;
use crate::migrate::ddl;
use crate::migrate::wanted::WantedColumn;

/// The kinds of checks that a column can have.
pub(super) const CHECK_KINDS: [ConstraintKind; 6] = ConstraintKind::CHECKS;

/// The condition of a column's check of this kind, if it has one. Its literals are what tells two of a name apart, see
/// [`crate::migrate::definition`].
pub(super) fn condition(column: &WantedColumn, kind: ConstraintKind) -> Option<String> {
    let name = ddl::column(&column.name);
    match kind {
        ConstraintKind::EnumCheck => column.values.as_ref().map(|values| enum_condition(column, values)),
        ConstraintKind::LengthCheck => column.max_length.map(|max| format!("char_length({name}) <= {max}")),
        ConstraintKind::MinLengthCheck => column.limits.min_length.map(|min| format!("char_length({name}) >= {min}")),
        ConstraintKind::MinCheck => column.limits.min.as_ref().map(|min| format!("{name} >= {}", ddl::literal(min))),
        ConstraintKind::MaxCheck => column.limits.max.as_ref().map(|max| format!("{name} <= {}", ddl::literal(max))),
        ConstraintKind::PatternCheck => {
            let whole = column.limits.pattern.as_ref().map(|pattern| format!("^(?:{pattern})$"));
            whole.map(|whole| format!("{name} ~ {}", ddl::text(&whole)))
        }
        ConstraintKind::Unique
        | ConstraintKind::ForeignKey
        | ConstraintKind::Index
        | ConstraintKind::OrderIndex
        | ConstraintKind::DescendingIndex
        | ConstraintKind::Sequence => None,
    }
}

fn enum_condition(column: &WantedColumn, values: &[String]) -> String {
    let name = ddl::column(&column.name);
    let values: Vec<String> = values.iter().map(|value| ddl::text(value)).collect();
    let values = values.join(", ");
    if column.is_list { format!("{name} <@ array[{values}]") } else { format!("{name} in ({values})") }
}
