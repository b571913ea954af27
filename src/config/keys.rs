//! The names of the settings, and the nearest one to a name that is none.

use crate::config::{
    AuthSettings, DatabaseSettings, DemoSettings, GraphqlSettings, LimitSettings, LogSettings, MetricsSettings, ScimSettings,
    ServerSettings, TelemetrySettings,
};

/// What every variable of ours begins with.
pub(super) const VARIABLE_PREFIX: &str = "TOOLCRIB_";

/// Every key, in the order of the documented file.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    [
        ServerSettings::KEYS,
        DatabaseSettings::KEYS,
        AuthSettings::KEYS,
        LogSettings::KEYS,
        MetricsSettings::KEYS,
        TelemetrySettings::KEYS,
        GraphqlSettings::KEYS,
        LimitSettings::KEYS,
        ScimSettings::KEYS,
        DemoSettings::KEYS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The key with this name.
pub(super) fn find(name: &str) -> Option<&'static str> {
    all().find(|key| *key == name)
}

/// The variable of a key: `database.url` is `TOOLCRIB_DATABASE_URL`.
pub(super) fn to_variable(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}

/// The key that looks most like `name`.
pub(super) fn nearest(name: &str) -> &'static str {
    nearest_by(name, str::to_owned)
}

/// The key whose variable looks most like `variable`.
pub(super) fn nearest_to_variable(variable: &str) -> &'static str {
    nearest_by(variable, to_variable)
}

fn nearest_by(name: &str, form: impl Fn(&str) -> String) -> &'static str {
    let likeness = |key: &str| strsim::jaro_winkler(name, &form(key));
    all().max_by(|left, right| likeness(left).total_cmp(&likeness(right))).expect("the list of keys is not empty")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_share_a_variable() {
        let mut variables: Vec<String> = all().map(to_variable).collect();
        variables.sort();
        let count = variables.len();
        variables.dedup();
        assert_eq!(variables.len(), count);
    }

    #[test]
    fn the_nearest_key_is_what_was_meant() {
        assert_eq!(nearest("lissten"), "listen");
        assert_eq!(nearest("database.max_connection"), "database.max_connections");
        assert_eq!(nearest_to_variable("TOOLCRIB_DATABSE_URL"), "database.url");
    }
}
