//! What is asked: each operation as GraphQL and as the SQL that somebody would write by hand for the same JSON.

use crate::cursors;
use crate::limit::statement::{COUNTED, FILTERED, LIST, OPENING, PAGE, TICKET, UPDATE, UPSERT};
use crate::stage::Stage;
use anyhow::Result;
use serde_json::json;

/// Whether a VIEW event is recorded for what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// None is.
    Unaudited,
    /// One is, in the same transaction.
    Audited,
}

/// An operation with many sets of variables.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// What the report calls it.
    pub(crate) name: String,
    /// The least ratio that is good enough.
    pub(crate) target: Option<f64>,
    /// Which of Toolcrib's servers is asked.
    pub(crate) reads: Reads,
    /// Whether it is measured once more without the second wall.
    pub(crate) is_weighed: bool,
    /// Request bodies; both servers get the same.
    pub(crate) bodies: Vec<String>,
    kind: Kind,
    /// The values of the SQL's parameters for each body.
    values: Vec<Vec<String>>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    List,
    Filter,
    Page,
    Upsert,
    Insert,
    Aggregate,
    Ticket,
    Update,
}

const LIST_DOCUMENT: &str = "query Tickets($before: String!) {
  tickets(where: {caseId: {lt: $before}}, orderBy: [{caseId: DESC}], first: 50) {
    nodes {
      id caseId subject status priority createdAt
      customer { id name }
      assignedTo { id name }
      events(orderBy: [{id: DESC}], first: 3) { id kind body createdAt }
    }
  }
}";

const FILTER_DOCUMENT: &str = "query Waiting($team: String!) {
  tickets(
    where: {status: {eq: OPEN}, team: {name: {eq: $team}}, events: {some: {kind: {eq: CUSTOMER_REPLY}}}}
    orderBy: [{createdAt: DESC}]
    first: 20
  ) { nodes { id subject } }
}";

const PAGE_DOCUMENT: &str = "query Page($after: String) {
  tickets(orderBy: [{createdAt: DESC}], first: 10, after: $after) { nodes { id caseId subject } pageInfo { hasNextPage } }
}";

const UPSERT_DOCUMENT: &str = "mutation Upsert($email: Email!, $name: String!) {
  upsertCustomer(by: {email: $email}, create: {name: $name}, update: {name: $name}) { customer { name email } }
}";

const INSERT_DOCUMENT: &str = "mutation Insert($inputs: [CreateTicketInput!]!) { createTickets(inputs: $inputs) { count } }";

const AGGREGATE_DOCUMENT: &str = "query Customers($name: String!) {
  customers(where: {name: {gte: $name}}, orderBy: [{name: ASC}], first: 10) {
    nodes { id name ticketsAggregate(groupBy: [{field: priority}]) { keys { priority } count max { createdAt } } }
  }
}";

const TICKET_DOCUMENT: &str = "query Ticket($id: ID!) {
  ticket(id: $id) { id caseId subject status priority dueAt createdAt updatedAt version }
}";

const UPDATE_DOCUMENT: &str = "mutation Update($id: ID!, $subject: String!, $priority: Priority!) {
  updateTicket(id: $id, set: {subject: $subject, priority: $priority}) { ticket { id subject priority } }
}";

/// Sets of variables for each operation.
const SETS: usize = 2000;

/// How often each row comes in the sets of a change, each time with other values: what sets a row to what it is changes nothing.
const PASSES: usize = 4;

