//! A transaction in one message: who asks, what is run, and the end of it, sent at once and answered at once.
//!
//! Purpose: the driver ends each statement with a Sync of its own, so that BEGIN with the settings, a statement and COMMIT are three
//! messages, each read, answered and flushed by itself: half of what PostgreSQL does for a read by id, and as much again in this
//! process. Here all of it ends with a single Sync.
//! Flow: `Database::read`, `Database::change` → [`Pipeline::run`] over a [`Lent`] socket, encoded and decoded by `postgres-protocol`.
//! Connecting, signing in, TLS, time-outs and cancelling stay the driver's, and so does every transaction whose statements are
//! judged before it may end: the driver lends its socket while it has nothing under way itself.
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

/// A statement that is prepared: what the same name may be used for again.
struct Known {
    text: Arc<str>,
    role: String,
    types: Vec<u32>,
}

impl Known {
    fn of(asked: Asked<'_>, binds: EncodedBinds) -> Self {
        Self { text: Arc::clone(asked.statement.shared_text()), role: asked.role.to_owned(), types: binds.types }
    }

    /// Whether it is this statement as this role prepares it.
    fn is_of(&self, asked: Asked<'_>, binds: &EncodedBinds) -> bool {
        *self.text == *asked.statement.text() && self.role == asked.role && self.types == binds.types
    }
}

/// What a message prepares.
enum New {
    /// The statement that makes these settings.
    Entry(Vec<&'static str>),
    /// A statement that is kept.
    Kept(u64, Known),
    /// One for this message alone.
    Unnamed,
}

/// Transactions of one message on one connection.
#[derive(Default)]
pub(crate) struct Pipeline {
    request: Request,
    received: BytesMut,
    /// The statements that are prepared on the connection, by the hash of their shape and role.
    known: HashMap<u64, Known>,
    /// The settings that each prepared statement makes that makes settings.
    entries: Vec<Vec<&'static str>>,
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
                New::Entry(names) => self.entries.push(names),
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
        for step in steps {
            let before = new.len();
            let settings = match step {
                Step::Set(settings) => self.write_settings(settings, &mut new).map(|()| Some(*settings)),
                Step::Run(asked) => self.write_statement(*asked, &mut new).map(|()| None),
            };
            let settings = settings.map_err(|error| DieselError::SerializationError(error.into()))?;
            awaited.push(Awaited { is_parsed: new.len() > before, settings });
        }
        self.request.end();
        Ok((awaited, new))
    }

    fn write_settings(&mut self, settings: &[Setting<'_>], new: &mut Vec<New>) -> io::Result<()> {
        let is_of = |names: &Vec<&'static str>| names.iter().eq(settings.iter().map(|(name, _)| name));
        let new_entries = || new.iter().filter_map(|new| if let New::Entry(names) = new { Some(names) } else { None });
        let found = self.entries.iter().chain(new_entries()).position(is_of);
        let index = found.unwrap_or_else(|| self.entries.len() + new_entries().count());
        let name = format!("enter_{index}");
        if found.is_none() {
            self.request.prepare_settings(&name, settings)?;
            new.push(New::Entry(settings.iter().map(|(name, _)| *name).collect()));
        }
        let values: Vec<Option<&str>> = settings.iter().map(|(_, value)| Some(*value)).collect();
        self.request.execute(&name, &values)
    }

    fn write_statement(&mut self, asked: Asked<'_>, new: &mut Vec<New>) -> io::Result<()> {
        let Asked { statement, kind, shape, .. } = asked;
        let binds = statement.encoded_binds().map_err(io::Error::other)?;
        let in_message = new.iter().find_map(|new| match new {
            New::Kept(kept, known) if *kept == shape => Some(known),
            _ => None,
        });
        let found = self.known.get(&shape).or(in_message);
        let is_known = found.is_some_and(|known| known.is_of(asked, &binds));
        // A shape whose hash another one has is prepared for this time alone.
        let is_kept = is_known || (found.is_none() && kind == StatementKind::Hot);
        let name = if is_kept { format!("run_{shape:x}") } else { String::new() };
        if !is_known {
            self.request.prepare(&name, statement.text(), &binds.types)?;
        }
        self.request.execute(&name, &binds.values)?;
        if !is_known {
            new.push(if is_kept { New::Kept(shape, Known::of(asked, binds)) } else { New::Unnamed });
        }
        Ok(())
    }
}
