//! `toolcrib config`

use crate::cli::Arguments;
use crate::cli::arguments::{ConfigArguments, ConfigCommand};
use crate::config::{self, EffectiveSetting};
use comfy_table::Table;
use serde_json::json;
use std::process::ExitCode;

/// Prints every setting as it could be, or as it is. Needs no schema and no database.
pub(crate) fn run(arguments: &Arguments, command: &ConfigArguments) -> anyhow::Result<ExitCode> {
    match &command.command {
        ConfigCommand::Reference => print!("{}", config::reference()),
        ConfigCommand::Show { json } => {
            let (_, settings) = arguments.settings_with_origins()?;
            if *json { show_json(&settings) } else { show_table(&settings) }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show_json(settings: &[EffectiveSetting]) {
    let rows = settings.iter().map(|setting| {
        let EffectiveSetting { key, variable, value, origin } = setting;
        json!({ "key": key, "variable": variable, "value": value, "origin": origin.as_ref().map(ToString::to_string) })
    });
    println!("{:#}", rows.collect::<serde_json::Value>());
}

fn show_table(settings: &[EffectiveSetting]) {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(["setting", "value", "from"]);
    for EffectiveSetting { key, value, origin, .. } in settings {
        let origin = origin.as_ref().map_or_else(|| "default".to_owned(), ToString::to_string);
        table.add_row([*key, value.as_deref().unwrap_or("-"), &origin]);
    }
    println!("{table}");
}
