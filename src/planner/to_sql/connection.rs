//! A page as SQL: the page's rows, each slot (`nodes`, `edges`) a JSON column, then one aggregation over them.

use crate::base::Value;
use crate::catalog::GroupFloor;
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::aggregate::is_at_least;
use crate::planner::to_sql::cursor::{cursor_payload, marked_cursor};
use crate::planner::to_sql::cut::{Cut, List, PLACE};
use crate::planner::to_sql::page_info::Beyond;
use crate::planner::to_sql::row::{RowParts, json_rows, row_object, row_parts, seen_row};
use crate::planner::{ConnectionField, ConnectionPlan, EdgeField, PageInfoField, RowPlan, Travel};
use crate::sql::{Alias, Column, CompareOp, Expr, From, Label, Select};

/// A connection with all that decides its rows.
#[derive(Clone, Copy)]
pub(crate) struct Connection<'p> {
    plan: &'p ConnectionPlan,
    list: List<'p>,
}

impl<'p> Connection<'p> {
    /// A connection at the root.
    pub(crate) fn root(plan: &'p ConnectionPlan) -> Self {
        let ConnectionPlan { source, filter, order, .. } = plan;
        Self { plan, list: List { source, parent: None, filter, order } }
    }

    /// A connection of the rows that point to the row `parent`.
    pub(crate) fn below(plan: &'p ConnectionPlan, parent: Alias) -> Self {
        let Self { list, .. } = Self::root(plan);
        let parent = plan.parent_key.as_ref().map(|key| (key, parent));
        Self { plan, list: List { parent, ..list } }
    }

    /// Renders the page: one row with `j` (the connection's JSON; at the root its nodes alone, if nothing else is asked), `rows`
    /// (how many) and, where reads are audited, `seen`.
    pub(crate) fn select(self, aliases: &mut Aliases) -> Select {
        let Self { plan, list } = self;
        if !plan.needs_page() {
            return self.without_page(aliases);
        }
        let page = Page::render(plan, list, aliases);
        let all = aliases.next();
        let mut aggregates = Aggregates { connection: self, page: all, columns: Vec::new() };
        let mut fields: Vec<Column> = plan.fields.iter().map(|(label, field)| aggregates.field(label, field, aliases)).collect();
        let rows = aggregates.count();
        aggregates.columns.push(Column::fixed(rows, "rows"));
        if page.has_seen {
            let seen = Expr::Call("string_agg", vec![Expr::labelled(all, "seen"), Expr::Fixed("','")]);
            aggregates.columns.push(Column::fixed(seen, "seen"));
        }
        let aggregated = Select::new(aggregates.columns, From::Subselect(Box::new(page.rows), all));

        // See `ReadPlan::wrapped_in`.
        let is_nodes_alone = list.parent.is_none() && plan.nodes_alone().is_some();
        let json = if is_nodes_alone { fields.remove(0).expr } else { row_object(fields, aliases) };
        let mut columns = vec![Column::fixed(json, "j"), Column::fixed(Expr::labelled(TOTALS, "rows"), "rows")];
        if page.has_seen {
            columns.push(Column::fixed(Expr::labelled(TOTALS, "seen"), "seen"));
        }
        Select::new(columns, From::Subselect(Box::new(aggregated), TOTALS))
    }

    /// A connection of which only the count is asked, or less: no row is looked at to show none.
    fn without_page(self, aliases: &mut Aliases) -> Select {
        let mut aggregates = Aggregates { connection: self, page: TOTALS, columns: Vec::new() };
        let fields = self.plan.fields.iter().map(|(label, field)| aggregates.field(label, field, aliases)).collect();
        let columns = vec![Column::fixed(row_object(fields, aliases), "j"), Column::fixed(Expr::Fixed("0::bigint"), "rows")];
        Select { columns, ..Select::default() }
    }

    fn total_count(self, floor: GroupFloor, aliases: &mut Aliases) -> Expr {
        let count = Expr::Fixed("count(*)");
        let told = match floor.rows() {
            // Where few rows tell nothing, none tell nothing either.
            Some(_) if self.plan.source.is_empty() => return Expr::Fixed("null::bigint"),
            None if self.plan.source.is_empty() => return Expr::Fixed("0"),
            Some(rows) => Expr::Case(vec![(is_at_least(count.clone(), rows), count)], None),
            None => count,
        };
        let mut select = self.list.rows(aliases.next());
        select.columns = vec![Column::bare(told)];
        Expr::Scalar(Box::new(select))
    }
}

