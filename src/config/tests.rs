//! Precedence, refusals and the documented file.

use super::*;
use crate::config::keys;
use std::collections::BTreeMap;

fn load(file: &str, variables: &[(&str, &str)], overrides: &Overrides) -> Result<Settings, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(FILE_NAME), file).unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::load(directory.path(), variables, overrides)
}

#[track_caller]
fn check_refused(file: &str, variables: &[(&str, &str)], expected: &str) {
    let error = load(file, variables, &Overrides::default()).unwrap_err();
    let message: Vec<String> = error.to_string().lines().map(without_directory).collect();
    assert_eq!(message.join("\n"), expected);
}

fn without_directory(line: &str) -> String {
    line.find(FILE_NAME).map_or(line, |start| &line[start..]).to_owned()
}

#[test]
fn a_flag_wins_over_a_variable_over_the_file_over_the_default() {
    let file = "listen = '127.0.0.1:1'";
    let variables = [("TOOLCRIB_LISTEN", "127.0.0.1:2"), ("PATH", "/bin")];
    let flag = Overrides { listen: Some("127.0.0.1:3".to_owned()), ..Overrides::default() };
    let port = |file, variables: &[_], flags: &_| load(file, variables, flags).unwrap().server.listen.port();
    assert_eq!(port("", &[], &Overrides::default()), 4000);
    assert_eq!(port(file, &[], &Overrides::default()), 1);
    assert_eq!(port(file, &variables, &Overrides::default()), 2);
    assert_eq!(port(file, &variables, &flag), 3);
}

#[test]
fn the_hosts_database_url_is_weaker_than_our_own() {
    let url = |variables: &[_]| {
        let settings = load("[database]\nurl = 'postgres://file/a'", variables, &Overrides::default()).unwrap();
        settings.database.url.unwrap().expose().to_owned()
    };
    let host = ("DATABASE_URL", "postgres://host/a");
    assert_eq!(url(&[]), "postgres://file/a");
    assert_eq!(url(&[host]), "postgres://host/a");
    assert_eq!(url(&[host, ("TOOLCRIB_DATABASE_URL", "postgres://ours/a")]), "postgres://ours/a");
}

#[test]
fn paths_begin_at_the_tool_directory_and_flags_where_the_user_stands() {
    let flags = Overrides { schema: Some("other.graphql".into()), ..Overrides::default() };
    let settings = load("migrations = 'migrations/desk'\ndata_dir = '/srv/crib'", &[], &flags).unwrap();
    assert_eq!(settings.server.migrations, settings.directory.join("migrations/desk"));
    assert_eq!(settings.server.data_dir, PathBuf::from("/srv/crib"));
    assert_eq!(settings.server.schema, std::env::current_dir().unwrap().join("other.graphql"));
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    check_refused("lisen = 1", &[], "toolcrib.toml:1:1: there is no setting `lisen`; did you mean `listen`?");
    check_refused(
        "\n[limits]\nmax_depht = 3",
        &[],
        "toolcrib.toml:3:1: there is no setting `limits.max_depht`; did you mean `limits.max_depth`?",
    );
    check_refused("[databse]\nurl = 'x'", &[], "toolcrib.toml:1:2: there is no setting `databse`; did you mean `database.url`?");
    check_refused(
        "",
        &[("TOOLCRIB_LOGFORMAT", "json")],
        "variable TOOLCRIB_LOGFORMAT: there is no setting `TOOLCRIB_LOGFORMAT`; did you mean `TOOLCRIB_LOG_FORMAT`?",
    );
}

