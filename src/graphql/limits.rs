//! Limits of an operation's size, checked once for each document text. Each is told with what was measured and the setting that
//! raises it.

use crate::base::FaultCode;
use crate::config::LimitSettings;
use crate::graphql::GraphqlError;
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name};
use std::collections::HashMap;
use std::time::Duration;

/// What one operation may ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationLimits {
    /// How deep fields nest.
    pub max_depth: usize,
    /// Fields, with every fragment counted wherever it is spread.
    pub max_fields: usize,
    /// Fields with an alias, counted the same way.
    pub max_aliases: usize,
    /// Directives, counted the same way.
    pub max_directives: usize,
    /// Root fields.
    pub max_root_fields: usize,
    /// Tokens of the document's text, blanks included.
    pub max_tokens: usize,
    /// Values in arguments, with every variable counted wherever it is used.
    pub max_values: usize,
    /// What an operation may be estimated to cost.
    pub max_cost: usize,
    /// How long a query may run, all of its fields together. Changes are never given up halfway.
    pub timeout: Duration,
}

impl OperationLimits {
    /// As the settings have them.
    pub fn new(settings: &LimitSettings) -> Self {
        Self {
            max_depth: settings.max_depth,
            max_fields: settings.max_fields,
            max_aliases: settings.max_aliases,
            max_directives: settings.max_directives,
            max_root_fields: settings.max_root_fields,
            max_tokens: settings.max_tokens,
            max_values: settings.max_values,
            max_cost: settings.max_cost,
            timeout: settings.timeout,
        }
    }
}

/// How deep fields and fragments of both kinds stand inside each other. Whoever walks an operation does so recursively, and the
/// stack is not endless.
const MAX_NESTING: usize = 100;

/// How deep braces, brackets and parentheses may nest before the parser gives up, for the same reason.
pub(crate) const MAX_PARSED_NESTING: usize = 200;

/// Checks every operation of a document.
///
/// # Errors
/// The first limit that is exceeded.
pub(crate) fn check(document: &ExecutableDocument, limits: &OperationLimits) -> Result<(), GraphqlError> {
    let mut measure = Measure { document, fragments: HashMap::new(), open: Vec::new(), nesting: 0 };
    document.operations.iter().try_for_each(|operation| check_operation(&mut measure, operation, limits))
}

fn check_operation<'d>(
    measure: &mut Measure<'d>,
    operation: &'d Operation,
    limits: &OperationLimits,
) -> Result<(), GraphqlError> {
    let extent = measure.set(&operation.selection_set)?;
    let of_variables: usize = operation.variables.iter().map(|variable| variable.directives.len()).sum();
    let directives = extent.directives.saturating_add(operation.directives.len() + of_variables);
    within("levels of nesting", extent.depth, limits.max_depth, "limits.max_depth")?;
    within("root fields", extent.own_fields, limits.max_root_fields, "limits.max_root_fields")?;
    within("aliases", extent.aliases, limits.max_aliases, "limits.max_aliases")?;
    within("directives", directives, limits.max_directives, "limits.max_directives")?;
    within("fields", extent.fields, limits.max_fields, "limits.max_fields")
}

/// How large a selection set is, fragments included.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    /// Fields at every depth. A spread counts like a field: a document may consist of nothing but empty spreads of spreads.
    fields: usize,
    /// Fields of this level alone.
    own_fields: usize,
    aliases: usize,
    directives: usize,
    /// Levels of fields.
    depth: usize,
    /// Levels of fields and fragments.
    nesting: usize,
}

impl Extent {
    /// Adds what stands beside it.
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.own_fields = self.own_fields.saturating_add(other.own_fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.depth = self.depth.max(other.depth);
        self.nesting = self.nesting.max(other.nesting);
    }
}

/// Measures each fragment once, however often it is spread: the sum of fragments that multiply each other is exact, and found
/// without walking all of it.
struct Measure<'d> {
    document: &'d ExecutableDocument,
    fragments: HashMap<&'d str, Extent>,
    /// The fragments that the walk is inside of.
    open: Vec<&'d str>,
    /// How deep the walk is.
    nesting: usize,
}

