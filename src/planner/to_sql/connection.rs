//! A page as SQL: the page's rows, each slot (`nodes`, `edges`) a JSON column, then one aggregation over them.

use crate::base::Value;
use crate::planner::to_sql::Aliases;
use crate::planner::to_sql::cursor::{cursor_payload, signed_cursor};
use crate::planner::to_sql::filter::filter_condition;
use crate::planner::to_sql::order::{keyset_condition, order_terms};
use crate::planner::to_sql::row::{RowParts, json_rows, row_object, row_parts, seen_row};
use crate::planner::{ConnectionField, ConnectionPlan, CursorKey, EdgeField, PageInfoField, RowPlan};
use crate::sql::{Alias, Column, CompareOp, Expr, From, Label, Select};

/// Renders the page: one row with `j` (the connection's JSON), `rows` (how many) and, where reads are audited, `seen`.
pub(crate) fn connection_select(plan: &ConnectionPlan, key: &CursorKey, aliases: &mut Aliases) -> Select {
    if !plan.needs_page() {
        return without_page(plan, key, aliases);
    }
    let page = Page::render(plan, aliases);
    let all = aliases.next();
    let mut aggregates =
        Aggregates { page: all, key, first: plan.first, is_overfetched: plan.needs_next_page(), columns: Vec::new() };
    let fields: Vec<Column> = plan.fields.iter().map(|(label, field)| aggregates.field(plan, label, field, aliases)).collect();
    let rows = aggregates.count();
    aggregates.columns.push(Column::fixed(rows, "rows"));
    if page.has_seen {
        let seen = Expr::Call("string_agg", vec![Expr::labelled(all, "seen"), Expr::Fixed("','")]);
        aggregates.columns.push(Column::fixed(seen, "seen"));
    }
    let aggregated = Select::new(aggregates.columns, From::Subselect(Box::new(page.rows), all));

    let mut columns =
        vec![Column::fixed(row_object(fields, aliases), "j"), Column::fixed(Expr::labelled(TOTALS, "rows"), "rows")];
    if page.has_seen {
        columns.push(Column::fixed(Expr::labelled(TOTALS, "seen"), "seen"));
    }
    Select::new(columns, From::Subselect(Box::new(aggregated), TOTALS))
}

/// A connection of which only the count is asked, or less: no row is looked at to show none.
fn without_page(plan: &ConnectionPlan, key: &CursorKey, aliases: &mut Aliases) -> Select {
    let mut aggregates = Aggregates { page: TOTALS, key, first: plan.first, is_overfetched: false, columns: Vec::new() };
    let fields = plan.fields.iter().map(|(label, field)| aggregates.field(plan, label, field, aliases)).collect();
    let columns = vec![Column::fixed(row_object(fields, aliases), "j"), Column::fixed(Expr::Fixed("0::bigint"), "rows")];
    Select { columns, ..Select::default() }
}

/// The alias of the one aggregated row.
const TOTALS: Alias = Alias::Named("totals");

/// The column with a row's place on the page. No field's column has this name: GraphQL names have no `#`.
const PLACE: &str = "#place";

/// The page's rows: one JSON column for each slot, what the cursor says, the row's number, what was seen.
struct Page {
    rows: Select,
    has_seen: bool,
}

