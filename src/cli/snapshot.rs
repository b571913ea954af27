//! `toolcrib snapshot`

use crate::app::Tool;
use crate::cli::Arguments;
use crate::cli::arguments::SnapshotArguments;
use crate::graphql::api;
use crate::graphql::api_change::{self, Compatibility};
use crate::policy::{Matrix, Residue};
use anyhow::Context;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where snapshots are kept in a tool's directory.
const DIRECTORY: &str = "snapshots";

/// The API as clients see it.
const API_FILE: &str = "api.graphql";

/// Who may do what.
const ACCESS_FILE: &str = "access.txt";

/// The first line of [`ACCESS_FILE`].
const ACCESS_TITLE: &str = "# Who may do what, by the rules of the schema; written by `toolcrib snapshot`.";

/// Writes the API and who may do what, or compares what was written. Needs no database.
pub(crate) fn run(arguments: &Arguments, snapshot: &SnapshotArguments) -> anyhow::Result<ExitCode> {
    let tool = Tool::load(&arguments.settings()?)?;
    let sdl = api::build(&tool.catalog, &tool.rules)?.sdl();
    let access = access_lines(&Matrix::of(&tool.catalog, &tool.rules));
    let directory = snapshot.to.clone().unwrap_or_else(|| arguments.dir.join(DIRECTORY));
    let (api_path, access_path) = (directory.join(API_FILE), directory.join(ACCESS_FILE));
    if !snapshot.check {
        fs::create_dir_all(&directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
        write(&api_path, &sdl)?;
        write(&access_path, &access)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut found = String::new();
    if let Some(old) = read_other(&api_path, &sdl)? {
        describe_api(&api_path, &old, &sdl, &mut found)?;
    }
    if let Some(old) = read_other(&access_path, &access)? {
        describe_access(&access_path, &old, &access, &mut found)?;
    }
    if found.is_empty() {
        println!("{}: as the schema says", directory.display());
        return Ok(ExitCode::SUCCESS);
    }
    println!("{found}`toolcrib snapshot` writes them anew: commit them with the change, so that it is reviewed");
    Ok(ExitCode::FAILURE)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// What the file holds, if that is not what it should.
fn read_other(path: &PathBuf, wanted: &str) -> anyhow::Result<Option<String>> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("there is no snapshot `{}`; `toolcrib snapshot` writes it", path.display()))?;
    Ok((text != wanted).then_some(text))
}

/// One line for each cell, so that a change of one rule is a change of its lines alone.
fn access_lines(matrix: &Matrix) -> String {
    let mut lines = format!("{ACCESS_TITLE}\n");
    for row in &matrix.rows {
        let field = row.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
        for (role, cell) in matrix.roles.iter().zip(&row.cells) {
            let answer = match cell {
                Residue::Always => "always",
                Residue::Never => "never",
                Residue::If(condition) => condition,
            };
            lines += &format!("{}{field} {} {role}: {answer}\n", row.collection, row.action.as_str());
        }
    }
    lines
}

fn describe_api(path: &Path, old: &str, new: &str, found: &mut String) -> anyhow::Result<()> {
    let changes = api_change::compare(old, new).with_context(|| format!("`{}` is no snapshot", path.display()))?;
    writeln!(found, "{}: the API has changed", path.display())?;
    for change in &changes {
        let word = match change.compatibility {
            Compatibility::Breaking => "BREAKING",
            Compatibility::Compatible => "compatible",
        };
        writeln!(found, "  {word:<10}  {}", change.message)?;
    }
    if changes.is_empty() {
        writeln!(found, "  compatible  only descriptions, the order of things or the form of the text")?;
    }
    Ok(())
}

fn describe_access(path: &Path, old: &str, new: &str, found: &mut String) -> anyhow::Result<()> {
    let (before, after) = (cells(old), cells(new));
    writeln!(found, "{}: who may do what has changed", path.display())?;
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let mut is_equal = true;
    for name in names {
        let (before, after) = (before.get(name).copied(), after.get(name).copied());
        if before != after {
            is_equal = false;
            writeln!(found, "  {:<8}  {name}", direction(name, before, after))?;
            before.map_or(Ok(()), |before| writeln!(found, "            - {before}"))?;
            after.map_or(Ok(()), |after| writeln!(found, "            + {after}"))?;
        }
    }
    if is_equal {
        writeln!(found, "  the same  only the order of the lines")?;
    }
    Ok(())
}

/// `Ticket READ agent` and what stands behind it.
fn cells(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| line.split_once(": ")).collect()
}

/// What is plainly wider or narrower says so; the rest has to be read. A rule of rows that is not there allows nothing, one of a
/// field or of aggregates everything.
fn direction(name: &str, before: Option<&str>, after: Option<&str>) -> &'static str {
    let mut words = name.split(' ');
    let is_field = words.next().is_some_and(|owner| owner.contains('.'));
    let absent = if is_field || words.next() == Some("AGGREGATE") { "always" } else { "never" };
    match (before.unwrap_or(absent), after.unwrap_or(absent)) {
        (before, after) if before == after => "the same",
        ("never", _) | (_, "always") => "WIDER",
        (_, "never") | ("always", _) => "narrower",
        _ => "changed",
    }
}
