//! What generated requests ask about: ids and values of rows that the caller sees, and of rows and cells that it does not see,
//! as they are before and after the change.

use crate::policy::interference::scene::Sight;
use crate::policy::world::{Datum, Row, World};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use std::collections::HashMap;
use uuid::Uuid;

/// The rows to ask about, by type.
pub struct Pools {
    seen: HashMap<&'static str, Vec<Row>>,
    hidden: HashMap<&'static str, Vec<Row>>,
}

impl Pools {
    /// Sorts the rows of before and after; of a row that is seen the image after the change has the cells that are not.
    pub fn new(before: &World, after: &World, sight: &Sight) -> Self {
        let mut pools = Self { seen: HashMap::new(), hidden: HashMap::new() };
        for row in &before.rows {
            let is_seen = sight.contains_key(&(row.collection.name, row.id()));
            let pool = if is_seen { &mut pools.seen } else { &mut pools.hidden };
            pool.entry(row.collection.name).or_default().push(row.clone());
        }
        let known: HashMap<(&str, Uuid), &Row> = before.rows.iter().map(|row| ((row.collection.name, row.id()), row)).collect();
        for row in &after.rows {
            let is_new = known.get(&(row.collection.name, row.id())).is_none_or(|known| known.values != row.values);
            if is_new {
                pools.hidden.entry(row.collection.name).or_default().push(row.clone());
            }
        }
        pools
    }

    /// A row of the type, seen more often than not; `None` if there is none.
    pub fn row(&self, random: &mut StdRng, ty: &str) -> Option<&Row> {
        let (first, second) = if random.random_bool(0.6) { (&self.seen, &self.hidden) } else { (&self.hidden, &self.seen) };
        [first, second].into_iter().find_map(|pool| pool.get(ty)?.choose(random))
    }

    /// A row that the caller sees.
    pub fn seen_row(&self, random: &mut StdRng, ty: &str) -> Option<&Row> {
        self.seen.get(ty)?.choose(random)
    }

    /// Whether rows of the type are hidden.
    pub fn hides(&self, ty: &str) -> bool {
        self.hidden.contains_key(ty)
    }

    /// Whether there are rows of the type that the caller sees.
    pub fn shows(&self, ty: &str) -> bool {
        self.seen.contains_key(ty)
    }

    /// A value that the field has somewhere.
    pub fn value(&self, random: &mut StdRng, ty: &str, field: &str) -> Option<Datum> {
        (0..6).find_map(|_| {
            let value = self.row(random, ty)?.values.get(field)?;
            (*value != Datum::Null).then(|| value.clone())
        })
    }
}
