//! What is wrong with an installation, and what to do about it.
//!
//! Purpose: one list of findings for whoever operates a tool: settings, files, schema, database, roles, privileges, audit log,
//! exports.
//! Flow: [`examine`] (settings → schema → database → what is in it) → [`Finding`]s, each with a state, a message and an advice.
//! Invariants: nothing is changed (a private PostgreSQL is started, as for every command); every finding that is not fine says
//! what to do; what cannot be looked at is a finding, too; no secret is in any.
//! Deliberately unknown: how findings are shown.

mod database;
mod finding;
mod installation;
mod privileges;

pub use finding::{Finding, State};

use crate::app::{Storage, Tool};
use crate::config::Settings;
use crate::migrate;
use finding::causes;

/// Looks at everything, from the settings to the last index.
pub async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = installation::examine(settings);
    let tool = match Tool::load(settings) {
        Ok(tool) => {
            findings.push(Finding::ok("schema", format!("{} collections, no mistakes", tool.catalog.collections.len())));
            Some(tool)
        }
        Err(error) => {
            findings.push(Finding::fail("schema", causes(&error), "run `toolcrib check`, which shows each mistake at its place"));
            None
        }
    };
    match Storage::open(settings).await {
        Ok(storage) => {
            findings.extend(examine_storage(settings, tool.as_ref(), &storage).await);
            storage.close().await;
        }
        Err(error) => findings.push(Finding::fail("database", causes(&error), "make the database reachable, then ask again")),
    }
    findings
}

async fn examine_storage(settings: &Settings, tool: Option<&Tool>, storage: &Storage) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut connection = match migrate::connect(storage.owner_url.expose()).await {
        Ok(connection) => connection,
        Err(error) => {
            let advice = "see that PostgreSQL runs, and that `database.url` names it with the owner's login";
            findings.push(Finding::fail("database", causes(&error), advice));
            return findings;
        }
    };
    findings.extend(database::examine_server(&mut connection, settings).await);
    let is_migrated = database::examine_migrations(&mut connection, settings, &mut findings).await;
    if let (Some(tool), true) = (tool, is_migrated) {
        let tool = Storage::migrate_tool(tool, &settings.server.migrations);
        findings.extend(database::examine_shape(&mut connection, tool).await);
        findings.extend(privileges::examine(&mut connection, tool, storage).await);
        findings.extend(database::examine_contents(&mut connection, settings).await);
    }
    findings
}
