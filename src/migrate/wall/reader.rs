//! The policies of the database logins that are bound to users: a role's read rule, for whoever has the role now.
//!
//! A rule that looks into other rows is asked within a function that has the owner's rights: a person at such a login could read
//! a view as it stands. The function is in a schema that the login cannot name, and takes the row that the policy is asked of.

use crate::base::{RoleName, TableName};
use crate::migrate::ddl;
use crate::migrate::names;
use crate::migrate::roles::reader_role;
use crate::migrate::wall::piece::{Piece, PieceKind, PieceName};
use crate::migrate::wall::wanted::{OWN, Policy, text};
use crate::policy::{Images, Predicate, rule_view};
use crate::sql::Alias;

/// What the functions call the row.
const ROW: &str = "own_row";

/// The policy of a role's readers on a table, with the function that it may need.
pub(super) fn pieces(table: &TableName, role: &RoleName, rule: &Predicate) -> Vec<Piece> {
    let has_role = format!("(select toolcrib.login_has_role({}))", ddl::text(role.as_str()));
    let function = rule.has_sub_reads().then(|| function_name(table, role));
    let using = match &function {
        _ if rule.is_always() => has_role,
        // Of the row as a whole, whatever its columns are called.
        Some(function) => format!("{has_role} and {}({}.*)", ddl::table(function), ddl::table(table)),
        None => format!("{has_role} and ({})", text(&rule.to_sql(&OWN), table)),
    };
    let reader = reader_role(role);
    let name = format!("{reader}_read");
    let policy = Policy { table, name, role: reader, command: "select", using: Some(using), check: None };
    function.map(|function| asked_within(function, table, rule)).into_iter().chain([policy.into_piece()]).collect()
}

fn asked_within(function: TableName, table: &TableName, rule: &Predicate) -> Piece {
    let create = format!(
        "create function {}({ROW} {}) returns boolean language sql stable security definer\n    \
         set search_path = pg_catalog, pg_temp\n    return {};\n",
        ddl::table(&function),
        ddl::table(table),
        text(&rule.to_sql(&Images::row(Alias::Named(ROW))), table)
    );
    Piece { name: PieceName { kind: PieceKind::Function, on: function, name: String::new() }, create }
}

/// `ticket_events_reader_agent`, or a digest of it where PostgreSQL would cut it.
fn function_name(table: &TableName, role: &RoleName) -> TableName {
    rule_view(&TableName::new(&table.schema, names::short(format!("{}_reader_{role}", table.name))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::names::MAX_BYTES;

    #[test]
    fn a_function_has_a_name_that_postgresql_keeps() {
        let name = |table: &str| function_name(&TableName::new("public", table), &RoleName::new("agent")).to_string();
        assert_eq!(name("ticket_events"), "toolcrib_rules_public.ticket_events_reader_agent");
        let (long, longer) = ("t".repeat(60), "t".repeat(61));
        assert_ne!(name(&long), name(&longer));
        assert!(name(&long).split('.').next_back().is_some_and(|name| name.len() <= MAX_BYTES));
    }
}
