//! Settings: read once, typed, every unknown key refused.
//!
//! Purpose: turn `toolcrib.toml`, `TOOLCRIB_*` variables and flags into one [`Settings`] value, or into the list of everything
//! that is wrong with them.
//! Flow: file and environment → `entries` (one text for each key, with its origin) → one group per file → [`Settings`].
//! Invariants: a flag wins over a variable, a variable over the file, the file over the default; every path in [`Settings`] is
//! already joined to the tool directory; secrets are never printed.
//! Deliberately unknown: the modules that are configured. Each takes the group that it needs.

mod auth;
mod database;
mod demo;
mod duration;
mod entries;
mod error;
mod graphql;
mod keys;
mod limits;
mod log;
mod metrics;
mod proxies;
mod reference;
mod roles;
mod scim;
mod server;
mod telemetry;
mod toml_file;

pub use auth::{
    AdmissionMode, AuthSettings, ClaimRule, ClientSecret, EmailTrust, ProviderId, ProviderSettings, SigningAlgorithm,
    WithoutProvider,
};
pub use database::{DatabaseSettings, DatabaseUrl};
pub use demo::DemoSettings;
pub use error::{ConfigError, Origin, Problem};
pub use graphql::{GraphqlSettings, TrustedDocumentMode};
pub use limits::LimitSettings;
pub use log::{LogFormat, LogSettings, SlowQueryPlan};
pub use metrics::MetricsSettings;
pub use proxies::{ProxyHeader, ProxySettings};
pub use reference::{EffectiveSetting, reference};
pub use roles::Roles;
pub use scim::{GroupRole, ScimSettings};
pub use server::ServerSettings;
pub use telemetry::TelemetrySettings;

#[cfg(test)]
mod tests;

use entries::Entries;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file of a tool directory that holds its settings.
pub const FILE_NAME: &str = "toolcrib.toml";

/// The variable that names the tool directory where `--dir` does not; the one `TOOLCRIB_*` variable that is no setting, because
/// the settings are read from there.
pub const DIRECTORY_VARIABLE: &str = "TOOLCRIB_DIR";

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The tool directory: where `toolcrib.toml` is looked for and relative paths begin.
    pub directory: PathBuf,
    /// Where to listen and which files make up the tool.
    pub server: ServerSettings,
    /// `[database]`
    pub database: DatabaseSettings,
    /// `[auth]`
    pub auth: AuthSettings,
    /// `[log]`
    pub log: LogSettings,
    /// `[graphql]`
    pub graphql: GraphqlSettings,
    /// `[metrics]`
    pub metrics: MetricsSettings,
    /// `[telemetry]`
    pub telemetry: TelemetrySettings,
    /// `[limits]`
    pub limits: LimitSettings,
    /// `[scim]`
    pub scim: ScimSettings,
    /// `[demo]`
    pub demo: DemoSettings,
}

/// What flags of the command line say; they win over everything else.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--listen`
    pub listen: Option<String>,
    /// `--data-dir`, relative to the working directory.
    pub data_dir: Option<PathBuf>,
    /// `--schema`, relative to the working directory.
    pub schema: Option<PathBuf>,
    /// `--database-url`
    pub database_url: Option<String>,
}

impl Settings {
    /// Reads the settings of the tool in `directory`. Variables are given rather than read here, so that tests need no
    /// environment of their own; the command line passes [`std::env::vars`].
    ///
    /// # Errors
    /// [`ConfigError`] with every unknown key and every value that is not of its key's form.
    pub fn load(
        directory: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
        overrides: &Overrides,
    ) -> Result<Self, ConfigError> {
        let (settings, _) = Self::load_with_origins(directory, variables, overrides)?;
        Ok(settings)
    }

    /// As [`Settings::load`], with every setting as text and where it was said, for `config show`.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load_with_origins(
        directory: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
        overrides: &Overrides,
    ) -> Result<(Self, Vec<EffectiveSetting>), ConfigError> {
        let mut entries = Entries::default();
        let variables: BTreeMap<String, String> = variables.into_iter().collect();
        let providers = toml_file::read(&directory.join(FILE_NAME), &mut entries, &variables);
        entries.add_variables(variables);
        entries.add_overrides(overrides);
        let settings = Self {
            directory: directory.to_owned(),
            server: ServerSettings::read(&mut entries, directory),
            database: DatabaseSettings::read(&mut entries),
            auth: AuthSettings::read(&mut entries, providers),
            log: LogSettings::read(&mut entries),
            graphql: GraphqlSettings::read(&mut entries, directory),
            metrics: MetricsSettings::read(&mut entries),
            telemetry: TelemetrySettings::read(&mut entries, directory),
            limits: LimitSettings::read(&mut entries),
            scim: ScimSettings::read(&mut entries),
            demo: DemoSettings::read(&mut entries, directory),
        };
        let effective = reference::effective(&settings, &entries);
        entries.finish().map(|()| (settings, effective))
    }
}