#[test]
fn every_bad_value_is_reported_at_its_place_without_the_value() {
    check_refused(
        "listen = 'everywhere'\n[database]\nurl = 'mysql://root:secret@db'\nstatement_timeout = '30'\n[log]\nformat = 'xml'",
        &[("TOOLCRIB_LIMITS_PAGE_SIZE", "501"), ("TOOLCRIB_LIMITS_MAX_DEPTH", "0")],
        "toolcrib.toml:1:10: `listen` has to be an IP address with a port, `127.0.0.1:4000`\n\
         toolcrib.toml:3:7: `database.url` has to be a URL, `postgres://user:password@host:5432/database`\n\
         toolcrib.toml:4:21: `database.statement_timeout` has to be a duration above zero such as `500ms`, `30s` or `5m`\n\
         toolcrib.toml:6:10: `log.format` has to be `text` or `json`\n\
         variable TOOLCRIB_LIMITS_PAGE_SIZE: `limits.page_size` has to be a whole number from 1 to 500\n\
         variable TOOLCRIB_LIMITS_MAX_DEPTH: `limits.max_depth` has to be a whole number above zero",
    );
    check_refused("listen = 1.5", &[], "toolcrib.toml:1:10: `listen` has to be a text or a whole number");
    check_refused(
        "listen = true\n[log]\nslow_query_plan = 'maybe'",
        &[("TOOLCRIB_METRICS_TOKEN", "short"), ("TOOLCRIB_TELEMETRY_SAMPLE_PERCENT", "0")],
        "toolcrib.toml:1:10: `listen` has to be an IP address with a port, `127.0.0.1:4000`\n\
         toolcrib.toml:3:19: `log.slow_query_plan` has to be `true` or `false`\n\
         variable TOOLCRIB_METRICS_TOKEN: `metrics.token` has to be a text of at least 16 characters without blanks\n\
         variable TOOLCRIB_TELEMETRY_SAMPLE_PERCENT: `telemetry.sample_percent` has to be a whole number from 1 to 100",
    );
}

#[test]
fn roles_are_all_none_or_named() {
    let roles = |text: &str| load(&format!("[graphql]\nintrospection_for = '{text}'"), &[], &Overrides::default());
    let only = |names: &[&str]| Roles::Only(names.iter().map(crate::base::RoleName::new).collect());
    for (text, expected) in [
        ("all", Roles::All),
        ("none", only(&[])),
        ("admin", only(&["admin"])),
        ("admin,  lead_agent", only(&["admin", "lead_agent"])),
    ] {
        assert_eq!(roles(text).unwrap().graphql.introspection_for, expected, "{text}");
    }
    for text in ["", "admin manager", "admin,", "admin; manager"] {
        check_refused(
            &format!("[graphql]\nintrospection_for = '{text}'"),
            &[],
            "toolcrib.toml:2:21: `graphql.introspection_for` has to be `all`, `none` or names of roles, `admin, manager`",
        );
    }
}

#[test]
fn what_is_not_toml_is_refused_at_its_place() {
    let error = load("listen = \n", &[], &Overrides::default()).unwrap_err();
    assert!(matches!(&error.problems[..], [Problem::Syntax { origin: Origin::File { line: 1, .. }, .. }]), "{error:?}");
}

#[test]
fn settings_never_print_a_password() {
    let settings = load("[database]\nurl = 'postgres://me:hunter2@db/a'", &[], &Overrides::default()).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
}

/// The committed file shows every key, and what it shows as default is the default.
#[test]
fn the_documented_file_is_complete_and_true() {
    let documented = include_str!("../../toolcrib.toml");
    let mut section = String::new();
    let mut shown = BTreeMap::new();
    for line in documented.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = format!("{name}.");
        }
        let (line, is_default) = line.strip_prefix("# ").map_or((line, false), |rest| (rest, true));
        if let Some((key, value)) = line.split_once(" = ")
            && let Some(key) = keys::find(&format!("{section}{key}"))
        {
            shown.insert(key, (value.to_owned(), is_default));
        }
    }
    assert_eq!(
        shown.keys().copied().collect::<Vec<_>>(),
        keys::all().collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    );

    let is_example = |key: &str| super::reference::EXAMPLES.contains(&key);
    let defaults: String = shown
        .iter()
        .filter(|(key, (_, is_default))| *is_default && !is_example(key))
        .map(|(key, (value, _))| format!("{key} = {value}\n"))
        .collect();
    let said = load(&defaults, &[], &Overrides::default()).unwrap();
    let unsaid = load("", &[], &Overrides::default()).unwrap();
    assert_eq!(said.limits, unsaid.limits);
    let GraphqlSettings { introspection_for, trusted_documents, documents, any_document_for } = said.graphql;
    assert_eq!(introspection_for, unsaid.graphql.introspection_for);
    assert_eq!(trusted_documents, unsaid.graphql.trusted_documents);
    assert_eq!(documents.file_name(), unsaid.graphql.documents.file_name());
    assert_eq!(any_document_for, unsaid.graphql.any_document_for);
    assert_eq!(said.log, unsaid.log);
    // Secrets are not compared; there are none.
    assert_eq!(format!("{:?}", said.telemetry), format!("{:?}", unsaid.telemetry));
    assert_eq!(said.database.statement_timeout, unsaid.database.statement_timeout);
    assert_eq!(said.server.listen, unsaid.server.listen);
    assert_eq!(said.server.data_dir.file_name(), unsaid.server.data_dir.file_name());
    assert_eq!(said.server.schema.file_name(), unsaid.server.schema.file_name());
}

