//! Queries of every kind over the support desk: single rows, pages, filters, orders, counts, relations in each other.

use crate::stage::{Stage, TOOL};
use anyhow::Result;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use std::path::Path;
use std::sync::Arc;
use toolcrib::app::Tool;
use toolcrib::base::ScalarType;
use toolcrib::catalog::{Catalog, Collection, Field, FieldKind};
use toolcrib::config::{Overrides, Settings};

/// The collections that queries begin at; the large ones more often.
const ROOTS: [&str; 8] = ["Ticket", "Ticket", "Ticket", "TicketEvent", "TicketEvent", "Customer", "User", "Macro"];

/// Page sizes of root lists, and of lists below.
const PAGES: [u32; 8] = [1, 5, 10, 20, 50, 100, 200, 500];
const PAGES_BELOW: [u32; 4] = [1, 3, 5, 20];

/// Makes queries.
pub(crate) struct Generator {
    catalog: Arc<Catalog>,
    /// Ids of some rows of each root collection.
    ids: Vec<(String, Vec<String>)>,
}

impl Generator {
    /// Reads the schema, and ids to ask for.
    pub(crate) fn new(stage: &Stage) -> Result<Self> {
        let catalog = Tool::load(&Settings::load(Path::new(TOOL), [], &Overrides::default())?)?.catalog;
        let mut ids = Vec::new();
        for name in ROOTS {
            let table = &catalog.find_collection(name).expect("a collection of the support desk").table;
            ids.push((name.to_owned(), stage.sql(&format!("select id from {table} order by md5(id::text) limit 50"))?));
        }
        Ok(Self { catalog, ids })
    }

    /// A query of one to three root fields.
    pub(crate) fn query(&self, random: &mut StdRng) -> String {
        let count = *[1, 1, 1, 2, 3].choose(random).expect("not empty");
        let roots: Vec<String> = (0..count).map(|index| self.root(random, index)).collect();
        format!("{{ {} }}", roots.join(" "))
    }

    fn root(&self, random: &mut StdRng, index: usize) -> String {
        let collection = self.catalog.find_collection(ROOTS.choose(random).expect("not empty")).expect("a collection");
        if random.random_bool(0.15) {
            let ids = self.ids.iter().find(|(name, _)| collection.name == name.as_str()).map(|(_, ids)| ids.as_slice());
            let id = ids.and_then(|ids| ids.choose(random)).map_or("", String::as_str);
            return format!("f{index}: {}(id: \"{id}\") {{ {} }}", collection.singular, self.row(random, collection, 0));
        }
        let mut parts = Vec::new();
        if random.random_bool(0.85) {
            parts.push(format!("nodes {{ {} }}", self.row(random, collection, 0)));
        }
        if random.random_bool(0.3) {
            parts.push("pageInfo { hasNextPage endCursor }".to_owned());
        }
        if parts.is_empty() || random.random_bool(0.25) {
            parts.push("totalCount".to_owned());
        }
        let arguments = self.arguments(random, collection, &PAGES);
        format!("f{index}: {}{arguments} {{ {} }}", collection.plural, parts.join(" "))
    }

    fn row(&self, random: &mut StdRng, collection: &Collection, depth: usize) -> String {
        let mut parts = vec!["id".to_owned()];
        for field in &collection.fields {
            match &field.kind {
                FieldKind::Scalar { .. } | FieldKind::Enum { .. } if random.random_bool(0.4) => {
                    parts.push(field.name.to_string())
                }
                FieldKind::ToOne { target, .. } if depth < 3 && random.random_bool(0.3) => {
                    parts.push(format!("{} {{ {} }}", field.name, self.row(random, self.catalog.collection(*target), depth + 1)));
                }
                FieldKind::ToMany { target, .. } if depth < 2 && random.random_bool(0.2) => {
                    let target = self.catalog.collection(*target);
                    let arguments = self.arguments(random, target, &PAGES_BELOW);
                    parts.push(format!("{}{arguments} {{ {} }}", field.name, self.row(random, target, depth + 2)));
                }
                _ => {}
            }
        }
        parts.join(" ")
    }

    fn arguments(&self, random: &mut StdRng, collection: &Collection, pages: &[u32]) -> String {
        let mut parts = vec![format!("first: {}", pages.choose(random).expect("not empty"))];
        if random.random_bool(0.5) {
            let count = random.random_range(1..3);
            let conditions: Vec<String> = (0..count).filter_map(|_| self.condition(random, collection, 0)).collect();
            parts.push(format!("where: {{ and: [{}] }}", conditions.join(", ")));
        }
        if random.random_bool(0.4) {
            let is_plain =
                |field: &&Field| field.column().is_some() && !field.is_list() && field.stored_scalar() != Some(ScalarType::Json);
            let fields = collection.fields.iter().filter(|field| !matches!(field.kind, FieldKind::ToOne { .. }));
            let fields: Vec<&Field> = fields.filter(is_plain).collect();
            let direction = ["ASC", "DESC"].choose(random).expect("not empty");
            parts.push(format!(
                "orderBy: [{{ {}: {direction} }}]",
                fields.choose(random).expect("every collection has an id").name
            ));
        }
        format!("({})", parts.join(", "))
    }

    fn condition(&self, random: &mut StdRng, collection: &Collection, depth: usize) -> Option<String> {
        let field = collection.fields.choose(random).expect("every collection has fields");
        if field.is_list() {
            return None;
        }
        let test = match &field.kind {
            FieldKind::Enum { enum_id, .. } => {
                let values = &self.catalog.enum_type(*enum_id).values;
                format!("in: [{}]", values.choose(random).expect("an enum has values").name)
            }
            FieldKind::ToOne { target, .. } if depth < 2 => {
                let inner = self.condition(random, self.catalog.collection(*target), depth + 1)?;
                return Some(format!("{{ {}: {inner} }}", field.name));
            }
            FieldKind::Scalar { scalar: ScalarType::String | ScalarType::Email, .. } => {
                let letters = ["a", "er", "CASE-00", "late", "@"].choose(random).expect("not empty");
                format!("{}: \"%{letters}%\"", ["like", "ilike"].choose(random).expect("not empty"))
            }
            FieldKind::Scalar { scalar: ScalarType::DateTime, .. } => {
                format!("{}: \"2026-01-01T00:00:00Z\"", ["lt", "gt"].choose(random).expect("not empty"))
            }
            FieldKind::Scalar { scalar: ScalarType::Boolean, .. } => "eq: true".to_owned(),
            FieldKind::Scalar { scalar: ScalarType::Int | ScalarType::Decimal, .. } => "gte: 2".to_owned(),
            FieldKind::Scalar { .. } | FieldKind::ToOne { .. } => "isNull: false".to_owned(),
            FieldKind::ToMany { .. } => return None,
        };
        Some(format!("{{ {}: {{ {test} }} }}", field.name))
    }
}
