//! What is sent: messages of the extended query protocol, up to one Sync.

use super::{KEPT, Setting};
use bytes::BytesMut;
use postgres_protocol::IsNull;
use postgres_protocol::message::frontend;
use std::io;

/// The one portal, which each statement replaces.
const PORTAL: &str = "";
/// All rows.
const NO_LIMIT: i32 = 0;
const BINARY: i16 = 1;
/// PostgreSQL's number of `text`.
const TEXT: u32 = 25;
/// PostgreSQL's number of `bigint`.
const BIGINT: u32 = 20;

/// A request that is being written; its buffer is used again.
#[derive(Default)]
pub(super) struct Request(BytesMut);

impl Request {
    /// Begins anew.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Ends the transaction.
    pub(super) fn end(&mut self) {
        frontend::sync(&mut self.0);
    }

    /// Gives the memory of a long request back.
    pub(super) fn shrink(&mut self) {
        if self.0.capacity() > KEPT {
            self.0 = BytesMut::new();
        }
    }

    /// Prepares the statement that makes settings; its last value is a number, which it gives back behind them.
    ///
    /// # Errors
    /// As [`Request::prepare`].
    pub(super) fn prepare_settings(&mut self, name: &str, settings: &[Setting<'_>]) -> io::Result<()> {
        let set = |(index, (name, _)): (usize, &Setting<'_>)| format!("pg_catalog.set_config('{name}', ${}, true)", index + 1);
        let sets: Vec<String> = settings.iter().enumerate().map(set).collect();
        let types = [vec![TEXT; settings.len()], vec![BIGINT]].concat();
        self.prepare(name, &format!("select {}, ${}", sets.join(", "), types.len()), &types)
    }

    /// Prepares a statement under a name, or under none for what follows alone.
    ///
    /// # Errors
    /// What has no place in the protocol: a zero byte in a text.
    pub(super) fn prepare(&mut self, name: &str, text: &str, types: &[u32]) -> io::Result<()> {
        frontend::parse(name, text, types.iter().copied(), &mut self.0)
    }

    /// Runs a prepared statement with values in their binary form, and asks for its rows in theirs.
    ///
    /// # Errors
    /// What has no place in the protocol: more than 65,535 values.
    pub(super) fn execute<Bytes: AsRef<[u8]>>(&mut self, name: &str, values: &[Option<Bytes>]) -> io::Result<()> {
        let push = |value: &Option<Bytes>, out: &mut BytesMut| match value {
            None => Ok(IsNull::Yes),
            Some(bytes) => {
                out.extend_from_slice(bytes.as_ref());
                Ok(IsNull::No)
            }
        };
        frontend::bind(PORTAL, name, [BINARY], values, push, [BINARY], &mut self.0).map_err(|error| match error {
            frontend::BindError::Conversion(error) => io::Error::other(error),
            frontend::BindError::Serialization(error) => error,
        })?;
        frontend::execute(PORTAL, NO_LIMIT, &mut self.0)
    }

    /// What is to be sent.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
