//! Bringing the wall to what it has to be, taking it down for a migration, putting it up again.

use crate::base::TableName;
use crate::db::wall::{self, WallPiece};
use crate::migrate::wall::piece::{Piece, PieceKind, PieceName, made_by};
use crate::migrate::{MigrateError, ddl};
use crate::policy::RULE_SCHEMA_PREFIX;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use std::collections::{BTreeMap, BTreeSet};

/// The policy behind which a migration works.
const SUSPENDED: &str = "toolcrib_suspended";

/// What changed of the wall, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WallChanges {
    /// What was missing, or not as it has to be.
    pub made: Vec<String>,
    /// What no rule asks for.
    pub dropped: Vec<String>,
}

impl WallChanges {
    /// Whether everything was as it has to be.
    pub fn is_empty(&self) -> bool {
        self.made.is_empty() && self.dropped.is_empty()
    }

    /// For the audit log.
    pub(in crate::migrate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "made": self.made, "dropped": self.dropped })
    }
}

/// What differs between the wall as it has to be and as it stands.
struct Difference<'w> {
    dropped: Vec<PieceName>,
    made: Vec<&'w Piece>,
}

impl<'w> Difference<'w> {
    fn of(wanted: &'w [Piece], stored: &[WallPiece]) -> Self {
        let standing: BTreeMap<PieceName, &WallPiece> = stored.iter().map(|piece| (PieceName::of(piece), piece)).collect();
        let is_kept = |piece: &Piece| standing.get(&piece.name).is_some_and(|stored| piece.stands_as(stored));
        let kept: BTreeSet<&PieceName> = wanted.iter().filter(|piece| is_kept(piece)).map(|piece| &piece.name).collect();
        let made: Vec<&Piece> = wanted.iter().filter(|piece| !kept.contains(&piece.name)).collect();
        let mut dropped: Vec<PieceName> = standing.into_keys().filter(|name| !kept.contains(name)).collect();
        // A table that is no collection any more may keep its row-level security; nobody has a privilege on it.
        dropped.retain(|name| name.kind != PieceKind::Table);
        dropped.reverse();
        Self { dropped, made }
    }

    /// In words; what is dropped to be made anew is not told twice.
    fn to_changes(&self) -> WallChanges {
        let Self { dropped, made } = self;
        let made_anew: BTreeSet<&PieceName> = made.iter().map(|piece| &piece.name).collect();
        let dropped = dropped.iter().filter(|name| !made_anew.contains(name)).map(ToString::to_string).collect();
        WallChanges { made: made.iter().map(|piece| piece.name.to_string()).collect(), dropped }
    }
}

/// The differences, without changing them.
pub(in crate::migrate) async fn compare(
    connection: &mut AsyncPgConnection,
    wanted: &[Piece],
) -> Result<WallChanges, MigrateError> {
    let stored = read(connection).await?;
    Ok(Difference::of(wanted, &stored).to_changes())
}

/// Brings the wall to what it has to be, in an open transaction. What depends on a view goes with it: policies are dropped first and
/// made last.
pub(in crate::migrate) async fn bring(connection: &mut AsyncPgConnection, wanted: &[Piece]) -> Result<WallChanges, MigrateError> {
    let doing = || MigrateError::while_doing("raising row-level security");
    let stored = read(connection).await?;
    let difference = Difference::of(wanted, &stored);
    let changes = difference.to_changes();
    if changes.is_empty() {
        return Ok(changes);
    }
    let views_change = difference.dropped.iter().any(|name| name.kind < PieceKind::Trigger);
    // Which policy looks through which view is not worth knowing: they are made anew together.
    let stored = if views_change { take_down(connection, &stored).await? } else { stored };
    let Difference { dropped, made } = Difference::of(wanted, &stored);
    let schemas: BTreeSet<&str> = made
        .iter()
        .filter(|piece| piece.name.kind == PieceKind::View || piece.name.kind == PieceKind::Function)
        .map(|piece| &*piece.name.on.schema)
        .collect();
    let mut text: String = dropped.iter().map(PieceName::dropped).collect();
    text.extend(schemas.iter().map(|schema| format!("create schema if not exists {};\n", ddl::name(schema))));
    text.extend(made.iter().map(|piece| piece.create.as_str()));
    connection.batch_execute(&text).await.map_err(doing())?;
    let standing = read(connection).await?;
    let by_name: BTreeMap<PieceName, &WallPiece> = standing.iter().map(|piece| (PieceName::of(piece), piece)).collect();
    let remembered: String =
        made.iter().filter_map(|piece| by_name.get(&piece.name).map(|stored| piece.remembered(stored))).collect();
    connection.batch_execute(&remembered).await.map_err(doing())?;
    Ok(changes)
}

