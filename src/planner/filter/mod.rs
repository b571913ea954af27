//! `where`: conditions of the caller, always beside the read rule, never instead of it.

use crate::base::{ScalarType, Value};
use crate::catalog::{Collection, Field, FieldKind};
use crate::planner::input::field_value;
use crate::planner::{GuardedColumn, PlanError, Planner, Readable};
use crate::sql::CompareOp;
use serde_json::{Map, Value as Json};

/// A caller's condition on rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them; none holds.
    All(Vec<Filter>),
    /// Any of them; none does not hold.
    Any(Vec<Filter>),
    /// The opposite; null stays null, as in SQL.
    Not(Box<Filter>),
    /// A test of a column. A guarded column counts as null where its guard does not allow.
    Column(GuardedColumn, FilterTest),
    /// The row that a foreign key points to is there for the caller and passes the filter.
    ToOne {
        /// The foreign key.
        key: GuardedColumn,
        /// Its target as the caller may read it.
        target: Readable,
        /// What must hold of the target.
        filter: Box<Filter>,
    },
}

impl Filter {
    /// How many conditions it has. None at all counts as one, too: a list of them is text that PostgreSQL has to read.
    fn size(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::size).sum::<usize>().max(1),
            Self::Not(inner) => inner.size(),
            Self::Column(..) => 1,
            Self::ToOne { filter, .. } => filter.size() + 1,
        }
    }

    /// No condition.
    pub fn none() -> Self {
        Self::All(Vec::new())
    }
}

/// A test of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum FilterTest {
    /// An operator with a value.
    Compare(CompareOp, Value),
    /// One of a list, or none of it.
    In(Value),
    /// `isNull: true`
    IsNull,
    /// `isNull: false`
    IsNotNull,
}

/// The most conditions of one `where`. Each is a bind parameter or a subselect that PostgreSQL has to plan.
const MAX_CONDITIONS: usize = 500;

impl Planner<'_> {
    /// Plans a whole `where` argument.
    ///
    /// # Errors
    /// [`PlanError`] naming the path of the argument that makes no sense, or the limit of conditions.
    pub(crate) fn plan_conditions(&self, collection: &Collection, json: &Json) -> Result<Filter, PlanError> {
        let filter = self.plan_filter(collection, "where", json)?;
        if filter.size() > MAX_CONDITIONS {
            return Err(PlanError::TooManyConditions { limit: MAX_CONDITIONS });
        }
        Ok(filter)
    }

    /// Plans a part of a `where` argument.
    fn plan_filter(&self, collection: &Collection, path: &str, json: &Json) -> Result<Filter, PlanError> {
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
        match refuse_null(path, json)? {
            Json::Array(filters) => filters.iter().map(|filter| self.plan_filter(collection, path, filter)).collect(),
            single => Ok(vec![self.plan_filter(collection, path, single)?]),
        }
    }

    fn plan_field_filter(&self, collection: &Collection, name: &str, path: &str, json: &Json) -> Result<Filter, PlanError> {
        let unknown = || PlanError::argument(path, format!("`{}` has no field `{name}` to filter by", collection.name));
        let field = collection.find_field(name).ok_or_else(unknown)?;
        let tests = json.as_object().ok_or_else(|| PlanError::argument(path, "expected an object of tests"))?;
        let column = self.guarded_column(field).ok_or_else(unknown)?;
        match field.kind {
            FieldKind::ToOne { target, .. } => self.plan_relation_filter(column, self.readable(target), path, tests),
            _ => self.plan_column_filter(field, &column, path, tests),
        }
    }

    fn plan_relation_filter(
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

    fn plan_column_filter(
        &self,
        field: &Field,
        column: &GuardedColumn,
        path: &str,
        tests: &Map<String, Json>,
    ) -> Result<Filter, PlanError> {
        let parts = tests.iter().map(|(operator, json)| {
            let path = format!("{path}.{operator}");
            let test = self.plan_test(field, operator, &path, refuse_null(&path, json)?)?;
            Ok(match (operator.as_str(), test) {
                ("notIn", test) => Filter::Not(Box::new(Filter::Column(column.clone(), test))),
                (_, test) => Filter::Column(column.clone(), test),
            })
        });
        Ok(Filter::All(parts.collect::<Result<_, PlanError>>()?))
    }

    fn plan_test(&self, field: &Field, operator: &str, path: &str, json: &Json) -> Result<FilterTest, PlanError> {
        let value = || field_value(self.catalog, field, path, json);
        let compare = |op| Ok(FilterTest::Compare(op, value()?));
        match operator {
            "eq" => compare(CompareOp::Equal),
            "neq" => compare(CompareOp::NotEqual),
            "lt" => compare(CompareOp::Less),
            "lte" => compare(CompareOp::LessOrEqual),
            "gt" => compare(CompareOp::Greater),
            "gte" => compare(CompareOp::GreaterOrEqual),
            "like" => Ok(FilterTest::Compare(CompareOp::Like, pattern(path, json)?)),
            "ilike" => Ok(FilterTest::Compare(CompareOp::ILike, pattern(path, json)?)),
            "in" | "notIn" => Ok(FilterTest::In(self.plan_list(field, path, json)?)),
            "isNull" => Ok(if read_boolean(path, json)? { FilterTest::IsNull } else { FilterTest::IsNotNull }),
            other => Err(PlanError::argument(path, format!("there is no operator `{other}`"))),
        }
    }

    fn plan_list(&self, field: &Field, path: &str, json: &Json) -> Result<Value, PlanError> {
        let scalar = field.stored_scalar().unwrap_or(ScalarType::String);
        let elements = match json {
            Json::Array(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        };
        let values = elements.iter().map(|element| field_value(self.catalog, field, path, refuse_null(path, element)?));
        Ok(Value::List(scalar, values.collect::<Result<_, _>>()?))
    }
}

/// A pattern of `like`. PostgreSQL refuses one that ends in a lone backslash, so it is refused here, by name.
fn pattern(path: &str, json: &Json) -> Result<Value, PlanError> {
    let text = json.as_str().unwrap_or_default();
    let trailing = text.chars().rev().take_while(|character| *character == '\\').count();
    if trailing % 2 == 1 {
        return Err(PlanError::argument(path, "the pattern ends with a lone `\\`; write `\\\\` for a backslash"));
    }
    Value::parse(ScalarType::String, text).map_err(|source| PlanError::Value { argument: path.to_owned(), source })
}

/// A null where a condition is expected is refused: it would silently mean "no condition" where a value is missing.
fn refuse_null<'j>(path: &str, json: &'j Json) -> Result<&'j Json, PlanError> {
    if json.is_null() {
        return Err(PlanError::argument(path, "null is no condition; leave it out, or use `isNull: true`"));
    }
    Ok(json)
}

fn read_boolean(path: &str, json: &Json) -> Result<bool, PlanError> {
    json.as_bool().ok_or_else(|| PlanError::argument(path, "expected true or false"))
}
