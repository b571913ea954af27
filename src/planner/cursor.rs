//! Cursors: opaque, signed, and bound to the collection and order that they were made for.
//!
//! A cursor is `base64(payload) . hex(first 16 bytes of sha256(key payload key))`, where the payload is the JSON array
//! `[scope, value, ..., id]`. PostgreSQL builds it beside the row (`to_sql::cursor`), so the answer never has to be parsed.
//! The key stands on both sides of the payload, so that the hash cannot be extended.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// The server's key for cursors; the same on every replica.
#[derive(Clone)]
pub struct CursorKey(Arc<SecretString>);

impl CursorKey {
    /// Wraps a key: text of high entropy.
    pub fn new(key: String) -> Self {
        Self(Arc::new(SecretString::from(key)))
    }

    /// The key, to be bound into the statement that signs.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn sign(&self, payload: &str) -> String {
        let digest = Sha256::new().chain_update(self.expose()).chain_update(payload).chain_update(self.expose()).finalize();
        hex::encode(&digest[..16])
    }
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CursorKey(..)")
    }
}

/// A place in an order: the values of its terms at one row, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct CursorPosition(pub Vec<Json>);

impl CursorPosition {
    /// Reads a cursor that the server made for this scope.
    ///
    /// Returns `None` for anything else: forged, cut, or made for another collection or order.
    pub(crate) fn read(cursor: &str, key: &CursorKey, scope: &str, terms: usize) -> Option<Self> {
        let (encoded, signature) = cursor.split_once('.')?;
        let payload = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        if !is_equal(key.sign(&payload).as_bytes(), signature.as_bytes()) {
            return None;
        }
        let mut values: Vec<Json> = serde_json::from_str(&payload).ok()?;
        if values.len() != terms + 1 || values.remove(0).as_str() != Some(scope) {
            return None;
        }
        Some(Self(values))
    }
}

/// Compares in a time that does not depend on where the texts differ.
fn is_equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(key: &CursorKey, payload: &str) -> String {
        format!("{}.{}", STANDARD.encode(payload), key.sign(payload))
    }

    #[test]
    fn reads_its_own_cursor_and_refuses_every_other() {
        let key = CursorKey::new("k".repeat(32));
        let good = cursor(&key, r#"["Ticket:id+","7"]"#);
        assert_eq!(CursorPosition::read(&good, &key, "Ticket:id+", 1), Some(CursorPosition(vec![Json::from("7")])));
        assert_eq!(CursorPosition::read(&good, &key, "Ticket:id-", 1), None, "another order");
        assert_eq!(CursorPosition::read(&good, &key, "Ticket:id+", 2), None, "another number of terms");
        assert_eq!(CursorPosition::read(&good, &CursorKey::new("l".repeat(32)), "Ticket:id+", 1), None, "another key");
        assert_eq!(CursorPosition::read(&good[1..], &key, "Ticket:id+", 1), None, "cut");
        let forged = good.replace(&STANDARD.encode(r#"["Ticket:id+","7"]"#), &STANDARD.encode(r#"["Ticket:id+","8"]"#));
        assert_eq!(CursorPosition::read(&forged, &key, "Ticket:id+", 1), None, "forged");
    }
}
