//! Actors of the last moments, so that a request does not ask the database who its caller is.

use crate::auth::credential::CredentialHash;
use crate::base::Actor;
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

/// How long an actor is believed without asking again. Deactivation, revocation and changes of role or team count at every
/// other server after at most this long.
pub const CACHE_TIME: Duration = Duration::from_millis(500);

/// Actors kept; 5,000 employees with two credentials each fit.
const KEPT: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");

/// Actors by the hash of their credential.
pub(crate) struct ActorCache(Mutex<LruCache<CredentialHash, (Instant, Actor)>>);

impl ActorCache {
    /// Knows nobody yet.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(KEPT)))
    }

    /// The actor of a credential, if it was asked for a moment ago.
    pub(crate) fn find(&self, hash: &CredentialHash) -> Option<Actor> {
        let mut cache = self.0.lock();
        match cache.get(hash) {
            Some((since, actor)) if since.elapsed() < CACHE_TIME => Some(actor.clone()),
            Some(_) => {
                cache.pop(hash);
                None
            }
            None => None,
        }
    }

    /// Keeps an actor that was asked for at `since`, the moment before the database was asked.
    pub(crate) fn keep(&self, hash: CredentialHash, since: Instant, actor: Actor) {
        self.0.lock().put(hash, (since, actor));
    }

    /// Forgets everybody: something about users, teams or tokens has changed.
    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}
