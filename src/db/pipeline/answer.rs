//! What comes back: the messages up to ReadyForQuery.

use super::refusal::refusal;
use crate::db::RawJson;
use crate::db::transaction::JsonRow;
use bytes::BytesMut;
use diesel::QueryResult;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{DataRowBody, Message};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// What ReadyForQuery says when no transaction is open.
const IDLE: u8 = b'I';

/// A message that has to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// ParseComplete.
    Parsed,
    /// BindComplete.
    Bound,
    /// CommandComplete, of the statement that makes the settings.
    Entered,
    /// CommandComplete, of the statement that was asked for.
    Done,
}

/// What was sent, and so what has to come back.
pub(super) struct Awaited<'a> {
    /// Whether the statement that makes the settings was to be prepared.
    pub(super) is_entry_parsed: bool,
    /// Whether the other one was.
    pub(super) is_statement_parsed: bool,
    /// The settings, which the first statement answers with.
    pub(super) settings: &'a [(&'static str, &'a str)],
}

impl Awaited<'_> {
    /// The messages in their order.
    fn steps(&self) -> impl Iterator<Item = Step> {
        let parsed = |is_parsed: bool| is_parsed.then_some(Step::Parsed).into_iter();
        let entry = parsed(self.is_entry_parsed).chain([Step::Bound, Step::Entered]);
        entry.chain(parsed(self.is_statement_parsed)).chain([Step::Bound, Step::Done])
    }
}

/// An answer that has come to its end.
pub(super) struct Answer {
    /// How many statements were prepared.
    pub(super) parsed: usize,
    /// The last row of the second statement, or why there is none.
    pub(super) row: QueryResult<Option<JsonRow>>,
}

impl Answer {
    /// Receives it.
    ///
    /// Everything has to come as it was asked for, and the settings have to be the caller's: whatever a mistake might leave on a
    /// connection, nobody is given the answer to somebody else's question.
    ///
    /// # Errors
    /// [`io::Error`]; the connection cannot be used any more.
    pub(super) async fn receive(
        socket: &mut (impl AsyncRead + Unpin),
        received: &mut BytesMut,
        awaited: &Awaited<'_>,
    ) -> io::Result<Self> {
        received.clear();
        let mut answer = Self { parsed: 0, row: Ok(None) };
        let (mut steps, mut is_entered) = (awaited.steps().peekable(), false);
        loop {
            let Some(message) = Message::parse(received)? else {
                if socket.read_buf(received).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            };
            match (message, steps.peek()) {
                (Message::NoticeResponse(_) | Message::NotificationResponse(_) | Message::ParameterStatus(_), _) => {}
                (Message::ReadyForQuery(ready), next) if ready.status() == IDLE && received.is_empty() => {
                    match next.is_none() || answer.row.is_err() {
                        true => return Ok(answer),
                        false => return Err(malformed("less than it was asked")),
                    }
                }
                // After an error PostgreSQL leaves out whatever was still to come.
                _ if answer.row.is_err() => return Err(malformed("more than an error")),
                // Also behind the last statement: the transaction may still fail at its end.
                (Message::ErrorResponse(body), _) => answer.row = Err(refusal(&body)?),
                (Message::ParseComplete, Some(Step::Parsed)) => {
                    answer.parsed += 1;
                    steps.next();
                }
                (Message::BindComplete, Some(Step::Bound)) => drop(steps.next()),
                (Message::DataRow(row), Some(Step::Entered)) => is_entered = is_answered(&row, awaited.settings)?,
                (Message::CommandComplete(_), Some(Step::Entered)) if is_entered => drop(steps.next()),
                (Message::DataRow(row), Some(Step::Done)) => answer.row = Ok(Some(read_row(&row)?)),
                (Message::CommandComplete(_), Some(Step::Done)) => drop(steps.next()),
                _ => return Err(malformed("a message that it was not asked for")),
            }
        }
    }
}

/// Whether PostgreSQL answers with the settings that were asked for.
fn is_answered(row: &DataRowBody, settings: &[(&str, &str)]) -> io::Result<bool> {
    let ranges: Vec<_> = row.ranges().collect()?;
    let values = ranges.into_iter().map(|range| range.and_then(|range| row.buffer().get(range)));
    Ok(values.eq(settings.iter().map(|(_, value)| Some(value.as_bytes()))))
}

