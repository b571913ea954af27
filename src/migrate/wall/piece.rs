//! A piece of the wall, and the text that makes it.

use crate::base::TableName;
use crate::db::wall::WallPiece;
use crate::migrate::ddl;
use sha2::{Digest, Sha256};
use std::fmt;

/// What a piece is. In the order in which pieces are made; they are taken down the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PieceKind {
    /// Rows of the table are asked for policies at all.
    Table,
    /// What rules look through.
    View,
    /// What a trigger runs.
    Function,
    /// A rule that is asked of each changed row.
    Trigger,
    /// A rule that is asked of each row that a statement names.
    Policy,
}

impl PieceKind {
    /// As `db::wall` says it.
    fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::Function => "function",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
        }
    }

    fn from_word(word: &str) -> Self {
        [Self::View, Self::Function, Self::Trigger, Self::Policy]
            .into_iter()
            .find(|kind| kind.word() == word)
            .unwrap_or(Self::Table)
    }
}

/// What tells pieces apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PieceName {
    /// What it is.
    pub kind: PieceKind,
    /// The table that it is on; for a view or function it itself.
    pub on: TableName,
    /// Its name on the table; empty for what is on no table.
    pub name: String,
}

impl fmt::Display for PieceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, on, name } = self;
        match kind {
            PieceKind::Table => write!(formatter, "row-level security on {on}"),
            PieceKind::View | PieceKind::Function => write!(formatter, "the {} {on}", kind.word()),
            PieceKind::Trigger | PieceKind::Policy => write!(formatter, "the {} {name} on {on}", kind.word()),
        }
    }
}

impl PieceName {
    /// The name of a piece that stands.
    pub fn of(stored: &WallPiece) -> Self {
        let WallPiece { kind, schema, relation, name, .. } = stored;
        Self { kind: PieceKind::from_word(kind), on: TableName::new(schema, relation), name: name.clone() }
    }

    /// The statement that takes it down.
    pub fn dropped(&self) -> String {
        let (on, name) = (ddl::table(&self.on), ddl::name(&self.name));
        match self.kind {
            PieceKind::Table => format!("alter table {on} disable row level security;\n"),
            PieceKind::View => format!("drop view {on};\n"),
            // No two have the same name, so that none needs its arguments.
            PieceKind::Function => format!("drop function {on};\n"),
            PieceKind::Trigger => format!("drop trigger {name} on {on};\n"),
            PieceKind::Policy => format!("drop policy {name} on {on};\n"),
        }
    }

    /// The statement that comments it.
    fn commented(&self, comment: &str) -> String {
        let (on, name, text) = (ddl::table(&self.on), ddl::name(&self.name), ddl::text(comment));
        match self.kind {
            PieceKind::Table => String::new(),
            PieceKind::View => format!("comment on view {on} is {text};\n"),
            PieceKind::Function => format!("comment on function {on} is {text};\n"),
            PieceKind::Trigger => format!("comment on trigger {name} on {on} is {text};\n"),
            PieceKind::Policy => format!("comment on policy {name} on {on} is {text};\n"),
        }
    }
}

/// A piece as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which.
    pub name: PieceName,
    /// The statement that makes it.
    pub create: String,
}

impl Piece {
    /// Whether what stands was made by this statement and is as it was made.
    pub fn stands_as(&self, stored: &WallPiece) -> bool {
        self.name.kind == PieceKind::Table || stored.comment.as_deref() == Some(&*comment(&self.create, stored))
    }

    /// The statement that lets what now stands say what made it.
    pub fn remembered(&self, stored: &WallPiece) -> String {
        self.name.commented(&comment(&self.create, stored))
    }
}

/// The statement that made a piece, by its comment.
pub fn made_by(stored: &WallPiece) -> Option<&str> {
    stored.comment.as_deref()?.split_once('\n').map(|(_, create)| create)
}

fn comment(create: &str, stored: &WallPiece) -> String {
    format!("toolcrib {}\n{create}", hex::encode(Sha256::digest(stored.definition.as_bytes())))
}
