//! Audit events inside the statements that cause them.

use crate::base::{ColumnName, ScalarType, TableName, Value};
use crate::catalog::CollectionId;
use crate::planner::to_sql::read::ANSWER;
use crate::planner::{Planner, ViewRecord, WriteColumn};
use crate::sql::{Column, CompareOp, Cte, CteBody, Expr, From, Insert, Select};
use serde_json::json;
use uuid::Uuid;

/// What an audit event says besides who, from where and in which request.
pub(crate) struct EventExprs {
    /// The event's own id.
    pub id: Expr,
    /// `CREATE`, `UPDATE`, ...
    pub event_type: &'static str,
    /// The collection.
    pub entity_type: String,
    /// The row.
    pub entity_id: Expr,
    /// The row before.
    pub before: Expr,
    /// The row after.
    pub after: Expr,
    /// Anything else.
    pub details: Expr,
    /// Why, if the caller said so.
    pub reason: Option<String>,
}

/// What the event of a change records: sharing a row and ending that are words of their own.
pub(crate) fn event_type(
    planner: &Planner<'_>,
    collection: CollectionId,
    usual: &'static str,
    given: &[WriteColumn],
) -> &'static str {
    let Some(shares) = planner.catalog.record_shares().filter(|shares| shares.id == collection) else { return usual };
    let ended = shares.find_field("revokedAt").and_then(|field| field.column());
    match usual {
        "CREATE" => "SHARE",
        "UPDATE" if given.iter().any(|write| Some(&write.column) == ended) => "UNSHARE",
        usual => usual,
    }
}

/// The `insert into toolcrib.audit_events select ... from source`.
pub(crate) fn event_insert(planner: &Planner<'_>, event: EventExprs, source: Select) -> Insert {
    let EventExprs { id, event_type, entity_type, entity_id, before, after, details, reason } = event;
    let text = |text: Option<String>| Expr::Value(text.map_or(Value::Null(ScalarType::String), Value::Text));
    let (actor, request) = (planner.actor, planner.request);
    let mut values: Vec<(&str, Expr)> = vec![
        ("id", id),
        ("created_at", Expr::Value(Value::DateTime(request.time))),
        ("actor_user_id", nullable_id(actor.acted_by.or(actor.id))),
        ("actor_role", text(Some(actor_role(planner)))),
        ("event_type", text(Some(event_type.to_owned()))),
        ("entity_type", text(Some(entity_type))),
        ("entity_id", entity_id),
        ("before", before),
        ("after", after),
        ("details", details),
        ("ip_address", text(request.ip_address.map(|address| address.to_string()))),
        ("user_agent", text(request.user_agent.clone())),
        ("reason", text(reason)),
        ("request_id", Expr::Value(Value::Id(request.request_id))),
    ];
    if actor.acted_by.is_some() {
        values.push(("acting_for_id", nullable_id(actor.id)));
    }
    let (columns, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
    Insert {
        table: TableName::new("toolcrib", "audit_events"),
        columns: columns.into_iter().map(ColumnName::new).collect(),
        source: Select { columns: values.into_iter().map(Column::bare).collect(), ..source },
        on_conflict: Vec::new(),
        returning: Vec::new(),
    }
}

/// The role under which an event is recorded; the platform's own work says which service it was.
fn actor_role(planner: &Planner<'_>) -> String {
    match &planner.actor.service {
        Some(service) if planner.actor.id.is_none() => format!("{}:{service}", planner.actor.role),
        _ => planner.actor.role.to_string(),
    }
}

/// The VIEW event of a read whose answer is the common table expression `answer`; none if nothing was learnt.
pub(crate) fn view_cte(planner: &Planner<'_>, view: &ViewRecord) -> Cte {
    let seen = Expr::labelled(ANSWER, "seen");
    let ids = Expr::Call("to_jsonb", vec![Expr::Call("string_to_array", vec![seen.clone(), Expr::Fixed("','")])]);
    let ids = Expr::Call("coalesce", vec![ids, Expr::Fixed("'[]'::jsonb")]);
    let fields = Expr::Value(Value::Json(json!({ "fields": view.fields })));
    let ids = Expr::Call("jsonb_build_object", vec![Expr::Fixed("'ids'"), ids]);
    let event = EventExprs {
        id: Expr::Value(Value::Id(view.event_id)),
        event_type: "VIEW",
        entity_type: view.entity_type.to_string(),
        entity_id: nullable_id(view.entity_id),
        before: Expr::Value(Value::Null(ScalarType::Json)),
        after: Expr::Value(Value::Null(ScalarType::Json)),
        details: Expr::compare(CompareOp::Concat, fields, ids),
        reason: None,
    };
    let is_seen = match view.is_unconditional {
        true => Expr::always(),
        false => Expr::compare(CompareOp::NotEqual, seen, Expr::Fixed("''")),
    };
    let source = Select::new(Vec::new(), From::Cte(ANSWER, ANSWER)).filtered(is_seen);
    Cte { name: crate::sql::Alias::Named("viewed"), body: CteBody::Insert(event_insert(planner, event, source)) }
}

fn nullable_id(id: Option<Uuid>) -> Expr {
    Expr::Value(id.map_or(Value::Null(ScalarType::Id), Value::Id))
}
