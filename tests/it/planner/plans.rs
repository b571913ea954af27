//! From an operation's text to its plans and their SQL, without a database.

use crate::planner::layout;
use crate::support::database::compile;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use chrono::DateTime;
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;
use std::fmt::Debug;
use toolcrib::base::{Actor, AuthMethod, Fault, RequestContext, RoleName};
use toolcrib::catalog::Catalog;
use toolcrib::graphql::api::{self, Api, RootField};
use toolcrib::graphql::collect::collect;
use toolcrib::planner::to_sql::{
    ChangeStatement, WholeChange, choose_for_delete, choose_for_update, create_statement, delete_statement, export_statement,
    find_by_keys_for_update, read_statement, update_statement, whole_create, whole_update,
};
use toolcrib::planner::{
    ChangedRow, CursorKey, DeletePlan, MaskKey, PlanError, Planner, PlannerSettings, RowUpdate, SelectedField, ShareRequest,
    UpdatePlan, UpsertBranches, UpsertPlan, UpsertRequest,
};
use toolcrib::policy::RuleBook;
use toolcrib::sql::{Query, Statement};
use uuid::Uuid;

/// A schema with everything that a plan is made from.
pub struct Tool {
    pub catalog: Catalog,
    pub rules: RuleBook,
    pub settings: PlannerSettings,
    api: Api,
    schema: Valid<Schema>,
}

impl Tool {
    /// Compiles a schema.
    pub fn new(schema: &str) -> Self {
        let (catalog, rules) = compile(schema);
        let api = api::build(&catalog, &rules).unwrap();
        let schema = Schema::parse_and_validate(api.schema.sdl(), "api.graphql").unwrap();
        let settings = PlannerSettings {
            page_size: 50,
            max_page_size: 500,
            max_rows: 250_000,
            cursor_key: CursorKey::new("key".into()),
            mask_key: MaskKey::new(b"key"),
        };
        Self { catalog, rules, settings, api, schema }
    }

    /// The root fields of an operation.
    pub fn fields(&self, operation: &str) -> Vec<SelectedField> {
        let document = ExecutableDocument::parse_and_validate(&self.schema, operation, "operation.graphql").unwrap();
        let operation = document.operations.get(None).unwrap();
        collect(&document, &operation.selection_set, &Default::default()).unwrap().0
    }

