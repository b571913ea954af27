//! A root field that writes, as a plan.

use crate::catalog::CollectionId;
use crate::graphql::api::{AT_MOST, RootField, payload_name};
use crate::graphql::engine::Engine;
use crate::planner::{PlanError, Planner, RowChoice, RowUpdate, SelectedField};
use crate::write::Change;
use serde_json::{Map, Value as Json};

/// A root field that writes.
pub(crate) struct Mutation {
    /// The collection.
    pub(crate) collection: CollectionId,
    /// What it does.
    pub(crate) change: Change,
    /// The type of its payload.
    pub(crate) type_name: String,
    /// Which form the payload has.
    pub(crate) form: MutationForm,
}

/// Whether a mutation is of one row or of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MutationForm {
    /// `createTicket`
    Single,
    /// `createTickets`
    Plural,
}

impl Engine {
    /// Plans a root field that writes.
    ///
    /// # Errors
    /// [`PlanError`] when it is refused before any row is looked at, or makes no sense.
    pub(crate) fn plan_mutation(&self, planner: &Planner<'_>, field: &SelectedField) -> Result<Mutation, PlanError> {
        let root_field = self.api.root_fields.get(&field.name).copied();
        let (collection, verb, form) = match root_field {
            Some(RootField::Create(collection)) => (collection, "create", MutationForm::Single),
            Some(RootField::Update(collection)) => (collection, "update", MutationForm::Single),
            Some(RootField::Delete(collection)) => (collection, "delete", MutationForm::Single),
            Some(RootField::CreateMany(collection)) => (collection, "create", MutationForm::Plural),
            Some(RootField::UpdateMany(collection) | RootField::UpdateListed(collection)) => {
                (collection, "update", MutationForm::Plural)
            }
            Some(RootField::DeleteMany(collection) | RootField::DeleteListed(collection)) => {
                (collection, "delete", MutationForm::Plural)
            }
            _ => return Err(PlanError::argument(&field.name, "is no mutation")),
        };
        let names = planner.catalog.collection(collection);
        let type_name = match form {
            MutationForm::Single => singular_payload_name(verb, names.name.as_str()),
            MutationForm::Plural => payload_name(verb, names),
        };
        let arguments = Arguments { planner, collection, field, reason: field.text_argument("reason") };
        let change = match root_field {
            Some(RootField::Create(_)) => arguments.create()?,
            Some(RootField::CreateMany(_)) => arguments.create_many()?,
            Some(RootField::Update(_)) => arguments.update()?,
            Some(RootField::UpdateListed(_)) => arguments.update_listed()?,
            Some(RootField::UpdateMany(_)) => arguments.update_chosen()?,
            Some(RootField::DeleteListed(_)) => arguments.delete_listed()?,
            Some(RootField::DeleteMany(_)) => arguments.delete_chosen()?,
            _ => arguments.delete()?,
        };
        Ok(Mutation { collection, change, type_name, form })
    }
}

/// The arguments of a root field, on their way to a plan.
struct Arguments<'a> {
    planner: &'a Planner<'a>,
    collection: CollectionId,
    field: &'a SelectedField,
    reason: Option<&'a str>,
}

impl Arguments<'_> {
    fn create(&self) -> Result<Change, PlanError> {
        let input = object(self.field.argument("input"));
        Ok(Change::Create(self.planner.plan_create(self.collection, input, self.reason)?))
    }

    fn create_many(&self) -> Result<Change, PlanError> {
        let inputs: Vec<_> = self.list("inputs").iter().map(|input| object(Some(input))).collect();
        Ok(Change::Create(self.planner.plan_creates(self.collection, &inputs, self.reason)?))
    }

    fn update(&self) -> Result<Change, PlanError> {
        let Self { planner, collection, field, reason } = self;
        let update = RowUpdate {
            id: field.text_argument("id").unwrap_or_default(),
            set: object(field.argument("set")),
            if_version: version(field.argument("ifVersion")),
        };
        Ok(Change::Update(planner.plan_update(*collection, update, *reason)?))
    }

    fn update_listed(&self) -> Result<Change, PlanError> {
        let updates = self.list("updates").iter().map(|update| RowUpdate {
            id: update.get("id").and_then(Json::as_str).unwrap_or_default(),
            set: object(update.get("set")),
            if_version: version(update.get("ifVersion")),
        });
        let updates: Vec<_> = updates.collect();
        Ok(Change::Update(self.planner.plan_updates(self.collection, &updates, self.reason)?))
    }

    fn update_chosen(&self) -> Result<Change, PlanError> {
        let set = object(self.field.argument("set"));
        Ok(Change::Update(self.planner.plan_update_chosen(self.collection, self.choice()?, set, self.reason)?))
    }

    fn delete(&self) -> Result<Change, PlanError> {
        let Self { planner, collection, field, reason } = self;
        let id = field.text_argument("id").unwrap_or_default();
        Ok(Change::Delete(planner.plan_delete(*collection, id, version(field.argument("ifVersion")), *reason)?))
    }

    fn delete_listed(&self) -> Result<Change, PlanError> {
        let ids: Vec<&str> = self.list("ids").iter().map(|id| id.as_str().unwrap_or_default()).collect();
        Ok(Change::Delete(self.planner.plan_deletes(self.collection, &ids, self.reason)?))
    }

    fn delete_chosen(&self) -> Result<Change, PlanError> {
        Ok(Change::Delete(self.planner.plan_delete_chosen(self.collection, self.choice()?, self.reason)?))
    }

    fn choice(&self) -> Result<RowChoice, PlanError> {
        let filter = self.field.argument("where").unwrap_or(&Json::Null);
        let at_most = self.field.argument("atMost").and_then(Json::as_i64).unwrap_or(AT_MOST);
        self.planner.plan_choice(self.collection, filter, at_most)
    }

    /// A list argument; a single value stands for a list of one, as GraphQL says.
    fn list(&self, name: &str) -> &[Json] {
        match self.field.argument(name) {
            Some(Json::Array(elements)) => elements,
            Some(single) => std::slice::from_ref(single),
            None => &[],
        }
    }
}

fn singular_payload_name(verb: &str, name: &str) -> String {
    let mut verb = verb.to_owned();
    verb[..1].make_ascii_uppercase();
    format!("{verb}{name}Payload")
}

fn version(json: Option<&Json>) -> Option<i32> {
    json.and_then(Json::as_i64).and_then(|version| i32::try_from(version).ok())
}

fn object(json: Option<&Json>) -> &Map<String, Json> {
    static EMPTY: std::sync::LazyLock<Map<String, Json>> = std::sync::LazyLock::new(Map::new);
    json.and_then(Json::as_object).unwrap_or(&EMPTY)
}
