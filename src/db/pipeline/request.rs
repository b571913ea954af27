//! What is sent: messages of the extended query protocol, up to one Sync.

use super::KEPT;
use crate::sql::EncodedBinds;
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

/// A request that is being written; its buffer is used again.
#[derive(Default)]
pub(super) struct Request(BytesMut);

impl Request {
    /// Writes a whole request: settings, and a statement by the name under which it is prepared, or to be prepared from its text.
    ///
    /// # Errors
    /// What has no place in the protocol: a zero byte in a text, or more than 65,535 values.
    pub(super) fn write(
        &mut self,
        settings: &[(&'static str, &str)],
        is_entry_known: bool,
        (name, new_text): (&str, Option<&str>),
        binds: &EncodedBinds,
    ) -> io::Result<()> {
        self.0.clear();
        self.enter(settings, is_entry_known)?;
        if let Some(text) = new_text {
            self.parse(name, text, &binds.types)?;
        }
        self.execute(name, &binds.values)?;
        frontend::sync(&mut self.0);
        Ok(())
    }

    /// Gives the memory of a long request back.
    pub(super) fn shrink(&mut self) {
        if self.0.capacity() > KEPT {
            self.0 = BytesMut::new();
        }
    }

    /// Makes settings for the rest of the transaction. One statement makes them all, because each costs as much as the next.
    fn enter(&mut self, settings: &[(&'static str, &str)], is_prepared: bool) -> io::Result<()> {
        let name = format!("enter_{}", settings.len());
        if !is_prepared {
            let set =
                |(index, (name, _)): (usize, &(&str, &str))| format!("pg_catalog.set_config('{name}', ${}, true)", index + 1);
            let sets: Vec<String> = settings.iter().enumerate().map(set).collect();
            self.parse(&name, &format!("select {}", sets.join(", ")), &vec![TEXT; settings.len()])?;
        }
        let values: Vec<Option<&str>> = settings.iter().map(|(_, value)| Some(*value)).collect();
        self.execute(&name, &values)
    }

    /// Prepares a statement under a name, or under none for what follows alone.
    fn parse(&mut self, name: &str, text: &str, types: &[u32]) -> io::Result<()> {
        frontend::parse(name, text, types.iter().copied(), &mut self.0)
    }

    /// Runs a prepared statement with values in their binary form, and asks for its rows in theirs.
    fn execute<Bytes: AsRef<[u8]>>(&mut self, name: &str, values: &[Option<Bytes>]) -> io::Result<()> {
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
