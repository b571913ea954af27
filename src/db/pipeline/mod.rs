//! A transaction in one message: who asks, what is run, and the end of it, sent at once and answered at once.
//!
//! Purpose: the driver ends each statement with a Sync of its own, so that BEGIN with the settings, a statement and COMMIT are three
//! messages, each read, answered and flushed by itself: half of what PostgreSQL does for a read by id, and as much again in this
//! process. Here all of it ends with a single Sync.
//! Flow: `Database::read`, `Database::change` → [`Pipeline::run`] over a [`Lent`] socket, encoded and decoded by `postgres-protocol`.
//! Connecting, signing in, TLS, time-outs and cancelling stay the driver's, and so does every transaction whose statements are
//! judged before it may end: the driver lends its socket while it has nothing under way itself.
//! Invariants: the transaction is PostgreSQL's implicit one, which opens with the first message and is over at the Sync whatever
//! happens, so none can stay open; settings are local to it; an answer that is not the one to what was sent, down to its number and
//! the settings of its caller, is nobody's, and its connection is closed; so is one whose caller left in the middle.
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

use crate::db::transaction::JsonRow;
use crate::sql::{EncodedBinds, Statement, StatementKind};
use answer::{Answer, Awaited, Entered};
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

/// A setting for the rest of a transaction, with its value.
pub(crate) type Setting<'a> = (&'static str, &'a str);

/// A part of a transaction.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// Makes settings. One statement makes them all, because each costs as much as the next.
    Set(&'a [Setting<'a>]),
    /// Runs a statement.
    Run(Asked<'a>),
}

/// A statement that is run, and for whom.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The role that prepares it.
    pub(crate) role: &'a str,
    /// Its rows are `(json, rows)`.
    pub(crate) statement: &'a Statement,
    /// Whether it is worth preparing.
    pub(crate) kind: StatementKind,
    /// The hash of its shape and of the role.
    pub(crate) shape: u64,
}

/// A statement that is prepared: what its name may be used for again.
struct Known {
    name: String,
    text: Arc<str>,
    role: String,
    types: Vec<u32>,
}

impl Known {
    fn of(asked: Asked<'_>, name: String, binds: EncodedBinds) -> Self {
        Self { name, text: Arc::clone(asked.statement.shared_text()), role: asked.role.to_owned(), types: binds.types }
    }

    /// Whether it is this statement as this role prepares it.
    fn is_of(&self, asked: Asked<'_>, binds: &EncodedBinds) -> bool {
        *self.text == *asked.statement.text() && self.role == asked.role && self.types == binds.types
    }
}

/// A prepared statement that makes settings.
struct Entry {
    name: String,
    settings: Vec<&'static str>,
}

/// What a message prepares.
enum New {
    /// A statement that makes settings.
    Entry(Entry),
    /// A statement that is kept.
    Kept(u64, Known),
    /// One for this message alone.
    Unnamed,
}

/// Transactions of one message on one connection.
#[derive(Default)]
pub(crate) struct Pipeline {
    request: Request,
    /// The number of the last message, which its answer gives back.
    number: i64,
    received: BytesMut,
    /// The statements that are prepared on the connection, by the hash of their shape and role.
    known: HashMap<u64, Known>,
    /// The statements that make settings.
    entries: Vec<Entry>,
}

impl Pipeline {
    /// How many statements are prepared.
    pub(crate) fn prepared(&self) -> usize {
        self.known.len()
    }