#[test]
fn the_reference_is_a_file_that_sets_nothing_and_names_everything() {
    let text = reference();
    let (settings, effective) = load_with_origins(&text);
    assert_eq!(effective.len(), keys::all().count());
    assert!(effective.iter().all(|setting| setting.origin.is_none()), "{effective:?}");
    assert_eq!(settings.server.migrations.file_name().unwrap(), "migrations");
    for key in keys::all() {
        let name = key.rsplit('.').next().unwrap();
        assert!(text.lines().any(|line| line.starts_with(&format!("# {name} = "))), "`{key}` is not in the reference");
    }
    // What the reference shows is what holds, but for examples.
    for setting in effective.iter().filter(|setting| !super::reference::EXAMPLES.contains(&setting.key)) {
        let name = setting.key.rsplit('.').next().unwrap();
        let value = setting.value.as_deref().unwrap_or_else(|| panic!("`{}` has no default", setting.key));
        let is_shown =
            text.lines().any(|line| line == format!("# {name} = {value}") || line == format!("# {name} = \"{value}\""));
        assert!(is_shown, "`{}` is {value}, which the reference does not say", setting.key);
    }
}

#[test]
fn effective_settings_say_where_they_come_from_and_hide_secrets() {
    let file = "[database]\nurl = 'postgres://boss:hunter2@db.internal:5432/desk'\n[metrics]\ntoken = 'hunter2-hunter2-hunter2'";
    let (_, effective) = load_with_origins(file);
    let find = |key: &str| effective.iter().find(|setting| setting.key == key).unwrap();
    assert_eq!(find("database.url").value.as_deref(), Some("postgres://boss:***@db.internal:5432/desk"));
    assert!(matches!(&find("database.url").origin, Some(Origin::File { line: 2, .. })));
    assert_eq!(find("metrics.token").value.as_deref(), Some("***"));
    assert_eq!((find("listen").value.as_deref(), &find("listen").origin), (Some("127.0.0.1:4000"), &None));
    assert_eq!(find("telemetry.otlp_endpoint").value, None);
    assert!(!format!("{effective:?}").contains("hunter2"));
}

fn load_with_origins(file: &str) -> (Settings, Vec<EffectiveSetting>) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(FILE_NAME), file).unwrap();
    Settings::load_with_origins(directory.path(), [], &Overrides::default()).unwrap()
}

/// A provider with what it cannot do without, and this.
fn with_provider(more: &str) -> String {
    format!(
        "[auth]\npublic_url = 'https://desk.test'\n[[auth.providers]]\nid = 'sso'\nissuer = 'https://sso.test'\n\
         client_id = 'crib'\n{more}"
    )
}

#[test]
fn a_provider_has_careful_defaults() {
    let settings = load(&with_provider(""), &[], &Overrides::default()).unwrap();
    let provider = &settings.auth.providers[0];
    assert_eq!(
        (provider.mode, provider.role.as_str(), provider.email_trust),
        (AdmissionMode::Invite, "viewer", EmailTrust::Verified)
    );
    assert!(provider.client_secret.is_none() && provider.audiences.is_empty() && provider.rules.is_empty());
    assert_eq!(provider.clock_skew, std::time::Duration::from_secs(30));
    assert_eq!(settings.auth.without_provider, WithoutProvider::Nothing);
}

