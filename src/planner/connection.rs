//! A page of a collection: `nodes`, `edges`, `pageInfo`, `totalCount`.

use crate::base::TypeName;
use crate::catalog::{Collection, GroupFloor};
use crate::planner::place::Place;
use crate::planner::read_plan::has_cursors;
use crate::planner::row::label;
use crate::planner::{
    CursorKey, Filter, GuardedColumn, Order, PlanError, Planner, Readable, RowPlan, SelectedField, Selection, Travel, Window,
};
use crate::sql::Label;

/// A page of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionPlan {
    /// The table as the caller may read it.
    pub source: Readable,
    /// The foreign key to the row that the page belongs to, for a relation to many.
    pub parent_key: Option<GuardedColumn>,
    /// The caller's filter.
    pub filter: Filter,
    /// The order; total.
    pub order: Order,
    /// Which part of the list.
    pub window: Window,
    /// What to show.
    pub fields: Vec<(Label, ConnectionField)>,
    /// What seals its cursors.
    pub cursor_key: CursorKey,
    /// The name by which its rows are noted in a VIEW event, if the collection's reads are audited.
    pub view_name: Option<TypeName>,
}

/// A field of a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum ConnectionField {
    /// `__typename`
    Typename(String),
    /// `nodes`
    Nodes(Box<RowPlan>),
    /// `edges`
    Edges(Vec<(Label, EdgeField)>),
    /// `pageInfo`
    PageInfo(Vec<(Label, PageInfoField)>),
    /// `totalCount`: counted only because it was asked for; null if there are fewer rows than may be told of.
    TotalCount(GroupFloor),
}

/// A field of an edge.
#[derive(Clone, Debug, PartialEq)]
pub enum EdgeField {
    /// `__typename`
    Typename(String),
    /// `cursor`
    Cursor,
    /// `node`
    Node(Box<RowPlan>),
}

/// A field of `pageInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageInfoField {
    /// `__typename`
    Typename,
    /// `hasNextPage`
    HasNextPage,
    /// `hasPreviousPage`
    HasPreviousPage,
    /// `startCursor`
    StartCursor,
    /// `endCursor`
    EndCursor,
}

impl ConnectionPlan {
    /// Whether anything is asked that the rows of the page have to tell.
    pub(crate) fn needs_page(&self) -> bool {
        let shows_rows = |field: &ConnectionField| matches!(field, ConnectionField::Nodes(_) | ConnectionField::Edges(_));
        self.fields.iter().any(|(_, field)| shows_rows(field)) || self.needs_one_more() || self.needs_cursor()
    }

    /// The key of its nodes, if nothing else of it is asked.
    pub(crate) fn nodes_alone(&self) -> Option<&Label> {
        match self.fields.as_slice() {
            [(key, ConnectionField::Nodes(_))] => Some(key),
            _ => None,
        }
    }

    /// Whether one more row than asked has to be fetched, to know whether the list goes on in the direction of travel.
    pub(crate) fn needs_one_more(&self) -> bool {
        let asked = match self.window.travel {
            Travel::Forward => PageInfoField::HasNextPage,
            Travel::Backward => PageInfoField::HasPreviousPage,
        };
        self.page_info().any(|field| field == asked)
    }

    /// Whether cursors have to be built.
    pub(crate) fn needs_cursor(&self) -> bool {
        self.page_info().any(|field| matches!(field, PageInfoField::StartCursor | PageInfoField::EndCursor))
            || self.fields.iter().any(|(_, field)| match field {
                ConnectionField::Edges(fields) => fields.iter().any(|(_, field)| *field == EdgeField::Cursor),
                _ => false,
            })
    }

    /// Whether cursors are shown, here or further below.
    pub(crate) fn has_cursors(&self) -> bool {
        self.needs_cursor() || self.rows().any(|row| has_cursors(&row.fields))
    }

