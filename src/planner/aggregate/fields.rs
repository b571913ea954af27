//! Planning an aggregate: its selected fields, and what they need.

use crate::base::{ColumnName, FieldName, ScalarType};
use crate::catalog::{Collection, Field, FieldKind};
use crate::planner::aggregate::{
    AggregateField, AggregateInput, AggregatePlan, GroupKey, KeyField, Measure, MeasureField, MeasureIndex, Statistic,
};
use crate::planner::place::Place;
use crate::planner::row::label;
use crate::planner::{GuardedColumn, PlanError, Planner, SelectedField, ToOnePlan};

/// A plan in the making. Whatever names the same measure twice, in a field and in `having`, gets one column of SQL.
pub(crate) struct AggregateArguments<'p> {
    pub(super) planner: &'p Planner<'p>,
    pub(super) collection: &'p Collection,
    pub(super) inputs: Vec<AggregateInput>,
    pub(super) keys: Vec<GroupKey>,
    pub(super) measures: Vec<Measure>,
}

impl Planner<'_> {
    /// Refuses whoever may not count and compute over the rows of a collection.
    ///
    /// # Errors
    /// [`PlanError::Forbidden`].
    pub(crate) fn refuse_unless_aggregating(&self, collection: &Collection) -> Result<(), PlanError> {
        if self.rules.may_aggregate(collection.id, self.actor, self.request) {
            return Ok(());
        }
        Err(PlanError::Forbidden { operation: "aggregate", collection: collection.name.to_string() })
    }

    /// Plans an aggregate over the rows of a collection.
    ///
    /// # Errors
    /// [`PlanError`] naming the argument that makes no sense.
    pub(crate) fn plan_aggregate(
        &self,
        collection: &Collection,
        selected: &SelectedField,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<AggregatePlan, PlanError> {
        self.refuse_unless_aggregating(collection)?;
        let filter = self.plan_rows(collection, selected)?;
        let mut arguments =
            AggregateArguments { planner: self, collection, inputs: Vec::new(), keys: Vec::new(), measures: Vec::new() };
        arguments.read_keys(selected.argument("groupBy"))?;
        let fields = selected.selection.0.iter().map(|field| {
            let place = place.below(&field.key);
            Ok((label(&field.key)?, arguments.field(field, &place, masked)?))
        });
        let fields = fields.collect::<Result<_, PlanError>>()?;
        let having = arguments.read_having(selected.argument("having"))?;
        let order = arguments.read_order(selected.argument("orderBy"))?;
        let first = self.plan_first(selected)?;
        let AggregateArguments { inputs, keys, measures, .. } = arguments;
        let (source, floor) = (self.readable(collection.id), collection.group_floor());
        Ok(AggregatePlan { source, filter, inputs, keys, measures, having, order, first, floor, fields })
    }
}

