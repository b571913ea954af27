//! What is left of a rule for a role, in words: written again as a rule, it gives every actor of the role what the whole gave.

use super::solved::{actor, directory, request, sql};
use super::{load, with_read_rule};
use crate::support::expect::difference;
use std::fmt::Write;
use std::fs;
use toolcrib::base::RoleName;
use toolcrib::policy::{Action, Matrix, Operation, Residue, RuleBook};

#[test]
fn the_residue_of_a_rule_is_a_rule() {
    let catalog = load(&directory());
    let rules = fs::read_to_string(directory().join("rules.txt")).unwrap();
    let actors = [actor("agent", Some(0xb)), actor("agent", None), actor("admin", None), actor("admin", Some(0xb))];
    let ticket = catalog.find_collection("Ticket").unwrap().id;
    let compile =
        |rule: &str| RuleBook::compile(&with_read_rule(&catalog, rule)).unwrap_or_else(|error| panic!("{rule}: {error:#?}"));
    let mut conditions = 0;
    for rule in rules.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let book = compile(rule);
        for actor in &actors {
            let whole = sql(&book.solve(ticket, Operation::Read, actor, &request()));
            match book.residue(&catalog, ticket, Operation::Read, &actor.role) {
                Residue::Always => assert_eq!(whole, "always", "{rule} for {}", actor.role),
                Residue::Never => assert_eq!(whole, "never", "{rule} for {}", actor.role),
                // It is no word of the language.
                Residue::If(condition) if condition.contains("unknown") => {}
                Residue::If(condition) => {
                    let left = sql(&compile(&condition).solve(ticket, Operation::Read, actor, &request()));
                    assert_eq!(left, whole, "{rule} leaves {condition} for {}", actor.role);
                    conditions += 1;
                }
            }
        }
    }
    assert!(conditions > 100, "only {conditions} conditions were compared");
}

#[test]
fn the_matrix_of_the_support_desk_is_as_expected() {
    let (catalog, rules) = crate::support::database::compile(crate::support::database::SUPPORT_DESK);
    let matrix = Matrix::of(&catalog, &rules);
    assert_eq!(matrix.roles, ["admin", "manager", "agent", "viewer"].map(RoleName::new));
    let mut found = String::new();
    for row in &matrix.rows {
        let field = row.field.as_ref().map_or_else(String::new, |field| format!(".{field}"));
        writeln!(found, "{}{field} {}", row.collection, row.action.as_str()).unwrap();
        for (role, cell) in matrix.roles.iter().zip(&row.cells) {
            writeln!(
                found,
                "    {role}: {}",
                match cell {
                    Residue::Always => "always",
                    Residue::Never => "never",
                    Residue::If(condition) => condition,
                }
            )
            .unwrap();
        }
    }
    let is_of =
        |row: &&toolcrib::policy::MatrixRow, action| row.collection == "Ticket" && row.field.is_none() && row.action == action;
    let export = matrix.rows.iter().find(|row| is_of(row, Action::Export)).unwrap();
    assert_eq!(export.cells[3], Residue::Never);
    let expected = directory().with_file_name("matrix.txt");
    assert_eq!(difference(&found, &expected), None);
}
