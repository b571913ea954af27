//! Reads in one message: who asks, the statement and the end of its transaction, sent at once and answered at once.
//!
//! Purpose: the driver ends each statement with a Sync of its own, so that BEGIN with the settings, a statement and COMMIT are three
//! messages, each read, answered and flushed by itself: half of what PostgreSQL does for a read by id, and as much again in this
//! process. Here all of it ends with a single Sync.
//! Flow: `Database::read` → [`Pipeline::run`] over a [`Lent`] socket, encoded and decoded by `postgres-protocol`. Connecting, signing in,
//! TLS, time-outs and cancelling stay the driver's, and so does everything that writes: it lends its socket while it has nothing
//! under way itself.
//! Invariants: the transaction is PostgreSQL's implicit one, which opens with the first message and is over at the Sync whatever
//! happens, so none can stay open; settings are local to it; an answer that is not the one to what was sent, down to the settings of
//! its caller, is nobody's, and its connection is closed; so is one whose caller left in the middle.
//! Source: "Extended Query" and "Pipelining" in PostgreSQL's manual, chapter "Frontend/Backend Protocol".
//! Deliberately unknown: plans, rules, what the JSON says.

mod answer;
mod connector;
mod frames;
mod refusal;
mod request;
mod socket;

pub(crate) use connector::{Bare, Plain, Sharing};
pub(crate) use socket::{Lent, SharedSocket};

use crate::db::session::ActorSettings;
use crate::db::transaction::JsonRow;
use crate::sql::{EncodedBinds, Statement, StatementKind};
use answer::{Answer, Awaited};
use bytes::BytesMut;
use diesel::QueryResult;
use diesel::result::Error as DieselError;
use request::Request;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

/// The most bytes of a buffer that is kept for the next message.
const KEPT: usize = 1 << 20;

/// What is read, and for whom.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) actor: &'a ActorSettings,
    /// Its rows are `(json, rows)`.
    pub(crate) statement: &'a Statement,
    /// Whether it is worth preparing.
    pub(crate) kind: StatementKind,
    /// The hash of its shape and of the actor's role.
    pub(crate) shape: u64,
}

/// A statement that is prepared: what the same name may be used for again.
struct Known {
    text: Arc<str>,
    role: String,
    types: Vec<u32>,
}

impl Known {
    fn of(statement: &Statement, actor: &ActorSettings, binds: EncodedBinds) -> Self {
        Self { text: Arc::clone(statement.shared_text()), role: actor.role().to_owned(), types: binds.types }
    }

    /// Whether it is this statement as this actor's role prepares it.
    fn is_of(&self, statement: &Statement, actor: &ActorSettings, binds: &EncodedBinds) -> bool {
        *self.text == *statement.text() && self.role == actor.role() && self.types == binds.types
    }
}

/// Reads on one connection.
#[derive(Default)]
pub(crate) struct Pipeline {
    request: Request,
    received: BytesMut,
    /// The statements that are prepared on the connection, by the hash of their shape and role.
    known: HashMap<u64, Known>,
    /// How many settings the prepared statements that set them have.
    entries: Vec<usize>,
}

impl Pipeline {
    /// How many statements are prepared.
    pub(crate) fn prepared(&self) -> usize {
        self.known.len()
    }

    /// Runs a statement for an actor, in a transaction of its own; its last row.
    ///
    /// Dropped before its end, or failed with an [`io::Error`], the connection cannot be used any more.
    ///
    /// # Errors
    /// [`io::Error`] if the connection is lost or PostgreSQL does not keep to its protocol; else PostgreSQL's refusal.
    pub(crate) async fn run(&mut self, mut lent: Lent<'_>, asked: Asked<'_>) -> io::Result<QueryResult<Option<JsonRow>>> {
        let Asked { actor, statement, kind, shape } = asked;
        let binds = match statement.encoded_binds() {
            Ok(binds) => binds,
            Err(error) => {
                lent.give_back();
                return Ok(Err(error));
            }
        };
        let settings: Vec<_> = actor.values().collect();
        let is_entry_known = self.entries.contains(&settings.len());
        let found = self.known.get(&shape);
        let is_known = found.is_some_and(|known| known.is_of(statement, actor, &binds));
        // A shape whose hash another one has is prepared for this time alone.
        let is_kept = is_known || (found.is_none() && kind == StatementKind::Hot);

        let name = if is_kept { format!("read_{shape:x}") } else { String::new() };
        let new_text = (!is_known).then(|| statement.text());
        if let Err(error) = self.request.write(&settings, is_entry_known, (&name, new_text), &binds) {
            lent.give_back();
            return Ok(Err(DieselError::SerializationError(error.into())));
        }
        lent.write_all(self.request.bytes()).await?;
        lent.flush().await?;
        let awaited = Awaited { is_entry_parsed: !is_entry_known, is_statement_parsed: !is_known, settings: &settings };
        let answer = Answer::receive(&mut lent, &mut self.received, &awaited).await?;
        lent.give_back();
        self.request.shrink();
        if self.received.capacity() > KEPT {
            self.received = BytesMut::new();
        }
        // In the order in which they were sent.
        let mut parsed = answer.parsed;
        let mut is_parsed = || parsed.checked_sub(1).map(|left| parsed = left).is_some();
        if !is_entry_known && is_parsed() {
            self.entries.push(settings.len());
        }
        if !is_known && is_parsed() && is_kept {
            self.known.insert(shape, Known::of(statement, actor, binds));
        }
        Ok(answer.row)
    }
}