/// Drops everything but row-level security itself; what stands afterwards.
async fn take_down(connection: &mut AsyncPgConnection, stored: &[WallPiece]) -> Result<Vec<WallPiece>, MigrateError> {
    let text = drops(stored);
    connection.batch_execute(&text).await.map_err(MigrateError::while_doing("taking row-level security down"))?;
    read(connection).await
}

/// The statements that drop everything but row-level security itself, what depends on something before that.
fn drops(stored: &[WallPiece]) -> String {
    let mut names: Vec<PieceName> = stored.iter().map(PieceName::of).filter(|name| name.kind != PieceKind::Table).collect();
    names.sort();
    names.iter().rev().map(PieceName::dropped).collect()
}

/// What was taken down for a migration.
#[derive(Clone, Debug, Default)]
pub(in crate::migrate) struct Suspended(Vec<WallPiece>);

/// Takes the wall down for a step that changes columns which it names. Until it stands again, every table refuses every row to
/// everybody but its owner, in words.
pub(in crate::migrate) async fn suspend(connection: &mut AsyncPgConnection) -> Result<Suspended, MigrateError> {
    let doing = MigrateError::while_doing("taking row-level security down");
    let stored = read(connection).await?;
    let mut text = drops(&stored);
    text.extend(guarded_tables(&stored).map(|table| {
        let on = ddl::table(&table);
        format!("create policy {SUSPENDED} on {on} using (toolcrib.refuse_while_migrating());\n")
    }));
    let outcome = connection.transaction::<(), DieselError, _>(async |connection| connection.batch_execute(&text).await).await;
    outcome.map_err(doing)?;
    tracing::warn!("row-level security is down for a migration; until it is up again, no row is answered");
    Ok(Suspended(stored))
}

/// Puts up again what was taken down, after a migration that failed: what can no longer stand leaves its table refusing.
pub(in crate::migrate) async fn restore(connection: &mut AsyncPgConnection, suspended: &Suspended) {
    let mut pieces: Vec<(PieceName, &str)> =
        suspended.0.iter().filter_map(|stored| Some((PieceName::of(stored), made_by(stored)?))).collect();
    pieces.sort();
    let mut refusing: BTreeSet<_> = BTreeSet::new();
    for (name, create) in &pieces {
        let made = connection.transaction::<(), DieselError, _>(async |connection| connection.batch_execute(create).await).await;
        if let Err(error) = made {
            tracing::error!(error = %error, piece = %name, "row-level security cannot be put up again as it was");
            refusing.insert(name.on.clone());
        }
    }
    for table in guarded_tables(&suspended.0).filter(|table| !refusing.contains(table)) {
        let text = format!("drop policy if exists {SUSPENDED} on {}", ddl::table(&table));
        if let Err(error) = connection.batch_execute(&text).await {
            tracing::error!(error = %error, table = %table, "a table still refuses every row");
        }
    }
}

/// The tables whose rows are asked for policies.
fn guarded_tables(stored: &[WallPiece]) -> impl Iterator<Item = TableName> {
    stored.iter().map(PieceName::of).filter(|name| name.kind == PieceKind::Table).map(|name| name.on)
}

/// What PostgreSQL says of a column that something else names.
const IN_THE_WAY: [&str; 5] = [
    "other objects depend on it",
    "used in a policy definition",
    "used by a view or rule",
    "used in a trigger definition",
    "used by a function or procedure",
];

/// Whether a step failed because the wall names what it changes.
pub(in crate::migrate) fn is_in_the_way(error: &MigrateError) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        let text = error.to_string();
        if IN_THE_WAY.iter().any(|words| text.contains(words)) {
            return true;
        }
        source = error.source();
    }
    false
}

async fn read(connection: &mut AsyncPgConnection) -> Result<Vec<WallPiece>, MigrateError> {
    wall::read_wall(connection, RULE_SCHEMA_PREFIX).await.map_err(MigrateError::while_doing("reading row-level security"))
}
