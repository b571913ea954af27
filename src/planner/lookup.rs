//! `ticketBy(by:)`: one row by what is unique about it.

use crate::catalog::{Collection, CollectionId, Field, FieldKind};
use crate::planner::input::{field_value, row_id};
use crate::planner::{Filter, FilterTest, PlanError, Planner, ReadPlan, ReadRoot, SelectedField};
use crate::sql::CompareOp;
use serde_json::Value as Json;

impl Planner<'_> {
    /// Plans `ticketBy(by:)`. A guarded field that the caller may not read finds nothing, and a relation only leads where its
    /// target may be read, as in a filter.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument that makes no sense.
    pub fn plan_read_by(&self, collection: CollectionId, selected: &SelectedField) -> Result<ReadPlan, PlanError> {
        let by = selected.argument("by").and_then(Json::as_object);
        let mut given = by.into_iter().flatten();
        let (Some((name, value)), None) = (given.next(), given.next()) else {
            return Err(PlanError::argument("by", "give exactly one way to find the row"));
        };
        if name == "id" {
            return self.plan_read_row(collection, row_id(Some(value)), selected);
        }
        let collection = self.catalog.collection(collection);
        let filter = self.plan_lookup(collection, name, value)?;
        let mut plan = self.plan_read_row(collection.id, None, selected)?;
        if let Some(fields) = plan.view.as_mut().and_then(|view| view.fields.get_mut(collection.name.as_str())) {
            fields.insert(name.clone());
        }
        let ReadRoot::Row { row, .. } = plan.root else { unreachable!("a single row was planned") };
        Ok(ReadPlan { root: ReadRoot::Found { filter: Box::new(filter), row }, ..plan })
    }

    fn plan_lookup(&self, collection: &Collection, name: &str, value: &Json) -> Result<Filter, PlanError> {
        let path = format!("by.{name}");
        if let Some(field) = collection.find_field(name).filter(|field| field.is_unique) {
            return self.plan_lookup_field(field, &path, value);
        }
        let unique = collection.uniques.iter().find(|unique| unique.graphql_name(collection) == name);
        let unknown = || PlanError::argument(&path, format!("is nothing by which a `{}` is unique", collection.name));
        let fields = unique.ok_or_else(unknown)?.of(collection);
        let parts = fields.map(|field| {
            let path = format!("{path}.{}", field.name);
            self.plan_lookup_field(field, &path, value.get(field.name.as_str()).unwrap_or(&Json::Null))
        });
        Ok(Filter::All(parts.collect::<Result<_, _>>()?))
    }

    fn plan_lookup_field(&self, field: &Field, path: &str, value: &Json) -> Result<Filter, PlanError> {
        if value.is_null() {
            return Err(PlanError::argument(path, "null is no value to find a row by"));
        }
        let refused = || PlanError::argument(path, "has no column");
        let column = self.guarded_column(field).ok_or_else(refused)?;
        let equal = |value| FilterTest::Compare(CompareOp::Equal, value);
        let FieldKind::ToOne { target, .. } = field.kind else {
            return Ok(Filter::Column(column, equal(field_value(self.catalog, field, path, value)?)));
        };
        let id = field_value(self.catalog, field, path, value.get("id").unwrap_or(&Json::Null))?;
        let target_id = self.guarded_column(self.catalog.collection(target).id_field()).ok_or_else(refused)?;
        let filter = Box::new(Filter::Column(target_id, equal(id)));
        Ok(Filter::ToOne { key: column, target: self.readable(target), filter })
    }
}