    /// The plan of a root field.
    pub fn plan(&self, actor: &Actor, field: &SelectedField) -> Result<Planned, PlanError> {
        let request = request();
        let Self { catalog, rules, settings, .. } = self;
        let planner = Planner { catalog, rules, actor, request: &request, settings };
        let text = |name| field.text_argument(name);
        let input = |name| field.argument(name).and_then(Json::as_object).cloned().unwrap_or_default();
        let list = |name| field.argument(name).and_then(Json::as_array).cloned().unwrap_or_default();
        let version = field.argument("ifVersion").and_then(Json::as_i64).map(|version| version as i32);
        Ok(match self.api.root_fields[&field.name] {
            RootField::One(collection) => Planned::read(&planner, planner.plan_read_one(collection, field)?),
            RootField::By(collection) => Planned::read(&planner, planner.plan_read_by(collection, field)?),
            RootField::Node => Planned::read(&planner, planner.plan_read_node(field)?),
            RootField::Viewer => Planned::read(&planner, planner.plan_viewer(field)?),
            RootField::Many(collection) => Planned::read(&planner, planner.plan_read_many(collection, field)?),
            RootField::Aggregate(collection) => Planned::read(&planner, planner.plan_read_aggregate(collection, field)?),
            RootField::Create(collection) => {
                let plan = planner.plan_create(collection, &input("input"), text("reason"))?;
                let statement = create_statement(&planner, &plan);
                Planned::change(&plan, statement, random(&plan.rows)).or_whole(whole_create(&planner, &plan))
            }
            RootField::Update(collection) => {
                let set: Map<String, Json> = input("set");
                let asked = RowUpdate { id: text("id").unwrap(), set: &set, if_version: version };
                let plan = planner.plan_update(collection, asked, text("reason"))?;
                let statement = update_statement(&planner, &plan);
                Planned::change(&plan, statement, random(&plan.rows)).or_whole(whole_update(&planner, &plan))
            }
            RootField::Delete(collection) => {
                let plan = planner.plan_delete(collection, text("id").unwrap(), version, text("reason"))?;
                Planned::change(&plan, delete_statement(&planner, &plan), random(&plan.rows))
            }
            RootField::CreateMany(collection) => {
                let inputs = list("inputs");
                let inputs: Vec<_> = inputs.iter().map(|input| input.as_object().unwrap()).collect();
                let plan = planner.plan_creates(collection, &inputs, text("reason"))?;
                Planned::change(&plan, create_statement(&planner, &plan), random(&plan.rows))
            }
            RootField::UpdateListed(collection) => {
                let updates = list("updates");
                let updates = updates.iter().map(|update| RowUpdate {
                    id: update["id"].as_str().unwrap(),
                    set: update["set"].as_object().unwrap(),
                    if_version: update.get("ifVersion").and_then(Json::as_i64).map(|version| version as i32),
                });
                let plan = planner.plan_updates(collection, &updates.collect::<Vec<_>>(), text("reason"))?;
                Planned::change(&plan, update_statement(&planner, &plan), random(&plan.rows))
            }
            RootField::UpdateMany(collection) => {
                let choice =
                    planner.plan_choice(collection, &field.arguments["where"], field.arguments["atMost"].as_i64().unwrap())?;
                let choosing = choose_for_update(&choice);
                let plan = planner.plan_update_chosen(collection, choice, &input("set"), text("reason"))?;
                let plan = UpdatePlan { rows: chosen(), ..plan };
                Planned::change(&plan, update_statement(&planner, &plan), random(&plan.rows)).after(choosing)
            }
            RootField::DeleteListed(collection) => {
                let ids = list("ids");
                let ids: Vec<&str> = ids.iter().map(|id| id.as_str().unwrap()).collect();
                let plan = planner.plan_deletes(collection, &ids, text("reason"))?;
                Planned::change(&plan, delete_statement(&planner, &plan), random(&plan.rows))
            }
            RootField::DeleteMany(collection) => {
                let choice =
                    planner.plan_choice(collection, &field.arguments["where"], field.arguments["atMost"].as_i64().unwrap())?;
                let choosing = choose_for_delete(&choice);
                let plan = planner.plan_delete_chosen(collection, choice, text("reason"))?;
                let plan = DeletePlan { rows: chosen(), ..plan };
                Planned::change(&plan, delete_statement(&planner, &plan), random(&plan.rows)).after(choosing)
            }
            RootField::Upsert(collection) => {
                let (by, create, update) = (input("by"), input("create"), input("update"));
                let asked = UpsertRequest { by: &by, create: &create, update: &update };
                Planned::upsert(&planner, planner.plan_upsert(collection, asked, text("reason"))?)?
            }
            RootField::UpsertMany(collection) => {
                let upserts = list("upserts");
                let asked = upserts.iter().map(|upsert| UpsertRequest {
                    by: upsert["by"].as_object().unwrap(),
                    create: upsert["create"].as_object().unwrap(),
                    update: upsert["update"].as_object().unwrap(),
                });
                let plan = planner.plan_upserts(collection, &asked.collect::<Vec<_>>(), text("reason"))?;
                Planned::upsert(&planner, plan)?
            }
            RootField::Export(collection) => {
                let plan = planner.plan_export(
                    collection,
                    field.argument("where").unwrap_or(&Json::Null),
                    field.text_argument("search"),
                    1000,
                )?;
                Planned { plan: format!("{plan:#?}"), queries: vec![export_statement(&plan)], random: Vec::new(), whole: None }
            }
            RootField::Share(collection) => {
                let with = input("with");
                let request = ShareRequest {
                    collection,
                    id: text("id").unwrap(),
                    with: &with,
                    level: text("level").unwrap(),
                    expires_at: text("expiresAt").map(|time| time.parse().unwrap()),
                };
                let plan = planner.plan_share(&request, text("reason"))?;
                Planned::change(&plan, create_statement(&planner, &plan), random(&plan.rows))
            }
            RootField::RevokeShare => {
                let plan = planner.plan_revoke_share(text("id").unwrap(), text("reason"))?;
                Planned::change(&plan, update_statement(&planner, &plan), random(&plan.rows))
            }
            RootField::PolicyExplain | RootField::CreateToken | RootField::RotateToken | RootField::RevokeToken => {
                unreachable!("tokens are planned where their secrets are made, explanations where they are told")
            }
        })
    }

    /// What a case expects of an operation: plan, SQL and binds of each root field.
    pub fn describe(&self, actor: &Actor, operation: &str) -> String {
        let fields = self.fields(operation);
        let described = fields.iter().map(|field| match self.plan(actor, field) {
            Ok(planned) => format!("# {}\n\n{}", field.key, planned.describe()),
            Err(error) => format!("# {}\n\n{}: {error}\n", field.key, error.code().as_str()),
        });
        described.collect::<Vec<_>>().join("\n")
    }
}

/// A plan with its statements.
pub struct Planned {
    plan: String,
    pub queries: Vec<Query>,
    /// Ids that are new each time, and what to call them.
    random: Vec<(Uuid, &'static str)>,
    /// How the change answers that is over with its statement; the rest of it is the same.
    whole: Option<WholeChange>,
}

impl Planned {
    fn read(planner: &Planner<'_>, plan: toolcrib::planner::ReadPlan) -> Self {
        let random = plan.view.iter().map(|view| (view.event_id, "event")).collect();
        Self { plan: format!("{plan:#?}"), queries: vec![read_statement(planner, &plan)], random, whole: None }
    }

