//! The compiler as a whole, one line for each phase.

use crate::catalog::findings::Findings;
use crate::catalog::{Catalog, Diagnostics, SourceFile, api_names, merge, physical, resolve, sdl, validate};

/// The platform's own collections.
const PLATFORM: &str = include_str!("platform.graphql");

impl Catalog {
    /// Compiles a tool's schema behind the platform's own. The files make one schema; their order is that of the collections.
    ///
    /// # Errors
    /// Every mistake at once, by place. Only a text that is not GraphQL ends the search early, because whatever could be said of
    /// a half-read file would be noise.
    pub fn load(files: Vec<SourceFile>) -> Result<Self, Diagnostics> {
        let platform = SourceFile::new("platform.graphql", PLATFORM);
        Self::load_whole([platform].into_iter().chain(files).collect())
    }

    /// Compiles the [`Catalog::sources`] of another time, whose platform may have been another one.
    ///
    /// # Errors
    /// As [`Catalog::load`].
    pub fn load_whole(sources: Vec<SourceFile>) -> Result<Self, Diagnostics> {
        let mut findings = Findings::new(sources);
        let documents = sdl::parse(&mut findings);
        if !findings.is_empty() {
            return Err(findings.into_diagnostics());
        }
        let draft = merge::merge(&documents, &mut findings);
        validate::validate(&draft, &mut findings);
        let catalog = resolve::resolve(&draft, &mut findings);
        api_names::check(&catalog.collections, &catalog.enums, &mut findings);
        physical::check(&catalog.collections, &mut findings);
        findings.into_result(catalog)
    }
}
