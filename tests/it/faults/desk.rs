//! A support desk that writes are watched on: who works there, and whether every change has its event.

use crate::support::app::{SUPPORT_DESK_ROWS, unrecorded, watch_changes};
use crate::support::database::{SUPPORT_DESK, compile, connect};
use crate::support::process::Crib;

/// The desk's customer, and the team that works for it.
pub const CUSTOMER: &str = "00000000-0000-7000-8000-000000000301";
pub const TEAM: &str = "00000000-0000-7000-8000-000000000101";

/// The tickets that writers change: `ticket(0)` is everybody's.
pub fn ticket(number: usize) -> String {
    format!("00000000-0000-7000-8000-00000001{number:04}")
}

/// Fills a desk whose server has migrated it: the people of the request tests, and tickets to be worked on.
pub async fn fill(crib: &Crib, tickets: usize) {
    fill_on(&crib.postmaster().unwrap().owner_url(), tickets).await;
}

/// As [`fill`], for a database that is given.
pub async fn fill_on(owner_url: &str, tickets: usize) {
    let (catalog, _) = compile(SUPPORT_DESK);
    let owner = connect(owner_url).await;
    // In a transaction before that of the triggers: what they compare begins there.
    owner.batch_execute(SUPPORT_DESK_ROWS).await.unwrap();
    let mut sql = watch_changes(&catalog);
    for number in 0..tickets {
        sql += &format!(
            "insert into public.tickets (id, customer_id, team_id, subject) values ('{}', '{CUSTOMER}', '{TEAM}', 'at work');",
            ticket(number)
        );
    }
    owner.batch_execute(&sql).await.unwrap();
}

/// What contradicts "never a change without its audit event or an event without its change": by the changes that triggers
/// noted, and by what the rows and the log say without them.
pub async fn contradictions(crib: &Crib) -> Vec<String> {
    let postmaster = crib.postmaster().unwrap();
    let mut found = unrecorded(postmaster.owner_url()).await;
    for (ty, table) in [("Ticket", "public.tickets"), ("TicketEvent", "public.ticket_events")] {
        // A row's version counts its updates; what exists was created and not deleted, unless the test itself put it there.
        let sql = format!(
            "select concat_ws(' ', '{ty}', id, 'row:', version, 'events:', creates, updates, deletes, last_version)
            from (select id, version, created_at from {table}) as stored
            full join (
                select entity_id as id, count(*) filter (where event_type = 'CREATE') as creates,
                    count(*) filter (where event_type = 'UPDATE') as updates, count(*) filter (where event_type = 'DELETE') as deletes,
                    max((after->>'version')::integer) as last_version
                from toolcrib.audit_events
                where entity_type = '{ty}' and event_type in ('CREATE', 'UPDATE', 'DELETE')
                group by 1
            ) as recorded using (id)
            where case when version is null then deletes <> 1
                else coalesce(deletes, 0) <> 0 or version <> 1 + coalesce(updates, 0) or version <> coalesce(last_version, 1)
                    or (creates is distinct from 1 and id::text not like '00000000-%') end
            order by 1"
        );
        let rows = connect(&postmaster.owner_url()).await.query(&sql, &[]).await.unwrap();
        found.extend(rows.iter().map(|row| row.get::<_, String>(0)));
    }
    found
}