impl<'d> Measure<'d> {
    fn set(&mut self, set: &'d SelectionSet) -> Result<Extent, GraphqlError> {
        self.nesting += 1;
        check_nesting(self.nesting)?;
        let mut extent = Extent::default();
        for selection in &set.selections {
            extent.add(match selection {
                Selection::Field(field) => {
                    let below = if field.selection_set.is_empty() { Extent::default() } else { self.set(&field.selection_set)? };
                    Extent {
                        fields: below.fields.saturating_add(1),
                        own_fields: 1,
                        aliases: below.aliases.saturating_add(usize::from(field.alias.is_some())),
                        directives: below.directives.saturating_add(field.directives.len()),
                        depth: below.depth + 1,
                        nesting: below.nesting,
                    }
                }
                Selection::InlineFragment(inline) => {
                    let inside = self.set(&inline.selection_set)?;
                    Extent { directives: inside.directives.saturating_add(inline.directives.len()), ..inside }
                }
                Selection::FragmentSpread(spread) => {
                    let inside = self.fragment(&spread.fragment_name)?;
                    Extent {
                        fields: inside.fields.saturating_add(1),
                        directives: inside.directives.saturating_add(spread.directives.len()),
                        ..inside
                    }
                }
            });
        }
        self.nesting -= 1;
        extent.nesting += 1;
        Ok(extent)
    }

    fn fragment(&mut self, name: &'d Name) -> Result<Extent, GraphqlError> {
        if let Some(extent) = self.fragments.get(name.as_str()) {
            check_nesting(self.nesting + extent.nesting)?;
            return Ok(*extent);
        }
        let is_circle = self.open.contains(&name.as_str());
        let Some(fragment) = self.document.fragments.get(name).filter(|_| !is_circle) else {
            // Validation, which comes after the limits, says what is wrong.
            return Ok(Extent::default());
        };
        self.open.push(name.as_str());
        let mut extent = self.set(&fragment.selection_set)?;
        extent.directives = extent.directives.saturating_add(fragment.directives.len());
        self.open.pop();
        self.fragments.insert(name.as_str(), extent);
        Ok(extent)
    }
}

fn check_nesting(levels: usize) -> Result<(), GraphqlError> {
    if levels <= MAX_NESTING {
        return Ok(());
    }
    let message = format!(
        "the operation has {levels} or more fields and fragments inside each other; the limit is {MAX_NESTING}, which is no \
         setting: spread fewer fragments inside others"
    );
    Err(GraphqlError::request(FaultCode::LimitExceeded, message))
}

/// Refuses a count beyond its limit.
fn within(what: &str, count: usize, limit: usize, setting: &str) -> Result<(), GraphqlError> {
    if count <= limit {
        return Ok(());
    }
    let message = format!("the operation has {count} {what}; the limit is {limit} (`{setting}`)");
    Err(GraphqlError::request(FaultCode::LimitExceeded, message))
}

/// More values in arguments than there may be. Which number it is stays open: a variable that is used a thousand times would
/// have to be walked a thousand times.
pub(crate) fn too_many_values(limit: usize) -> GraphqlError {
    let message =
        format!("the operation has more than {limit} values in its arguments, which is the limit (`limits.max_values`)");
    GraphqlError::request(FaultCode::LimitExceeded, message)
}

/// What the parser gave up on, if it was a limit.
pub(crate) fn parser_limit(sentence: &str, limits: &OperationLimits) -> Option<GraphqlError> {
    let message = if sentence.starts_with("token limit reached") {
        let limit = limits.max_tokens;
        format!(
            "the document has more than {limit} tokens, blanks included, which is the limit (`limits.max_tokens`); values in \
             variables are not counted"
        )
    } else if sentence.ends_with("recursion limit reached") {
        format!(
            "the document nests braces, brackets and parentheses more than {MAX_PARSED_NESTING} levels deep; the limit is no setting"
        )
    } else {
        return None;
    };
    Some(GraphqlError::request(FaultCode::LimitExceeded, message))
}

/// A query that was given up.
pub(crate) fn took_too_long(limits: &OperationLimits) -> GraphqlError {
    let message =
        format!("the query was given up after {:?}, which is the limit (`limits.timeout`); ask for less at once", limits.timeout);
    GraphqlError::request(FaultCode::LimitExceeded, message)
}
