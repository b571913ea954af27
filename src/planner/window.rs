//! Which part of a list: `first` and `after`, `last` and `before`, `offset`.

use crate::planner::cursor::{CursorFault, cursor_scope};
use crate::planner::{CursorPosition, Order, PlanError, Planner, SelectedField};
use serde_json::Value as Json;

/// From which end a page is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    /// `first`: from the start.
    Forward,
    /// `last`: from the end. The rows are shown in the list's order all the same.
    Backward,
}

impl Travel {
    /// The other way.
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Forward => Self::Backward,
            Self::Backward => Self::Forward,
        }
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// From which end.
    pub travel: Travel,
    /// How many rows at most.
    pub size: u32,
    /// Only rows that come after this place.
    pub after: Option<CursorPosition>,
    /// Only rows that come before this place.
    pub before: Option<CursorPosition>,
    /// How many rows are left out at the start.
    pub offset: u32,
    /// What cursors of this collection and order are bound to.
    pub scope: String,
}

impl Window {
    /// The first rows of a list that has no cursors.
    pub(crate) fn first(size: u32) -> Self {
        Self { travel: Travel::Forward, size, after: None, before: None, offset: 0, scope: String::new() }
    }

    /// Where the page starts, in the direction in which it is cut.
    pub(crate) fn start(&self) -> Option<&CursorPosition> {
        match self.travel {
            Travel::Forward => self.after.as_ref(),
            Travel::Backward => self.before.as_ref(),
        }
    }

    /// Where the list ends, in the direction in which the page is cut.
    pub(crate) fn end(&self) -> Option<&CursorPosition> {
        match self.travel {
            Travel::Forward => self.before.as_ref(),
            Travel::Backward => self.after.as_ref(),
        }
    }
}

/// The most rows that may be left out. PostgreSQL has to read each of them; cursors cost the same on every page.
const MAX_OFFSET: u32 = 100_000;

impl Planner<'_> {
    /// Plans the paging arguments of a connection.
    pub(crate) fn plan_window(&self, collection: &str, order: &Order, selected: &SelectedField) -> Result<Window, PlanError> {
        let scope = cursor_scope(collection, &order.fingerprint());
        let travel = match (selected.argument("first"), selected.argument("last")) {
            (Some(_), Some(_)) => return Err(PlanError::argument("last", "give `first` or `last`, not both")),
            (None, Some(_)) => Travel::Backward,
            (_, None) => Travel::Forward,
        };
        let offset = read_size(selected, "offset", MAX_OFFSET)?.unwrap_or_default();
        if offset > 0 && travel == Travel::Backward {
            return Err(PlanError::argument("offset", "counts from the start of a list; give `first` with it, not `last`"));
        }
        Ok(Window {
            travel,
            size: match travel {
                Travel::Forward => self.plan_first(selected)?,
                Travel::Backward => self.plan_size(selected, "last")?,
            },
            after: self.read_cursor(selected, "after", &scope, order)?,
            before: self.read_cursor(selected, "before", &scope, order)?,
            offset,
            scope,
        })
    }

    /// The `first` argument of a field.
    pub(crate) fn plan_first(&self, selected: &SelectedField) -> Result<u32, PlanError> {
        self.plan_size(selected, "first")
    }

    fn plan_size(&self, selected: &SelectedField, argument: &str) -> Result<u32, PlanError> {
        let size = read_size(selected, argument, self.settings.max_page_size)?;
        Ok(size.unwrap_or(self.settings.page_size))
    }

    fn read_cursor(
        &self,
        selected: &SelectedField,
        argument: &str,
        scope: &str,
        order: &Order,
    ) -> Result<Option<CursorPosition>, PlanError> {
        let Some(cursor) = selected.text_argument(argument) else { return Ok(None) };
        let position = CursorPosition::read(cursor, &self.settings.cursor_key, scope, order.terms.len());
        position.map(Some).map_err(|fault| {
            let problem = match fault {
                CursorFault::Unreadable => "not a cursor; take `endCursor` or `startCursor` of another page as it is",
                CursorFault::OtherOrder => {
                    "the cursor was made for another list or another `orderBy`; start again without it, or give the same `orderBy`"
                }
            };
            PlanError::argument(argument, problem)
        })
    }
}

/// A number of rows, from none to a limit.
fn read_size(selected: &SelectedField, argument: &str, limit: u32) -> Result<Option<u32>, PlanError> {
    let Some(given) = selected.argument(argument).and_then(Json::as_i64) else { return Ok(None) };
    match u32::try_from(given) {
        Ok(size) if size <= limit => Ok(Some(size)),
        Ok(_) => Err(PlanError::Limit { argument: argument.to_owned(), given, limit }),
        Err(_) => Err(PlanError::argument(argument, "cannot be negative")),
    }
}