    /// Runs a transaction; the last row of each of its statements.
    ///
    /// Dropped before its end, or failed with an [`io::Error`], the connection cannot be used any more, and whether the transaction
    /// was done is unknown.
    ///
    /// # Errors
    /// [`io::Error`] if the connection is lost or PostgreSQL does not keep to its protocol; else PostgreSQL's refusal, which undoes
    /// the transaction.
    pub(crate) async fn run(&mut self, mut lent: Lent<'_>, steps: &[Step<'_>]) -> io::Result<QueryResult<Vec<Option<JsonRow>>>> {
        let (awaited, new) = match self.write(steps) {
            Ok(written) => written,
            Err(error) => {
                lent.give_back();
                return Ok(Err(error));
            }
        };
        lent.write_all(self.request.bytes()).await?;
        lent.flush().await?;
        let answer = Answer::receive(&mut lent, &mut self.received, &awaited).await?;
        lent.give_back();
        self.request.shrink();
        if self.received.capacity() > KEPT {
            self.received = BytesMut::new();
        }
        // In the order in which they were sent; behind an error nothing was.
        for new in new.into_iter().take(answer.parsed) {
            match new {
                New::Entry(entry) => self.entries.push(entry),
                New::Kept(shape, known) => drop(self.known.insert(shape, known)),
                New::Unnamed => {}
            }
        }
        Ok(answer.rows)
    }

    /// Writes the message: what has to come back, and what it prepares.
    fn write<'a>(&mut self, steps: &[Step<'a>]) -> QueryResult<(Vec<Awaited<'a>>, Vec<New>)> {
        let (mut awaited, mut new) = (Vec::with_capacity(steps.len()), Vec::new());
        self.request.clear();
        self.number = self.number.wrapping_add(1);
        for step in steps {
            let before = new.len();
            let settings = match step {
                Step::Set(settings) => self.write_settings(settings, &mut new).map(|()| Some(*settings)),
                Step::Run(asked) => self.write_statement(*asked, &mut new).map(|()| None),
            };
            let settings = settings.map_err(|error| DieselError::SerializationError(error.into()))?;
            let entered = settings.map(|settings| Entered { settings, number: self.number });
            awaited.push(Awaited { is_parsed: new.len() > before, entered });
        }
        self.request.end();
        Ok((awaited, new))
    }

    fn write_settings(&mut self, settings: &[Setting<'_>], new: &mut Vec<New>) -> io::Result<()> {
        let number = self.number.to_be_bytes();
        let values: Vec<Option<&[u8]>> =
            settings.iter().map(|(_, value)| value.as_bytes()).chain([&number[..]]).map(Some).collect();
        let new_entries = || new.iter().filter_map(|new| if let New::Entry(entry) = new { Some(entry) } else { None });
        let is_of = |entry: &&Entry| entry.settings.iter().eq(settings.iter().map(|(name, _)| name));
        if let Some(entry) = self.entries.iter().chain(new_entries()).find(is_of) {
            return self.request.execute(&entry.name, &values);
        }
        let name = format!("enter_{}", self.entries.len() + new_entries().count());
        self.request.prepare_settings(&name, settings)?;
        self.request.execute(&name, &values)?;
        new.push(New::Entry(Entry { name, settings: settings.iter().map(|(name, _)| *name).collect() }));
        Ok(())
    }

    fn write_statement(&mut self, asked: Asked<'_>, new: &mut Vec<New>) -> io::Result<()> {
        let Asked { statement, kind, shape, .. } = asked;
        let binds = statement.encoded_binds().map_err(io::Error::other)?;
        let in_message = new.iter().find_map(|new| match new {
            New::Kept(kept, known) if *kept == shape => Some(known),
            _ => None,
        });
        let found = self.known.get(&shape).or(in_message);
        if let Some(known) = found.filter(|known| known.is_of(asked, &binds)) {
            return self.request.execute(&known.name, &binds.values);
        }
        // A shape whose hash another one has is prepared for this time alone.
        let is_kept = found.is_none() && kind == StatementKind::Hot;
        let name = if is_kept { format!("run_{shape:x}") } else { String::new() };
        self.request.prepare(&name, statement.text(), &binds.types)?;
        self.request.execute(&name, &binds.values)?;
        new.push(if is_kept { New::Kept(shape, Known::of(asked, name, binds)) } else { New::Unnamed });
        Ok(())
    }
}
