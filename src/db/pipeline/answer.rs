//! What comes back: the messages up to ReadyForQuery.

use super::Setting;
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

/// Room for the bytes that PostgreSQL sends at once, the size of its own buffer.
const AT_ONCE: usize = 8 << 10;

/// A message that has to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected<'a> {
    /// ParseComplete.
    Parsed,
    /// BindComplete.
    Bound,
    /// CommandComplete, of the statement that makes these settings.
    Entered(Entered<'a>),
    /// CommandComplete, of the statement that was asked for.
    Done,
}

/// What a statement that makes settings answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entered<'a> {
    /// The settings.
    pub(super) settings: &'a [Setting<'a>],
    /// The number of the message.
    pub(super) number: i64,
}

/// A statement that was sent, and so what has to come back.
#[derive(Clone, Copy)]
pub(super) struct Awaited<'a> {
    /// Whether it was to be prepared.
    pub(super) is_parsed: bool,
    /// What it answers with if it makes settings.
    pub(super) entered: Option<Entered<'a>>,
}

impl<'a> Awaited<'a> {
    /// The messages in their order.
    fn messages(self) -> impl Iterator<Item = Expected<'a>> {
        let end = self.entered.map_or(Expected::Done, Expected::Entered);
        self.is_parsed.then_some(Expected::Parsed).into_iter().chain([Expected::Bound, end])
    }
}

/// An answer that has come to its end.
pub(super) struct Answer {
    /// How many statements were prepared.
    pub(super) parsed: usize,
    /// The last row of each statement that makes no settings, or why there is none.
    pub(super) rows: QueryResult<Vec<Option<JsonRow>>>,
}

impl Answer {
    /// Receives it.
    ///
    /// Everything has to come as it was asked for, the settings have to be the caller's, and the number that of the message: whatever
    /// a mistake might leave on a connection, nobody is given the answer to another question.
    ///
    /// # Errors
    /// [`io::Error`]; the connection cannot be used any more.
    pub(super) async fn receive(
        socket: &mut (impl AsyncRead + Unpin),
        received: &mut BytesMut,
        awaited: &[Awaited<'_>],
    ) -> io::Result<Self> {
        received.clear();
        let mut answer = Self { parsed: 0, rows: Ok(Vec::new()) };
        let expected: Vec<Expected<'_>> = awaited.iter().flat_map(|statement| statement.messages()).collect();
        let (mut at, mut row, mut is_entered) = (0, None, false);
        loop {
            let Some(message) = Message::parse(received)? else {
                // What is left of the buffer is often a little too small for an answer, which would then take two reads.
                received.reserve(AT_ONCE);
                if socket.read_buf(received).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            };
            let next = expected.get(at).copied();
            match (message, next, &mut answer.rows) {
                (Message::NoticeResponse(_) | Message::NotificationResponse(_) | Message::ParameterStatus(_), _, _) => continue,
                (Message::ReadyForQuery(ready), _, rows) if ready.status() == IDLE && received.is_empty() => {
                    return if next.is_none() || rows.is_err() { Ok(answer) } else { Err(malformed("less than it was asked")) };
                }
                // After an error PostgreSQL leaves out whatever was still to come.
                (_, _, Err(_)) => return Err(malformed("more than an error")),
                // Also behind the last statement: the transaction may still fail at its end.
                (Message::ErrorResponse(body), _, rows) => {
                    *rows = Err(refusal(&body)?);
                    continue;
                }
                (Message::DataRow(body), Some(Expected::Entered(entered)), _) => {
                    is_entered = is_answered(&body, entered)?;
                    continue;
                }
                (Message::DataRow(body), Some(Expected::Done), _) => {
                    row = Some(read_row(&body)?);
                    continue;
                }
                (Message::ParseComplete, Some(Expected::Parsed), _) => answer.parsed += 1,
                (Message::BindComplete, Some(Expected::Bound), _) => {}
                (Message::CommandComplete(_), Some(Expected::Entered(_)), _) if is_entered => is_entered = false,
                (Message::CommandComplete(_), Some(Expected::Done), Ok(rows)) => rows.push(row.take()),
                _ => return Err(malformed("a message that it was not asked for")),
            }
            at += 1;
        }
    }
}

/// Whether PostgreSQL answers with the settings that were asked for, and the number.
fn is_answered(row: &DataRowBody, Entered { settings, number }: Entered<'_>) -> io::Result<bool> {
    let number = number.to_be_bytes();
    let mut expected = settings.iter().map(|(_, value)| value.as_bytes()).chain([&number[..]]);
    let mut ranges = row.ranges();
    while let Some(range) = ranges.next()? {
        let value = range.and_then(|range| row.buffer().get(range));
        if value.is_none() || value != expected.next() {
            return Ok(false);
        }
    }
    Ok(expected.next().is_none())
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

    const SETTINGS: [Setting<'static>; 2] = [("role", "toolcrib_role_agent"), ("toolcrib.actor", "u t ")];

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = i32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[tag], &length[..], body].concat()
    }