    /// Every row plan of the page; each is about the same rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &RowPlan> {
        self.fields.iter().flat_map(|(_, field)| match field {
            ConnectionField::Nodes(row) => vec![row.as_ref()],
            ConnectionField::Edges(fields) => fields
                .iter()
                .filter_map(|(_, field)| if let EdgeField::Node(row) = field { Some(row.as_ref()) } else { None })
                .collect(),
            _ => Vec::new(),
        })
    }

    fn page_info(&self) -> impl Iterator<Item = PageInfoField> {
        self.fields.iter().flat_map(|(_, field)| match field {
            ConnectionField::PageInfo(fields) => fields.iter().map(|(_, field)| *field).collect::<Vec<_>>(),
            _ => Vec::new(),
        })
    }
}

impl Planner<'_> {
    /// Plans a connection field.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument that makes no sense.
    pub(crate) fn plan_connection(
        &self,
        collection: &Collection,
        selected: &SelectedField,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<ConnectionPlan, PlanError> {
        let order = self.plan_list_order(collection, selected)?;
        Ok(ConnectionPlan {
            source: self.readable(collection.id),
            parent_key: None,
            filter: self.plan_rows(collection, selected)?,
            window: self.plan_window(collection.name.as_str(), &order, selected)?,
            fields: self.plan_connection_fields(collection, selected, place, masked)?,
            order,
            cursor_key: self.settings.cursor_key.clone(),
            view_name: collection.audit.is_read_audited.then(|| collection.name.clone()),
        })
    }

    fn plan_connection_fields(
        &self,
        collection: &Collection,
        selected: &SelectedField,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<Vec<(Label, ConnectionField)>, PlanError> {
        let mut fields = Vec::new();
        for field in &selected.selection.0 {
            let place = place.below(&field.key);
            let planned = match field.name.as_str() {
                "__typename" => ConnectionField::Typename(format!("{}Connection", collection.name)),
                "nodes" => ConnectionField::Nodes(Box::new(self.plan_node(collection, &field.selection, &place, masked)?)),
                "edges" => ConnectionField::Edges(self.plan_edges(collection, &field.selection, &place, masked)?),
                "pageInfo" => ConnectionField::PageInfo(plan_page_info(&field.selection)?),
                "totalCount" => {
                    self.refuse_unless_aggregating(collection)?;
                    ConnectionField::TotalCount(collection.group_floor())
                }
                other => return Err(PlanError::argument(place.to_string(), format!("a connection has no field `{other}`"))),
            };
            fields.push((label(&field.key)?, planned));
        }
        Ok(fields)
    }

    fn plan_node(
        &self,
        collection: &Collection,
        selection: &Selection,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<RowPlan, PlanError> {
        self.plan_row(self.readable(collection.id), selection, place, masked)
    }

    fn plan_edges(
        &self,
        collection: &Collection,
        selection: &Selection,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<Vec<(Label, EdgeField)>, PlanError> {
        let mut fields = Vec::new();
        for field in &selection.0 {
            let place = place.below(&field.key);
            let planned = match field.name.as_str() {
                "__typename" => EdgeField::Typename(format!("{}Edge", collection.name)),
                "cursor" => EdgeField::Cursor,
                "node" => EdgeField::Node(Box::new(self.plan_node(collection, &field.selection, &place, masked)?)),
                other => return Err(PlanError::argument(place.to_string(), format!("an edge has no field `{other}`"))),
            };
            fields.push((label(&field.key)?, planned));
        }
        Ok(fields)
    }
}

fn plan_page_info(selection: &Selection) -> Result<Vec<(Label, PageInfoField)>, PlanError> {
    let plan = |field: &SelectedField| {
        let planned = match field.name.as_str() {
            "__typename" => PageInfoField::Typename,
            "hasNextPage" => PageInfoField::HasNextPage,
            "hasPreviousPage" => PageInfoField::HasPreviousPage,
            "startCursor" => PageInfoField::StartCursor,
            "endCursor" => PageInfoField::EndCursor,
            other => return Err(PlanError::argument("pageInfo", format!("there is no field `{other}`"))),
        };
        Ok((label(&field.key)?, planned))
    };
    selection.0.iter().map(plan).collect()
}
