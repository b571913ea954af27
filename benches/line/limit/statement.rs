//! The hand-written SQL.

use diesel::QueryResult;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Json, Text};
use uuid::Uuid;

/// Fifty tickets before a case id, each with its customer, its assignee and its last three events.
pub(crate) const LIST: [&str; 2] = [
    "select coalesce(json_agg(row_to_json(page)), '[]') from (
       select ticket.id, ticket.case_id as \"caseId\", ticket.subject, ticket.status, ticket.priority,
         ticket.created_at as \"createdAt\", customer.json as customer, assignee.json as \"assignedTo\", event.json as events
       from (select * from public.tickets where case_id < ",
    " order by case_id desc limit 50) as ticket
       left join lateral (select row_to_json(one) as json from (
         select id, name from public.customers where id = ticket.customer_id limit 1) as one) as customer on true
       left join lateral (select row_to_json(one) as json from (
         select id, name from toolcrib.users where id = ticket.assigned_to_id limit 1) as one) as assignee on true
       left join lateral (select coalesce(json_agg(row_to_json(one)), '[]') as json from (
         select id, kind, body, created_at as \"createdAt\" from public.ticket_events
         where ticket_id = ticket.id order by id desc limit 3) as one) as event on true
       order by ticket.case_id desc) as page",
];

/// Open tickets of a team to whose customer has replied, found through two relations, by somebody who knows that open tickets
/// are recent ones and that many have a reply: it goes through the tickets by age and stops at the twentieth. With `exists`,
/// PostgreSQL guesses that one in twelve has a reply, and judges all of them first.
pub(crate) const FILTERED: [&str; 2] = [
    "select coalesce(json_agg(row_to_json(page)), '[]') from (
       select ticket.id, ticket.subject from public.tickets as ticket
       cross join lateral (
         select from public.ticket_events as event
         where event.ticket_id = ticket.id and event.kind = 'CUSTOMER_REPLY' limit 1) as event
       where ticket.status = 'OPEN' and ticket.team_id = (select id from toolcrib.teams where name = ",
    ")
       order by ticket.created_at desc, ticket.id desc limit 20) as page",
];

/// A page behind a place in the middle or at the end of the list, and whether another follows.
pub(crate) const PAGE: [&str; 3] = [
    "select json_build_object(
       'nodes', coalesce(json_agg(json_build_object('id', id, 'caseId', case_id, 'subject', subject)) filter (where place <= 10), '[]'),
       'pageInfo', json_build_object('hasNextPage', count(*) > 10))
     from (select id, case_id, subject, row_number() over () as place from (
       select id, case_id, subject from public.tickets where (created_at, id) < (",
    "::timestamptz, ",
    "::uuid) order by created_at desc, id desc limit 11) as ticket) as page",
];

/// Ten customers from a name on, each with the count of its tickets and the time of its last one by priority.
pub(crate) const COUNTED: [&str; 2] = [
    "select coalesce(json_agg(row_to_json(page)), '[]') from (
       select customer.id, customer.name, counted.json as \"ticketsAggregate\"
       from (select id, name from public.customers where name >= ",
    " order by name, id limit 10) as customer
       left join lateral (select coalesce(json_agg(row_to_json(one)), '[]') as json from (
         select json_build_object('priority', priority) as keys, count(*) as count,
           json_build_object('createdAt', max(created_at)) as max
         from public.tickets where customer_id = customer.id group by priority
         order by array_position(array['LOW', 'NORMAL', 'HIGH', 'URGENT'], priority)) as one) as counted on true
       order by customer.name, customer.id) as page",
];

/// One ticket.
pub(crate) const TICKET: [&str; 2] = [
    "select row_to_json(one) from (
       select id, case_id as \"caseId\", subject, status, priority, due_at as \"dueAt\", created_at as \"createdAt\",
         updated_at as \"updatedAt\", version
       from public.tickets where id = ",
    ") as one",
];

/// A changed ticket. The parameters are named in the order of the request's variables.
pub(crate) const UPDATE: [&str; 4] = [
    "with input as (select ",
    "::uuid as id, ",
    "::text as subject, ",
    "::text as priority), changed as (
       update public.tickets as ticket
       set subject = input.subject, priority = input.priority, version = ticket.version + 1, updated_at = now()
       from input where ticket.id = input.id returning ticket.id, ticket.subject, ticket.priority)
     select row_to_json(changed) from changed",
];

/// A customer by the mail address, changed or new.
pub(crate) const UPSERT: [&str; 3] = [
    "with input as (select ",
    "::text as email, ",
    "::text as name), written as (
       insert into public.customers as customer (email, name) select email, name from input
       on conflict (email) do update set name = excluded.name, version = customer.version + 1, updated_at = now()
       returning customer.name, customer.email)
     select row_to_json(written) from written",
];

/// BEGIN with the role and the settings that Toolcrib's transactions have, too.
pub(crate) const OPENING: &str = "BEGIN; set local role toolcrib_role_manager; set local toolcrib.actor = ''";

/// A JSON text, as PostgreSQL built it.
#[derive(Debug, FromSqlRow)]
pub(crate) struct JsonText(pub(crate) String);

impl FromSql<Json, Pg> for JsonText {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(std::str::from_utf8(value.as_bytes())?.to_owned()))
    }
}

/// A statement whose text is known by its type, with binds between the parts of the text.
macro_rules! statement {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $ty:ty as $sql_type:ty),* }, $parts:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, QueryId)]
        pub(crate) struct $name { $(pub(crate) $field: $ty),* }

        impl Query for $name {
            type SqlType = Json;
        }

        impl<Conn> diesel::query_dsl::RunQueryDsl<Conn> for $name {}

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                let mut parts = $parts.iter();
                let mut push_part = |out: &mut AstPass<'_, 'b, Pg>| out.push_sql(parts.next().copied().unwrap_or_default());
                push_part(&mut out);
                $(
                    out.push_bind_param::<$sql_type, _>(&self.$field)?;
                    push_part(&mut out);
                )*
                Ok(())
            }
        }
    };
}

statement!(
    /// [`LIST`]
    List { before: String as Text },
    LIST
);
statement!(
    /// [`FILTERED`]
    Filtered { team: String as Text },
    FILTERED
);
statement!(
    /// [`COUNTED`]
    Counted { name: String as Text },
    COUNTED
);
statement!(
    /// [`TICKET`]
    Ticket { id: Uuid as diesel::sql_types::Uuid },
    TICKET
);
statement!(
    /// [`UPDATE`]
    Update { id: Uuid as diesel::sql_types::Uuid, subject: String as Text, priority: String as Text },
    UPDATE
);
statement!(
    /// [`PAGE`]
    Page { created_at: String as Text, id: String as Text },
    PAGE
);
statement!(
    /// [`UPSERT`]
    Upsert { email: String as Text, name: String as Text },
    UPSERT
);
