//! Places near the end of the list of tickets, as only the server can write them down: cursors.

use crate::load::{self, Target};
use crate::stage::Stage;
use anyhow::{Context, Result};
use serde_json::{Value as Json, json};

/// How many places.
const PLACES: usize = 100;

/// The last rows of pages around the 2,000th, of ten tickets each, the newest first: cursor, time of creation and id.
pub(crate) async fn behind_pages(stage: &Stage) -> Result<Vec<Vec<String>>> {
    // The list has 2,000 pages of ten; those that are shown begin with the 1,900th.
    let rows = format!(
        "select id || ' ' || to_char(created_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')
         from tickets order by created_at desc, id desc offset 19000 limit {}",
        PLACES * 10
    );
    let rows = stage.sql(&rows)?;
    let rows: Vec<(&str, &str)> = rows.iter().step_by(10).filter_map(|row| row.split_once(' ')).collect();
    let server = stage.serve(&[], "cursors").await?;
    let target =
        Target { address: server.address.clone(), path: "/graphql".to_owned(), token: stage.token("manager@demo.test")? };
    let mut places = Vec::with_capacity(rows.len());
    for (id, created_at) in rows {
        let query = "query Cursor($id: ID!) {
            tickets(where: {id: {eq: $id}}, orderBy: [{createdAt: DESC}]) { pageInfo { endCursor } }
        }";
        let answer = load::ask_once(&target, &json!({ "query": query, "variables": { "id": id } }).to_string()).await?;
        let answer: Json = serde_json::from_str(&answer)?;
        let cursor =
            answer["data"]["tickets"]["pageInfo"]["endCursor"].as_str().with_context(|| format!("no cursor: {answer}"))?;
        places.push(vec![cursor.to_owned(), created_at.to_owned(), id.to_owned()]);
    }
    server.stop()?;
    Ok(places)
}
