//! Rendering the names of tables and rows.

use crate::base::TableName;
use crate::sql::Alias;
use crate::sql::render::Rendering;
use diesel::QueryResult;

pub(super) fn push_table(table: &TableName, out: &mut Rendering<'_>) -> QueryResult<()> {
    if !out.tables.contains(table) {
        out.tables.push(table.clone());
    }
    out.push_identifier(&table.schema)?;
    out.push_sql(".");
    out.push_identifier(&table.name)
}

/// Injection safety: an alias is a letter with a number, or a word of the program, or a quoted name.
pub(super) fn push_alias(alias: Alias, out: &mut Rendering<'_>) -> QueryResult<()> {
    match alias {
        Alias::Table(number) => push_numbered("t", number, out),
        Alias::Rule(number) => push_numbered("r", number, out),
        Alias::Filter(number) => push_numbered("f", number, out),
        Alias::Order(number) => push_numbered("o", number, out),
        Alias::Named(name) => out.push_sql(name),
        Alias::Own => {
            let own = out.definition.as_ref().expect("only definitions belong to a table").own.clone();
            push_table(&own, out)?;
        }
    }
    Ok(())
}

fn push_numbered(letter: &'static str, number: u16, out: &mut Rendering<'_>) {
    /// Aliases stand before every column: most of them need no text of their own.
    const SMALL: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
    out.push_sql(letter);
    match SMALL.get(usize::from(number)) {
        Some(digits) => out.push_sql(digits),
        None => out.push_sql(&number.to_string()),
    }
}