    fn row(columns: &[&[u8]]) -> Vec<u8> {
        let column = |bytes: &&[u8]| [&i32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
        let count = i16::try_from(columns.len()).unwrap().to_be_bytes();
        message(b'D', &[count.to_vec(), columns.iter().flat_map(column).collect()].concat())
    }

    /// The answer with these settings to the message of this number.
    fn settings([role, actor]: [&str; 2], number: i64) -> Vec<u8> {
        row(&[role.as_bytes(), actor.as_bytes(), &number.to_be_bytes()])
    }

    fn mine() -> Vec<u8> {
        settings(SETTINGS.map(|(_, value)| value), 7)
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
        let entered = [Some(Entered { settings: &SETTINGS, number: 7 }), None];
        let awaited = [0, 1].map(|index| Awaited { is_parsed: is_parsed[index], entered: entered[index] });
        Answer::receive(&mut bytes.as_slice(), &mut BytesMut::new(), &awaited).await
    }

    #[tokio::test]
    async fn the_row_of_the_second_statement_is_the_answer() {
        let known = [bound(), mine(), done(), bound(), json("{}"), done(), ready(b'I')];
        let answer = receive(&known, [false, false]).await.unwrap();
        assert_eq!((answer.parsed, answer.rows), (0, Ok(vec![Some((Some(RawJson("{}".to_owned())), 1))])));
        let new = [parsed(), bound(), mine(), done(), parsed(), bound(), done(), ready(b'I')];
        let answer = receive(&new, [true, true]).await.unwrap();
        assert_eq!((answer.parsed, answer.rows), (2, Ok(vec![None])));
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
            let Err(diesel::result::Error::DatabaseError(kind, information)) = answer.rows else { panic!("case {index}") };
            assert_eq!((kind, information.message()), (diesel::result::DatabaseErrorKind::UniqueViolation, "no"));
            assert_eq!(answer.parsed, [0, 1, 2, 2][index]);
        }
    }

    #[tokio::test]
    async fn what_was_not_asked_for_is_nobodys_answer() {
        let others = || settings(["toolcrib_role_agent", "u2 t "], 7);
        let earlier = || settings(SETTINGS.map(|(_, value)| value), 6);
        let without_number = || row(&SETTINGS.map(|(_, value)| value.as_bytes()));
        let with_more = || row(&[&SETTINGS.map(|(_, value)| value.as_bytes())[..], &[&7_i64.to_be_bytes(), b"more"]].concat());
        let cases: [(&str, &[Vec<u8>]); 12] = [
            ("the end of what somebody else closed", &[closed(), ready(b'I')]),
            ("the end of something else", &[ready(b'I')]),
            ("settings of somebody else", &[bound(), others(), done(), bound(), json("{}"), done(), ready(b'I')]),
            ("the answer to the message before", &[bound(), earlier(), done(), bound(), json("{}"), done(), ready(b'I')]),
            ("settings without a number", &[bound(), without_number(), done(), bound(), json("{}"), done(), ready(b'I')]),
            ("settings and more", &[bound(), with_more(), done(), bound(), json("{}"), done(), ready(b'I')]),
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
