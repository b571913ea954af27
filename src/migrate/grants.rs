//! Privileges, recomputed from the rules: what a rule no longer gives is taken away.

use crate::base::TableName;
use crate::catalog::Catalog;
use crate::db::introspect::StoredSchema;
use crate::db::privileges::{self, Grant, READER_PREFIX, ROLE_PREFIX, SERVER_ROLE, Securable};
use crate::migrate::demand::{RuleDemands, TablePrivilege};
use crate::migrate::roles::{database_role, reader_role};
use crate::migrate::wanted::{WantedTable, sequence_of};
use crate::migrate::{MigrateError, ddl};
use crate::policy::rule_view;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use std::collections::BTreeSet;

/// The schema of the platform's tables.
const PLATFORM_SCHEMA: &str = "toolcrib";

/// What the server's login does on its own account, outside of any role: signing people in, keys, the audit of what it refused.
pub(super) const SERVER_GRANTS: &[(&str, &[&str])] = &[
    ("users", &["SELECT"]),
    ("teams", &["SELECT"]),
    ("service_tokens", &["SELECT"]),
    ("service_token_hashes", &["SELECT", "INSERT", "DELETE"]),
    ("identities", &["SELECT"]),
    ("sessions", &["SELECT"]),
    ("session_secrets", &["SELECT", "INSERT"]),
    ("login_attempts", &["SELECT", "INSERT", "DELETE"]),
    ("login_handoffs", &["SELECT", "INSERT", "DELETE"]),
    ("server_keys", &["SELECT"]),
    ("idempotency_keys", &["SELECT", "INSERT", "UPDATE", "DELETE"]),
    ("audit_events", &["INSERT"]),
];

/// When a credential was last used is written down by the server itself.
pub(super) const SERVER_COLUMNS: &[(&str, &str)] = &[("service_tokens", "last_used_at"), ("sessions", "last_seen_at")];

/// What the policies ask of whoever asks; they tell callers what they said themselves.
const CALLER_FUNCTIONS: &[(&str, &str)] = &[
    ("actor_part", "part integer"),
    ("admitted", ""),
    ("context_value", "key text"),
    ("login_has_role", "wanted text"),
    ("login_value", "key text"),
    ("refuse_untold", ""),
    ("refuse_while_migrating", ""),
    ("request_auth_age", ""),
    ("request_auth_mfa", ""),
    ("request_auth_method", ""),
    ("request_ip", ""),
    ("request_service", ""),
    ("request_time", "moved bigint"),
    ("taken_along", ""),
    ("user_email", ""),
    ("user_id", ""),
    ("user_is_active", ""),
    ("user_role", ""),
    ("user_team", ""),
    ("user_teams", ""),
];

/// What changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantChanges {
    /// New privileges.
    pub granted: Vec<Grant>,
    /// Privileges that are no more.
    pub revoked: Vec<Grant>,
}

impl GrantChanges {
    /// For the audit log: one line for each privilege.
    pub(super) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "granted": Self::lines(&self.granted), "revoked": Self::lines(&self.revoked) })
    }

    /// One line for each privilege: `select on table "public"."tickets" to "toolcrib_role_agent"`.
    pub fn lines(grants: &[Grant]) -> Vec<String> {
        grants.iter().map(|grant| statement("", "to", grant).trim_matches([' ', ';', '\n']).to_owned()).collect()
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.granted.is_empty() && self.revoked.is_empty()
    }
}