/// The alias of the one aggregated row.
const TOTALS: Alias = Alias::Named("totals");

/// The page's rows: one JSON column for each slot, what the cursor says, the row's number, what was seen.
struct Page {
    rows: Select,
    has_seen: bool,
}

impl Page {
    fn render(plan: &ConnectionPlan, list: List<'_>, aliases: &mut Aliases) -> Self {
        if plan.source.is_empty() {
            return Self { rows: empty_page(plan.rows().count()), has_seen: false };
        }
        let row = aliases.next();
        let slots: Vec<RowParts> = plan.rows().map(|slot| row_parts(slot, row, aliases)).collect();
        // Cursors hold the values of their rows, also on a page that shows nothing else of them.
        let is_cursor_page = slots.is_empty() && plan.needs_cursor();
        let mut seen: Vec<Expr> = plan.view_name.iter().filter(|_| is_cursor_page).map(|name| seen_row(name, row)).collect();
        let has_seen = !seen.is_empty() || slots.iter().any(|slot| slot.seen.is_some());
        let Cut { mut select, sorted } = Self::cut(plan, list, row, slots.iter().any(|slot| !slot.joins.is_empty()));
        let mut columns = Vec::new();
        let is_simple = is_simple(plan);
        for (index, slot) in slots.into_iter().enumerate() {
            select.joins.extend(slot.joins);
            if is_simple {
                return Self { rows: json_rows(select, slot.columns, slot.seen, aliases), has_seen };
            }
            seen.extend(slot.seen);
            columns.push(slot_column(row_object(slot.columns, aliases), index));
        }
        if plan.needs_cursor() {
            columns.push(Column::fixed(cursor_payload(&plan.order, &plan.window.scope, sorted), "cursor"));
        }
        if plan.needs_one_more() {
            columns.push(Column::fixed(Expr::labelled(row, PLACE), PLACE));
        }
        if has_seen {
            columns.push(Column::fixed(Expr::Call("concat_ws", [vec![Expr::Fixed("','")], seen].concat()), "seen"));
        }
        if columns.is_empty() {
            columns.push(Column::bare(Expr::Fixed("1")));
        }
        select.columns = columns;
        Self { rows: select, has_seen }
    }

    /// The rows of the page, cut before anything is joined to them.
    fn cut(plan: &ConnectionPlan, list: List<'_>, row: Alias, has_joins: bool) -> Cut {
        let size = plan.window.size.saturating_add(u32::from(plan.needs_one_more()));
        let cut = list.cut(&plan.window, size, row);
        if plan.needs_one_more() {
            list.wrap_numbered(cut, row)
        } else if has_joins || plan.window.travel == Travel::Backward {
            list.wrap(cut, row)
        } else {
            cut
        }
    }
}

/// Whether the page's rows are nothing but the JSON of one slot.
fn is_simple(plan: &ConnectionPlan) -> bool {
    plan.rows().count() == 1 && !plan.needs_cursor() && !plan.needs_one_more()
}

/// A page of a collection that the caller may not read at all: its table is not even named, for the database role may lack
/// the privilege.
fn empty_page(slots: usize) -> Select {
    let mut columns: Vec<Column> = (0..slots).map(|index| slot_column(Expr::Fixed("null::json"), index)).collect();
    columns.push(Column::fixed(Expr::Fixed("null::text"), "cursor"));
    columns.push(Column::fixed(Expr::Fixed("null::bigint"), PLACE));
    if slots == 1 {
        columns.push(Column::fixed(Expr::Fixed("null::json"), "j"));
    }
    Select { columns, filter: Some(Expr::never()), ..Select::default() }
}

fn slot_name(index: usize) -> String {
    format!("n{index}")
}

fn slot_column(expr: Expr, index: usize) -> Column {
    Column { expr, label: Label::new(&slot_name(index)) }
}

/// Builds the aggregation columns that the connection's fields need.
struct Aggregates<'p> {
    connection: Connection<'p>,
    page: Alias,
    columns: Vec<Column>,
}

