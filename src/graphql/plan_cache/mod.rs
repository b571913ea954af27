//! Plans that are kept, so that the same operation of the same caller is planned once, as PostgreSQL keeps a generic plan of a
//! prepared statement: queries, and changes of one row that are over with their statement.
//!
//! Purpose: planning and rendering cost the server more than the rest of a read together.
//! Flow: an operation's document, caller and variables → [`PlanKey`] → nothing yet (it is planned, and kept from its second use on), or
//! a [`KeptPlan`], whose slots are filled with this request's own values.
//! Invariants: a kept plan is used only for the document, operation and caller that it was made for, every property of the
//! caller included; values of variables that are no texts are part of the key; texts are slots only where a plan bound them
//! untouched ([`template`] says how that is known). Rules that name the request's time keep a schema's plans from being kept,
//! its address is part of the key where rules name it. In debug builds every use is compared with a plan made anew.
//! Deliberately unknown: SQL, how a plan is run.

mod key;
mod stand_in;
mod template;
mod work;

pub(crate) use key::{KeyParts, PlanKey, SoughtKey, TextValue};
pub(crate) use template::{KeptPlan, Making, make_template};
pub(crate) use work::{KeptPayload, PlannedRoot, PlannedWork};

use lru::LruCache;
use parking_lot::Mutex;
use std::sync::Arc;

/// The most that kept plans may weigh together, in bytes.
const MAX_WEIGHT: usize = 16 * 1024 * 1024;

/// What a key alone weighs.
const ENTRY_WEIGHT: usize = 256;

/// What is known of a key.
#[derive(Clone)]
pub(crate) enum Known {
    /// It was not asked for lately.
    Nothing,
    /// It was asked for once: the next time its plan is worth keeping.
    Seen,
    /// Its plans differ in more than their values.
    NotKept,
    /// Its plan.
    Kept(Arc<KeptPlan>),
}

/// The plans of an engine, those used last.
pub(crate) struct PlanCache(Mutex<Entries>);

struct Entries {
    by_hash: LruCache<u64, (PlanKey, Known)>,
    weight: usize,
}

impl PlanCache {
    /// Keeps nothing yet.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Entries { by_hash: LruCache::unbounded(), weight: 0 }))
    }

    /// What is known of a key; what was not, has been seen now.
    pub(crate) fn find(&self, key: &SoughtKey<'_>) -> Known {
        let mut entries = self.0.lock();
        if let Some((kept_key, known)) = entries.by_hash.get(&key.hash()) {
            // Two keys may have one hash: the one that came first stays until it is forgotten.
            return if key.is(kept_key) { known.clone() } else { Known::NotKept };
        }
        entries.put(key.to_kept(), Known::Seen);
        Known::Nothing
    }

    /// Notes what became of a key.
    pub(crate) fn keep(&self, key: PlanKey, plan: Option<KeptPlan>) {
        self.0.lock().put(key, plan.map_or(Known::NotKept, |plan| Known::Kept(Arc::new(plan))));
    }
}

impl Entries {
    fn put(&mut self, key: PlanKey, known: Known) {
        self.weight += weight(&key, &known);
        if let Some((_, (key, known))) = self.by_hash.push(key.hash(), (key, known)) {
            self.weight -= weight(&key, &known);
        }
        while self.weight > MAX_WEIGHT
            && let Some((_, (key, known))) = self.by_hash.pop_lru()
        {
            self.weight -= weight(&key, &known);
        }
    }
}

fn weight(key: &PlanKey, known: &Known) -> usize {
    let plan = if let Known::Kept(plan) = known { plan.weight() } else { 0 };
    ENTRY_WEIGHT + key.weight() + plan
}
