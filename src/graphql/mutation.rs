//! A root field that writes, as a plan.

use crate::catalog::CollectionId;
use crate::graphql::api::{AT_MOST, RootField, payload_name};
use crate::graphql::engine::Engine;
use crate::graphql::share::{plan_revocation, plan_share};
use crate::graphql::token::TokenChange;
use crate::planner::{PlanError, Planner, RowChoice, RowUpdate, SelectedField, UpsertRequest};
use crate::write::Change;
use serde_json::{Map, Value as Json};

/// What a root field that writes is about.
pub(crate) struct Shape {
    /// The collection.
    pub(crate) collection: CollectionId,
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
    /// What a root field that writes is about.
    ///
    /// # Errors
    /// [`PlanError`] for a field that does not write.
    pub(crate) fn shape_of(&self, planner: &Planner<'_>, field: &SelectedField) -> Result<Shape, PlanError> {
        use MutationForm::{Plural, Single};
        if let Some(shape) = self.shape_of_token(planner, field).or_else(|| self.shape_of_share(planner, field)) {
            return Ok(shape);
        }
        use RootField::{
            Create, CreateMany, Delete, DeleteListed, DeleteMany, Update, UpdateListed, UpdateMany, Upsert, UpsertMany,
        };
        let (collection, verb, form) = match self.api.root_fields.get(&field.name).copied() {
            Some(Create(collection)) => (collection, "create", Single),
            Some(Update(collection)) => (collection, "update", Single),
            Some(Delete(collection)) => (collection, "delete", Single),
            Some(Upsert(collection)) => (collection, "upsert", Single),
            Some(UpsertMany(collection)) => (collection, "upsert", Plural),
            Some(CreateMany(collection)) => (collection, "create", Plural),
            Some(UpdateMany(collection) | UpdateListed(collection)) => (collection, "update", Plural),
            Some(DeleteMany(collection) | DeleteListed(collection)) => (collection, "delete", Plural),
            _ => return Err(is_no_mutation(field)),
        };
        let names = planner.catalog.collection(collection);
        let type_name = match form {
            Single => singular_payload_name(verb, names.name.as_str()),
            Plural => payload_name(verb, names),
        };
        Ok(Shape { collection, type_name, form })
    }

    fn shape_of_token(&self, planner: &Planner<'_>, field: &SelectedField) -> Option<Shape> {
        let verb = match self.token_change(field)? {
            TokenChange::Create => "create",
            TokenChange::Rotate => "rotate",
            TokenChange::Revoke => "revoke",
        };
        let collection = planner.catalog.find_collection("ServiceToken")?;
        let type_name = singular_payload_name(verb, collection.name.as_str());
        Some(Shape { collection: collection.id, type_name, form: MutationForm::Single })
    }

    fn shape_of_share(&self, planner: &Planner<'_>, field: &SelectedField) -> Option<Shape> {
        let shares = planner.catalog.record_shares()?;
        let type_name = match self.api.root_fields.get(&field.name)? {
            RootField::Share(collection) => singular_payload_name("share", planner.catalog.collection(*collection).name.as_str()),
            RootField::RevokeShare => singular_payload_name("revoke", shares.name.as_str()),
            _ => return None,
        };
        Some(Shape { collection: shares.id, type_name, form: MutationForm::Single })
    }

    /// Plans what a root field does.
    ///
    /// # Errors
    /// [`PlanError`] when it is refused before any row is looked at, or makes no sense.
    pub(crate) fn plan_change(&self, planner: &Planner<'_>, field: &SelectedField) -> Result<Change, PlanError> {
        let reason = field.text_argument("reason");
        let arguments = |collection| Arguments { planner, collection, field, reason };
        match self.api.root_fields.get(&field.name).copied() {
            Some(RootField::Create(collection)) => arguments(collection).create(),
            Some(RootField::CreateMany(collection)) => arguments(collection).create_many(),
            Some(RootField::Update(collection)) => arguments(collection).update(),
            Some(RootField::UpdateListed(collection)) => arguments(collection).update_listed(),
            Some(RootField::UpdateMany(collection)) => arguments(collection).update_chosen(),
            Some(RootField::Delete(collection)) => arguments(collection).delete(),
            Some(RootField::DeleteListed(collection)) => arguments(collection).delete_listed(),
            Some(RootField::DeleteMany(collection)) => arguments(collection).delete_chosen(),
            Some(RootField::Upsert(collection)) => arguments(collection).upsert(),
            Some(RootField::UpsertMany(collection)) => arguments(collection).upsert_many(),
            Some(RootField::Share(collection)) => plan_share(planner, collection, field),
            Some(RootField::RevokeShare) => plan_revocation(planner, field),
            _ => Err(is_no_mutation(field)),
        }
    }
}

fn is_no_mutation(field: &SelectedField) -> PlanError {
    PlanError::argument(&field.name, "is no mutation")
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

    fn upsert_many(&self) -> Result<Change, PlanError> {
        let upserts = self.list("upserts").iter().map(|upsert| {
            let member = |name| object(upsert.get(name));
            UpsertRequest { by: member("by"), create: member("create"), update: member("update") }
        });
        let upserts: Vec<_> = upserts.collect();
        Ok(Change::Upsert(Box::new(self.planner.plan_upserts(self.collection, &upserts, self.reason)?)))
    }

    fn upsert(&self) -> Result<Change, PlanError> {
        let argument = |name| object(self.field.argument(name));
        let request = UpsertRequest { by: argument("by"), create: argument("create"), update: argument("update") };
        Ok(Change::Upsert(Box::new(self.planner.plan_upsert(self.collection, request, self.reason)?)))
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