impl Aggregates<'_> {
    fn field(&mut self, label: &Label, field: &ConnectionField, aliases: &mut Aliases) -> Column {
        let expr = match field {
            ConnectionField::Typename(name) => text(name),
            ConnectionField::Nodes(row) => {
                let slot = self.slot(row);
                self.list(slot)
            }
            ConnectionField::Edges(fields) => self.edges(fields, aliases),
            ConnectionField::PageInfo(fields) => {
                let columns: Vec<Column> =
                    fields.iter().map(|(label, field)| Column::new(self.page_info(*field, aliases), label.clone())).collect();
                row_object(columns, aliases)
            }
            ConnectionField::TotalCount(floor) => self.connection.total_count(*floor, aliases),
        };
        Column::new(expr, label.clone())
    }

    /// The page's JSON column that holds this row plan.
    fn slot(&self, row: &RowPlan) -> Expr {
        let plan = self.connection.plan;
        let index = plan.rows().position(|slot| std::ptr::eq(slot, row)).unwrap_or_default();
        if is_simple(plan) { Expr::labelled(self.page, "j") } else { Expr::labelled(self.page, &slot_name(index)) }
    }

    fn edges(&mut self, fields: &[(Label, EdgeField)], aliases: &mut Aliases) -> Expr {
        let columns = fields.iter().map(|(label, field)| {
            let expr = match field {
                EdgeField::Typename(name) => text(name),
                EdgeField::Cursor => marked_cursor(Expr::labelled(self.page, "cursor"), &self.connection.plan.cursor_key),
                EdgeField::Node(row) => self.slot(row),
            };
            Column::new(expr, label.clone())
        });
        let edge = row_object(columns.collect(), aliases);
        self.list(edge)
    }

    fn page_info(&mut self, field: PageInfoField, aliases: &mut Aliases) -> Expr {
        let Connection { plan, list } = self.connection;
        let beyond = Beyond { list, window: &plan.window };
        match (field, plan.window.travel) {
            (PageInfoField::Typename, _) => text("PageInfo"),
            (PageInfoField::StartCursor, _) => self.cursor_at(Expr::Fixed("1")),
            (PageInfoField::EndCursor, _) => self.cursor_at(self.count()),
            (PageInfoField::HasNextPage, Travel::Forward) | (PageInfoField::HasPreviousPage, Travel::Backward) => {
                let size = Expr::Value(Value::BigInt(i64::from(plan.window.size)));
                let is_more = self.aggregated(Expr::compare(CompareOp::Greater, Expr::Fixed("count(*)"), size));
                match beyond.end(aliases) {
                    Some(more) => Expr::Or(vec![is_more, more]),
                    None => is_more,
                }
            }
            (PageInfoField::HasPreviousPage, Travel::Forward) | (PageInfoField::HasNextPage, Travel::Backward) => {
                beyond.start(aliases).unwrap_or(Expr::Fixed("false"))
            }
        }
    }

    fn cursor_at(&mut self, place: Expr) -> Expr {
        let cursors = self.aggregate("array_agg", Expr::labelled(self.page, "cursor"));
        let payload = self.aggregated(Expr::Element(Box::new(cursors), Box::new(place)));
        marked_cursor(payload, &self.connection.plan.cursor_key)
    }

    fn list(&mut self, element: Expr) -> Expr {
        let list = self.aggregate("json_agg", element);
        self.aggregated(Expr::Call("coalesce", vec![list, Expr::Fixed("'[]'::json")]))
    }

    fn count(&self) -> Expr {
        self.aggregate("count", Expr::Fixed("*"))
    }

    /// An aggregate over the rows of the page, without the one row that only tells whether the list goes on.
    fn aggregate(&self, function: &'static str, argument: Expr) -> Expr {
        let plan = self.connection.plan;
        let filter = (plan.needs_page() && plan.needs_one_more()).then(|| {
            let size = Expr::Value(Value::BigInt(i64::from(plan.window.size)));
            Box::new(Expr::compare(CompareOp::LessOrEqual, Expr::labelled(self.page, PLACE), size))
        });
        Expr::Aggregate { function, argument: Box::new(argument), filter }
    }

    /// Adds an aggregated column and names it in the outer SELECT.
    fn aggregated(&mut self, expr: Expr) -> Expr {
        let label = format!("a{}", self.columns.len());
        let named = Expr::labelled(TOTALS, &label);
        self.columns.push(Column { expr, label: Label::new(&label) });
        named
    }
}

fn text(text: &str) -> Expr {
    Expr::Cast(Box::new(Expr::Value(Value::Text(text.to_owned()))), "text")
}
