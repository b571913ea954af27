//! The mark in every row of an export.
//!
//! ```text
//! toolcrib-export:<export id>:<mail address>:<time>:<row id>:<seal>:<content seal>
//! ```
//!
//! Whoever finds a single row reads who took it out and when, without a database. The seal is an HMAC over everything before
//! it, with a key that only the servers have: a mark that names somebody else is not to be made up. The content seal goes over
//! the row's values too, so that a row into which somebody put other values can be told, if the row is there as a whole.
//! The mark has no spaces, quotes, commas, semicolons or slashes, so no format has to escape it.

use chrono::{DateTime, NaiveDateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use std::fmt;
use uuid::Uuid;

/// The column or key of every row that holds its mark.
pub(crate) const COLUMN: &str = "_export";

/// What every mark begins with.
pub(crate) const PREFIX: &str = "toolcrib-export:";

/// What the mark of a file's header names instead of a row.
const HEADER: &str = "header";

const TIME_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// Bytes of a seal: nobody guesses 128 bits.
const SEAL: usize = 16;

/// Bytes of a content seal. It only has to hold for rows whose mark is genuine.
const CONTENT_SEAL: usize = 8;

type HmacSha256 = Hmac<Sha256>;

/// The servers' key for watermarks.
#[derive(Clone)]
pub struct WatermarkKey(SecretSlice<u8>);

impl WatermarkKey {
    /// Wraps a key: random bytes, the same on every replica.
    pub fn new(key: Vec<u8>) -> Self {
        Self(SecretSlice::from(key))
    }

    /// A MAC that is used for nothing else: `purpose` ends with a byte that is in no mark.
    fn mac(&self, purpose: &'static [u8]) -> HmacSha256 {
        let mut mac = HmacSha256::new_from_slice(self.0.expose_secret()).expect("HMAC takes a key of any length");
        mac.update(purpose);
        mac
    }

    fn seal_mac(&self) -> HmacSha256 {
        self.mac(b"toolcrib export seal\0")
    }

    fn content_mac(&self) -> HmacSha256 {
        self.mac(b"toolcrib export content\0")
    }
}

impl fmt::Debug for WatermarkKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WatermarkKey(..)")
    }
}

/// What all marks of a file say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Watermark {
    /// The export.
    pub(crate) export: Uuid,
    /// The mail address of whoever took the data out.
    pub(crate) exporter: String,
    /// When, to the second.
    pub(crate) time: DateTime<Utc>,
}

impl Watermark {
    fn head(&self) -> String {
        format!("{PREFIX}{}:{}:{}", self.export, escape(&self.exporter), self.time.format(TIME_FORMAT))
    }
}

/// Makes the marks of one file.
#[derive(Clone)]
pub(crate) struct Stamp {
    head: String,
    seal: HmacSha256,
    content: HmacSha256,
}

impl Stamp {
    /// Prepares the marks of a file.
    pub(crate) fn new(key: &WatermarkKey, watermark: &Watermark) -> Self {
        Self { head: watermark.head(), seal: key.seal_mac(), content: key.content_mac() }
    }

    /// The mark of a row with this content.
    pub(crate) fn mark<'c>(&self, row: &str, content: impl IntoIterator<Item = &'c [u8]>) -> String {
        let marked = format!("{}:{row}", self.head);
        let seal = seal(self.seal.clone(), &marked);
        let content = content_seal(self.content.clone(), &marked, content);
        format!("{marked}:{}:{}", hex::encode(&seal[..SEAL]), hex::encode(&content[..CONTENT_SEAL]))
    }

    /// The mark of a file's header, which names the columns: an export without rows is marked too.
    pub(crate) fn header_mark<'c>(&self, columns: impl IntoIterator<Item = &'c [u8]>) -> String {
        self.mark(HEADER, columns)
    }
}

/// A mark that was found somewhere. What it says is only worth something if it [is genuine](Mark::is_genuine).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// What it says.
    pub(crate) watermark: Watermark,
    /// Whether it stands in a header, not in a row.
    pub(crate) is_header: bool,
    /// Everything before the seals.
    marked: String,
    seal: Vec<u8>,
    content: Vec<u8>,
}

impl Mark {
    /// Reads a mark; `None` for any other text, or if a part is missing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(PREFIX)?.split(':');
        let mut part = || parts.next();
        let (export, exporter, time, row, seal, content) = (part()?, part()?, part()?, part()?, part()?, part()?);
        if part().is_some() || seal.len() != 2 * SEAL || content.len() != 2 * CONTENT_SEAL {
            return None;
        }
        let time = NaiveDateTime::parse_from_str(time, TIME_FORMAT).ok()?.and_utc();
        let watermark = Watermark { export: export.parse().ok()?, exporter: unescape(exporter)?, time };
        let marked = format!("{}:{row}", watermark.head());
        let (seal, content) = (hex::decode(seal).ok()?, hex::decode(content).ok()?);
        Some(Self { watermark, is_header: row == HEADER, marked, seal, content })
    }

    /// Whether the server made this mark.
    pub(crate) fn is_genuine(&self, key: &WatermarkKey) -> bool {
        let mut mac = key.seal_mac();
        mac.update(self.marked.as_bytes());
        mac.verify_truncated_left(&self.seal).is_ok()
    }

    /// Whether the row is what the server marked.
    pub(crate) fn is_intact<'c>(&self, key: &WatermarkKey, content: impl IntoIterator<Item = &'c [u8]>) -> bool {
        let mut mac = key.content_mac();
        update_content(&mut mac, &self.marked, content);
        self.is_genuine(key) && mac.verify_truncated_left(&self.content).is_ok()
    }
}

