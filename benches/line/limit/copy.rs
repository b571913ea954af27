//! Many rows at once the way PostgreSQL takes them fastest: COPY, and then an audit event for each from what was stored.

use super::pool::LimitError;
use axum::body::Bytes;
use deadpool::managed::{Manager, Metrics, RecycleResult};
use futures_util::SinkExt;
use serde::Deserialize;
use std::fmt::Write;
use std::pin::pin;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

const COPY: &str = "copy public.tickets (id, customer_id, team_id, subject) from stdin";

const AUDIT: &str = "insert into toolcrib.audit_events (actor_role, event_type, entity_type, entity_id, after)
    select 'manager', 'CREATE', 'Ticket', id, to_jsonb(ticket) from public.tickets as ticket where id = any($1)";

/// A ticket as clients send it.
#[derive(Deserialize)]
pub(crate) struct NewTicket {
    customer: Target,
    team: Target,
    subject: String,
}

#[derive(Deserialize)]
struct Target {
    id: Uuid,
}

/// A connection with its statements.
pub(crate) struct Copying {
    client: Client,
    copy: Statement,
    audit: Statement,
}

impl Copying {
    /// Adds the tickets with their events, all or none.
    pub(crate) async fn add(&mut self, tickets: &[NewTicket]) -> Result<usize, LimitError> {
        let mut ids = Vec::with_capacity(tickets.len());
        let mut lines = String::with_capacity(tickets.len() * 160);
        for NewTicket { customer, team, subject } in tickets {
            let id = Uuid::now_v7();
            // The subjects are this program's own and hold nothing that COPY would take for something else.
            let written = writeln!(lines, "{id}\t{}\t{}\t{subject}", customer.id, team.id);
            written.map_err(|error| LimitError(error.to_string()))?;
            ids.push(id);
        }
        let transaction = self.client.transaction().await.map_err(failed)?;
        let mut sink = pin!(transaction.copy_in::<_, Bytes>(&self.copy).await.map_err(failed)?);
        sink.send(Bytes::from(lines)).await.map_err(failed)?;
        sink.as_mut().finish().await.map_err(failed)?;
        transaction.execute(&self.audit, &[&ids]).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(ids.len())
    }
}

/// Opens such connections.
pub(crate) struct CopyConnector {
    pub(crate) url: String,
}

impl Manager for CopyConnector {
    type Type = Copying;
    type Error = LimitError;

    async fn create(&self) -> Result<Copying, LimitError> {
        let (client, socket) = tokio_postgres::connect(&self.url, NoTls).await.map_err(failed)?;
        tokio::spawn(socket);
        let copy = client.prepare(COPY).await.map_err(failed)?;
        let audit = client.prepare(AUDIT).await.map_err(failed)?;
        Ok(Copying { client, copy, audit })
    }

    async fn recycle(&self, _: &mut Copying, _: &Metrics) -> RecycleResult<LimitError> {
        Ok(())
    }
}

fn failed(error: tokio_postgres::Error) -> LimitError {
    LimitError(error.to_string())
}
