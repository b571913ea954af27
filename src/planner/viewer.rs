//! Who is asking, and what they may do.
//!
//! `viewerCan` tells what the rules say, never what a field holds: the same answer as an attempt with `dryRun` would give, one
//! row at a time. It decides what the row alone can decide. An update rule that also asks of the changed row is taken to be
//! met by some change; rules of single fields, constraints and the rules of rows that a delete takes along are left to the
//! mutation, which decides again. Sub-reads of rules see what the rule's author sees, as everywhere.

use crate::base::{FieldName, ScalarType};
use crate::catalog::{Collection, MutationKind};
use crate::planner::place::Place;
use crate::planner::row::label;
use crate::planner::viewed::Viewed;
use crate::planner::{
    ColumnOutput, ColumnShape, GuardedColumn, Output, OutputField, PlanError, Planner, ReadPlan, ReadRoot, SelectedField,
    Selection, ToOnePlan,
};
use crate::policy::{Operation, Predicate};
use crate::sql::Label;
use uuid::Uuid;

/// The caller, as a row of columns `id`, `email`, `role` and `team_id`.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewerPlan {
    /// The user's id.
    pub id: Option<Uuid>,
    /// The user's mail address.
    pub email: Option<String>,
    /// The role.
    pub role: String,
    /// The user's team.
    pub team: Option<Uuid>,
    /// What to show. `user` and `team` are rows like any other, under their read rules.
    pub fields: Vec<OutputField>,
}

/// A field of `viewerCan` or of the viewer's `can`.
#[derive(Clone, Debug, PartialEq)]
pub enum CanField {
    /// `__typename`
    Typename(&'static str),
    /// Whether this holds of the row; of the viewer's `can`, always or never.
    Allowed(Predicate),
}

impl Planner<'_> {
    /// Plans `viewer`.
    ///
    /// # Errors
    /// [`PlanError`] of an argument below.
    pub fn plan_viewer(&self, selected: &SelectedField) -> Result<ReadPlan, PlanError> {
        let mut masked = Vec::new();
        let place = Place::root(&selected.key);
        let mut fields = Vec::with_capacity(selected.selection.0.len());
        for field in &selected.selection.0 {
            let output = self.plan_viewer_field(field, &place.below(&field.key), &mut masked)?;
            fields.push(OutputField { key: label(&field.key)?, name: FieldName::new(&field.name), output });
        }
        let actor = self.actor;
        let rows_at_most = self.bounded_fields(&fields)?;
        let mut viewed = Viewed::default();
        self.note_fields(&fields, &mut viewed);
        let user = self.catalog.find_collection("User");
        let view = user.and_then(|user| viewed.into_record(user, actor.id));
        let plan =
            ViewerPlan { id: actor.id, email: actor.email.clone(), role: actor.role.to_string(), team: actor.team, fields };
        Ok(ReadPlan { root: ReadRoot::Viewer(Box::new(plan)), view, rows_at_most, masked })
    }

    fn plan_viewer_field(
        &self,
        selected: &SelectedField,
        place: &Place<'_>,
        masked: &mut Vec<String>,
    ) -> Result<Output, PlanError> {
        let column = |name, scalar| {
            let column = GuardedColumn::open(name, scalar);
            Ok(Output::Column(ColumnOutput { column, shape: ColumnShape::Plain, mask: None }))
        };
        let mut row = |type_name, key| {
            let unknown = || PlanError::argument(place.to_string(), format!("there is no `{type_name}`"));
            let collection = self.catalog.find_collection(type_name).ok_or_else(unknown)?;
            let row = self.plan_row(self.readable(collection.id), &selected.selection, place, masked)?;
            Ok(Output::ToOne(Box::new(ToOnePlan { key: GuardedColumn::open(key, ScalarType::Id), row })))
        };
        match selected.name.as_str() {
            "__typename" => Ok(Output::Typename(crate::base::TypeName::new("Viewer"))),
            "id" => column("id", ScalarType::Id),
            "email" => column("email", ScalarType::Email),
            "role" => column("role", ScalarType::String),
            "team" => row("Team", "team_id"),
            "user" => row("User", "id"),
            "can" => Ok(Output::ViewerCan(self.plan_actions(&selected.selection)?)),
            other => Err(PlanError::argument(place.to_string(), format!("`Viewer` has no field `{other}`"))),
        }
    }

    /// Plans `can`: what needs no row to be asked about.
    fn plan_actions(&self, selection: &Selection) -> Result<Vec<(Label, CanField)>, PlanError> {
        let can = |field: &SelectedField| {
            let planned = match field.name.as_str() {
                "__typename" => CanField::Typename("ViewerActions"),
                name => {
                    let unknown = || PlanError::argument("can", format!("there is no field `{name}`"));
                    let answers = self.catalog.collections.iter().find_map(|collection| self.may_act(collection, name));
                    CanField::Allowed(if answers.ok_or_else(unknown)? { Predicate::Always } else { Predicate::Never })
                }
            };
            Ok((label(&field.key)?, planned))
        };
        selection.0.iter().map(can).collect()
    }

    /// Whether the caller may do this with some row of the collection; `None` if it is about another collection. A create rule
    /// that depends on the row may allow one row and refuse another.
    fn may_act(&self, collection: &Collection, name: &str) -> Option<bool> {
        if name.strip_prefix("create") == Some(collection.name.as_str()) {
            let is_offered = collection.mutations.contains(&MutationKind::Create);
            let rule = self.rules.solve(collection.id, Operation::Create, self.actor, self.request);
            return Some(is_offered && !rule.is_never());
        }
        let is_export = name.strip_prefix("export").is_some_and(|rest| is_capitalized(rest, collection.plural.as_str()));
        is_export.then(|| self.rules.solve_export(collection.id, self.actor, self.request).is_always())
    }

    /// Plans `viewerCan`: what the rules say of the row as it is, in the statement that shows it.
    pub(crate) fn plan_viewer_can(
        &self,
        collection: &Collection,
        selection: &Selection,
    ) -> Result<Vec<(Label, CanField)>, PlanError> {
        let can = |field: &SelectedField| {
            let planned = match field.name.as_str() {
                "__typename" => CanField::Typename("ViewerCan"),
                "update" => CanField::Allowed(self.allowed(collection, MutationKind::Update, Operation::Update)),
                "delete" => CanField::Allowed(self.allowed(collection, MutationKind::Delete, Operation::Delete)),
                other => return Err(PlanError::argument("viewerCan", format!("there is no field `{other}`"))),
            };
            Ok((label(&field.key)?, planned))
        };
        selection.0.iter().map(can).collect()
    }

    /// The rows on which the caller may do this, as far as the row itself decides: of an update rule that also looks at the
    /// changed row, what it asks of that is taken for granted, because some change may fulfil it.
    fn allowed(&self, collection: &Collection, kind: MutationKind, operation: Operation) -> Predicate {
        if !collection.mutations.contains(&kind) {
            return Predicate::Never;
        }
        self.rules.solve(collection.id, operation, self.actor, self.request).of_stored_row()
    }
}

/// Whether a text is a name with its first letter made great: `Tickets` of `tickets`.
fn is_capitalized(text: &str, name: &str) -> bool {
    let (mut text, mut name) = (text.chars(), name.chars());
    text.next() == name.next().map(|first| first.to_ascii_uppercase()) && text.as_str() == name.as_str()
}