/// Everything that is asked, in the order of the report.
pub(crate) async fn all(stage: &Stage) -> Result<Vec<Operation>> {
    let ids = stage.sql(&format!("select id from tickets order by md5(id::text) limit {SETS}"))?;
    // Spread over all tickets; each has at least 50 before it.
    let befores = (0..SETS).map(|index| vec![format!("CASE-{:06}", 100 + index * 7919 % 19_900)]);
    let befores: Vec<_> = befores.collect();
    let tickets: Vec<_> = ids.iter().map(|id| vec![id.clone()]).collect();
    let one = |name: String| vec![name];
    let teams: Vec<_> = stage.sql("select name from toolcrib.teams order by id")?.into_iter().map(one).collect();
    // A quote would end the literal of a `pgbench` script.
    let names = format!("select name from customers where strpos(name, chr(39)) = 0 order by md5(id::text) limit {SETS}");
    let customers: Vec<_> = stage.sql(&names)?.into_iter().map(one).collect();
    let updates: Vec<_> = (0..PASSES).flat_map(|pass| updates(&ids, pass)).collect();
    // What is there already after the first time: PostgreSQL then leaves all indexes alone (a heap-only tuple).
    let repeated = self::updates(&ids, 0);
    let places = cursors::behind_pages(stage).await?;
    let addresses = format!("select email from customers where email is not null order by md5(id::text) limit {SETS}");
    let addresses = stage.sql(&addresses)?;
    let upserts =
        (0..PASSES).flat_map(|pass| addresses.iter().map(move |email| vec![email.clone(), format!("{pass} of {email}")]));
    let upserts: Vec<_> = upserts.collect();
    let inserts = inserts(stage)?;
    let operation = |name: &str, target: Option<f64>, reads, kind: Kind, values: &Vec<Vec<String>>| {
        let bodies = values.iter().map(|values| kind.body(values)).collect();
        let is_weighed = target.is_some() && matches!(kind, Kind::List | Kind::Ticket | Kind::Update);
        Operation { name: name.to_owned(), target, reads, is_weighed, bodies, kind, values: values.clone() }
    };
    Ok(vec![
        operation("filter", Some(0.60), Reads::Unaudited, Kind::Filter, &teams),
        operation("page 2,000", Some(0.60), Reads::Unaudited, Kind::Page, &places),
        operation("upsert", Some(0.60), Reads::Unaudited, Kind::Upsert, &upserts),
        operation("aggregate", Some(0.60), Reads::Unaudited, Kind::Aggregate, &customers),
        operation("list", Some(0.90), Reads::Unaudited, Kind::List, &befores),
        operation("by id", Some(0.65), Reads::Unaudited, Kind::Ticket, &tickets),
        operation("update", Some(0.60), Reads::Unaudited, Kind::Update, &updates),
        operation("update to the same values", None, Reads::Unaudited, Kind::Update, &repeated),
        operation("list, VIEW event", None, Reads::Audited, Kind::List, &befores),
        operation("by id, VIEW event", None, Reads::Audited, Kind::Ticket, &tickets),
        operation("update, VIEW event of its answer", None, Reads::Audited, Kind::Update, &updates),
        // The last, because the table grows.
        operation("insert of 1,000 rows", Some(0.60), Reads::Unaudited, Kind::Insert, &inserts),
    ])
}

/// Changes of tickets, to other values in each pass.
fn updates(ids: &[String], pass: usize) -> Vec<Vec<String>> {
    const PRIORITIES: [&str; 4] = ["LOW", "NORMAL", "HIGH", "URGENT"];
    let update = |(index, id): (usize, &String)| {
        let priority = PRIORITIES[(index + pass) % PRIORITIES.len()];
        vec![id.clone(), format!("Delivery {index} is late, {pass}"), priority.to_owned()]
    };
    ids.iter().enumerate().map(update).collect()
}

/// Lists of a thousand new tickets, as JSON.
fn inserts(stage: &Stage) -> Result<Vec<Vec<String>>> {
    let customers = stage.sql("select id from customers order by id limit 1000")?;
    let teams = stage.sql("select id from toolcrib.teams order by id")?;
    let list = |set: usize| {
        let tickets = customers.iter().cycle().zip(teams.iter().cycle()).take(1000).enumerate();
        let inputs: Vec<_> = tickets
            .map(|(number, (customer, team))| {
                json!({ "customer": { "id": customer }, "team": { "id": team }, "subject": format!("Imported {set} {number}") })
            })
            .collect();
        vec![json!(inputs).to_string()]
    };
    Ok((0..16).map(list).collect())
}

