//! The service at work: one transaction over the platform's collections, under the service's own rules.

use crate::base::{Actor, RoleName};
use crate::catalog::CollectionId;
use crate::config::ScimSettings;
use crate::db::{ActorSettings, Database, Transaction, take_provisioning_turn};
use crate::planner::{MAX_WRITE_ROWS, Planner, RowUpdate, SelectedField, Selection};
use crate::read;
use crate::scim::{Ask, SERVICE, ScimError};
use crate::write::{self, Change, WriteError};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

/// Answers the requests of a company's directory.
pub struct Provisioning<'a> {
    /// Where it is kept.
    pub database: &'a Database,
    /// Plans as the service; see [`Provisioning::actor`].
    pub planner: Planner<'a>,
    /// What groups mean.
    pub settings: &'a ScimSettings,
    /// Where resources are, `/scim/v2`.
    pub base: &'a str,
}

/// A resource as it is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Scimmed {
    /// Its JSON.
    pub body: Json,
    /// Its version, for the header `ETag`.
    pub etag: String,
    /// Where it is.
    pub location: String,
}

impl Provisioning<'_> {
    /// The service, at work with somebody's token. It has the rights of the service alone, whatever role the account has.
    pub fn actor(caller: &Actor) -> Actor {
        Actor { role: RoleName::platform(), team: None, teams: Vec::new(), ..caller.through(SERVICE) }
    }

    /// Opens a transaction for one request; one that changes something waits for its turn.
    pub(crate) async fn open(&self, ask: &Ask) -> Result<Session<'_>, ScimError> {
        let transaction = self.database.begin(&ActorSettings::of(self.planner.caller())).await?;
        if !matches!(ask, Ask::List(_) | Ask::Read(..)) {
            take_provisioning_turn(&transaction).await?;
        }
        Ok(Session { transaction, planner: self.planner, settings: self.settings })
    }

    /// Commits what a request did, or undoes it and records a refusal.
    pub(crate) async fn close<T>(&self, session: Session<'_>, done: Result<T, ScimError>) -> Result<T, ScimError> {
        match done {
            Ok(done) => {
                session.transaction.commit().await?;
                Ok(done)
            }
            Err(error) => {
                // Dropped otherwise, which closes the connection and undoes it as well.
                session.transaction.rollback().await.ok();
                if let ScimError::Write(refusal) = &error {
                    write::record_denial(self.database, &self.planner, refusal, None).await?;
                }
                Err(error)
            }
        }
    }
}

/// One request's transaction.
pub(crate) struct Session<'a> {
    transaction: Transaction,
    pub(crate) planner: Planner<'a>,
    pub(crate) settings: &'a ScimSettings,
}

/// Which rows to list.
pub(crate) struct Listed<'l> {
    pub(crate) collection: &'static str,
    pub(crate) filter: Json,
    pub(crate) fields: &'l [SelectedField],
    pub(crate) offset: usize,
    pub(crate) first: usize,
}

