//! The arguments of an aggregate: `groupBy`, `having`, `orderBy`.

use crate::base::ScalarType;
use crate::catalog::FieldKind;
use crate::planner::aggregate::fields::{AggregateArguments, statistic};
use crate::planner::aggregate::{BucketUnit, DateBucket, GroupKey, GroupOrder, GroupOrderBy, MeasureIndex};
use crate::planner::input::scalar_value;
use crate::planner::{FilterTest, PlanError};
use crate::sql::CompareOp;
use chrono_tz::Tz;
use serde_json::{Map, Value as Json};

/// More keys than this make no groups that anybody reads.
const MAX_KEYS: usize = 8;

/// The most conditions of one `having`, and terms of one `orderBy`.
const MAX_TERMS: usize = 50;

impl AggregateArguments<'_> {
    /// `groupBy: [{field: status}, {field: createdAt, by: MONTH, timeZone: "Europe/Berlin"}]`
    pub(super) fn read_keys(&mut self, json: Option<&Json>) -> Result<(), PlanError> {
        let given = elements(json);
        if given.len() > MAX_KEYS {
            return Err(PlanError::argument("groupBy", format!("has {} fields; the limit is {MAX_KEYS}", given.len())));
        }
        for (index, key) in given.iter().enumerate() {
            let path = format!("groupBy[{index}]");
            let key = self.read_key(key, &path)?;
            if self.keys.iter().any(|known| known.input == key.input) {
                return Err(PlanError::argument(path, "the field is there already; give each field once"));
            }
            self.keys.push(key);
        }
        Ok(())
    }

    fn read_key(&mut self, json: &Json, path: &str) -> Result<GroupKey, PlanError> {
        let name = json.get("field").and_then(Json::as_str).unwrap_or_default();
        // The collection outlives `self`, whose inputs are added to.
        let collection = self.collection;
        let unknown = || PlanError::argument(path, "not a field that rows can be grouped by");
        let field = collection.find_field(name).filter(|field| field.is_groupable()).ok_or_else(unknown)?;
        let unit = json.get("by").and_then(Json::as_str);
        let time_zone = json.get("timeZone").and_then(Json::as_str);
        let bucket = match (unit, time_zone) {
            (None, None) => None,
            (None, Some(_)) => return Err(PlanError::argument(path, "`timeZone` needs `by`: the span of time to group by")),
            (Some(_), _) if !field.is_temporal() => {
                return Err(PlanError::argument(path, format!("`by` is for instants and days; `{name}` is neither")));
            }
            (Some(unit), time_zone) => Some(read_bucket(unit, time_zone, field.stored_scalar(), path)?),
        };
        let enum_order = match field.kind {
            FieldKind::Enum { enum_id, .. } => {
                Some(self.planner.catalog.enum_type(enum_id).values.iter().map(|value| value.name.to_string()).collect())
            }
            _ => None,
        };
        let scalar = field.stored_scalar().unwrap_or(ScalarType::String);
        Ok(GroupKey { input: self.input(field, path)?, bucket, scalar, enum_order })
    }

    /// `having: {count: {gt: 5}, sum: {amount: {gte: "10"}}}`
    pub(super) fn read_having(&mut self, json: Option<&Json>) -> Result<Vec<(MeasureIndex, FilterTest)>, PlanError> {
        let mut having = Vec::new();
        for (name, value) in entries(json) {
            let path = format!("having.{name}");
            if name == "count" {
                let measure = self.count();
                self.read_tests(measure, value, &path, &mut having)?;
                continue;
            }
            for (field, tests) in entries(Some(value)) {
                let path = format!("{path}.{field}");
                let statistic = statistic(name).ok_or_else(|| PlanError::argument(&path, "an aggregate has no such field"))?;
                let measure = self.measure(statistic, field, &path)?;
                self.read_tests(measure, tests, &path, &mut having)?;
            }
        }
        if having.len() > MAX_TERMS {
            return Err(PlanError::argument("having", format!("has {} conditions; the limit is {MAX_TERMS}", having.len())));
        }
        Ok(having)
    }

    fn read_tests(
        &self,
        measure: MeasureIndex,
        json: &Json,
        path: &str,
        having: &mut Vec<(MeasureIndex, FilterTest)>,
    ) -> Result<(), PlanError> {
        // A count is a `bigint` in PostgreSQL.
        let scalar = match self.measures[measure.0].scalar {
            ScalarType::Int if self.measures[measure.0].is_count() => ScalarType::BigInt,
            scalar => scalar,
        };
        for (operator, value) in entries(Some(json)) {
            let path = format!("{path}.{operator}");
            let op = match operator.as_str() {
                "eq" => CompareOp::Equal,
                "neq" => CompareOp::NotEqual,
                "lt" => CompareOp::Less,
                "lte" => CompareOp::LessOrEqual,
                "gt" => CompareOp::Greater,
                "gte" => CompareOp::GreaterOrEqual,
                other => return Err(PlanError::argument(path, format!("there is no operator `{other}`"))),
            };
            if value.is_null() {
                return Err(PlanError::argument(path, "null is equal to nothing"));
            }
            let value = scalar_value(scalar, value).map_err(|source| PlanError::Value { argument: path, source })?;
            having.push((measure, FilterTest::Compare(op, value)));
        }
        Ok(())
    }

    /// `orderBy: [{count: DESC}, {keys: {status: ASC}}]`, ended by every key, so that the order is total.
    pub(super) fn read_order(&mut self, json: Option<&Json>) -> Result<Vec<GroupOrder>, PlanError> {
        let given = elements(json);
        if given.len() > MAX_TERMS {
            return Err(PlanError::argument("orderBy", format!("has {} terms; the limit is {MAX_TERMS}", given.len())));
        }
        let mut order = Vec::new();
        for (index, term) in given.iter().enumerate() {
            order.push(self.read_order_term(term, &format!("orderBy[{index}]"))?);
        }
        for key in 0..self.keys.len() {
            let by = GroupOrderBy::Key(key);
            if !order.iter().any(|term| term.by == by) {
                order.push(GroupOrder { by, is_descending: false, is_nulls_first: false });
            }
        }
        Ok(order)
    }

    fn read_order_term(&mut self, json: &Json, path: &str) -> Result<GroupOrder, PlanError> {
        let refused =
            || PlanError::argument(path, "give one thing and its direction, `{count: DESC}`; further terms go into the list");
        let (name, value) = single(json).ok_or_else(refused)?;
        let (by, direction) = match name {
            "count" => (GroupOrderBy::Measure(self.count()), value),
            "keys" => {
                let (field, direction) = single(value).ok_or_else(refused)?;
                let is_key = |key: &GroupKey| self.inputs[key.input].field.as_str() == field;
                let key = self.keys.iter().position(is_key);
                let key = key.ok_or_else(|| PlanError::argument(path, format!("`{field}` is not in `groupBy`")))?;
                (GroupOrderBy::Key(key), direction)
            }
            other => {
                let (field, direction) = single(value).ok_or_else(refused)?;
                let measure = self.measure(statistic(other).ok_or_else(refused)?, field, path)?;
                (GroupOrderBy::Measure(measure), direction)
            }
        };
        let direction = direction.as_str().ok_or_else(refused)?;
        Ok(GroupOrder { by, is_descending: direction.starts_with("DESC"), is_nulls_first: direction.ends_with("NULLS_FIRST") })
    }
}

