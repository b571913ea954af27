//! Actors of the last moments, so that a request does not ask the database who its caller is.

use crate::auth::credential::CredentialHash;
use crate::auth::token_scope::AllowList;
use crate::base::Actor;
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an actor is believed without asking again. Deactivation, revocation and changes of role or team count at every
/// other server after at most this long.
pub const CACHE_TIME: Duration = Duration::from_millis(500);

/// Actors kept; 5,000 employees with two credentials each fit.
const KEPT: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// An actor with what its credential asks of each request.
#[derive(Clone, Debug)]
pub(crate) struct KnownCaller {
    /// Who.
    pub(crate) actor: Arc<Actor>,
    /// From where the credential may be used.
    pub(crate) allow_list: AllowList,
}

/// Actors by the hash of their credential.
pub(crate) struct ActorCache(Mutex<Kept>);

struct Kept {
    actors: LruCache<CredentialHash, (Instant, KnownCaller)>,
    /// How often everybody was forgotten.
    generation: u64,
}

/// The moment before the database is asked for an actor.
pub(crate) struct Asked {
    at: Instant,
    generation: u64,
}

impl ActorCache {
    /// Knows nobody yet.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Kept { actors: LruCache::new(KEPT), generation: 0 }))
    }

    /// The actor of a credential, if it was asked for a moment ago; otherwise this moment, for [`Self::keep`].
    pub(crate) fn find(&self, hash: &CredentialHash) -> Result<KnownCaller, Asked> {
        let mut kept = self.0.lock();
        match kept.actors.get(hash) {
            Some((since, known)) if since.elapsed() < CACHE_TIME => Ok(known.clone()),
            Some(_) => {
                kept.actors.pop(hash);
                Err(kept.asked())
            }
            None => Err(kept.asked()),
        }
    }

    /// Keeps an actor, unless everybody was forgotten while the database was asked: its answer may be the old one.
    pub(crate) fn keep(&self, hash: CredentialHash, asked: Asked, known: KnownCaller) {
        let mut kept = self.0.lock();
        if kept.generation == asked.generation {
            kept.actors.put(hash, (asked.at, known));
        }
    }

    /// Forgets everybody: something about users, teams or tokens has changed.
    pub(crate) fn clear(&self) {
        let mut kept = self.0.lock();
        kept.actors.clear();
        kept.generation += 1;
    }
}

impl Kept {
    fn asked(&self) -> Asked {
        Asked { at: Instant::now(), generation: self.generation }
    }
}
