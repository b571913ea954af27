//! Renames put into an order in which each name is free when it is taken.
//!
//! Where names change places there is no such order: one of them waits under a name that nothing else has. All of it is one
//! transaction, so that nobody ever meets that name.

use crate::base::TableName;
use crate::migrate::step::Step;

/// A rename within one room of names.
pub(in crate::migrate) trait Rename: Sized {
    /// The name that becomes free.
    fn from(&self) -> (String, String);

    /// The name that is taken, in the same form: the room, and the name in it.
    fn to(&self) -> (String, String);

    /// The same by way of a name that nothing has.
    fn split(self, name: &str) -> [Self; 2];
}

/// Puts renames into order. `prefix` begins the names under which something waits.
pub(in crate::migrate) fn exchange<R: Rename>(mut waiting: Vec<R>, prefix: &str) -> Vec<R> {
    let mut ordered = Vec::with_capacity(waiting.len());
    let mut exchanged = 0;
    while !waiting.is_empty() {
        let is_free = |rename: &R| waiting.iter().all(|other| other.from() != rename.to());
        if let Some(next) = waiting.iter().position(is_free) {
            ordered.push(waiting.remove(next));
            continue;
        }
        exchanged += 1;
        let [away, back] = waiting.remove(0).split(&format!("{prefix}_{exchanged}"));
        ordered.push(away);
        waiting.push(back);
    }
    ordered
}

/// Puts the renames among the steps of a plan into order, where they stand.
pub(in crate::migrate) fn exchange_among(steps: Vec<Step>) -> Vec<Step> {
    let (renames, others): (Vec<_>, Vec<_>) = steps.into_iter().enumerate().partition(|(_, step)| has_room(step));
    let places: Vec<usize> = renames.iter().map(|(place, _)| *place).collect();
    let renames = exchange(renames.into_iter().map(|(_, step)| step).collect(), "toolcrib_exchanged");
    let Some(first) = places.first().copied() else { return others.into_iter().map(|(_, step)| step).collect() };
    let before = others.iter().filter(|(place, _)| *place < first).count();
    let mut steps: Vec<Step> = others.into_iter().map(|(_, step)| step).collect();
    steps.splice(before..before, renames);
    steps
}

/// Renames of what has its name beside the tables. A table's are in order already.
fn has_room(step: &Step) -> bool {
    matches!(step, Step::RenameConstraint { .. } | Step::RenameIndex { .. } | Step::RenameSequence { .. })
}

/// Where a constraint's name has to be free: among those of its table, and where it comes with an index, among all relations.
fn room(table: &TableName, constraint: &str) -> String {
    let has_index = constraint.ends_with("_pkey") || constraint.ends_with("_key");
    if has_index { table.schema.to_string() } else { table.to_string() }
}

impl Rename for Step {
    fn from(&self) -> (String, String) {
        match self {
            Self::RenameConstraint { table, from, .. } => (room(table, from), from.clone()),
            Self::RenameIndex { table, from, .. } => (table.schema.to_string(), from.clone()),
            Self::RenameSequence { from, .. } => (from.schema.to_string(), from.name.to_string()),
            _ => unreachable!("only what has a room is put into order"),
        }
    }

    fn to(&self) -> (String, String) {
        match self {
            Self::RenameConstraint { table, to, .. } => (room(table, to), to.clone()),
            Self::RenameIndex { table, to, .. } => (table.schema.to_string(), to.clone()),
            Self::RenameSequence { to, .. } => (to.schema.to_string(), to.name.to_string()),
            _ => unreachable!("only what has a room is put into order"),
        }
    }

    fn split(self, name: &str) -> [Self; 2] {
        let name = name.to_owned();
        match self {
            Self::RenameConstraint { table, from, to } => [
                Self::RenameConstraint { table: table.clone(), from, to: name.clone() },
                Self::RenameConstraint { table, from: name, to },
            ],
            Self::RenameIndex { table, from, to } => {
                [Self::RenameIndex { table: table.clone(), from, to: name.clone() }, Self::RenameIndex { table, from: name, to }]
            }
            Self::RenameSequence { from, to } => {
                let waiting = TableName::new(&from.schema, name);
                [Self::RenameSequence { from, to: waiting.clone() }, Self::RenameSequence { from: waiting, to }]
            }
            other => unreachable!("only what has a room is put into order: {other:?}"),
        }
    }
}

/// A table that is renamed.
impl Rename for (TableName, TableName) {
    fn from(&self) -> (String, String) {
        (self.0.schema.to_string(), self.0.name.to_string())
    }

    fn to(&self) -> (String, String) {
        (self.1.schema.to_string(), self.1.name.to_string())
    }

    fn split(self, name: &str) -> [Self; 2] {
        // In the schema where it is: the name that it has could be taken in the other one.
        let waiting = TableName::new(&self.0.schema, name);
        [(self.0, waiting.clone()), (waiting, self.1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(renames: &[(&str, &str)]) -> Vec<String> {
        let table = |name: &str| TableName::new("public", name);
        let renames = renames.iter().map(|(from, to)| (table(from), table(to))).collect();
        exchange(renames, "x").into_iter().map(|(from, to)| format!("{} {}", from.name, to.name)).collect()
    }

    #[test]
    fn a_name_is_free_when_it_is_taken() {
        assert_eq!(ordered(&[("a", "b"), ("b", "c"), ("c", "d")]), ["c d", "b c", "a b"]);
        assert_eq!(ordered(&[("a", "b"), ("b", "a")]), ["a x_1", "b a", "x_1 b"]);
        assert_eq!(ordered(&[("a", "b"), ("b", "c"), ("c", "a")]), ["a x_1", "c a", "b c", "x_1 b"]);
        assert_eq!(
            ordered(&[("a", "b"), ("b", "a"), ("e", "a2"), ("c", "d"), ("d", "c")]),
            ["e a2", "a x_1", "b a", "x_1 b", "c x_2", "d c", "x_2 d"]
        );
    }

    #[test]
    fn checks_have_their_names_within_their_table() {
        let rename = |table: &str, from: &str, to: &str| Step::RenameConstraint {
            table: TableName::new("public", table),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let checks = vec![rename("a", "b_x_check", "a_x_check"), rename("b", "a_x_check", "b_x_check")];
        assert_eq!(exchange_among(checks.clone()), checks, "they do not meet");
        let keys = vec![rename("a", "b_x_key", "a_x_key"), rename("b", "a_x_key", "b_x_key")];
        let exchanged = exchange_among(keys);
        assert_eq!(
            exchanged,
            [
                rename("a", "b_x_key", "toolcrib_exchanged_1"),
                rename("b", "a_x_key", "b_x_key"),
                rename("a", "toolcrib_exchanged_1", "a_x_key"),
            ]
        );
    }
}
