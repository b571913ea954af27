//! The wall as the rules ask for it.

use crate::base::{ColumnName, RoleName, TableName};
use crate::catalog::{Catalog, Collection};
use crate::db::privileges::SERVER_ROLE;
use crate::migrate::ddl;
use crate::migrate::demand::{RoleRules, RowRules, RuleDemands};
use crate::migrate::grants::{SERVER_COLUMNS, SERVER_GRANTS};
use crate::migrate::names;
use crate::migrate::roles::database_role;
use crate::migrate::step::vector;
use crate::migrate::wall::piece::{Piece, PieceKind, PieceName};
use crate::migrate::wall::reader;
use crate::migrate::wanted::table_indexes;
use crate::policy::{Images, Predicate, UpdateForm, rule_view, search_view};
use crate::sql::{Alias, CompareOp, Expr, definition_text};
use std::collections::BTreeSet;

/// The row as a policy sees it.
pub(super) const OWN: Images = Images { row: Some(Alias::Own), old: None, new: None };

/// What the write path says that it is writing.
const ADMITTED: Expr = Expr::Fixed("any ((select toolcrib.admitted())::uuid[])");

/// What goes along with a deletion.
const TAKEN_ALONG: Expr = Expr::Fixed("any ((select toolcrib.taken_along())::uuid[])");

/// The server's own work, under its own login, and not as the caller whose transaction it may be in.
const BY_SERVER: &str = "(select toolcrib.request_service()) = 'server'";

/// Whoever acts records it under the own name; a service account that acts for somebody under both.
const OWN_EVENT: &str = "coalesce(acting_for_id, actor_user_id) is not distinct from (select toolcrib.user_id())";

/// Every piece of row-level security that the rules ask for, in the order in which they are made.
pub fn wanted(catalog: &Catalog, demands: &RuleDemands) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (table, columns) in &demands.views {
        pieces.push(view(table, columns));
    }
    for (collection, rules) in catalog.collections.iter().zip(&demands.rules) {
        pieces.push(enabled(&collection.table));
        pieces.extend(searched(collection));
        for (role, role_rules) in &rules.roles {
            pieces.extend(role_policies(collection, rules, role, role_rules));
            if demands.readers.get(role).is_some_and(|readable| readable.contains_key(&collection.id)) {
                pieces.extend(reader::pieces(&collection.table, role, &role_rules.read));
            }
        }
        pieces.extend(triggers(collection, rules));
        pieces.extend(platform_policies(collection, demands));
    }
    pieces.sort_by(|left, right| left.name.cmp(&right.name));
    pieces
}

fn enabled(table: &TableName) -> Piece {
    let name = PieceName { kind: PieceKind::Table, on: table.clone(), name: String::new() };
    Piece { name, create: format!("alter table {} enable row level security;\n", ddl::table(table)) }
}

fn view(table: &TableName, columns: &BTreeSet<ColumnName>) -> Piece {
    let on = rule_view(table);
    let columns: Vec<String> = columns.iter().map(ddl::column).collect();
    let create = format!("create view {} as\n    select {} from {};\n", ddl::table(&on), columns.join(", "), ddl::table(table));
    Piece { name: PieceName { kind: PieceKind::View, on, name: String::new() }, create }
}

/// The view for searches, over the expressions of the indexes.
fn searched(collection: &Collection) -> Option<Piece> {
    let on = search_view(&collection.table);
    let columns = table_indexes(collection).into_iter().filter_map(|index| {
        let words = vector(index.words.as_ref()?);
        Some(format!(",\n        {words} as {}", ddl::name(&index.name)))
    });
    let columns: String = columns.collect();
    let create =
        format!("create view {} as\n    select id{columns}\n    from {};\n", ddl::table(&on), ddl::table(&collection.table));
    (!columns.is_empty()).then(|| Piece { name: PieceName { kind: PieceKind::View, on, name: String::new() }, create })
}

/// What a policy is for, and what it says.
pub(super) struct Policy<'p> {
    pub(super) table: &'p TableName,
    pub(super) name: String,
    pub(super) role: String,
    pub(super) command: &'static str,
    pub(super) using: Option<String>,
    pub(super) check: Option<String>,
}