#[test]
fn a_secret_comes_from_one_place_and_is_never_printed() {
    let from = |more: &str, variables: &[_]| {
        let settings = load(&with_provider(more), variables, &Overrides::default()).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        settings.auth.providers[0].client_secret.as_ref().unwrap().expose().to_owned()
    };
    assert_eq!(from("client_secret = 'hunter2'", &[]), "hunter2");
    assert_eq!(from("client_secret_env = 'SSO'", &[("SSO", "hunter2\n")]), "hunter2");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "hunter2\n").unwrap();
    assert_eq!(from(&format!("client_secret_file = '{}'", file.path().display()), &[]), "hunter2");
    let both = "client_secret = 'a'\nclient_secret_env = 'SSO'";
    let one = "toolcrib.toml:3:1: `sso`: say one of `client_secret`, `client_secret_file` and `client_secret_env`";
    check_refused(&with_provider(both), &[], one);
    let unset = "toolcrib.toml:3:1: `sso`: `client_secret_env` names the variable `SSO`, which is not set";
    check_refused(&with_provider("client_secret_env = 'SSO'"), &[], unset);
}

#[test]
fn a_provider_that_makes_no_sense_is_refused() {
    let issuer = "`sso`: `issuer` has to be an `https` address; plain `http` only for this machine";
    check_refused(&with_provider("").replace("https://sso", "http://sso"), &[], &format!("toolcrib.toml:3:1: {issuer}"));
    check_refused(
        &with_provider("allowed_domains = ['ana@desk.test']"),
        &[],
        "toolcrib.toml:3:1: `sso`: `ana@desk.test` is no domain; write `example.com`, others than ASCII as `xn--...`",
    );
    check_refused(
        &with_provider("rules = [{ value = 'leads' }]"),
        &[],
        "toolcrib.toml:3:1: `sso`: the rule for `leads` gives nothing; say `role`, `team` or both",
    );
    let alone = with_provider("").replace("public_url = 'https://desk.test'\n", "");
    let missing = "`auth.public_url` is missing: providers send people back to it after they have signed in";
    check_refused(&alone, &[], missing);
    for wrong in ["colour = 'red'", "mode = 'everybody'", "algorithms = ['HS256']", "algorithms = ['none']", "clock_skew = '1h'"]
    {
        let error = load(&with_provider(wrong), &[], &Overrides::default()).unwrap_err().to_string();
        assert!(error.contains(":7:"), "{wrong}: {error}");
    }
    let twice = format!("{}\n[[auth.providers]]\nid = 'sso'\nissuer = 'https://b.test'\nclient_id = 'b'", with_provider(""));
    let error = load(&twice, &[], &Overrides::default()).unwrap_err().to_string();
    assert!(error.ends_with("`sso`: another provider has this `id`"), "{error}");
}

#[test]
fn the_documented_providers_are_settings() {
    let guide = include_str!("../../examples/deploy/README.md");
    let example = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let example = example.replace("client_secret_file = \"/run/secrets/google\"", "client_secret = \"x\"");
    let secrets = ["ENTRA_SECRET", "OKTA_SECRET", "AUTH0_SECRET", "KEYCLOAK_SECRET"].map(|name| (name, "x"));
    let settings = load(&example, &secrets, &Overrides::default()).unwrap();
    let ids: Vec<&str> = settings.auth.providers.iter().map(|provider| provider.id.as_str()).collect();
    assert_eq!(ids, ["google", "entra", "okta", "auth0", "keycloak"]);
    // The commented one of the reference, uncommented, has every key that there is.
    let reference = reference();
    let commented = reference.split("# [[auth.providers]]").nth(1).unwrap().split("\n\n").next().unwrap();
    let lines = commented.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| !line.starts_with('#'));
    let lines = lines.filter(|line| !line.starts_with("client_secret_env") && !line.starts_with("client_secret_file"));
    let text = format!("[auth]\npublic_url = 'https://desk.test'\n[[auth.providers]]\n{}", lines.collect::<Vec<_>>().join("\n"));
    assert_eq!(load(&text, &[], &Overrides::default()).unwrap().auth.providers[0].id.as_str(), "keycloak");
}
