//! Which statement shapes are worth preparing.
//!
//! GraphQL shapes are unbounded, prepared statements must not be: a shape is prepared from its second use on, the shapes
//! remembered are the last few hundred, and a connection that has prepared too many of them is retired.

use crate::sql::{Statement, StatementKind};
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;

/// Shapes remembered by a server.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");

/// Prepared shapes after which a connection is retired: Diesel's own statement cache never forgets.
pub(crate) const MAX_PREPARED: usize = 640;

/// The last shapes that a server saw.
pub(crate) struct Shapes(Mutex<LruCache<u64, ()>>);

impl Shapes {
    /// Remembers nothing yet.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED)))
    }

    /// Notes one more use of a statement's shape: hot if the same was seen before.
    pub(crate) fn kind_of(&self, statement: &Statement) -> StatementKind {
        self.note(statement.shape_hash())
    }

    fn note(&self, shape: u64) -> StatementKind {
        let seen_before = self.0.lock().put(shape, ()).is_some();
        if seen_before { StatementKind::Hot } else { StatementKind::Cold }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_hot_from_its_second_use_until_it_is_forgotten() {
        let shapes = Shapes::new();
        assert_eq!(shapes.note(0), StatementKind::Cold);
        assert_eq!(shapes.note(0), StatementKind::Hot);
        for shape in 1..=REMEMBERED.get() as u64 {
            assert_eq!(shapes.note(shape), StatementKind::Cold);
        }
        assert_eq!(shapes.note(0), StatementKind::Cold);
    }
}
