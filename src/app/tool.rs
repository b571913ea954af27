//! The tool: its schema, compiled, and its rules.

use crate::app::AppError;
use crate::catalog::{Catalog, Diagnostics, SourceFile};
use crate::config::Settings;
use crate::migrate::RuleDemands;
use crate::policy::RuleBook;
use std::sync::Arc;

/// A tool whose schema has no mistakes.
#[derive(Clone)]
pub struct Tool {
    /// Its collections.
    pub catalog: Arc<Catalog>,
    /// Its rules.
    pub rules: Arc<RuleBook>,
    /// What its rules ask of the database.
    pub demands: Arc<RuleDemands>,
}

impl Tool {
    /// Reads and compiles the schema that the settings name.
    ///
    /// # Errors
    /// [`AppError::File`], [`AppError::Schema`] with every mistake, [`AppError::UnknownRole`] of a setting.
    pub fn load(settings: &Settings) -> Result<Self, AppError> {
        let path = &settings.server.schema;
        let text = std::fs::read_to_string(path).map_err(|source| AppError::File { path: path.clone(), source })?;
        let tool = Self::compile(vec![SourceFile::new(path, text)])?;
        tool.check_roles(settings)?;
        Ok(tool)
    }

    /// Compiles SDL.
    ///
    /// # Errors
    /// [`AppError::Schema`] with every mistake.
    pub fn compile(files: Vec<SourceFile>) -> Result<Self, AppError> {
        let catalog = Catalog::load(files).map_err(|diagnostics| AppError::Schema(Box::new(diagnostics)))?;
        let rules = RuleBook::compile(&catalog)
            .map_err(|mistakes| AppError::Schema(Box::new(Diagnostics::new(catalog.sources.clone(), mistakes))))?;
        let demands = RuleDemands::new(&catalog, &rules);
        Ok(Self { catalog: Arc::new(catalog), rules: Arc::new(rules), demands: Arc::new(demands) })
    }

    /// A setting that names a role which the schema does not have is a slip, and one in who may do what.
    fn check_roles(&self, settings: &Settings) -> Result<(), AppError> {
        let known = self.catalog.roles();
        let unknown = |setting: &'static str, role: &str| {
            let known = known.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ");
            AppError::UnknownRole { setting, role: role.to_owned(), known }
        };
        for provider in &settings.auth.providers {
            let given = provider.rules.iter().filter_map(|rule| rule.role.as_ref());
            let mut named = given.chain([&provider.role]);
            if let Some(role) = named.find(|role| !known.iter().any(|known| known.as_str() == role.as_str())) {
                return Err(unknown("auth.providers", role));
            }
        }
        for (setting, roles) in settings.graphql.role_lists() {
            if let Some(role) = roles.named().iter().find(|role| !known.contains(role)) {
                return Err(unknown(setting, role.as_str()));
            }
        }
        for (setting, role) in settings.scim.named_roles() {
            if !known.contains(role) {
                let known = known.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ");
                return Err(AppError::UnknownRole { setting, role: role.to_string(), known });
            }
        }
        Ok(())
    }
}
