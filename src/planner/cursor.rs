//! Cursors: opaque, and bound to the collection and order that they were made for.
//!
//! PostgreSQL builds the position of a row beside the row, so that the answer never has to be parsed, and marks it with a word
//! that only the server knows: `<marker><hexadecimal of ["scope", value, ..., id]>`. Before the answer leaves the server,
//! [`CursorKey::seal`] puts the encrypted position in each mark's place. The key itself never leaves the server.
//!
//! AES-GCM-SIV, because it may be used without a nonce: the same position gives the same cursor, which is all that a reader
//! learns of it. Whoever could write the marker into a row of their own would get a cursor of their own making, and a cursor
//! only says where a page starts, never what may be read.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// What the cipher is told about every position, so that nothing else that the key may ever encrypt is taken for one.
const PURPOSE: &[u8] = b"toolcrib cursor 1";

/// The server's key for cursors; the same on every replica.
#[derive(Clone)]
pub struct CursorKey(Arc<Sealing>);

struct Sealing {
    cipher: Aes256GcmSiv,
    marker: String,
}

/// Why a text is no cursor for a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CursorFault {
    /// The server did not make it, or not all of it is there.
    Unreadable,
    /// It was made for another collection or order.
    OtherOrder,
}

impl CursorKey {
    /// Wraps a key: text of high entropy.
    pub fn new(key: String) -> Self {
        let derive = |purpose: &str| Sha256::new().chain_update(purpose).chain_update(&key).finalize();
        let cipher = Aes256GcmSiv::new(&derive("toolcrib cursor cipher"));
        Self(Arc::new(Sealing { cipher, marker: hex::encode(&derive("toolcrib cursor marker")[..16]) }))
    }

    /// The word in front of a position.
    pub(crate) fn marker(&self) -> &str {
        &self.0.marker
    }

    /// The answer with a cursor in the place of every marked position.
    pub fn seal(&self, json: String) -> String {
        let mut parts = json.split(self.marker());
        let Some(first) = parts.next().filter(|first| first.len() < json.len()) else { return json };
        let mut sealed = String::with_capacity(json.len());
        sealed.push_str(first);
        for part in parts {
            let end = part.find(|character: char| !character.is_ascii_hexdigit()).unwrap_or(part.len());
            let (position, rest) = part.split_at(end);
            sealed.push_str(&self.encrypt(&hex::decode(position).unwrap_or_default()));
            sealed.push_str(rest);
        }
        sealed
    }

    fn encrypt(&self, position: &[u8]) -> String {
        let payload = Payload { msg: position, aad: PURPOSE };
        let sealed = self.0.cipher.encrypt(&Nonce::default(), payload).expect("a position is short");
        URL_SAFE_NO_PAD.encode(sealed)
    }

    fn decrypt(&self, cursor: &str) -> Option<Vec<Json>> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let position = self.0.cipher.decrypt(&Nonce::default(), Payload { msg: &sealed, aad: PURPOSE }).ok()?;
        serde_json::from_slice(&position).ok()
    }
}

/// Keys are the same if they mark the same.
impl PartialEq for CursorKey {
    fn eq(&self, other: &Self) -> bool {
        self.marker() == other.marker()
    }
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CursorKey(..)")
    }
}

/// What cursors of a list are bound to, in few bytes: the collection and the order. Not the filter: a place in an order is a
/// place in what any filter leaves of it.
pub(crate) fn cursor_scope(collection: &str, order: &str) -> String {
    hex::encode(&Sha256::new().chain_update(collection).chain_update(":").chain_update(order).finalize()[..8])
}

/// A place in an order: the values of its terms at one row, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct CursorPosition(pub Vec<Json>);

impl CursorPosition {
    /// Reads a cursor that the server made for this scope.
    pub(crate) fn read(cursor: &str, key: &CursorKey, scope: &str, terms: usize) -> Result<Self, CursorFault> {
        let mut values = key.decrypt(cursor).ok_or(CursorFault::Unreadable)?;
        if values.len() != terms + 1 || values.remove(0).as_str() != Some(scope) {
            return Err(CursorFault::OtherOrder);
        }
        Ok(Self(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(key: &CursorKey, position: &str) -> String {
        key.seal(format!("{}{}", key.marker(), hex::encode(position)))
    }

    #[test]
    fn reads_its_own_cursor_and_refuses_every_other() {
        let key = CursorKey::new("k".repeat(32));
        let good = cursor(&key, r#"["Ticket:id+","7"]"#);
        let read = |cursor: &str, key: &CursorKey, scope: &str, terms| CursorPosition::read(cursor, key, scope, terms);
        assert_eq!(read(&good, &key, "Ticket:id+", 1), Ok(CursorPosition(vec![Json::from("7")])));
        assert_eq!(read(&good, &key, "Ticket:id-", 1), Err(CursorFault::OtherOrder), "another order");
        assert_eq!(read(&good, &key, "Ticket:id+", 2), Err(CursorFault::OtherOrder), "another number of terms");
        assert_eq!(read(&good, &CursorKey::new("l".to_owned()), "Ticket:id+", 1), Err(CursorFault::Unreadable), "another key");
        for index in 0..good.len() {
            let other = if good.as_bytes()[index] == b'A' { "B" } else { "A" };
            let forged = format!("{}{other}{}", &good[..index], &good[index + 1..]);
            assert_eq!(read(&forged, &key, "Ticket:id+", 1), Err(CursorFault::Unreadable), "{index}");
            assert_eq!(read(&good[..index], &key, "Ticket:id+", 1), Err(CursorFault::Unreadable), "cut at {index}");
        }
    }

    #[test]
    fn seals_every_position_and_nothing_else() {
        let key = CursorKey::new("k".to_owned());
        let marked = |position: &str| format!("{}{}", key.marker(), hex::encode(position));
        let answer = format!(r#"{{"a":"{}","b":"deadbeef","c":"{}"}}"#, marked("one"), marked("two"));
        let (one, two) = (cursor(&key, "one"), cursor(&key, "two"));
        assert_eq!(key.seal(answer), format!(r#"{{"a":"{one}","b":"deadbeef","c":"{two}"}}"#));
        assert_eq!(key.seal("[]".to_owned()), "[]");
        assert!(!one.contains("one") && !one.contains(&hex::encode("one")));
    }
}
