//! The way through a `where` argument: connectives, fields, relations.

use crate::catalog::{Collection, FieldKind};
use crate::planner::filter::{Filter, Quantifier, read_boolean, refuse_null};
use crate::planner::{GuardedColumn, PlanError, Planner, Readable};
use serde_json::{Map, Value as Json};

impl Planner<'_> {
    /// Plans a part of a `where` argument.
    pub(super) fn plan_filter(&self, collection: &Collection, path: &str, json: &Json) -> Result<Filter, PlanError> {
        let Json::Object(object) = json else {
            return Ok(Filter::none());
        };
        let mut parts = Vec::with_capacity(object.len());
        for (name, value) in object {
            let path = format!("{path}.{name}");
            parts.push(match name.as_str() {
                "and" => Filter::All(self.plan_filters(collection, &path, value)?),
                "or" => Filter::Any(self.plan_filters(collection, &path, value)?),
                "not" => Filter::Not(Box::new(self.plan_filter(collection, &path, refuse_null(&path, value)?)?)),
                field => self.plan_field_filter(collection, field, &path, refuse_null(&path, value)?)?,
            });
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn plan_filters(&self, collection: &Collection, path: &str, json: &Json) -> Result<Vec<Filter>, PlanError> {
        let parts = super::elements(refuse_null(path, json)?);
        parts.iter().map(|filter| self.plan_filter(collection, path, filter)).collect()
    }

    fn plan_field_filter(&self, collection: &Collection, name: &str, path: &str, json: &Json) -> Result<Filter, PlanError> {
        let unknown = || PlanError::argument(path, format!("`{}` has no field `{name}` to filter by", collection.name));
        let field = collection.find_field(name).ok_or_else(unknown)?;
        let tests = json.as_object().ok_or_else(|| PlanError::argument(path, "expected an object of tests"))?;
        match field.kind {
            FieldKind::ToOne { target, .. } => {
                let key = self.guarded_column(field).ok_or_else(unknown)?;
                self.plan_to_one_filter(key, self.readable(target), path, tests)
            }
            FieldKind::ToMany { inverse, .. } => {
                let key = self.guarded_column(self.catalog.field(inverse)).ok_or_else(unknown)?;
                self.plan_to_many_filter(&key, &self.readable_along(field).ok_or_else(unknown)?, path, tests)
            }
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } => {
                self.plan_column_filter(field, &self.guarded_column(field).ok_or_else(unknown)?, path, tests)
            }
        }
    }

    fn plan_to_one_filter(
        &self,
        key: GuardedColumn,
        target: Readable,
        path: &str,
        tests: &Map<String, Json>,
    ) -> Result<Filter, PlanError> {
        let mut inner = tests.clone();
        let is_null = inner.remove("isNull");
        let mut parts = Vec::new();
        if let Some(is_null) = is_null {
            let is_null = read_boolean(&format!("{path}.isNull"), &is_null)?;
            // Absent is what the caller cannot see: a hidden target and no target are the same answer.
            let present = Filter::ToOne { key: key.clone(), target: target.clone(), filter: Box::new(Filter::none()) };
            parts.push(if is_null { Filter::Not(Box::new(present)) } else { present });
        }
        if !inner.is_empty() {
            let collection = self.catalog.collection(target.collection());
            let filter = Box::new(self.plan_filter(collection, path, &Json::Object(inner))?);
            parts.push(Filter::ToOne { key, target, filter });
        }
        Ok(Filter::All(parts))
    }

    fn plan_to_many_filter(
        &self,
        key: &GuardedColumn,
        target: &Readable,
        path: &str,
        tests: &Map<String, Json>,
    ) -> Result<Filter, PlanError> {
        let collection = self.catalog.collection(target.collection());
        let parts = tests.iter().map(|(name, json)| {
            let path = format!("{path}.{name}");
            let quantifier = Quantifier::named(name);
            let quantifier = quantifier.ok_or_else(|| PlanError::argument(&path, "expected `some`, `every` or `none`"))?;
            let filter = Box::new(self.plan_filter(collection, &path, refuse_null(&path, json)?)?);
            Ok(Filter::ToMany { quantifier, key: key.clone(), target: target.clone(), filter })
        });
        Ok(Filter::All(parts.collect::<Result<_, PlanError>>()?))
    }
}
