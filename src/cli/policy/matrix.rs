//! `toolcrib policy matrix`

use crate::app::Tool;
use crate::cli::Arguments;
use crate::cli::arguments::PolicyMatrixArguments;
use crate::policy::{Matrix, MatrixRow, Residue};
use anyhow::{Context, bail};
use comfy_table::{ContentArrangement, Table};
use minijinja::{AutoEscape, Environment};
use serde_json::{Value as Json, json};
use std::process::ExitCode;

/// The page of `--html`.
const PAGE: &str = include_str!("matrix.html");

/// Shows who may do what. Needs no database.
pub(super) fn run(arguments: &Arguments, matrix: &PolicyMatrixArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings()?;
    let tool = Tool::load(&settings)?;
    let PolicyMatrixArguments { json, html, collection, role } = matrix;
    let matrix = select(Matrix::of(&tool.catalog, &tool.rules), collection.as_deref(), role.as_deref())?;
    if *json {
        println!("{:#}", to_json(&matrix));
    } else if *html {
        println!("{}", to_html(&matrix, &settings.server.schema.display().to_string())?);
    } else {
        println!("{}", to_table(&matrix));
    }
    Ok(ExitCode::SUCCESS)
}

/// Only what was asked for.
fn select(mut matrix: Matrix, collection: Option<&str>, role: Option<&str>) -> anyhow::Result<Matrix> {
    if let Some(collection) = collection {
        matrix.rows.retain(|row| row.collection == collection);
        if matrix.rows.is_empty() {
            bail!("the schema has no collection `{collection}`; `toolcrib policy matrix` lists all");
        }
    }
    if let Some(role) = role {
        let names = matrix.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
        let index = matrix.roles.iter().position(|name| name.as_str() == role);
        let index = index.with_context(|| format!("the schema has no role `{role}`; it has {names}"))?;
        matrix.roles = vec![matrix.roles.swap_remove(index)];
        matrix.rows.iter_mut().for_each(|row| row.cells = vec![row.cells.swap_remove(index)]);
    }
    Ok(matrix)
}

fn name_of(row: &MatrixRow) -> String {
    match &row.field {
        Some(field) => format!("{}.{field}", row.collection),
        None => row.collection.clone(),
    }
}

/// The answer's name and its condition.
pub(super) fn parts_of(cell: &Residue) -> (&'static str, Option<&str>) {
    match cell {
        Residue::Always => ("ALWAYS", None),
        Residue::Never => ("NEVER", None),
        Residue::If(condition) => ("IF", Some(condition)),
    }
}

fn to_json(matrix: &Matrix) -> Json {
    let cells = matrix.rows.iter().flat_map(|row| {
        matrix.roles.iter().zip(&row.cells).map(move |(role, cell)| {
            let (answer, condition) = parts_of(cell);
            json!({
                "collection": row.collection,
                "field": row.field,
                "operation": row.action.as_str(),
                "role": role.as_str(),
                "answer": answer,
                "condition": condition,
            })
        })
    });
    cells.collect()
}

fn to_table(matrix: &Matrix) -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["", "operation"].into_iter().chain(matrix.roles.iter().map(|role| role.as_str())));
    let mut shown = String::new();
    for row in &matrix.rows {
        let name = name_of(row);
        let first = if name == shown { String::new() } else { name.clone() };
        shown = name;
        let cells = row.cells.iter().map(|cell| match cell {
            Residue::Always => "yes".to_owned(),
            Residue::Never => "-".to_owned(),
            Residue::If(condition) => condition.clone(),
        });
        table.add_row([first, row.action.as_str().to_owned()].into_iter().chain(cells));
    }
    table
}

fn to_html(matrix: &Matrix, schema: &str) -> anyhow::Result<String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("matrix", PAGE)?;
    let rows: Vec<Json> = matrix
        .rows
        .iter()
        .map(|row| {
            let cells: Vec<Json> = row
                .cells
                .iter()
                .map(|cell| {
                    let (answer, condition) = parts_of(cell);
                    json!({ "answer": answer, "condition": condition })
                })
                .collect();
            json!({ "name": name_of(row), "operation": row.action.as_str(), "cells": cells })
        })
        .collect();
    let roles: Vec<&str> = matrix.roles.iter().map(|role| role.as_str()).collect();
    Ok(environment.get_template("matrix")?.render(json!({ "schema": schema, "roles": roles, "rows": rows }))?)
}
