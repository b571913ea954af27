//! Whether a list goes on beyond a page, where the page's own rows do not tell.

use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::cut::List;
use crate::planner::to_sql::keyset::{Edge, beyond};
use crate::planner::to_sql::order::Sorted;
use crate::planner::{CursorPosition, Travel, Window};
use crate::sql::{Alias, Column, Expr};

/// The rows around a window.
pub(crate) struct Beyond<'p> {
    pub(crate) list: List<'p>,
    pub(crate) window: &'p Window,
}

impl Beyond<'_> {
    /// Whether rows lie before the page, in the direction of its travel; `None` if it begins where the list does.
    pub(crate) fn start(&self, aliases: &mut Aliases) -> Option<Expr> {
        if self.list.source.is_empty() {
            return None;
        }
        if self.window.offset > 0 {
            // Whatever is left out lies before the page; and if the page is behind the last row, every row does.
            let row = aliases.next();
            return Some(self.is_any(Expr::always(), Travel::Forward, row));
        }
        Some(self.exists_from(self.window.start()?, self.window.travel.opposite(), aliases))
    }

    /// Whether rows lie at or behind the place that ends the list; `None` if nothing ends it.
    pub(crate) fn end(&self, aliases: &mut Aliases) -> Option<Expr> {
        if self.list.source.is_empty() {
            return None;
        }
        Some(self.exists_from(self.window.end()?, self.window.travel, aliases))
    }

    /// Whether there is a row at the place or beyond it. The row under a cursor counts: it is on no page that the cursor bounds.
    fn exists_from(&self, position: &CursorPosition, travel: Travel, aliases: &mut Aliases) -> Expr {
        let row = aliases.next();
        let branches = beyond(self.list.order, position, travel, Edge::Included, Sorted::Inside(row));
        Expr::Or(branches.into_iter().map(|condition| self.is_any(condition, travel, row)).collect())
    }

    /// Asked for as the next row in the order, and not with `exists`, for which PostgreSQL forgets the order and may read the
    /// table from its beginning.
    fn is_any(&self, condition: Expr, travel: Travel, row: Alias) -> Expr {
        let mut select = self.list.joined_rows(row).filtered(condition);
        select.columns = vec![Column::bare(Expr::Fixed("true"))];
        select.order = self.list.order_of_travel(travel, Sorted::Inside(row));
        select.limit = Some(1);
        Expr::IsNotNull(Box::new(Expr::Scalar(Box::new(select))))
    }
}
