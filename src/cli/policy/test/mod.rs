//! `toolcrib policy test`: cases as files, on the real engine.
//!
//! Purpose: prove that the rules say what is meant, and show which of their clauses no case has seen.
//! Flow: `file` (TOML) → `rows` (made in a transaction of the owner) → `case` (each user and row, by the compiled predicates) →
//! `coverage`; then everything is undone.
//! Invariants: nothing stays, whatever happens; invariants are decided by the rules alone, without rows.
//! Deliberately unknown: requests and answers; those are told by request cases.

mod case;
mod coverage;
mod file;
mod rows;

use crate::app::{Storage, Tool};
use crate::cli::Arguments;
use crate::cli::arguments::PolicyTestArguments;
use crate::config::Settings;
use crate::db::{self, OwnerTrial};
use crate::migrate;
use anyhow::Context;
use case::Outcome;
use coverage::Coverage;
use file::RuleFile;
use rows::World;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs the cases and says what fails and what they leave out.
pub(super) async fn run(arguments: &Arguments, test: &PolicyTestArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.settings()?;
    let tool = Tool::load(&settings)?;
    let paths = if test.files.is_empty() { file::find_files(&arguments.dir)? } else { test.files.clone() };
    let mut files = Vec::new();
    for path in paths {
        files.push((path.clone(), RuleFile::read(&path)?));
    }
    let storage = Storage::open(&settings).await?;
    let tested = test_files(&settings, &tool, &storage, &files).await;
    storage.close().await;
    let Tested { outcomes, coverage } = tested?;
    let failures = outcomes.iter().filter(|(_, outcome)| outcome.failure.is_some()).count();
    if test.json {
        println!("{:#}", to_json(&outcomes, &coverage));
    } else {
        print(&outcomes, &coverage);
    }
    let is_covered = !test.full_coverage || coverage.uncovered().is_empty();
    Ok(if failures == 0 && is_covered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What came of all files.
struct Tested {
    outcomes: Vec<(PathBuf, Outcome)>,
    coverage: Coverage,
}

async fn test_files(
    settings: &Settings,
    tool: &Tool,
    storage: &Storage,
    files: &[(PathBuf, RuleFile)],
) -> anyhow::Result<Tested> {
    prepare(settings, tool, storage).await?;
    let mut tested = Tested { outcomes: Vec::new(), coverage: Coverage::of(&tool.catalog) };
    for (path, file) in files {
        let mut trial = OwnerTrial::write(migrate::connect(storage.owner_url.expose()).await?).await?;
        // Rules are tested before they are applied, too.
        let tried = migrate::try_rules(trial.connection(), Storage::migrate_tool(tool, &settings.server.migrations)).await;
        let outcomes = match tried {
            Ok(()) => test_file(&trial, tool, file, &mut tested.coverage).await,
            Err(error) => Err(error.into()),
        };
        trial.undo().await?;
        let outcomes = outcomes.with_context(|| path.display().to_string())?;
        tested.outcomes.extend(outcomes.into_iter().map(|outcome| (path.clone(), outcome)));
    }
    Ok(tested)
}

/// A private database that nothing was applied to yet is the command's own to make.
async fn prepare(settings: &Settings, tool: &Tool, storage: &Storage) -> anyhow::Result<()> {
    let mut connection = migrate::connect(storage.owner_url.expose()).await?;
    if storage.is_private() && !db::is_migrated(&mut connection).await? {
        storage.apply(tool, &settings.server.migrations).await?;
    }
    Ok(())
}

async fn test_file(trial: &OwnerTrial, tool: &Tool, file: &RuleFile, coverage: &mut Coverage) -> anyhow::Result<Vec<Outcome>> {
    let world = World::make(trial, &tool.catalog, &file.rows).await?;
    let mut outcomes = Vec::new();
    for case in &file.cases {
        let found = case::run_case(trial, tool, &world, case, coverage).await;
        outcomes.extend(found.with_context(|| format!("the case `{}`", case.name))?);
    }
    for invariant in &file.invariants {
        let decided = case::decide(tool, invariant).with_context(|| format!("the invariant `{}`", invariant.name))?;
        outcomes.extend(decided);
    }
    Ok(outcomes)
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn print(outcomes: &[(PathBuf, Outcome)], coverage: &Coverage) {
    for (path, Outcome { case, expectation, failure }) in outcomes {
        if let Some(failure) = failure {
            println!("FAILED  {}: {case}\n  {expectation}, but\n    {failure}", name(path));
        }
    }
    let failures = outcomes.iter().filter(|(_, outcome)| outcome.failure.is_some()).count();
    println!("{} expectations, {failures} failed", outcomes.len());
    let (clauses, covered) = coverage.counts();
    println!("{covered} of {clauses} clauses were seen both true and not true");
    coverage.uncovered().iter().for_each(|line| println!("  {line}"));
}

fn to_json(outcomes: &[(PathBuf, Outcome)], coverage: &Coverage) -> Json {
    let expectations = outcomes.iter().map(|(path, Outcome { case, expectation, failure })| {
        json!({ "file": name(path), "case": case, "expectation": expectation, "passed": failure.is_none(), "failure": failure })
    });
    json!({ "expectations": expectations.collect::<Json>(), "coverage": coverage.to_json() })
}