impl Session<'_> {
    /// The rows of a page in the order of their age, and how many there are on all pages.
    pub(crate) async fn list(&self, listed: Listed<'_>) -> Result<(Vec<Json>, i64), ScimError> {
        let Listed { collection, filter, fields, offset, first } = listed;
        let arguments = json!({ "where": filter, "offset": offset, "first": first.max(1) });
        let mut selection = vec![leaf("totalCount")];
        if first > 0 {
            selection.push(node("nodes", fields.to_vec()));
        }
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let selected = SelectedField { arguments, ..node("found", selection) };
        let plan = self.planner.plan_read_many(self.collection(collection), &selected)?;
        self.transaction.open().await?;
        let answer = read::run_in(&self.transaction, &self.planner, &plan).await?;
        let mut found: Json = serde_json::from_str(&answer.json).unwrap_or_default();
        let rows = match found["nodes"].take() {
            Json::Array(rows) => rows,
            _ => Vec::new(),
        };
        Ok((rows, found["totalCount"].as_i64().unwrap_or_default()))
    }

    /// Every row that a filter finds, page by page.
    pub(crate) async fn list_all(
        &self,
        collection: &'static str,
        filter: Json,
        fields: &[SelectedField],
    ) -> Result<Vec<Json>, ScimError> {
        let first = self.page_size();
        let mut rows = Vec::new();
        loop {
            let page = Listed { collection, filter: filter.clone(), fields, offset: rows.len(), first };
            let (found, _) = self.list(page).await?;
            let is_last = found.len() < first;
            rows.extend(found);
            if is_last {
                return Ok(rows);
            }
        }
    }

    /// The most rows of a page.
    pub(crate) fn page_size(&self) -> usize {
        usize::try_from(self.planner.settings.max_page_size).unwrap_or(usize::MAX)
    }

    pub(crate) async fn create(&self, collection: &'static str, input: Json) -> Result<Uuid, ScimError> {
        let plan = self.planner.plan_create(self.collection(collection), object(&input), None)?;
        let id = plan.rows[0].id;
        self.apply(Change::Create(plan)).await?;
        Ok(id)
    }

    pub(crate) async fn create_all(&self, collection: &'static str, inputs: &[Json]) -> Result<(), ScimError> {
        for inputs in inputs.chunks(chunk_size()) {
            let inputs: Vec<&Map<String, Json>> = inputs.iter().map(object).collect();
            self.apply(Change::Create(self.planner.plan_creates(self.collection(collection), &inputs, None)?)).await?;
        }
        Ok(())
    }

    /// Changes a row, if there is anything to change.
    pub(crate) async fn update(&self, collection: &'static str, id: Uuid, set: &Map<String, Json>) -> Result<(), ScimError> {
        if set.is_empty() {
            return Ok(());
        }
        let update = RowUpdate { id: &id.to_string(), set, if_version: None };
        self.apply(Change::Update(self.planner.plan_update(self.collection(collection), update, None)?)).await
    }

    pub(crate) async fn update_all(&self, collection: &'static str, sets: &[(String, Json)]) -> Result<(), ScimError> {
        for sets in sets.chunks(chunk_size()) {
            let updates = sets.iter().map(|(id, set)| RowUpdate { id, set: object(set), if_version: None });
            let plan = self.planner.plan_updates(self.collection(collection), &updates.collect::<Vec<_>>(), None)?;
            self.apply(Change::Update(plan)).await?;
        }
        Ok(())
    }

    pub(crate) async fn delete_all(&self, collection: &'static str, ids: &[&str]) -> Result<(), ScimError> {
        for ids in ids.chunks(chunk_size()) {
            self.apply(Change::Delete(self.planner.plan_deletes(self.collection(collection), ids, None)?)).await?;
        }
        Ok(())
    }

    async fn apply(&self, change: Change) -> Result<(), ScimError> {
        write::apply(&self.transaction, &self.planner, &change, &[]).await.map(|_| ()).map_err(|error| match error {
            WriteError::NotFound { .. } => ScimError::NotFound,
            other => ScimError::Write(other),
        })
    }

    fn collection(&self, name: &str) -> CollectionId {
        self.planner.catalog.find_collection(name).expect("a collection of the platform's own").id
    }
}

/// Rows of one statement.
fn chunk_size() -> usize {
    usize::try_from(MAX_WRITE_ROWS).unwrap_or(usize::MAX)
}

/// A field without fields below it.
pub(crate) fn leaf(name: &str) -> SelectedField {
    node(name, Vec::new())
}

/// A field with fields below it.
pub(crate) fn node(name: &str, fields: Vec<SelectedField>) -> SelectedField {
    SelectedField { key: name.to_owned(), name: name.to_owned(), arguments: Map::new(), selection: Selection(fields) }
}

fn object(json: &Json) -> &Map<String, Json> {
    json.as_object().expect("written as an object by this module")
}

/// The id of a row.
pub(crate) fn id_of(row: &Json) -> Uuid {
    row["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default()
}
