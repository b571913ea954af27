//! `orderBy`, always ended by `id`, so that the order is total and a cursor names one place in it.

use crate::catalog::Collection;
use crate::planner::{GuardedColumn, PlanError, Planner};
use serde_json::Value as Json;

/// One term of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// The field's name, for the cursor's fingerprint.
    pub field: String,
    /// The column; counts as null where its guard does not allow.
    pub column: GuardedColumn,
    /// Whether the greatest comes first.
    pub is_descending: bool,
    /// Whether a row may have no value there.
    pub is_nullable: bool,
    /// The enum's values in their order, when the column holds an enum: they sort as the schema lists them, not by letters.
    pub enum_order: Option<Vec<String>>,
}

/// A total order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The terms; the last is `id`.
    pub terms: Vec<OrderBy>,
}

impl Order {
    /// A text that differs whenever the order differs; goes into cursors.
    pub(crate) fn fingerprint(&self) -> String {
        let terms = self.terms.iter().map(|term| format!("{}{}", term.field, if term.is_descending { "-" } else { "+" }));
        terms.collect::<Vec<_>>().join(",")
    }
}

impl Planner<'_> {
    /// Plans an `orderBy` argument.
    ///
    /// # Errors
    /// [`PlanError::Argument`] for a term with not exactly one field.
    pub(crate) fn plan_order(&self, collection: &Collection, path: &str, json: Option<&Json>) -> Result<Order, PlanError> {
        let mut terms = Vec::new();
        let given = match json {
            Some(Json::Array(terms)) => terms.as_slice(),
            Some(single) => std::slice::from_ref(single),
            None => &[],
        };
        for (index, term) in given.iter().enumerate() {
            let path = format!("{path}[{index}]");
            terms.push(self.plan_order_term(collection, &path, term)?);
        }
        let id_at = terms.iter().position(|term| term.field == "id");
        match id_at {
            // Whatever follows a unique term orders nothing.
            Some(index) => terms.truncate(index + 1),
            None => {
                // The way of the term before it: an index then gives the whole order, read from either end.
                let is_descending = terms.last().is_some_and(|term| term.is_descending);
                terms.push(self.order_by(collection, "id", is_descending).ok_or_else(|| PlanError::argument(path, "no `id`"))?);
            }
        }
        Ok(Order { terms })
    }

    fn plan_order_term(&self, collection: &Collection, path: &str, json: &Json) -> Result<OrderBy, PlanError> {
        let refused =
            || PlanError::argument(path, "give one field and its direction, `{createdAt: DESC}`; further terms go into the list");
        let object = json.as_object().filter(|object| object.len() == 1).ok_or_else(refused)?;
        let (name, direction) = object.iter().next().ok_or_else(refused)?;
        let is_descending = match direction.as_str() {
            Some("ASC") => false,
            Some("DESC") => true,
            _ => return Err(refused()),
        };
        self.order_by(collection, name, is_descending).ok_or_else(refused)
    }

    fn order_by(&self, collection: &Collection, name: &str, is_descending: bool) -> Option<OrderBy> {
        let field = collection.find_field(name)?;
        let column = self.guarded_column(field)?;
        let enum_order = column.enum_id().map(|enum_id| {
            let values = &self.catalog.enum_type(enum_id).values;
            values.iter().map(|value| value.name.to_string()).collect()
        });
        let is_nullable = !field.is_required || !column.is_open();
        Some(OrderBy { field: name.to_owned(), column, is_descending, is_nullable, enum_order })
    }
}
