//! The rules that were applied, against those of the schema: what gives somebody more needs somebody's word.

use crate::catalog::{Catalog, SourceFile};
use crate::db::applied_schema::{self, AppliedSource};
use crate::db::migrations::{self, SchemaChange};
use crate::migrate::{MigrateError, Tool};
use crate::policy::{AccessDifference, ComparedRules, Direction, RuleBook, differences};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde_json::json;

/// What to do if the rules give somebody more than those that were applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Widening {
    /// Nothing is applied.
    #[default]
    Refused,
    /// It goes on record with this reason.
    Accepted {
        /// Why.
        reason: String,
    },
}

/// The rules that were applied last.
#[derive(Clone, Debug)]
pub struct AppliedRules {
    /// Their schema.
    pub catalog: Catalog,
    /// They.
    pub rules: RuleBook,
}

/// How the rules of the schema stand to those that were applied.
#[derive(Clone, Debug)]
pub(super) enum Standing {
    /// None were: there is nothing to be wider than.
    First,
    /// Those cannot be read by this release, so nothing can be said: that counts as wider.
    Unreadable,
    /// The very same schema was.
    Same,
    /// Another schema was, which differs in this.
    Other(Vec<AccessDifference>),
}

/// The rules that were applied last; `None` if none were.
///
/// # Errors
/// [`MigrateError::UnreadableRules`] if a later release wrote them.
pub async fn applied_rules(connection: &mut AsyncPgConnection) -> Result<Option<AppliedRules>, MigrateError> {
    let Some(sources) = find(connection).await? else { return Ok(None) };
    compile(sources).map(Some).ok_or(MigrateError::UnreadableRules)
}

/// What applying this schema would change of who may do what; nothing if none was applied yet.
///
/// # Errors
/// As [`applied_rules`].
pub async fn access_changes(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<Vec<AccessDifference>, MigrateError> {
    match examine(connection, tool).await? {
        Standing::First | Standing::Same => Ok(Vec::new()),
        Standing::Unreadable => Err(MigrateError::UnreadableRules),
        Standing::Other(changes) => Ok(changes),
    }
}

pub(super) async fn examine(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<Standing, MigrateError> {
    let Some(sources) = find(connection).await? else { return Ok(Standing::First) };
    let is_same = sources.iter().map(|source| source.text.as_str()).eq(tool.catalog.sources.iter().map(|source| &*source.text));
    if is_same {
        return Ok(Standing::Same);
    }
    let Some(AppliedRules { catalog, rules }) = compile(sources) else { return Ok(Standing::Unreadable) };
    let new = RuleBook::compile(tool.catalog).expect("a tool's rules are compiled before anything is asked of the database");
    let old = ComparedRules { catalog: &catalog, rules: &rules };
    Ok(Standing::Other(differences(old, ComparedRules { catalog: tool.catalog, rules: &new })))
}

/// Whether the server may serve these rules.
pub(super) async fn verify(connection: &mut AsyncPgConnection, tool: Tool<'_>) -> Result<(), MigrateError> {
    let changes = match examine(connection, tool).await? {
        Standing::Same => Vec::new(),
        Standing::Other(changes) => lines(&changes, |_| true),
        Standing::First => vec!["no rules were applied yet".to_owned()],
        Standing::Unreadable => vec!["those that were applied cannot be read by this release".to_owned()],
    };
    if changes.is_empty() { Ok(()) } else { Err(MigrateError::RulesNotApplied { changes }) }
}

impl Standing {
    /// Refuses what nobody gave their word for.
    pub(super) fn refuse_wider(&self, widening: &Widening) -> Result<(), MigrateError> {
        let changes = match self {
            Self::First | Self::Same => Vec::new(),
            Self::Unreadable => {
                vec!["the rules that were applied cannot be read by this release, which counts as wider".to_owned()]
            }
            Self::Other(changes) => lines(changes, AccessDifference::counts_as_wider),
        };
        match widening {
            Widening::Refused if !changes.is_empty() => Err(MigrateError::Widens { changes }),
            _ => Ok(()),
        }
    }

    /// Keeps the schema whose rules are applied, and what that changes on record, in the transaction that applies them.
    pub(super) async fn record(
        &self,
        connection: &mut AsyncPgConnection,
        catalog: &Catalog,
        widening: &Widening,
    ) -> QueryResult<()> {
        let access = match self {
            Self::Same => return Ok(()),
            Self::First => json!([]),
            Self::Unreadable => json!("unknown"),
            Self::Other(changes) => changes.iter().map(to_json).collect(),
        };
        let is_wider = self.refuse_wider(&Widening::Refused).is_err();
        applied_schema::record(connection, &sources_of(catalog)).await?;
        if access == json!([]) {
            return Ok(());
        }
        let reason = match widening {
            Widening::Accepted { reason } if is_wider => Some(reason.clone()),
            _ => None,
        };
        let details = json!({ "access": access, "isWider": is_wider });
        migrations::record_schema_change(connection, &SchemaChange::new(details).because(reason)).await
    }
}

async fn find(connection: &mut AsyncPgConnection) -> Result<Option<Vec<AppliedSource>>, MigrateError> {
    applied_schema::find(connection).await.map_err(MigrateError::while_doing("reading the rules that were applied"))
}

fn compile(sources: Vec<AppliedSource>) -> Option<AppliedRules> {
    let sources = sources.into_iter().map(|AppliedSource { path, text }| SourceFile::new(path, text)).collect();
    let catalog = Catalog::load_whole(sources).ok()?;
    let rules = RuleBook::compile(&catalog).ok()?;
    Some(AppliedRules { catalog, rules })
}

/// Files by their name alone: where they lay on the machine that applied them says nothing.
fn sources_of(catalog: &Catalog) -> Vec<AppliedSource> {
    let sources = catalog.sources.iter().map(|file| {
        let name = file.path.file_name().unwrap_or(file.path.as_os_str());
        AppliedSource { path: name.to_string_lossy().into_owned(), text: file.text.to_string() }
    });
    sources.collect()
}

fn lines(changes: &[AccessDifference], is_shown: impl Fn(&AccessDifference) -> bool) -> Vec<String> {
    changes.iter().filter(|change| is_shown(change)).map(ToString::to_string).collect()
}

fn to_json(change: &AccessDifference) -> serde_json::Value {
    let AccessDifference { collection, field, action, role, direction, before: _, after: _, gained, lost } = change;
    let direction = Direction::as_str(*direction);
    let (operation, role) = (action.as_str(), role.as_str());
    json!({
        "collection": collection, "field": field, "operation": operation, "role": role,
        "direction": direction, "gained": gained, "lost": lost,
    })
}
