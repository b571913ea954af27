//! Full-text search as SQL: over the same expressions that `migrate` makes indexes of, or PostgreSQL takes none.

use crate::base::{ColumnName, TableName};
use crate::catalog::{SearchConfig, SearchWeight};
use crate::planner::{Search, SearchText};
use crate::sql::{Alias, CompareOp, Expr, From, Select};

/// Whether the row that `alias` names is found.
pub(crate) fn search_condition(search: &Search, alias: Alias) -> Expr {
    if let Some(view) = &search.view {
        return found_in_view(search, view, alias);
    }
    let found = search.texts.iter().map(|text| {
        let matches = Expr::compare(CompareOp::Matches, vector(search.config, &text.columns, alias), query(search));
        Expr::all(guard(text, alias).into_iter().chain([matches]))
    });
    let mut found: Vec<Expr> = found.collect();
    if found.len() == 1 { found.remove(0) } else { Expr::Or(found) }
}

/// The same through the view. Texts that the caller may search without a guard are asked together, so that each of them is looked
/// up by its index.
fn found_in_view(search: &Search, view: &TableName, alias: Alias) -> Expr {
    const FOUND: Alias = Alias::Named("found");
    let in_view = |texts: &[&SearchText]| {
        let matches = texts.iter().map(|text| Expr::compare(CompareOp::Matches, Expr::column(FOUND, &text.index), query(search)));
        let same = Expr::compare(CompareOp::Equal, Expr::labelled(FOUND, "id"), Expr::labelled(alias, "id"));
        let from = From::Table(view.clone(), FOUND);
        let select = Select::new(Vec::new(), from).filtered(Expr::all([same, Expr::Or(matches.collect())]));
        Expr::Exists(Box::new(select))
    };
    let (open, guarded): (Vec<&SearchText>, Vec<&SearchText>) = search.texts.iter().partition(|text| text.guard.is_none());
    let open = (!open.is_empty()).then(|| in_view(&open));
    let guarded = guarded.into_iter().map(|text| Expr::all(guard(text, alias).into_iter().chain([in_view(&[text])])));
    let mut found: Vec<Expr> = open.into_iter().chain(guarded).collect();
    if found.len() == 1 { found.remove(0) } else { Expr::Or(found) }
}

/// How well the row fits: as well as the text that fits best.
pub(crate) fn search_rank(search: &Search, alias: Alias) -> Expr {
    let ranks = search.texts.iter().map(|text| {
        let rank = Expr::Call("ts_rank", vec![vector(search.config, &text.columns, alias), query(search)]);
        match guard(text, alias) {
            Some(guard) => Expr::Case(vec![(guard, rank)], None),
            None => rank,
        }
    });
    // With the precision of a double, a cursor compares with what is computed again.
    let best = Expr::Call("greatest", [ranks.collect(), vec![Expr::Fixed("0")]].concat());
    Expr::Cast(Box::new(best), "double precision")
}

fn guard(text: &SearchText, alias: Alias) -> Option<Expr> {
    text.guard.as_ref().map(|column| column.guard(alias))
}

fn vector(config: SearchConfig, columns: &[(ColumnName, SearchWeight)], alias: Alias) -> Expr {
    let parts = columns.iter().map(|(column, weight)| {
        let text = Expr::Call("coalesce", vec![Expr::column(alias, column), Expr::Fixed("''")]);
        let words = Expr::Call("to_tsvector", vec![regconfig(config), text]);
        Expr::Call("setweight", vec![words, Expr::Fixed(weight.sql())])
    });
    let joined = parts.reduce(|left, right| Expr::compare(CompareOp::Concat, left, right));
    joined.unwrap_or(Expr::Fixed("''::tsvector"))
}

/// Takes whatever people type: it never is a mistake.
fn query(search: &Search) -> Expr {
    Expr::Call("websearch_to_tsquery", vec![regconfig(search.config), Expr::Value(search.words.clone())])
}

fn regconfig(config: SearchConfig) -> Expr {
    Expr::Cast(Box::new(Expr::Fixed(config.sql())), "regconfig")
}