/// Every privilege that anybody but the owner has to have on what the owner owns.
pub fn wanted(catalog: &Catalog, demands: &RuleDemands, tables: &[WantedTable]) -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    let schemas: BTreeSet<&str> = tables.iter().map(|table| &*table.name.schema).chain([PLATFORM_SCHEMA]).collect();
    for (role_name, collections) in &demands.privileges {
        let role = database_role(role_name);
        let mut add = |on: Securable, privilege: &str| {
            grants.insert(Grant { on, grantee: Some(role.clone()), privilege: privilege.to_owned() });
        };
        for schema in &schemas {
            add(Securable::Schema((*schema).to_owned()), "USAGE");
        }
        for view in demands.looks.get(role_name).into_iter().flatten().map(rule_view) {
            add(Securable::Schema(view.schema.to_string()), "USAGE");
            add(on_table(&view), "SELECT");
        }
        // Whoever does something leaves an event, whatever the rules say of reading events.
        add(platform_table("audit_events"), "INSERT");
        for (collection, allowed) in collections {
            let table = &catalog.collection(*collection).table;
            for privilege in allowed {
                add(on_table(table), privilege.as_str());
            }
            let wanted_table = tables.iter().find(|wanted| wanted.name == *table);
            let sequences =
                wanted_table.into_iter().flat_map(|table| table.columns.iter().filter_map(|column| sequence_of(table, column)));
            for sequence in sequences.filter(|_| allowed.contains(&TablePrivilege::Insert)) {
                add(Securable::Sequence(sequence.schema.to_string(), sequence.name.to_string()), "USAGE");
            }
        }
    }
    grants.extend(reader_grants(catalog, demands));
    grants.extend(fixed_grants());
    grants
}

/// What the database logins of users may read: columns, and nothing else.
fn reader_grants(catalog: &Catalog, demands: &RuleDemands) -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    for (role, collections) in &demands.readers {
        let mut add = |on: Securable, privilege: &str| {
            grants.insert(Grant { on, grantee: Some(reader_role(role)), privilege: privilege.to_owned() });
        };
        for (collection, columns) in collections {
            let table = &catalog.collection(*collection).table;
            add(Securable::Schema(table.schema.to_string()), "USAGE");
            for column in columns {
                add(Securable::Column(table.schema.to_string(), table.name.to_string(), column.to_string()), "SELECT");
            }
        }
    }
    grants
}

fn fixed_grants() -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    let mut add = |on: Securable, grantee: Option<String>, privilege: &str| {
        grants.insert(Grant { on, grantee, privilege: privilege.to_owned() });
    };
    let server = || Some(SERVER_ROLE.to_owned());
    let function =
        |name: &str, arguments: &str| Securable::Function(PLATFORM_SCHEMA.to_owned(), name.to_owned(), arguments.to_owned());
    add(Securable::Schema(PLATFORM_SCHEMA.to_owned()), server(), "USAGE");
    for (table, privileges) in SERVER_GRANTS {
        for privilege in *privileges {
            add(platform_table(table), server(), privilege);
        }
    }
    for (table, column) in SERVER_COLUMNS {
        add(Securable::Column(PLATFORM_SCHEMA.to_owned(), (*table).to_owned(), (*column).to_owned()), server(), "UPDATE");
    }
    for (name, arguments) in CALLER_FUNCTIONS {
        add(function(name, arguments), None, "EXECUTE");
    }
    add(function("ensure_audit_partitions", "months integer"), server(), "EXECUTE");
    add(function("find_abandoned_exports", ""), server(), "EXECUTE");
    let taken = "table_schema text, table_name text, columns text[], ids uuid[], candidates jsonb";
    add(function("find_taken", taken), server(), "EXECUTE");
    let circle = "table_schema text, table_name text, link text, changed uuid[]";
    add(function("find_circle", circle), server(), "EXECUTE");
    // Whoever writes calls it; all it can do is fail.
    add(function("refuse_change", ""), None, "EXECUTE");
    // Defaults run with the rights of whoever inserts; the function only formats a number.
    add(function("format_sequence", "prefix text, width integer, suffix text, value bigint"), None, "EXECUTE");
    grants
}

fn on_table(table: &TableName) -> Securable {
    Securable::Table(table.schema.to_string(), table.name.to_string())
}

fn platform_table(name: &str) -> Securable {
    Securable::Table(PLATFORM_SCHEMA.to_owned(), name.to_owned())
}