/// `(json, bigint)`, both in binary: JSON's is its text.
fn read_row(row: &DataRowBody) -> io::Result<JsonRow> {
    let mut ranges = row.ranges();
    let mut next = || match ranges.next()? {
        Some(range) => Ok(range.map(|range| &row.buffer()[range])),
        None => Err(malformed("a row without its columns")),
    };
    let json = match next()? {
        Some(bytes) => Some(RawJson(std::str::from_utf8(bytes).map_err(|_| malformed("JSON that is no UTF-8"))?.to_owned())),
        None => None,
    };
    let rows = next()?.and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes);
    Ok((json, rows.ok_or_else(|| malformed("a count of rows that is none"))?))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("PostgreSQL answered with {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: [(&str, &str); 2] = [("role", "toolcrib_role_agent"), ("toolcrib.actor", "u t ")];

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = i32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[tag], &length[..], body].concat()
    }

    fn row(columns: &[&[u8]]) -> Vec<u8> {
        let column = |bytes: &&[u8]| [&i32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
        let count = i16::try_from(columns.len()).unwrap().to_be_bytes();
        message(b'D', &[count.to_vec(), columns.iter().flat_map(column).collect()].concat())
    }

    fn settings(values: [&str; 2]) -> Vec<u8> {
        row(&values.map(str::as_bytes))
    }

    fn mine() -> Vec<u8> {
        settings(SETTINGS.map(|(_, value)| value))
    }

    fn json(text: &str) -> Vec<u8> {
        row(&[text.as_bytes(), &1_i64.to_be_bytes()])
    }

    fn parsed() -> Vec<u8> {
        message(b'1', b"")
    }

    fn bound() -> Vec<u8> {
        message(b'2', b"")
    }

    fn closed() -> Vec<u8> {
        message(b'3', b"")
    }

    fn done() -> Vec<u8> {
        message(b'C', b"SELECT 1\0")
    }

    fn ready(status: u8) -> Vec<u8> {
        message(b'Z', &[status])
    }

    fn error(text: &str) -> Vec<u8> {
        message(b'E', format!("SERROR\0C23505\0M{text}\0\0").as_bytes())
    }

    async fn receive(messages: &[Vec<u8>], is_parsed: [bool; 2]) -> io::Result<Answer> {
        let bytes = messages.concat();
        let [is_entry_parsed, is_statement_parsed] = is_parsed;
        let awaited = Awaited { is_entry_parsed, is_statement_parsed, settings: &SETTINGS };
        Answer::receive(&mut bytes.as_slice(), &mut BytesMut::new(), &awaited).await
    }

    #[tokio::test]
    async fn the_row_of_the_second_statement_is_the_answer() {
        let known = [bound(), mine(), done(), bound(), json("{}"), done(), ready(b'I')];
        let answer = receive(&known, [false, false]).await.unwrap();
        assert_eq!((answer.parsed, answer.row), (0, Ok(Some((Some(RawJson("{}".to_owned())), 1)))));
        let new = [parsed(), bound(), mine(), done(), parsed(), bound(), done(), ready(b'I')];
        let answer = receive(&new, [true, true]).await.unwrap();
        assert_eq!((answer.parsed, answer.row), (2, Ok(None)));
    }

    #[tokio::test]
    async fn an_error_is_told_wherever_it_comes() {
        let refused: [&[Vec<u8>]; 4] = [
            &[error("no"), ready(b'I')],
            &[parsed(), bound(), mine(), done(), error("no"), ready(b'I')],
            &[parsed(), bound(), mine(), done(), parsed(), bound(), error("no"), ready(b'I')],
            &[parsed(), bound(), mine(), done(), parsed(), bound(), json("{}"), done(), error("no"), ready(b'I')],
        ];
        for (index, messages) in refused.into_iter().enumerate() {
            let answer = receive(messages, [true, true]).await.unwrap();
            let Err(diesel::result::Error::DatabaseError(kind, information)) = answer.row else { panic!("case {index}") };
            assert_eq!((kind, information.message()), (diesel::result::DatabaseErrorKind::UniqueViolation, "no"));
            assert_eq!(answer.parsed, [0, 1, 2, 2][index]);
        }
    }

    #[tokio::test]
    async fn what_was_not_asked_for_is_nobodys_answer() {
        let others = || settings(["toolcrib_role_agent", "u2 t "]);
        let cases: [(&str, &[Vec<u8>]); 9] = [
            ("the end of what somebody else closed", &[closed(), ready(b'I')]),
            ("the end of something else", &[ready(b'I')]),
            ("settings of somebody else", &[bound(), others(), done(), bound(), json("{}"), done(), ready(b'I')]),
            ("no settings", &[bound(), done(), bound(), json("{}"), done(), ready(b'I')]),
            ("one statement alone", &[bound(), mine(), done(), ready(b'I')]),
            ("a third statement", &[bound(), mine(), done(), bound(), done(), bound(), done(), ready(b'I')]),
            ("more behind the end", &[bound(), mine(), done(), bound(), done(), ready(b'I'), ready(b'I')]),
            ("a transaction that is open", &[bound(), mine(), done(), bound(), done(), ready(b'T')]),
            ("no end", &[bound(), mine(), done(), bound(), json("{}"), done()]),
        ];
        for (name, messages) in cases {
            assert!(receive(messages, [false, false]).await.is_err(), "{name}");
        }
    }
}
