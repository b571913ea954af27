//! Who may do what: every collection, operation and guarded field for every role.

use crate::base::RoleName;
use crate::catalog::{Catalog, Collection, Field, GroupFloor};
use crate::policy::{FieldOperation, Operation, Residue, RuleBook};

/// What is done to a collection or one of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A row operation, or reading or writing a field.
    Row(Operation),
    /// Taking rows out as a file, beside reading them.
    Export,
    /// Counting and computing over the rows that may be read.
    Aggregate,
    /// Reading or setting one field.
    Field(FieldOperation),
}

impl Action {
    /// `READ`, `CREATE`, ...
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Row(Operation::Read) | Self::Field(FieldOperation::Read) => "READ",
            Self::Row(Operation::Create) => "CREATE",
            Self::Row(Operation::Update) => "UPDATE",
            Self::Row(Operation::Delete) => "DELETE",
            Self::Export => "EXPORT",
            Self::Aggregate => "AGGREGATE",
            Self::Field(FieldOperation::Write) => "WRITE",
        }
    }
}

/// One line of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixRow {
    /// The collection.
    pub collection: String,
    /// The field, for a rule of its own.
    pub field: Option<String>,
    /// What is done.
    pub action: Action,
    /// What each role may, in the order of [`Matrix::roles`].
    pub cells: Vec<Residue>,
}

/// Every collection, operation and guarded field for every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// The roles, as the schema lists them.
    pub roles: Vec<RoleName>,
    /// The lines, collections in the order of the schema, the tool's own before the platform's.
    pub rows: Vec<MatrixRow>,
}

impl Matrix {
    /// Asks every rule what it gives every role.
    pub fn of(catalog: &Catalog, rules: &RuleBook) -> Self {
        let roles = catalog.roles();
        let (platform, own): (Vec<&Collection>, Vec<&Collection>) =
            catalog.collections.iter().partition(|collection| collection.is_platform);
        let asked = Asked { catalog, rules };
        let rows = own.into_iter().chain(platform).flat_map(|collection| asked.rows_of(collection, &roles)).collect();
        Self { roles, rows }
    }
}

/// What is asked.
struct Asked<'a> {
    catalog: &'a Catalog,
    rules: &'a RuleBook,
}

impl Asked<'_> {
    fn rows_of(&self, collection: &Collection, roles: &[RoleName]) -> Vec<MatrixRow> {
        let row = |field: Option<&Field>, action: Action| MatrixRow {
            collection: collection.name.to_string(),
            field: field.map(|field| field.name.to_string()),
            action,
            cells: roles.iter().map(|role| self.cell(collection, field, action, role)).collect(),
        };
        let mut rows = vec![row(None, Action::Row(Operation::Read)), row(None, Action::Row(Operation::Create))];
        if !collection.is_append_only {
            rows.extend([row(None, Action::Row(Operation::Update)), row(None, Action::Row(Operation::Delete))]);
        }
        if collection.export.is_some() {
            rows.push(row(None, Action::Export));
        }
        if collection.aggregate.is_some() {
            rows.push(row(None, Action::Aggregate));
        }
        for field in &collection.fields {
            if field.access.read.is_some() {
                rows.push(row(Some(field), Action::Field(FieldOperation::Read)));
            }
            if field.access.write.is_some() {
                rows.push(row(Some(field), Action::Field(FieldOperation::Write)));
            }
        }
        rows
    }

    fn cell(&self, collection: &Collection, field: Option<&Field>, action: Action, role: &RoleName) -> Residue {
        let Self { catalog, rules } = self;
        match (action, field) {
            (Action::Row(operation), _) => rules.residue(catalog, collection.id, operation, role),
            (Action::Export, _) => rules.export_residue(catalog, collection.id, role),
            (Action::Aggregate, _) => of_groups(rules.aggregate_residue(catalog, collection.id, role), collection.group_floor()),
            (Action::Field(operation), Some(field)) => rules.field_residue(catalog, field.id, operation, role),
            (Action::Field(_), None) => Residue::Always,
        }
    }
}

/// What is told of groups of a size. `count` is no word of the language: it stands for the rows of a group.
fn of_groups(allowed: Residue, floor: GroupFloor) -> Residue {
    let Some(rows) = floor.rows() else { return allowed };
    match allowed {
        Residue::Always => Residue::If(format!("count >= {rows}")),
        Residue::Never => Residue::Never,
        Residue::If(condition) => Residue::If(format!("({condition}) && count >= {rows}")),
    }
}