/// Compares with what is granted now. Only our roles and "everybody" are looked at: what an operator gave to a login of
/// another kind (a report, a backup) stays.
pub fn difference(wanted: &BTreeSet<Grant>, current: &BTreeSet<Grant>) -> GrantChanges {
    let is_ours = |grant: &&Grant| match &grant.grantee {
        Some(grantee) => grantee == SERVER_ROLE || [ROLE_PREFIX, READER_PREFIX].iter().any(|prefix| grantee.starts_with(prefix)),
        // Functions and types of the tool's own migrations are everybody's by PostgreSQL's default.
        None => !matches!(&grant.on, Securable::Function(schema, ..) if schema != PLATFORM_SCHEMA),
    };
    GrantChanges {
        granted: wanted.difference(current).cloned().collect(),
        revoked: current.difference(wanted).filter(is_ours).cloned().collect(),
    }
}

/// Brings the privileges to what is wanted. Schemas that we do not own (`public`) are only made usable.
pub(super) async fn apply(
    connection: &mut AsyncPgConnection,
    wanted: BTreeSet<Grant>,
    stored: &StoredSchema,
) -> Result<GrantChanges, MigrateError> {
    let doing = || MigrateError::while_doing("granting what the rules give");
    let (mut changes, as_login) = compare(connection, wanted, stored).await?;
    let text = statements(&changes);
    connection.batch_execute(&text).await.map_err(doing())?;
    if !as_login.is_empty() {
        let opening = GrantChanges { granted: as_login.clone(), revoked: Vec::new() };
        let text = format!("reset role;\n{}set role {};", statements(&opening), privileges::OWNER_ROLE);
        connection.batch_execute(&text).await.map_err(doing())?;
        changes.granted.extend(as_login);
    }
    Ok(changes)
}

/// What differs from what is wanted, and what only the login may grant, on schemas that are not ours.
pub(super) async fn compare(
    connection: &mut AsyncPgConnection,
    mut wanted: BTreeSet<Grant>,
    stored: &StoredSchema,
) -> Result<(GrantChanges, Vec<Grant>), MigrateError> {
    let doing = || MigrateError::while_doing("granting what the rules give");
    let owned = privileges::read_owned_schemas(connection).await.map_err(doing())?;
    let is_foreign = |grant: &Grant| matches!(&grant.on, Securable::Schema(schema) if !owned.contains(schema));
    let usable = privileges::read_usable_schemas(connection).await.map_err(doing())?;
    let foreign: Vec<Grant> = wanted.iter().filter(|grant| is_foreign(grant)).cloned().collect();
    wanted.retain(|grant| !is_foreign(grant));
    let current = privileges::read_grants(connection).await.map_err(doing())?;
    let changes = difference(&wanted, &current);
    let is_unusable = |grant: &Grant| match (&grant.on, &grant.grantee) {
        (Securable::Schema(schema), Some(grantee)) => {
            stored.schemas.contains(schema) && !usable.contains(&(schema.clone(), grantee.clone()))
        }
        _ => false,
    };
    Ok((changes, foreign.into_iter().filter(is_unusable).collect()))
}

fn statements(changes: &GrantChanges) -> String {
    let revoked = changes.revoked.iter().map(|grant| statement("revoke", "from", grant));
    let granted = changes.granted.iter().map(|grant| statement("grant", "to", grant));
    revoked.chain(granted).collect()
}

fn statement(verb: &str, direction: &str, grant: &Grant) -> String {
    let grantee = grant.grantee.as_deref().map_or_else(|| "public".to_owned(), ddl::name);
    let privilege = grant.privilege.to_ascii_lowercase();
    let qualified = |schema: &str, name: &str| format!("{}.{}", ddl::name(schema), ddl::name(name));
    let (privilege, on) = match &grant.on {
        Securable::Schema(schema) => (privilege, format!("schema {}", ddl::name(schema))),
        Securable::Table(schema, name) => (privilege, format!("table {}", qualified(schema, name))),
        Securable::Column(schema, table, column) => {
            (format!("{privilege} ({})", ddl::name(column)), format!("table {}", qualified(schema, table)))
        }
        Securable::Sequence(schema, name) => (privilege, format!("sequence {}", qualified(schema, name))),
        Securable::Function(schema, name, arguments) => (privilege, format!("function {}({arguments})", qualified(schema, name))),
    };
    format!("{verb} {privilege} on {on} {direction} {grantee};\n")
}
