//! `toolcrib config` and `toolcrib completions`.

use crate::support::process::{Crib, Outcome};

#[test]
fn the_reference_is_a_file_that_changes_nothing() {
    let crib = Crib::with_schema("");
    let reference = crib.run_well(&["config", "reference"]);
    for line in ["# listen = \"127.0.0.1:4000\"", "[metrics]", "# slow_query = \"500ms\"", "# migrations = \"migrations\""] {
        assert!(reference.lines().any(|found| found == line), "`{line}` is not in\n{reference}");
    }
    crib.write("toolcrib.toml", &reference);
    let shown = crib.run_well(&["config", "show"]);
    let set: Vec<&str> = shown.lines().skip(1).map(str::trim_end).filter(|line| !line.ends_with("default")).collect();
    // The crib's own data directory comes from its flag, that it serves without a provider from its environment.
    let keys: Vec<&str> = set.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(keys, ["data_dir", "auth.without_provider"], "{shown}");
}

#[test]
fn effective_settings_are_shown_without_secrets() {
    let crib = Crib::with_schema("")
        .with("DATABASE_URL", "postgres://boss:hunter2@db.internal/desk?password=hunter2")
        .with("TOOLCRIB_METRICS_TOKEN", "hunter2-hunter2-hunter2");
    crib.write("toolcrib.toml", "[limits]\nmax_depth = 7\n");
    let table = crib.run_well(&["config", "show"]);
    let line = |key: &str| {
        let found = table.lines().find(|line| line.split_whitespace().next() == Some(key));
        found.unwrap_or_else(|| panic!("no `{key}` in\n{table}")).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(line("limits.max_depth").starts_with("limits.max_depth 7 "), "{table}");
    assert!(line("limits.max_depth").ends_with("toolcrib.toml:2:13"), "{table}");
    assert_eq!(line("database.url"), "database.url postgres://boss:***@db.internal/desk variable DATABASE_URL");
    assert_eq!(line("metrics.token"), "metrics.token *** variable TOOLCRIB_METRICS_TOKEN");
    assert_eq!(line("log.format"), "log.format text default");
    let json = crib.run_well(&["config", "show", "--json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let depth = rows.iter().find(|row| row["key"] == "limits.max_depth").unwrap();
    assert_eq!((&depth["value"], &depth["variable"]), (&"7".into(), &"TOOLCRIB_LIMITS_MAX_DEPTH".into()));
    assert!(!table.contains("hunter2") && !json.contains("hunter2"), "{table}{json}");
}

#[test]
fn providers_are_shown_as_they_are_and_without_their_secrets() {
    let crib = Crib::with_schema("").with("SSO_SECRET", "hunter2");
    crib.write(
        "toolcrib.toml",
        "[auth]\npublic_url = 'https://desk.test'\n[[auth.providers]]\nid = 'sso'\nissuer = 'https://sso.test'\nclient_id = 'crib'\n\
         client_secret_env = 'SSO_SECRET'\nallowed_domains = ['desk.test', 'crib.test']\n\
         rules = [{ value = 'leads', role = 'manager' }, { claim = 'dep', value = 'x', team = 'Support' }]\n\
         [[auth.providers]]\nid = 'other'\nissuer = 'https://other.test'\nclient_id = 'crib'\nmode = 'just_in_time'\n",
    );
    let table = crib.run_well(&["config", "show"]);
    let json = crib.run_well(&["config", "show", "--json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let row =
        |name: &str| rows.iter().find(|row| row["key"] == format!("auth.providers.{name}")).unwrap_or_else(|| panic!("{name}"));
    for (name, value) in [
        ("sso.issuer", serde_json::json!("https://sso.test")),
        ("sso.client_secret", "***".into()),
        ("other.client_secret", serde_json::Value::Null),
        ("sso.mode", "invite".into()),
        ("other.mode", "just_in_time".into()),
        ("sso.allowed_domains", "crib.test, desk.test".into()),
        ("sso.rules", r#"{ value = "leads", role = "manager" }, { claim = "dep", value = "x", team = "Support" }"#.into()),
        ("sso.algorithms", "RS256, ES256, EdDSA".into()),
        ("sso.clock_skew", "30s".into()),
    ] {
        assert_eq!(row(name)["value"], value, "{name}");
        assert!(table.contains(&format!("auth.providers.{name} ")), "{name}");
    }
    assert!(row("sso.issuer")["origin"].as_str().unwrap().ends_with("toolcrib.toml"));
    assert!(!table.contains("hunter2") && !json.contains("hunter2"), "{table}{json}");
}

#[test]
fn wrong_settings_are_reported_and_not_shown() {
    let crib = Crib::with_schema("").with("TOOLCRIB_LOG_FORMAT", "xml");
    let Outcome { code, stderr, stdout } = crib.run(&["config", "show"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("variable TOOLCRIB_LOG_FORMAT: `log.format` has to be `text` or `json`"), "{stderr}");
}

#[test]
fn completions_know_every_command() {
    let crib = Crib::with_schema("");
    for (shell, sign) in [("bash", "complete -F _toolcrib"), ("zsh", "#compdef toolcrib"), ("fish", "complete -c toolcrib")] {
        let script = crib.run_well(&["completions", shell]);
        assert!(script.contains(sign), "{shell}: {script}");
        for command in ["serve", "migrate", "explain", "config", "doctor", "backup", "restore"] {
            assert!(script.contains(command), "{shell} does not know `{command}`");
        }
    }
    // What bash is given, bash can read.
    let script = crib.run_well(&["completions", "bash"]);
    let status = std::process::Command::new("bash").args(["-n", "-c", &script]).status().unwrap();
    assert!(status.success());
    assert_eq!(crib.run(&["completions", "tcl"]).code, Some(2));
}