impl Policy<'_> {
    pub(super) fn into_piece(self) -> Piece {
        let Self { table, name, role, command, using, check } = self;
        let using = using.map(|using| format!("\n    using ({using})")).unwrap_or_default();
        let check = check.map(|check| format!("\n    with check ({check})")).unwrap_or_default();
        let create = format!(
            "create policy {} on {} for {command} to {}{using}{check};\n",
            ddl::name(&name),
            ddl::table(table),
            ddl::name(&role)
        );
        Piece { name: PieceName { kind: PieceKind::Policy, on: table.clone(), name }, create }
    }
}

fn role_policies(collection: &Collection, rules: &RowRules, role: &RoleName, role_rules: &RoleRules) -> Vec<Piece> {
    let table = &collection.table;
    let RoleRules { read, create, update, delete } = role_rules;
    let writes = create.is_some() || update.is_some() || delete.is_some();
    let policy = |operation: &str, command: &'static str, using: Option<Expr>, check: Option<Expr>| {
        let text = |expr: Expr| text(&expr, table);
        let name = format!("toolcrib_{role}_{operation}");
        let policy = Policy { table, name, role: database_role(role), command, using: using.map(text), check: check.map(text) };
        policy.into_piece()
    };
    let mut pieces = vec![policy("read", "select", Some(or_listed(read, writes.then_some(ADMITTED))), None)];
    if let Some(rule) = create {
        let check = if rules.is_create_self_reading { Expr::always() } else { rule.to_policy_sql(&OWN) };
        pieces.push(policy("create", "insert", None, Some(check)));
    }
    if let Some(rule) = update {
        // What an update asks of the stored row is the trigger's to say: the row has to be found first, and locked, to tell a
        // caller who may read it from one who may not.
        let by_trigger = rules.update_form == UpdateForm::OldNew || rules.is_update_self_reading;
        let check = if by_trigger { Expr::always() } else { rule.to_policy_sql(&OWN) };
        pieces.push(policy("update", "update", Some(or_listed(read, Some(TAKEN_ALONG))), Some(check)));
    }
    if let Some(rule) = delete {
        pieces.push(policy("delete", "delete", Some(rule.to_policy_sql(&OWN)), None));
    }
    pieces
}

/// The rows of a rule, and those of a list beside them.
fn or_listed(rule: &Predicate, list: Option<Expr>) -> Expr {
    let Some(list) = list.filter(|_| !rule.is_always()) else { return rule.to_policy_sql(&OWN) };
    let id = Expr::column(Alias::Own, &ColumnName::new("id"));
    let listed = Expr::compare(CompareOp::Equal, id, list);
    if rule.is_never() { listed } else { Expr::Or(vec![rule.to_policy_sql(&OWN), listed]) }
}

pub(super) fn text(expr: &Expr, table: &TableName) -> String {
    definition_text(expr, table, ddl::literal).expect("an expression of a rule has nothing that Diesel refuses")
}

/// What the server and the audit log need on top of any rule.
fn platform_policies(collection: &Collection, demands: &RuleDemands) -> Vec<Piece> {
    let table = &collection.table;
    if &*table.schema != "toolcrib" {
        return Vec::new();
    }
    let mut pieces = Vec::new();
    let by_server = |operation: &str, command, using: Option<&str>, check: Option<&str>| {
        let (name, role) = (format!("{SERVER_ROLE}_{operation}"), SERVER_ROLE.to_owned());
        Policy { table, name, role, command, using: using.map(str::to_owned), check: check.map(str::to_owned) }.into_piece()
    };
    let granted = SERVER_GRANTS.iter().find(|(name, _)| *name == &*table.name).map_or(&[][..], |(_, privileges)| privileges);
    if granted.contains(&"SELECT") {
        pieces.push(by_server("read", "select", Some(BY_SERVER), None));
    }
    if SERVER_COLUMNS.iter().any(|(name, _)| *name == &*table.name) {
        pieces.push(by_server("update", "update", Some(BY_SERVER), Some("true")));
    }
    if &*table.name == "audit_events" {
        pieces.push(by_server("record", "insert", None, Some(BY_SERVER)));
        pieces.extend(demands.privileges.keys().map(|role| {
            let (name, role) = (format!("toolcrib_{role}_record"), database_role(role));
            Policy { table, name, role, command: "insert", using: None, check: Some(OWN_EVENT.to_owned()) }.into_piece()
        }));
    }
    pieces
}

