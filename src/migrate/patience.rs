//! How long migrations wait for others.

use crate::migrate::MigrateError;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::time::Duration;

/// How long a step waits for a lock, and how often it tries again. While it waits for a table everybody who comes after waits
/// behind it: so it gives up soon, lets them pass, and comes again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long a step waits for a lock.
    pub lock_timeout: Duration,
    /// How often it is tried.
    pub attempts: u32,
    /// How long it stays away after the first attempt; each time twice as long, but never more than [`Patience::LONGEST_PAUSE`].
    pub pause: Duration,
    /// How long the concurrent build of an index waits for transactions that began before it. Nobody waits behind that.
    pub build_timeout: Duration,
    /// How long we wait for another process that migrates.
    pub turn_timeout: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(2),
            attempts: 8,
            pause: Duration::from_millis(250),
            build_timeout: Duration::from_secs(600),
            turn_timeout: Duration::from_secs(600),
        }
    }
}

impl Patience {
    /// The longest pause between two attempts.
    pub const LONGEST_PAUSE: Duration = Duration::from_secs(10);

    /// How long to stay away after this attempt, counted from 1; `None` after the last.
    pub(super) fn pause_after(&self, attempt: u32) -> Option<Duration> {
        let doubled = self.pause.saturating_mul(2_u32.saturating_pow(attempt - 1));
        (attempt < self.attempts).then_some(doubled.min(Self::LONGEST_PAUSE))
    }
}

/// From here on the session waits this long for a lock.
pub(super) async fn wait_for_locks(connection: &mut AsyncPgConnection, timeout: Duration) -> Result<(), MigrateError> {
    // Injection safety: a number of our own.
    let text = format!("set lock_timeout to {}", timeout.as_millis());
    connection.batch_execute(&text).await.map_err(MigrateError::while_doing("setting how long to wait"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let patience = Patience { attempts: 8, pause: Duration::from_millis(500), ..Patience::default() };
        let pauses: Vec<u64> = (1..=8)
            .map_while(|attempt| patience.pause_after(attempt))
            .map(|pause| pause.as_millis().try_into().unwrap())
            .collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    }
}
