//! Which statement shapes are worth preparing.
//!
//! GraphQL shapes are unbounded, prepared statements must not be: a shape is prepared from its second use on, the shapes
//! remembered are the last few hundred, and a connection that has prepared too many of them is retired.

use crate::sql::{Query, StatementKind};
use diesel::QueryResult;
use lru::LruCache;
use parking_lot::Mutex;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;

/// Shapes remembered by a server.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");

/// Prepared shapes after which a connection is retired: Diesel's own statement cache never forgets.
pub(crate) const MAX_PREPARED: usize = 640;

/// A statement's text, and whether it is worth preparing.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// The text.
    pub(crate) text: String,
    /// The text's hash. A collision makes a statement prepared too early or too late, nothing else.
    pub(crate) hash: u64,
    /// Whether the text was seen before.
    pub(crate) kind: StatementKind,
}

/// The last shapes that a server saw.
pub(crate) struct Shapes(Mutex<LruCache<u64, ()>>);

impl Shapes {
    /// Remembers nothing yet.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED)))
    }

    /// Renders a statement and notes one more use of its shape.
    ///
    /// # Errors
    /// None that a plan can cause; Diesel's signature has one.
    pub(crate) fn of(&self, query: &Query) -> QueryResult<Shape> {
        let text = crate::sql::text(query)?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        Ok(Shape { text, hash, kind: self.note(hash) })
    }

    /// Notes one more use of a shape.
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