    fn change(plan: &impl Debug, statement: ChangeStatement, random: Vec<(Uuid, &'static str)>) -> Self {
        let queries = [statement.change].into_iter().chain(statement.after).collect();
        Self { plan: format!("{plan:#?}"), queries, random, whole: None }
    }

    /// With the form in which it is over with its statement.
    fn or_whole(self, whole: Option<WholeChange>) -> Self {
        Self { whole, ..self }
    }

    /// An upsert of which the first row is there.
    fn upsert(planner: &Planner<'_>, plan: UpsertPlan) -> Result<Self, PlanError> {
        let finding = find_by_keys_for_update(&plan.search);
        let handles = plan.search.handles.iter().flat_map(|row| [(row.id, "handle"), (row.event_id, "unused")]);
        let handles: Vec<_> = handles.collect();
        let stored = |index: usize| (index == 0 && plan.values.len() > 1).then(|| Uuid::from_u128(0xc1));
        let found: Vec<_> = (0..plan.values.len()).map(stored).collect();
        let UpsertBranches { update, create, .. } = planner.plan_branches(plan, &found)?;
        let create = create.expect("a row is new");
        let changing = update.map(|update| (update_statement(planner, &update).change, random(&update.rows)));
        let random = [random(&create.rows), handles].concat();
        let planned = Self::change(&create, create_statement(planner, &create), random);
        let Some((changing, events)) = changing else { return Ok(planned.after(finding)) };
        let planned = planned.after(changing).after(finding);
        Ok(Self { random: [planned.random, events].concat(), ..planned })
    }

    /// With a statement that comes before.
    fn after(mut self, query: Query) -> Self {
        self.queries.insert(0, query);
        self
    }

    /// The texts of the statements.
    pub fn texts(&self) -> Vec<String> {
        self.queries.iter().map(|query| Statement::of(query).unwrap().text().to_owned()).collect()
    }

    fn describe(&self) -> String {
        let mut text = format!("{}\n", self.plan);
        for query in &self.queries {
            let rendered = Statement::of(query).unwrap();
            assert_eq!(named_tables(rendered.text()), rendered.tables().iter().map(ToString::to_string).collect());
            let shown = rendered.show();
            let (statement, binds) = shown.split_once(" -- binds: ").unwrap();
            text += &format!("\n{}\n\n{}", layout::statement(statement), layout::list(binds));
        }
        if let Some(WholeChange { change, admission }) = &self.whole {
            assert_eq!(change.ctes, self.queries[0].ctes);
            let body = Statement::of(&Query { ctes: Vec::new(), body: change.body.clone() }).unwrap();
            text += &format!("\nor, over with its statement ({admission:?}):\n\n{}\n", layout::statement(body.text()));
        }
        self.random.iter().fold(text, |text, (id, name)| text.replace(&id.to_string(), &format!("<{name}>")))
    }
}

/// What stands in a text as `"schema"."table"`; no other name with a dot in it is quoted on both sides.
fn named_tables(text: &str) -> BTreeSet<String> {
    let names = text.match_indices("\".\"").filter_map(|(place, between)| {
        let (before, after) = (&text[..place], &text[place + between.len()..]);
        Some(format!("{}.{}", before.rsplit('"').next()?, after.split('"').next()?))
    });
    names.collect()
}

/// Rows as if a filter had found them.
fn chosen() -> Vec<ChangedRow> {
    [0xc1, 0xc2].map(|id| ChangedRow::new(Uuid::from_u128(id))).into()
}

/// The ids of rows and events. Those of rows that the operation itself names are no other the next time.
fn random(rows: &[ChangedRow]) -> Vec<(Uuid, &'static str)> {
    let is_new = |id: &Uuid| id.get_version_num() == 7;
    rows.iter().flat_map(|row| [(row.id, "new row"), (row.event_id, "event")]).filter(|(id, _)| is_new(id)).collect()
}

/// An actor with a role; its own id and team end in 1.
pub fn actor(role: &str) -> Actor {
    let team = Uuid::from_u128(0x7ea << 64 | 1);
    Actor {
        id: Some(Uuid::from_u128(0x5e1f << 64 | 1)),
        email: Some("me@demo.test".to_owned()),
        role: RoleName::new(role),
        team: Some(team),
        teams: vec![team],
        is_active: true,
        auth_method: AuthMethod::Token,
        is_mfa: false,
        authenticated_at: None,
        service: None,
        scope: toolcrib::base::Scope::Full,
        acted_by: None,
    }
}

fn request() -> RequestContext {
    RequestContext {
        request_id: Uuid::from_u128(0xeadu128 << 64),
        ip_address: Some([192, 0, 2, 1].into()),
        user_agent: Some("tests".to_owned()),
        time: DateTime::UNIX_EPOCH,
    }
}
