//! Columns as a caller may see them.

use crate::base::{ColumnName, ScalarType, Value};
use crate::catalog::{EnumId, Field, FieldKind};
use crate::planner::access::row_image;
use crate::planner::hidden_cells::{marked, marked_null};
use crate::planner::{CellMask, Planner};
use crate::policy::{FieldOperation, Predicate};
use crate::sql::{Alias, Expr};
use std::collections::BTreeSet;

/// A column with the solved read rule of its field.
#[derive(Clone, Debug, PartialEq)]
pub struct GuardedColumn {
    column: ColumnName,
    guard: Predicate,
    scalar: ScalarType,
    enum_id: Option<EnumId>,
}

impl GuardedColumn {
    /// A column that everybody may read.
    pub(crate) fn open(name: &str, scalar: ScalarType) -> Self {
        Self { column: ColumnName::new(name), guard: Predicate::Always, scalar, enum_id: None }
    }

    /// A column of a subselect whose values were guarded where they were computed.
    pub(crate) fn computed(column: ColumnName, scalar: ScalarType) -> Self {
        Self { column, guard: Predicate::Always, scalar, enum_id: None }
    }

    /// The column.
    pub fn name(&self) -> &ColumnName {
        &self.column
    }

    /// The scalar as which the column is bound.
    pub fn scalar(&self) -> ScalarType {
        self.scalar
    }

    /// The enum whose values the column holds, if it is one.
    pub fn enum_id(&self) -> Option<EnumId> {
        self.enum_id
    }

    /// Whether every row shows its value.
    pub fn is_open(&self) -> bool {
        self.guard.is_always()
    }

    /// Whether no row shows its value.
    pub fn is_hidden(&self) -> bool {
        self.guard.is_never()
    }

    /// Whether its rule is asked row by row.
    pub fn is_partly_hidden(&self) -> bool {
        !self.is_open() && !self.is_hidden()
    }

    /// The value as this caller may know it: null where the guard does not allow. What filters, orders and aggregates use.
    pub(crate) fn value(&self, alias: Alias) -> Expr {
        match &self.guard {
            Predicate::Always => Expr::column(alias, &self.column),
            Predicate::Never => Expr::Value(Value::Null(self.scalar)),
            guard => Expr::Case(vec![(guard.to_sql(&row_image(alias)), Expr::column(alias, &self.column))], None),
        }
    }

    /// The condition under which the value shows.
    pub(crate) fn guard(&self, alias: Alias) -> Expr {
        self.guard.to_sql(&row_image(alias))
    }

    /// The bare column, for a place that checks the guard itself.
    pub(crate) fn unguarded(&self, alias: Alias) -> Expr {
        Expr::column(alias, &self.column)
    }
}

/// How a column becomes JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnShape {
    /// As PostgreSQL writes it.
    Plain,
    /// As text: numbers that JSON clients would round.
    Text,
    /// A list of such numbers.
    TextList,
}

impl ColumnShape {
    fn expr(self, value: Expr) -> Expr {
        match self {
            Self::Plain => value,
            Self::Text => Expr::Cast(Box::new(value), "text"),
            Self::TextList => Expr::Cast(Box::new(value), "text[]"),
        }
    }
}

/// A column in the output.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnOutput {
    /// The column and its guard.
    pub column: GuardedColumn,
    /// How it becomes JSON.
    pub shape: ColumnShape,
    /// What shows where the guard does not allow.
    pub mask: Option<Box<CellMask>>,
}

impl ColumnOutput {
    /// The output expression with a mark on what is hidden row by row; see [`crate::planner::hidden_cells`].
    pub(crate) fn marked_expr(&self, alias: Alias, marker: Option<&str>) -> Expr {
        let Some(marker) = marker.filter(|_| self.column.is_partly_hidden()) else { return self.expr(alias) };
        let shown = Expr::Call("to_json", vec![self.shape.expr(self.column.unguarded(alias))]);
        let hidden = match self.masked(alias) {
            Some(masked) => marked(marker, masked),
            None => marked_null(marker),
        };
        Expr::Case(vec![(self.column.guard(alias), shown)], Some(Box::new(hidden)))
    }

    /// The mask by itself, as a value whose type PostgreSQL knows; `None` without one.
    pub(crate) fn masked(&self, alias: Alias) -> Option<Expr> {
        let masked = self.mask.as_ref()?.expr(alias, &self.column.unguarded(alias));
        Some(self.shape.expr(Expr::Cast(Box::new(masked), self.column.scalar().sql_type())))
    }

    /// The columns of the row that its rule and its mask ask for.
    pub(crate) fn asked_columns(&self) -> BTreeSet<ColumnName> {
        let mut columns = self.column.guard.columns();
        match self.mask.as_deref() {
            None => {}
            Some(CellMask::Computed(value)) => columns.extend(value.columns()),
            Some(_) => columns.extend([self.column.name().clone()]),
        }
        columns
    }

    /// The output expression: the value, or its mask or null where the guard does not allow.
    pub(crate) fn expr(&self, alias: Alias) -> Expr {
        let column = self.column.unguarded(alias);
        let masked = self.mask.as_ref().map(|mask| self.shape.expr(mask.expr(alias, &column)));
        let shown = self.shape.expr(column);
        match (&self.column.guard, masked) {
            (Predicate::Always, _) => shown,
            (Predicate::Never, Some(masked)) => masked,
            (Predicate::Never, None) => Expr::Fixed("null::text"),
            (_, masked) => Expr::Case(vec![(self.column.guard(alias), shown)], masked.map(Box::new)),
        }
    }
}

impl Planner<'_> {
    /// The stored field's column with its read guard for this caller; `None` for the other end of a relation.
    pub(crate) fn guarded_column(&self, field: &Field) -> Option<GuardedColumn> {
        let guard = match field.access.read {
            Some(_) => self.rules.solve_field(field.id, FieldOperation::Read, self.actor, self.request),
            None => Predicate::Always,
        };
        let enum_id = match field.kind {
            FieldKind::Enum { enum_id, .. } => Some(enum_id),
            _ => None,
        };
        Some(GuardedColumn { column: field.column()?.clone(), guard, scalar: field.stored_scalar()?, enum_id })
    }

    /// The stored field as output.
    pub(crate) fn column_output(&self, field: &Field) -> Option<ColumnOutput> {
        let is_exact_number = matches!(field.stored_scalar(), Some(ScalarType::Decimal | ScalarType::BigInt));
        let shape = match (is_exact_number, field.is_list()) {
            (true, true) => ColumnShape::TextList,
            (true, false) => ColumnShape::Text,
            (false, _) => ColumnShape::Plain,
        };
        let column = self.guarded_column(field)?;
        // Where every row shows its value, no mask is made.
        let mask = if column.is_open() { None } else { self.cell_mask(field).map(Box::new) };
        Some(ColumnOutput { column, shape, mask })
    }
}