impl Page {
    fn render(plan: &ConnectionPlan, aliases: &mut Aliases) -> Self {
        if plan.source.is_empty() {
            return Self { rows: empty_page(plan.rows().count()), has_seen: false };
        }
        let row = aliases.next();
        let slots: Vec<RowParts> = plan.rows().map(|slot| row_parts(slot, row, aliases)).collect();
        // Cursors hold the values of their rows, also on a page that shows nothing else of them.
        let is_cursor_page = slots.is_empty() && plan.needs_cursor();
        let mut seen: Vec<Expr> = plan.view_name.iter().filter(|_| is_cursor_page).map(|name| seen_row(name, row)).collect();
        let has_seen = !seen.is_empty() || slots.iter().any(|slot| slot.seen.is_some());
        let mut select = Self::base(plan, row, slots.iter().any(|slot| !slot.joins.is_empty()));
        let is_simple = slots.len() == 1 && !plan.needs_cursor() && !plan.needs_next_page();
        let mut columns = Vec::new();
        for (index, slot) in slots.into_iter().enumerate() {
            select.joins.extend(slot.joins);
            if is_simple {
                return Self { rows: json_rows(select, slot.columns, slot.seen, aliases), has_seen };
            }
            seen.extend(slot.seen);
            columns.push(slot_column(row_object(slot.columns, aliases), index));
        }
        if plan.needs_cursor() {
            columns.push(Column::fixed(cursor_payload(&plan.order, &plan.cursor_scope, row), "cursor"));
        }
        if plan.needs_next_page() {
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
    fn base(plan: &ConnectionPlan, row: Alias, has_joins: bool) -> Select {
        let (from, rule) = plan.source.source(row);
        let after = plan.after.as_ref().map(|position| keyset_condition(&plan.order, position, row));
        let condition = Expr::all([Some(rule), Some(filter_condition(&plan.filter, row, 0)), after].into_iter().flatten());
        let mut base = Select::new(Vec::new(), from).filtered(condition);
        base.order = order_terms(&plan.order, row);
        base.limit = Some(plan.first.saturating_add(u32::from(plan.needs_next_page())));
        if !has_joins && !plan.needs_next_page() {
            return base;
        }
        base.columns = vec![Column::bare(Expr::Fixed("*"))];
        if plan.needs_next_page() {
            // `row_number() over ()` numbers the rows as the ordered subselect delivers them.
            let place = Column::fixed(Expr::Fixed("row_number() over ()"), PLACE);
            base = Select::new(vec![Column::bare(Expr::Fixed("*")), place], From::Subselect(Box::new(base), row));
        }
        let mut outer = Select::new(Vec::new(), From::Subselect(Box::new(base), row));
        outer.order = order_terms(&plan.order, row);
        outer
    }
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
struct Aggregates<'k> {
    page: Alias,
    key: &'k CursorKey,
    first: u32,
    is_overfetched: bool,
    columns: Vec<Column>,
}

impl Aggregates<'_> {
    fn field(&mut self, plan: &ConnectionPlan, label: &Label, field: &ConnectionField, aliases: &mut Aliases) -> Column {
        let expr = match field {
            ConnectionField::Typename(name) => text(name),
            ConnectionField::Nodes(row) => {
                let slot = self.slot(plan, row);
                self.list(slot)
            }
            ConnectionField::Edges(fields) => self.edges(plan, fields, aliases),
            ConnectionField::PageInfo(fields) => {
                let columns =
                    fields.iter().map(|(label, field)| Column::new(self.page_info(plan, *field), label.clone())).collect();
                row_object(columns, aliases)
            }
            ConnectionField::TotalCount => total_count(plan, aliases),
        };
        Column::new(expr, label.clone())
    }

    /// The page's JSON column that holds this row plan.
    fn slot(&self, plan: &ConnectionPlan, row: &RowPlan) -> Expr {
        let slots: Vec<&RowPlan> = plan.rows().collect();
        let is_simple = slots.len() == 1 && !plan.needs_cursor() && !plan.needs_next_page();
        let index = slots.iter().position(|slot| std::ptr::eq(*slot, row)).unwrap_or_default();
        if is_simple { Expr::labelled(self.page, "j") } else { Expr::labelled(self.page, &slot_name(index)) }
    }

    fn edges(&mut self, plan: &ConnectionPlan, fields: &[(Label, EdgeField)], aliases: &mut Aliases) -> Expr {
        let columns = fields.iter().map(|(label, field)| {
            let expr = match field {
                EdgeField::Typename(name) => text(name),
                EdgeField::Cursor => signed_cursor(Expr::labelled(self.page, "cursor"), self.key),
                EdgeField::Node(row) => self.slot(plan, row),
            };
            Column::new(expr, label.clone())
        });
        let edge = row_object(columns.collect(), aliases);
        self.list(edge)
    }

    fn page_info(&mut self, plan: &ConnectionPlan, field: PageInfoField) -> Expr {
        match field {
            PageInfoField::Typename => text("PageInfo"),
            PageInfoField::HasNextPage => {
                let first = Expr::Value(Value::BigInt(i64::from(self.first)));
                self.aggregated(Expr::compare(CompareOp::Greater, Expr::Fixed("count(*)"), first))
            }
            PageInfoField::HasPreviousPage => Expr::Fixed(if plan.after.is_some() { "true" } else { "false" }),
            PageInfoField::StartCursor => self.cursor_at(Expr::Fixed("1")),
            PageInfoField::EndCursor => self.cursor_at(self.count()),
        }
    }

    fn cursor_at(&mut self, place: Expr) -> Expr {
        let cursors = self.aggregate("array_agg", Expr::labelled(self.page, "cursor"));
        let payload = self.aggregated(Expr::Element(Box::new(cursors), Box::new(place)));
        signed_cursor(payload, self.key)
    }

    fn list(&mut self, element: Expr) -> Expr {
        let list = self.aggregate("json_agg", element);
        self.aggregated(Expr::Call("coalesce", vec![list, Expr::Fixed("'[]'::json")]))
    }

    fn count(&self) -> Expr {
        self.aggregate("count", Expr::Fixed("*"))
    }

    /// An aggregate over the rows of the page, without the one row that only tells whether there is a next page.
    fn aggregate(&self, function: &'static str, argument: Expr) -> Expr {
        let filter = self.is_overfetched.then(|| Box::new(self.is_on_page()));
        Expr::Aggregate { function, argument: Box::new(argument), filter }
    }

    fn is_on_page(&self) -> Expr {
        let first = Expr::Value(Value::BigInt(i64::from(self.first)));
        Expr::compare(CompareOp::LessOrEqual, Expr::labelled(self.page, PLACE), first)
    }

    /// Adds an aggregated column and names it in the outer SELECT.
    fn aggregated(&mut self, expr: Expr) -> Expr {
        let label = format!("a{}", self.columns.len());
        let named = Expr::labelled(TOTALS, &label);
        self.columns.push(Column { expr, label: Label::new(&label) });
        named
    }
}

fn total_count(plan: &ConnectionPlan, aliases: &mut Aliases) -> Expr {
    if plan.source.is_empty() {
        return Expr::Fixed("0");
    }
    let row = aliases.next();
    let (from, rule) = plan.source.source(row);
    let condition = Expr::all([rule, filter_condition(&plan.filter, row, 0)]);
    Expr::Scalar(Box::new(Select::new(vec![Column::bare(Expr::Fixed("count(*)"))], from).filtered(condition)))
}

fn text(text: &str) -> Expr {
    Expr::Cast(Box::new(Expr::Value(Value::Text(text.to_owned()))), "text")
}
