//! What would lose data or lock a table for long needs somebody's word, unless the table is empty: then nothing is lost, nobody
//! waits, and a new environment goes through its whole history without being asked.

use crate::base::TableName;
use crate::db::probe::{self, Probe, RowLike};
use crate::migrate::MigrateError;
use crate::migrate::script::Section;
use diesel_async::AsyncPgConnection;

/// Whether somebody gave their word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Steps that lose data or lock a table for long are refused where there are rows.
    #[default]
    Withheld,
    /// `--allow-destructive`.
    Given,
}

/// A migration whose next steps need somebody's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The migration.
    pub name: String,
    /// What its steps cost.
    pub costs: Vec<String>,
}

/// What these steps cost, if any of them costs something.
pub(super) async fn ask(
    connection: &mut AsyncPgConnection,
    name: &str,
    sections: &[Section],
) -> Result<Option<Asked>, MigrateError> {
    let mut costs = Vec::new();
    for section in sections {
        let tables: Vec<&TableName> = section.risks.iter().flat_map(|(_, tables)| tables).collect();
        if tables.is_empty() || !is_any_occupied(connection, &tables).await? {
            continue;
        }
        let unexplained = || vec![format!("changes rows of `{}`", tables[0])];
        costs.extend(if section.explanation.is_empty() { unexplained() } else { section.explanation.clone() });
    }
    costs.dedup();
    Ok((!costs.is_empty()).then(|| Asked { name: name.to_owned(), costs }))
}

async fn is_any_occupied(connection: &mut AsyncPgConnection, tables: &[&TableName]) -> Result<bool, MigrateError> {
    let doing = || MigrateError::while_doing("looking for rows");
    for table in tables {
        let is_there = probe::has_table(connection, table).await.map_err(doing())?;
        let any = Probe { table: (*table).clone(), row: RowLike::Any };
        if is_there && probe::holds(connection, &any).await.map_err(doing())? {
            return Ok(true);
        }
    }
    Ok(false)
}
