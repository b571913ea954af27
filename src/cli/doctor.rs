//! `toolcrib doctor`

use crate::cli::Arguments;
use crate::cli::arguments::DoctorArguments;
use crate::doctor::{self, Finding, State};
use comfy_table::{ContentArrangement, Table};
use serde_json::json;
use std::process::ExitCode;

/// Says what is wrong with this installation; exit code 1 if anything fails.
pub(crate) async fn run(arguments: &Arguments, command: &DoctorArguments) -> ExitCode {
    let findings = match arguments.settings() {
        Ok(settings) => doctor::examine(&settings).await,
        Err(error) => error.problems.iter().map(|problem| wrong_setting(&problem.to_string())).collect(),
    };
    if command.json {
        show_json(&findings)
    } else {
        show_table(&findings)
    }
    let has_failed = findings.iter().any(|finding| finding.state == State::Fail);
    if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn wrong_setting(problem: &str) -> Finding {
    let advice = Some("correct it; `toolcrib config reference` prints every setting".to_owned());
    Finding { check: "settings", state: State::Fail, message: problem.to_owned(), advice }
}

fn show_json(findings: &[Finding]) {
    let rows = findings.iter().map(|finding| {
        let Finding { check, state, message, advice } = finding;
        json!({ "check": check, "state": state.as_str(), "message": message, "advice": advice })
    });
    println!("{:#}", rows.collect::<serde_json::Value>());
}

fn show_table(findings: &[Finding]) {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["check", "state", "found"]);
    for Finding { check, state, message, advice } in findings {
        let text = advice.as_ref().map_or_else(|| message.clone(), |advice| format!("{message}\n-> {advice}"));
        table.add_row([check, state.as_str(), &text]);
    }
    println!("{table}");
    let count = |state: State| findings.iter().filter(|finding| finding.state == state).count();
    println!("\n{} ok, {} warnings, {} failures", count(State::Ok), count(State::Warn), count(State::Fail));
}
