//! The right to introspect, and how far introspection may go.

use crate::base::FaultCode;
use crate::graphql::GraphqlError;
use crate::graphql::names::Names;
use crate::planner::Selection;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::Operation;
use apollo_compiler::validation::Valid;

const NOT_FOR_YOU: &str = "your role may not ask for the schema; `__typename` may be asked for, and `graphql.introspection_for` names the roles that may";

const TOO_DEEP: &str = "introspection holds `fields`, `inputFields`, `interfaces` or `possibleTypes` more than twice inside each \
    other; the answer would grow with each, so ask for less at once";

/// Checks that the caller may ask for the parts of the schema that an operation asks for.
///
/// # Errors
/// FORBIDDEN for a caller who may not, LIMIT_EXCEEDED for a question whose answer multiplies.
pub(crate) fn check(
    document: &Valid<ExecutableDocument>,
    operation: &Operation,
    selection: &Selection,
    names: Names,
) -> Result<(), GraphqlError> {
    let Some(field) = selection.0.iter().find(|field| matches!(field.name.as_str(), "__schema" | "__type")) else {
        return Ok(());
    };
    if names == Names::Withheld {
        return Err(GraphqlError::request(FaultCode::Forbidden, format!("`{}`: {NOT_FOR_YOU}", field.key)));
    }
    apollo_compiler::introspection::check_max_depth(document, operation)
        .map_err(|_| GraphqlError::request(FaultCode::LimitExceeded, TOO_DEEP))
}
