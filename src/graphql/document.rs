//! Parsed and validated documents, kept by their text.

use crate::base::FaultCode;
use crate::graphql::GraphqlError;
use crate::graphql::limits::{self, OperationLimits};
use crate::graphql::names::Names;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// Documents kept by a server.
const KEPT: NonZeroUsize = NonZeroUsize::new(1024).expect("not zero");

/// Longer documents are parsed each time: a cache of them would be a way to fill the memory.
const MAX_KEPT_BYTES: usize = 16 * 1024;

/// The documents of an API.
pub(crate) struct Documents {
    schema: Arc<Valid<Schema>>,
    limits: OperationLimits,
    kept: Mutex<LruCache<String, Arc<Valid<ExecutableDocument>>>>,
}

impl Documents {
    /// Keeps nothing yet.
    pub(crate) fn new(schema: Arc<Valid<Schema>>, limits: OperationLimits) -> Self {
        Self { schema, limits, kept: Mutex::new(LruCache::new(KEPT)) }
    }

    /// The validated document of a text.
    ///
    /// # Errors
    /// Everything that is wrong with it: syntax, validation, limits; in words that the caller may read.
    pub(crate) fn find(&self, text: &str, names: Names) -> Result<Arc<Valid<ExecutableDocument>>, Vec<GraphqlError>> {
        if let Some(document) = self.kept.lock().get(text) {
            return Ok(Arc::clone(document));
        }
        let document = Arc::new(self.parse(text, names)?);
        if text.len() <= MAX_KEPT_BYTES {
            self.kept.lock().put(text.to_owned(), Arc::clone(&document));
        }
        Ok(document)
    }

    fn parse(&self, text: &str, names: Names) -> Result<Valid<ExecutableDocument>, Vec<GraphqlError>> {
        let parser = apollo_compiler::parser::Parser::new();
        let mut parser = parser.recursion_limit(limits::MAX_PARSED_NESTING).token_limit(self.limits.max_tokens);
        let parsing = tracing::trace_span!(target: "toolcrib::stage", "parse");
        let ast = parsing.in_scope(|| parser.parse_ast(text, "document.graphql")).map_err(|error| {
            // Whatever else it says comes from having stopped there.
            let limit = error.errors.iter().find_map(|mistake| limits::parser_limit(&mistake.error.to_string(), &self.limits));
            let mistakes = || GraphqlError::of_mistakes(FaultCode::GraphqlParseFailed, &self.schema, &error.errors, names);
            limit.map_or_else(mistakes, |limit| vec![limit])
        })?;
        let _validating = tracing::trace_span!(target: "toolcrib::stage", "validate").entered();
        let invalid = |errors: &_| GraphqlError::of_mistakes(FaultCode::GraphqlValidationFailed, &self.schema, errors, names);
        let (document, mut mistakes) = match ast.to_executable(&self.schema) {
            Ok(document) => (document, None),
            Err(error) => (error.partial, Some(error.errors)),
        };
        // Before validation: overlapping fields are compared pairwise, which is too slow for what the limits refuse anyway.
        limits::check(&document, &self.limits).map_err(|error| vec![error])?;
        // What can be said of the rest is said at once with what is wrong already.
        match (document.validate(&self.schema), &mut mistakes) {
            (Ok(document), None) => Ok(document),
            (Ok(_), Some(mistakes)) => Err(invalid(mistakes)),
            (Err(error), None) => Err(invalid(&error.errors)),
            (Err(error), Some(mistakes)) => {
                mistakes.merge(error.errors);
                Err(invalid(mistakes))
            }
        }
    }
}
