//! Limits of an operation's size, checked once for each document text.

use crate::base::FaultCode;
use crate::graphql::GraphqlError;
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name};

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

fn check_operation<'d>(
    document: &'d ExecutableDocument,
    operation: &'d Operation,
    limits: &'d OperationLimits,
) -> Result<(), GraphqlError> {
    let mut size = Size { limits, fields: 0, aliases: 0, nesting: 0, open_fragments: Vec::new() };
    size.walk(document, &operation.selection_set, 1)?;
    let root_fields = operation.root_fields(document).count();
    within("root fields", root_fields, limits.max_root_fields)
}

/// How deep fields and fragments of both kinds stand inside each other. Whoever walks an operation does so recursively.
const MAX_NESTING: usize = 100;

/// Values in the arguments of an operation, with every variable counted wherever it is used.
pub(crate) const MAX_VALUES: usize = 20_000;

/// How deep fragments spread each other. The walk is recursive, and the stack is not endless.
const MAX_OPEN_FRAGMENTS: usize = 50;

/// Counts while it walks, so that fragments which multiply each other end the walk at the limit.
struct Size<'d> {
    limits: &'d OperationLimits,
    fields: usize,
    aliases: usize,
    nesting: usize,
    /// The fragments that the walk is inside of.
    open_fragments: Vec<&'d str>,
}

impl<'d> Size<'d> {
    fn walk(&mut self, document: &'d ExecutableDocument, set: &'d SelectionSet, depth: usize) -> Result<(), GraphqlError> {
        within("levels of nesting", depth, self.limits.max_depth)?;
        self.nesting += 1;
        within("fields and fragments inside each other", self.nesting, MAX_NESTING)?;
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
                    self.walk_fragment(document, &spread.fragment_name, depth)?;
                }
            }
        }
        self.nesting -= 1;
        Ok(())
    }

    fn walk_fragment(&mut self, document: &'d ExecutableDocument, name: &'d Name, depth: usize) -> Result<(), GraphqlError> {
        let is_circle = self.open_fragments.contains(&name.as_str());
        let Some(fragment) = document.fragments.get(name).filter(|_| !is_circle) else {
            // Validation, which comes after the limits, says what is wrong.
            return Ok(());
        };
        self.open_fragments.push(name.as_str());
        within("fragments inside each other", self.open_fragments.len(), MAX_OPEN_FRAGMENTS)?;
        self.walk(document, &fragment.selection_set, depth)?;
        self.open_fragments.pop();
        Ok(())
    }
}

/// Refuses a count beyond its limit.
pub(crate) fn within(what: &str, count: usize, limit: usize) -> Result<(), GraphqlError> {
    if count <= limit {
        return Ok(());
    }
    Err(GraphqlError::request(
        FaultCode::LimitExceeded,
        format!("the operation has more than {limit} {what}, which is the limit"),
    ))
}
