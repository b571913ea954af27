//! What a cell shows where its field's rule hides the value.
//!
//! A null stays null in every mask of a text: that a value is missing is no secret of theirs; a computed mask may hide it. What
//! a mask tells is what it shows and no more: filters, orders, groups and cursors know the cell as null, not as its mask.

use crate::base::Value;
use crate::catalog::{Field, Mask};
use crate::planner::Planner;
use crate::planner::access::row_image;
use crate::policy::MaskValue;
use crate::sql::{Alias, CompareOp, Expr};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// What a cell shows instead of its value.
#[derive(Clone, Debug, PartialEq)]
pub enum CellMask {
    /// `a***@acme.test`
    Email,
    /// `****1234`
    Last4,
    /// A keyed hash.
    Hash(FieldHashKey),
    /// `****`
    Redact,
    /// A value made of the row.
    Computed(MaskValue),
}

/// The installation's key for hashes that stand for values, and for what marks hidden cells; the same on every replica.
#[derive(Clone)]
pub struct MaskKey(Arc<Keying>);

struct Keying {
    key: Vec<u8>,
    marker: String,
}

/// The key of one field's hashes, as HMAC takes it: each field has its own, so that equal values of two fields do not meet.
#[derive(Clone, PartialEq)]
pub struct FieldHashKey {
    /// The key mixed with the pad of the inner hash, in hexadecimal digits.
    inner: String,
    /// The same for the outer hash.
    outer: String,
}

impl MaskKey {
    /// Wraps a key of high entropy.
    pub fn new(key: &[u8]) -> Self {
        let marker = Sha256::new().chain_update("toolcrib hidden cell").chain_update(key).finalize();
        Self(Arc::new(Keying { key: key.to_vec(), marker: hex::encode(&marker[..16]) }))
    }

    /// The word in front of what shows in a hidden cell.
    pub(crate) fn marker(&self) -> &str {
        &self.0.marker
    }

    /// The key of a field, named by its type and itself.
    fn of_field(&self, collection: &str, field: &str) -> FieldHashKey {
        /// The block of SHA-256, to which HMAC fills up a key.
        const BLOCK: usize = 64;
        let key = Sha256::new()
            .chain_update("toolcrib mask 1")
            .chain_update(&self.0.key)
            .chain_update(format!("{collection}.{field}"))
            .finalize();
        let mut block = [0_u8; BLOCK];
        block[..key.len()].copy_from_slice(&key);
        let padded = |pad: u8| hex::encode(block.map(|byte| byte ^ pad));
        FieldHashKey { inner: padded(0x36), outer: padded(0x5c) }
    }
}

impl fmt::Debug for MaskKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MaskKey(..)")
    }
}

impl fmt::Debug for FieldHashKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FieldHashKey(..)")
    }
}

impl CellMask {
    /// The masked form of `column`, a column of the row that `alias` names.
    pub(crate) fn expr(&self, alias: Alias, column: &Expr) -> Expr {
        match self {
            Self::Redact => stars(column),
            Self::Last4 => last_four(column),
            Self::Email => email(column),
            Self::Hash(key) => hash(key, column),
            Self::Computed(value) => value.to_sql(&row_image(alias)),
        }
    }
}

fn stars(column: &Expr) -> Expr {
    Expr::Case(vec![(Expr::IsNotNull(Box::new(column.clone())), Expr::Fixed("'****'"))], None)
}

/// The end of a short text would be most of it.
fn last_four(column: &Expr) -> Expr {
    let length = Expr::Call("length", vec![column.clone()]);
    let is_long = Expr::compare(CompareOp::GreaterOrEqual, length, Expr::Fixed("8"));
    let end = Expr::Call("right", vec![column.clone(), Expr::Fixed("4")]);
    let shown = concat(Expr::Fixed("'****'"), end);
    Expr::Case(vec![(is_long, shown), (Expr::IsNotNull(Box::new(column.clone())), Expr::Fixed("'****'"))], None)
}

/// The first letter and what stands behind the last `@`; a text without one is no address, of which nothing shows.
fn email(column: &Expr) -> Expr {
    let at = Expr::Call("strpos", vec![column.clone(), Expr::Fixed("'@'")]);
    let is_address = Expr::compare(CompareOp::Greater, at, Expr::Fixed("1"));
    let first = Expr::Call("left", vec![column.clone(), Expr::Fixed("1")]);
    let domain = Expr::Call("split_part", vec![column.clone(), Expr::Fixed("'@'"), Expr::Fixed("-1")]);
    let shown = concat(concat(first, Expr::Fixed("'***@'")), domain);
    Expr::Case(vec![(is_address, shown), (Expr::IsNotNull(Box::new(column.clone())), Expr::Fixed("'****'"))], None)
}

/// HMAC-SHA-256, cut to 128 bits: PostgreSQL itself has the hash alone.
fn hash(key: &FieldHashKey, column: &Expr) -> Expr {
    let bytes = |pad: &str| Expr::Call("decode", vec![Expr::Value(Value::Text(pad.to_owned())), Expr::Fixed("'hex'")]);
    let sha256 = |pad: &str, message: Expr| Expr::Call("sha256", vec![concat(bytes(pad), message)]);
    let text = Expr::Call("convert_to", vec![column.clone(), Expr::Fixed("'UTF8'")]);
    let digest = sha256(&key.outer, sha256(&key.inner, text));
    let digits = Expr::Call("encode", vec![digest, Expr::Fixed("'hex'")]);
    Expr::Call("left", vec![digits, Expr::Fixed("32")])
}

fn concat(left: Expr, right: Expr) -> Expr {
    Expr::compare(CompareOp::Concat, left, right)
}

impl Planner<'_> {
    /// What the field shows this caller where its rule hides the value; null without a mask.
    pub(crate) fn cell_mask(&self, field: &Field) -> Option<CellMask> {
        Some(match field.access.mask.as_ref()? {
            Mask::Email => CellMask::Email,
            Mask::Last4 => CellMask::Last4,
            Mask::Redact => CellMask::Redact,
            Mask::Hash => {
                let collection = &self.catalog.collection(field.id.collection).name;
                CellMask::Hash(self.settings.mask_key.of_field(collection.as_str(), field.name.as_str()))
            }
            Mask::Computed(_) => CellMask::Computed(self.rules.solve_mask(field.id, self.actor, self.request)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::MaskKey;

    #[test]
    fn each_field_and_installation_has_its_own_key() {
        let (one, other) = (MaskKey::new(b"one"), MaskKey::new(b"other"));
        assert_eq!(one.of_field("Ticket", "iban"), one.of_field("Ticket", "iban"));
        assert_ne!(one.of_field("Ticket", "iban"), one.of_field("Order", "iban"));
        assert_ne!(one.of_field("Ticket", "iban"), one.of_field("Ticket", "bank"));
        assert_ne!(one.of_field("Ticket", "iban"), other.of_field("Ticket", "iban"));
        assert_eq!(format!("{one:?} {:?}", one.of_field("Ticket", "iban")), "MaskKey(..) FieldHashKey(..)");
    }
}