fn read_bucket(unit: &str, time_zone: Option<&str>, scalar: Option<ScalarType>, path: &str) -> Result<DateBucket, PlanError> {
    let unit = BucketUnit::ALL.into_iter().find(|known| known.graphql_name() == unit);
    let unit = unit.ok_or_else(|| PlanError::argument(path, "there is no such span of time"))?;
    if scalar == Some(ScalarType::Date) {
        if unit == BucketUnit::Hour {
            return Err(PlanError::argument(path, "a day has no hours; give `DAY` or more"));
        }
        if time_zone.is_some() {
            return Err(PlanError::argument(path, "a day of the calendar is in no time zone; leave `timeZone` out"));
        }
        return Ok(DateBucket { unit, time_zone: None });
    }
    let time_zone = time_zone.unwrap_or("UTC");
    let known: Tz = time_zone.parse().map_err(|_| {
        let given: String = time_zone.chars().take(80).collect();
        PlanError::argument(path, format!("`{given}` is no time zone; give a name such as `Europe/Berlin`"))
    })?;
    Ok(DateBucket { unit, time_zone: Some(known.name().to_owned()) })
}

/// A list argument; a single value counts as a list of one (GraphQL's input coercion).
fn elements(json: Option<&Json>) -> &[Json] {
    match json {
        Some(Json::Array(elements)) => elements,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    }
}

fn entries(json: Option<&Json>) -> impl Iterator<Item = (&String, &Json)> {
    static NONE: std::sync::LazyLock<Map<String, Json>> = std::sync::LazyLock::new(Map::new);
    json.and_then(Json::as_object).unwrap_or(&NONE).iter()
}

fn single(json: &Json) -> Option<(&str, &Json)> {
    let object = json.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(name, value)| (name.as_str(), value))
}
