//! A part of a list as SQL: the rows that a page shows, cut before anything is joined to them.

use crate::base::{ColumnName, Value};
use crate::planner::to_sql::filter::filter_condition;
use crate::planner::to_sql::keyset::{Edge, anywhere_beyond, beyond};
use crate::planner::to_sql::order::{Sorted, carried_columns, order_joins, order_terms};
use crate::planner::{Filter, GuardedColumn, Order, Readable, Travel, Window};
use crate::sql::{Alias, Column, CompareOp, Expr, From, OrderTerm, Select};

/// The column with a row's number in its page. No field's column has this name: GraphQL names have no `#`.
pub(crate) const PLACE: &str = "#place";

/// The list that a page is cut from.
#[derive(Clone, Copy)]
pub(crate) struct List<'p> {
    /// The table as the caller may read it.
    pub(crate) source: &'p Readable,
    /// The foreign key and the row that it has to point to, for a relation.
    pub(crate) parent: Option<(&'p GuardedColumn, Alias)>,
    /// The caller's filter.
    pub(crate) filter: &'p Filter,
    /// Its order.
    pub(crate) order: &'p Order,
}

/// The rows of a page, and where its order is to be looked at.
pub(crate) struct Cut {
    pub(crate) select: Select,
    pub(crate) sorted: Sorted,
}

impl List<'_> {
    /// The list without its order: the table and the conditions on it.
    pub(crate) fn rows(&self, row: Alias) -> Select {
        let (from, rule) = self.source.source(row);
        let mut conditions = Vec::new();
        if let Some((key, parent)) = self.parent {
            let parent_id = Expr::column(parent, &ColumnName::new("id"));
            let key_column = key.unguarded(row);
            conditions.extend(rule_of_parent(&rule, &key_column, &parent_id));
            // Bound by `= any(array[..])` and ordered by the key first: only an index that begins with the key gives that order.
            // With `=` the key would drop out of the order, and for a few rows of a large table PostgreSQL may read the index of
            // the rest (the primary key, as a rule) from its beginning until it has found them: a thousand times slower for a
            // parent with none.
            conditions.push(Expr::AnyOf(Box::new(key_column), Box::new(Expr::Array(vec![parent_id]))));
            conditions.push(key.guard(row));
        }
        conditions.extend([rule, filter_condition(self.filter, row, 0)]);
        Select::new(Vec::new(), from).filtered(Expr::all(conditions))
    }

    /// The list with the joins of its order, for conditions that look at that.
    pub(crate) fn joined_rows(&self, row: Alias) -> Select {
        let mut select = self.rows(row);
        select.joins = order_joins(self.order, row);
        select
    }

    /// A part of the list, without result columns: `size` rows from the start of the window, in the direction of its travel.
    pub(crate) fn cut(&self, window: &Window, size: u32, row: Alias) -> Cut {
        let inside = Sorted::Inside(row);
        let end =
            window.end().map(|position| anywhere_beyond(self.order, position, window.travel.opposite(), Edge::Excluded, inside));
        let starts = match window.start() {
            Some(position) => beyond(self.order, position, window.travel, Edge::Excluded, inside),
            None => vec![Expr::always()],
        };
        let parts = starts.into_iter().map(|start| {
            let mut part = self.joined_rows(row).filtered(Expr::all([Some(start), end.clone()].into_iter().flatten()));
            part.order = self.order_of_travel(window.travel, inside);
            part
        });
        let mut parts: Vec<Select> = parts.collect();
        let offset = (window.offset > 0).then(|| Value::BigInt(i64::from(window.offset)));
        if parts.len() == 1 {
            let select = Select { limit: Some(size), offset, ..parts.remove(0) };
            return Cut { select, sorted: inside };
        }
        let reach = size.saturating_add(window.offset);
        for part in &mut parts {
            part.limit = Some(reach);
            part.columns = [vec![self.whole_row(row)], carried_columns(self.order, row)].concat();
        }
        let sorted = Sorted::Outside(row);
        let mut select = Select::new(Vec::new(), From::UnionAll(parts, row));
        select.order = self.order_of_travel(window.travel, sorted);
        Cut { select: Select { limit: Some(size), offset, ..select }, sorted }
    }

    /// ORDER BY, in the order or against it, a relation's rows by their parent first.
    pub(crate) fn order_of_travel(&self, travel: Travel, sorted: Sorted) -> Vec<OrderTerm> {
        let (Sorted::Inside(row) | Sorted::Outside(row)) = sorted;
        let terms = order_terms(self.order, sorted, travel);
        // The key has the direction of the first term, so that the index is read one way and nothing is sorted.
        let is_descending = terms.first().is_some_and(|term| term.is_descending);
        let key = self.parent.map(|(key, _)| OrderTerm { expr: key.unguarded(row), is_descending, is_nulls_first: None });
        key.into_iter().chain(terms).collect()
    }

    /// The columns of the table, without those of the order's joins.
    fn whole_row(&self, row: Alias) -> Column {
        Column::bare(if self.order.joins.is_empty() { Expr::Fixed("*") } else { Expr::WholeRow(row) })
    }

    /// A cut as a subselect of its own, in the order of the list, so that joins to it come after the cut.
    pub(crate) fn wrap(&self, cut: Cut, row: Alias) -> Cut {
        Cut { select: self.wrap_columns(cut, row, None), sorted: Sorted::Outside(row) }
    }

    /// The same with each row's number, counted in the direction of travel.
    pub(crate) fn wrap_numbered(&self, cut: Cut, row: Alias) -> Cut {
        // `row_number() over ()` numbers the rows as the ordered subselect delivers them.
        let place = Column::fixed(Expr::Fixed("row_number() over ()"), PLACE);
        Cut { select: self.wrap_columns(cut, row, Some(place)), sorted: Sorted::Outside(row) }
    }

    fn wrap_columns(&self, cut: Cut, row: Alias, place: Option<Column>) -> Select {
        let Cut { mut select, sorted } = cut;
        select.columns = match sorted {
            Sorted::Inside(_) => [vec![self.whole_row(row)], carried_columns(self.order, row)].concat(),
            Sorted::Outside(_) => vec![Column::bare(Expr::Fixed("*"))],
        };
        if let Some(place) = place {
            let columns = vec![Column::bare(Expr::Fixed("*")), place];
            select = Select::new(columns, From::Subselect(Box::new(select), row));
        }
        let mut outer = Select::new(Vec::new(), From::Subselect(Box::new(select), row));
        outer.order = order_terms(self.order, Sorted::Outside(row), Travel::Forward);
        outer
    }
}

/// Where the rule binds the key itself, `row.team == user.team` among a team's tickets, most parents have no row to show: said
/// of the parent, it is tested once, before any row is looked at.
fn rule_of_parent(rule: &Expr, key: &Expr, parent_id: &Expr) -> Option<Expr> {
    let conjuncts = match rule {
        Expr::And(parts) => parts.as_slice(),
        single => std::slice::from_ref(single),
    };
    conjuncts.iter().find_map(|conjunct| match conjunct {
        Expr::Compare(CompareOp::Equal, left, right) if **left == *key && matches!(**right, Expr::Value(_)) => {
            Some(Expr::compare(CompareOp::Equal, parent_id.clone(), (**right).clone()))
        }
        _ => None,
    })
}