fn seal(mut mac: HmacSha256, marked: &str) -> Vec<u8> {
    mac.update(marked.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn content_seal<'c>(mut mac: HmacSha256, marked: &str, content: impl IntoIterator<Item = &'c [u8]>) -> Vec<u8> {
    update_content(&mut mac, marked, content);
    mac.finalize().into_bytes().to_vec()
}

/// Each part with its length before it, so that no two contents give the same bytes.
fn update_content<'c>(mac: &mut HmacSha256, marked: &str, content: impl IntoIterator<Item = &'c [u8]>) {
    let mut update = |part: &[u8]| {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    };
    update(marked.as_bytes());
    content.into_iter().for_each(update);
}

/// Whether a character of a mark stands for itself.
pub(crate) fn is_mark_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "%:".contains(character) || is_plain(character)
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || ".@_+-".contains(character)
}

/// A mail address with everything unusual in it as `%XX`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match char::from(byte) {
            plain if is_plain(plain) => escaped.push(plain),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex::decode([rest.next()?, rest.next()?]).ok()?[0],
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> WatermarkKey {
        WatermarkKey::new(vec![byte; 32])
    }

    fn watermark(exporter: &str) -> Watermark {
        let time = DateTime::from_timestamp(1_795_341_600, 0).unwrap();
        Watermark { export: Uuid::from_u128(0x0192_f3c4), exporter: exporter.to_owned(), time }
    }

    const ROW: &str = "0192f3c4-0000-7000-8000-000000000007";

    fn mark(exporter: &str, content: [&str; 2]) -> String {
        Stamp::new(&key(1), &watermark(exporter)).mark(ROW, content.map(str::as_bytes))
    }

    #[test]
    fn a_mark_says_who_when_and_what() {
        let text = mark("manager@demo.test", ["a", "b"]);
        let expected = format!(
            "toolcrib-export:00000000-0000-0000-0000-00000192f3c4:manager@demo.test:{}:{ROW}:",
            watermark("").time.format("%Y%m%dT%H%M%SZ")
        );
        assert!(text.starts_with(&expected), "{text}");
        let read = Mark::parse(&text).unwrap();
        assert_eq!(read.watermark, watermark("manager@demo.test"));
        assert!(read.is_genuine(&key(1)));
        assert!(read.is_intact(&key(1), ["a", "b"].map(str::as_bytes)));
        assert!(!read.is_header);
    }

    #[test]
    fn a_mark_survives_every_address_without_a_character_that_formats_escape() {
        for exporter in ["o'hara+x@demo.test", "\"a b\",;:/\\%=@demo.test", "jürgen@demo.test", ""] {
            let text = mark(exporter, ["a", "b"]);
            assert!(text.chars().all(is_mark_character), "{text}");
            assert_eq!(Mark::parse(&text).unwrap().watermark.exporter, exporter);
        }
    }

    #[test]
    fn only_the_servers_key_makes_a_mark() {
        let text = mark("manager@demo.test", ["a", "b"]);
        assert!(!Mark::parse(&text).unwrap().is_genuine(&key(2)), "another key");
        for (from, to) in [("manager@", "admin@"), ("c4:", "c5:"), ("000007:", "000008:")] {
            let forged = Mark::parse(&text.replace(from, to)).unwrap();
            assert!(!forged.is_genuine(&key(1)), "{from} to {to}");
            assert!(!forged.is_intact(&key(1), ["a", "b"].map(str::as_bytes)), "{from} to {to}");
        }
    }

    #[test]
    fn another_content_is_not_what_was_marked() {
        let read = Mark::parse(&mark("manager@demo.test", ["a", "b"])).unwrap();
        for content in [["a", "c"], ["ab", ""], ["b", "a"]] {
            assert!(!read.is_intact(&key(1), content.map(str::as_bytes)), "{content:?}");
        }
    }

    #[test]
    fn a_cut_mark_is_none() {
        let text = mark("manager@demo.test", ["a", "b"]);
        for end in [text.len() - 1, text.len() - 17, PREFIX.len(), 0] {
            assert_eq!(Mark::parse(&text[..end]), None, "{}", &text[..end]);
        }
        assert_eq!(Mark::parse(&text[1..]), None);
        assert_eq!(Mark::parse(&format!("{text}:")), None);
    }
}