/// When a rule's trigger runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Before an update, seeing everything as it was when the statement began.
    BeforeUpdate,
    /// After an update, seeing what the statement did.
    AfterUpdate,
    /// After a creation, seeing what the statement did.
    AfterInsert,
}

impl Moment {
    fn parts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::BeforeUpdate => ("before_update", "before update", "stable"),
            Self::AfterUpdate => ("after_update", "after update", "volatile"),
            Self::AfterInsert => ("after_insert", "after insert", "volatile"),
        }
    }

    fn images(self, form: UpdateForm) -> Images {
        const OLD: Alias = Alias::Named("old");
        const NEW: Alias = Alias::Named("new");
        match (self, form) {
            (Self::BeforeUpdate, UpdateForm::OldNew) => Images::changed(OLD, NEW),
            (Self::BeforeUpdate, UpdateForm::Row) => Images::row(OLD),
            (Self::AfterUpdate | Self::AfterInsert, _) => Images::row(NEW),
        }
    }
}

fn triggers(collection: &Collection, rules: &RowRules) -> Vec<Piece> {
    let mut pieces = rule_trigger(collection, rules, Moment::BeforeUpdate, |role| role.update.as_ref());
    if rules.update_form == UpdateForm::Row && rules.is_update_self_reading {
        pieces.extend(rule_trigger(collection, rules, Moment::AfterUpdate, |role| role.update.as_ref()));
    }
    if rules.is_create_self_reading {
        pieces.extend(rule_trigger(collection, rules, Moment::AfterInsert, |role| role.create.as_ref()));
    }
    pieces
}

/// The trigger and its function, if the rule leaves anybody something to be asked.
fn rule_trigger(
    collection: &Collection,
    rules: &RowRules,
    moment: Moment,
    rule_of: impl Fn(&RoleRules) -> Option<&Predicate>,
) -> Vec<Piece> {
    let table = &collection.table;
    let (word, when, volatility) = moment.parts();
    let asked: Vec<(String, &Predicate)> = rules
        .roles
        .iter()
        .filter_map(|(role, role_rules)| Some((database_role(role), rule_of(role_rules)?)))
        .filter(|(_, rule)| !rule.is_always())
        .collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let function = rule_view(&TableName::new(&table.schema, names::short(format!("{}_{word}", table.name))));
    let images = moment.images(rules.update_form);
    let arms: String = asked
        .iter()
        .map(|(role, rule)| format!("        when {} then {}\n", ddl::text(role), text(&rule.to_policy_sql(&images), table)))
        .collect();
    let roles: Vec<String> = asked.iter().map(|(role, _)| ddl::text(role)).collect();
    let body = format!(
        "begin\n    if (case current_user\n{arms}        else false\n    end) is not true then\n        \
         raise exception 'the rule of table % does not allow the change', {}\n            \
         using errcode = 'insufficient_privilege', detail = new.id::text;\n    end if;\n    return new;\nend\n",
        ddl::text(&table.name)
    );
    let function_name = PieceName { kind: PieceKind::Function, on: function.clone(), name: String::new() };
    let trigger = format!("toolcrib_rule_{word}");
    let create_trigger = format!(
        "create trigger {trigger} {when} on {} for each row\n    when (current_user in ({}))\n    execute function {}();\n",
        ddl::table(table),
        roles.join(", "),
        ddl::table(&function)
    );
    let create_function = format!(
        "create function {}() returns trigger language plpgsql {volatility} as $rule$\n{}$rule$;\n",
        ddl::table(&function),
        // A text in a rule could hold the closing mark.
        body.replace("$rule$", "$' || 'rule$")
    );
    vec![
        Piece { name: function_name, create: create_function },
        Piece { name: PieceName { kind: PieceKind::Trigger, on: table.clone(), name: trigger }, create: create_trigger },
    ]
}