impl Operation {
    /// The path of the hand-written server's handler.
    pub(crate) fn limit_path(&self) -> &'static str {
        match self.kind {
            Kind::List => "/list",
            Kind::Filter => "/filter",
            Kind::Page => "/page",
            Kind::Upsert => "/upsert",
            Kind::Insert => "/insert",
            Kind::Aggregate => "/aggregate",
            Kind::Ticket => "/ticket",
            Kind::Update => "/update",
        }
    }

    /// The same without the second wall, for comparison alone.
    pub(crate) fn behind_one_wall(&self) -> Self {
        Self { name: format!("{}, one wall", self.name), target: None, ..self.clone() }
    }

    /// The hand-written SQL as `pgbench` scripts, with the values in the text; none for COPY, which it cannot do.
    pub(crate) fn scripts(&self) -> Vec<String> {
        if matches!(self.kind, Kind::Insert) {
            return Vec::new();
        }
        self.values.iter().map(|values| self.kind.script(values)).collect()
    }
}

impl Kind {
    fn body(self, values: &[String]) -> String {
        let body = match (self, values) {
            (Self::List, [before]) => json!({ "query": LIST_DOCUMENT, "variables": { "before": before } }),
            (Self::Page, [cursor, created_at, id]) => json!({
                "query": PAGE_DOCUMENT,
                "variables": { "after": cursor },
                "extensions": { "createdAt": created_at, "id": id },
            }),
            (Self::Insert, [inputs]) => {
                let inputs: serde_json::Value = serde_json::from_str(inputs).unwrap_or_default();
                json!({ "query": INSERT_DOCUMENT, "variables": { "inputs": inputs } })
            }
            (Self::Upsert, [email, name]) => {
                json!({ "query": UPSERT_DOCUMENT, "variables": { "email": email, "name": name } })
            }
            (Self::Filter, [team]) => json!({ "query": FILTER_DOCUMENT, "variables": { "team": team } }),
            (Self::Aggregate, [name]) => json!({ "query": AGGREGATE_DOCUMENT, "variables": { "name": name } }),
            (Self::Ticket, [id]) => json!({ "query": TICKET_DOCUMENT, "variables": { "id": id } }),
            (Self::Update, [id, subject, priority]) => json!({
                "query": UPDATE_DOCUMENT,
                "variables": { "id": id, "subject": subject, "priority": priority },
            }),
            _ => json!({}),
        };
        body.to_string()
    }

    fn script(self, values: &[String]) -> String {
        // The cursor is for Toolcrib alone.
        let values = if matches!(self, Self::Page) { &values[1..] } else { values };
        let parts: &[&str] = match self {
            Self::List => &LIST,
            Self::Filter => &FILTERED,
            Self::Page => &PAGE,
            Self::Upsert => &UPSERT,
            Self::Insert => &[],
            Self::Aggregate => &COUNTED,
            Self::Ticket => &TICKET,
            Self::Update => &UPDATE,
        };
        // The values are this program's own and hold no quote.
        let mut literals: Vec<String> = values.iter().map(|value| format!("'{value}'")).chain([String::new()]).collect();
        // A script is run again and again, and has to change something each time.
        match (self, literals.as_mut_slice()) {
            (Self::Update, [_, subject, priority, _]) => {
                *subject = "'Delivery ' || random()::text".to_owned();
                *priority = "(array['LOW', 'NORMAL', 'HIGH', 'URGENT'])[1 + floor(4 * random())::integer]".to_owned();
            }
            (Self::Upsert, [_, name, _]) => *name = "'Customer ' || random()::text".to_owned(),
            _ => {}
        }
        let statement: String = parts.iter().zip(literals).map(|(part, literal)| format!("{part}{literal}")).collect();
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        match self {
            Self::List | Self::Filter | Self::Page | Self::Aggregate | Self::Ticket => {
                format!("{statement};\n")
            }
            Self::Update | Self::Upsert | Self::Insert => {
                let opening = OPENING.replace("; ", ";\n");
                format!("\\startpipeline\n{opening};\n{statement};\nCOMMIT;\n\\endpipeline\n")
            }
        }
    }
}
