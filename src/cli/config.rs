//! `toolcrib config`

use crate::cli::Arguments;
use crate::cli::arguments::{ConfigArguments, ConfigCommand};
use crate::config::{self, EffectiveSetting, Settings};
use comfy_table::Table;
use serde_json::json;
use std::process::ExitCode;

/// Prints every setting as it could be, or as it is. Needs no schema and no database.
pub(crate) fn run(arguments: &Arguments, command: &ConfigArguments) -> anyhow::Result<ExitCode> {
    match &command.command {
        ConfigCommand::Reference => print!("{}", config::reference()),
        ConfigCommand::Show { json } => {
            let (settings, effective) = arguments.settings_with_origins()?;
            let rows: Vec<Row> = effective.into_iter().map(Row::of).chain(of_providers(&settings)).collect();
            if *json { show_json(&rows) } else { show_table(&rows) }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A setting as it is shown.
struct Row {
    key: String,
    /// `None` for what only a file can say.
    variable: Option<String>,
    value: Option<String>,
    /// `None` for a default.
    origin: Option<String>,
}

impl Row {
    fn of(setting: EffectiveSetting) -> Self {
        let EffectiveSetting { key, variable, value, origin } = setting;
        let origin = origin.as_ref().map(ToString::to_string);
        Self { key: key.to_owned(), variable: Some(variable), value, origin }
    }
}

/// The providers as they are, each under its name.
fn of_providers(settings: &Settings) -> impl Iterator<Item = Row> {
    let file = settings.directory.join(config::FILE_NAME).display().to_string();
    settings.auth.providers.iter().flat_map(move |provider| {
        let file = file.clone();
        let row = move |(name, value)| Row {
            key: format!("auth.providers.{}.{name}", provider.id),
            variable: None,
            value,
            origin: Some(file.clone()),
        };
        provider.shown().into_iter().map(row)
    })
}

fn show_json(rows: &[Row]) {
    let rows = rows.iter().map(|row| {
        let Row { key, variable, value, origin } = row;
        json!({ "key": key, "variable": variable, "value": value, "origin": origin })
    });
    println!("{:#}", rows.collect::<serde_json::Value>());
}

fn show_table(rows: &[Row]) {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(["setting", "value", "from"]);
    for Row { key, value, origin, .. } in rows {
        let origin = origin.as_deref().unwrap_or("default");
        table.add_row([key.as_str(), value.as_deref().unwrap_or("-"), origin]);
    }
    println!("{table}");
}
