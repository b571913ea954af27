//! Limits of an operation's size, checked once for each document text.

use crate::base::FaultCode;
use crate::graphql::GraphqlError;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Operation, Selection, SelectionSet};

/// What one operation may ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationLimits {
    /// How deep fields nest.
    pub max_depth: usize,
    /// Fields, with every fragment counted wherever it is spread.
    pub max_fields: usize,
    /// Fields with an alias, counted the same way.
    pub max_aliases: usize,
    /// Root fields.
    pub max_root_fields: usize,
}

/// Checks every operation of a document.
///
/// # Errors
/// The first limit that is exceeded.
pub(crate) fn check(document: &ExecutableDocument, limits: &OperationLimits) -> Result<(), GraphqlError> {
    document.operations.iter().try_for_each(|operation| check_operation(document, operation, limits))
}

fn check_operation(document: &ExecutableDocument, operation: &Operation, limits: &OperationLimits) -> Result<(), GraphqlError> {
    let mut size = Size { limits, fields: 0, aliases: 0 };
    size.walk(document, &operation.selection_set, 1)?;
    let root_fields = operation.root_fields(document).count();
    within("root fields", root_fields, limits.max_root_fields)
}

/// Counts while it walks, so that fragments which multiply each other end the walk at the limit.
struct Size<'l> {
    limits: &'l OperationLimits,
    fields: usize,
    aliases: usize,
}

impl Size<'_> {
    fn walk(&mut self, document: &ExecutableDocument, set: &SelectionSet, depth: usize) -> Result<(), GraphqlError> {
        within("levels of nesting", depth, self.limits.max_depth)?;
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.fields += 1;
                    self.aliases += usize::from(field.alias.is_some());
                    within("fields", self.fields, self.limits.max_fields)?;
                    within("aliases", self.aliases, self.limits.max_aliases)?;
                    if !field.selection_set.is_empty() {
                        self.walk(document, &field.selection_set, depth + 1)?;
                    }
                }
                Selection::InlineFragment(inline) => self.walk(document, &inline.selection_set, depth)?,
                Selection::FragmentSpread(spread) => {
                    // A spread counts like a field: a document may consist of nothing but empty spreads of spreads.
                    self.fields += 1;
                    within("fields", self.fields, self.limits.max_fields)?;
                    if let Some(fragment) = spread.fragment_def(document) {
                        self.walk(document, &fragment.selection_set, depth)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn within(what: &str, count: usize, limit: usize) -> Result<(), GraphqlError> {
    if count <= limit {
        return Ok(());
    }
    Err(GraphqlError::request(
        FaultCode::LimitExceeded,
        format!("the operation has more than {limit} {what}, which is the limit"),
    ))
}