impl<'p> AggregateArguments<'p> {
    fn field(
        &mut self,
        selected: &SelectedField,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<AggregateField, PlanError> {
        let name = &self.collection.name;
        let statistic = match selected.name.as_str() {
            "__typename" => return Ok(AggregateField::Typename(format!("{name}Aggregate"))),
            "keys" => return Ok(AggregateField::Keys(self.key_fields(selected, place, masked)?)),
            "count" => return Ok(AggregateField::Measure(self.count())),
            other => statistic(other).ok_or_else(|| PlanError::argument(place.to_string(), "an aggregate has no such field"))?,
        };
        let ty = format!("{name}Aggregate{}", type_suffix(statistic));
        let fields = selected.selection.0.iter().map(|field| {
            let place = place.below(&field.key);
            let planned = match field.name.as_str() {
                "__typename" => MeasureField::Typename(ty.clone()),
                field => MeasureField::Measure(self.measure(statistic, field, &place.to_string())?),
            };
            self.note_mask(&field.name, &place, masked);
            Ok((label(&field.key)?, planned))
        });
        Ok(AggregateField::Measures(fields.collect::<Result<_, PlanError>>()?))
    }

    fn key_fields(
        &mut self,
        selected: &SelectedField,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<Vec<(crate::sql::Label, KeyField)>, PlanError> {
        let fields = selected.selection.0.iter().map(|field| {
            let place = place.below(&field.key);
            Ok((label(&field.key)?, self.key_field(field, &place, masked)?))
        });
        fields.collect()
    }

    fn key_field(
        &mut self,
        selected: &SelectedField,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<KeyField, PlanError> {
        if selected.name == "__typename" {
            return Ok(KeyField::Typename(format!("{}AggregateKeys", self.collection.name)));
        }
        let Some(index) = self.keys.iter().position(|key| self.inputs[key.input].field.as_str() == selected.name) else {
            return Ok(KeyField::NotGrouped);
        };
        self.note_mask(&selected.name, place, masked);
        let field = self.find(&selected.name, &place.to_string())?;
        let FieldKind::ToOne { target, .. } = field.kind else {
            return Ok(KeyField::Value(index));
        };
        let key = GuardedColumn::computed(ColumnName::new(key_label(index)), ScalarType::Id);
        let row = self.planner.plan_row(self.planner.readable(target), &selected.selection, place, masked)?;
        Ok(KeyField::Row(index, Box::new(ToOnePlan { key, row })))
    }

    /// A guarded field counts as null, which the answer says like any masked cell.
    fn note_mask(&self, name: &str, place: &Place<'_>, masked: &mut Vec<String>) {
        if self.inputs.iter().any(|input| input.field.as_str() == name && !input.column.is_open()) {
            masked.push(place.to_string());
        }
    }

    /// `count`
    pub(super) fn count(&mut self) -> MeasureIndex {
        self.add(Measure { statistic: Statistic::Count, input: None, scalar: ScalarType::Int })
    }

    /// A statistic of a field.
    pub(super) fn measure(&mut self, statistic: Statistic, name: &str, path: &str) -> Result<MeasureIndex, PlanError> {
        let field = self.find(name, path)?;
        let scalar = match statistic {
            Statistic::Count | Statistic::CountDistinct => field.is_groupable().then_some(ScalarType::Int),
            Statistic::Sum => field.sum_scalar(),
            Statistic::Avg => field.average_scalar(),
            // The least and the greatest value are each one row's own.
            Statistic::Min | Statistic::Max if self.collection.group_floor().is_set() => None,
            Statistic::Min | Statistic::Max => field.extreme_scalar(),
        };
        let scalar = scalar.ok_or_else(|| PlanError::argument(path, "not a field of which this can be computed"))?;
        let input = self.input(field, path)?;
        Ok(self.add(Measure { statistic, input: Some(input), scalar }))
    }

    fn add(&mut self, measure: Measure) -> MeasureIndex {
        let index = self.measures.iter().position(|known| *known == measure).unwrap_or_else(|| {
            self.measures.push(measure);
            self.measures.len() - 1
        });
        MeasureIndex(index)
    }

    /// The place of a field among the inputs.
    pub(super) fn input(&mut self, field: &Field, path: &str) -> Result<usize, PlanError> {
        if let Some(index) = self.inputs.iter().position(|input| input.field == field.name) {
            return Ok(index);
        }
        let column = self.planner.guarded_column(field);
        let column = column.ok_or_else(|| PlanError::argument(path, "not a field that is stored"))?;
        let target = match field.kind {
            FieldKind::ToOne { target, .. } => Some(self.planner.readable(target)),
            _ => None,
        };
        self.inputs.push(AggregateInput { field: FieldName::new(field.name.as_str()), column, target });
        Ok(self.inputs.len() - 1)
    }

    /// A field of the collection.
    pub(super) fn find(&self, name: &str, path: &str) -> Result<&'p Field, PlanError> {
        let unknown = || PlanError::argument(path, format!("`{}` has no field `{name}`", self.collection.name));
        let collection: &'p Collection = self.collection;
        collection.find_field(name).ok_or_else(unknown)
    }
}

/// The label of a key's column.
pub(crate) fn key_label(index: usize) -> String {
    format!("k{index}")
}

/// The statistic that a field of an aggregate shows.
pub(super) fn statistic(name: &str) -> Option<Statistic> {
    Some(match name {
        "countDistinct" => Statistic::CountDistinct,
        "sum" => Statistic::Sum,
        "avg" => Statistic::Avg,
        "min" => Statistic::Min,
        "max" => Statistic::Max,
        _ => return None,
    })
}

fn type_suffix(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Count | Statistic::CountDistinct => "Counts",
        Statistic::Sum => "Sums",
        Statistic::Avg => "Averages",
        Statistic::Min | Statistic::Max => "Values",
    }
}
