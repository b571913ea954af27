//! Writes changes that are tried and undone, and exports: their answers and refusals tell no more than a query's.
//!
//! Kept out, because it depends on hidden rows by its nature: a value of a `@unique` field that a hidden row has (it is taken),
//! and the deletion of a row to which hidden rows point (they are in the way). Of a new row, what differs from one moment to the
//! next is not asked for: its id, its times, and what a sequence numbers.

use crate::policy::interference::writer::{Form, Operation, Writer, literal};
use apollo_compiler::ast::InputValueDefinition;
use rand::Rng;
use rand::seq::IndexedRandom;
use toolcrib::catalog::{Collection, FieldKind};

impl Writer<'_> {
    /// A change of some row, or of the rows that a filter finds.
    pub fn dry_run(&mut self) -> Operation {
        self.tally.note("channel dry run");
        loop {
            let collection = self.collection();
            let (ty, plural) = (collection.name.as_str(), capitalized(collection.plural.as_str()));
            let id = self.id(ty);
            let (name, arguments, answer) = match self.random.random_range(0..5) {
                0 => {
                    let input = self.input(&format!("Create{ty}Input"), ty);
                    (format!("create{ty}"), format!("input: {input}"), self.one(collection))
                }
                1 | 2 => {
                    let set = self.input(&format!("Update{ty}Input"), ty);
                    (format!("update{ty}"), format!("id: \"{id}\", set: {set}"), self.one(collection))
                }
                3 => {
                    let filter = self.filter(&format!("{ty}Filter"), ty, 1);
                    let set = self.input(&format!("Update{ty}Input"), ty);
                    let arguments = format!("where: {filter}, set: {set}, atMost: {}", self.random.random_range(1..9));
                    (format!("update{plural}"), arguments, format!("count {} {{ id }}", collection.plural))
                }
                _ => (format!("delete{ty}"), format!("id: \"{id}\""), format!("{} {{ id }}", collection.singular)),
            };
            let is_offered = self.types.get_object("Mutation").unwrap().fields.contains_key(name.as_str());
            if !is_offered || (name.starts_with("delete") && self.is_pointed_to_in_hiding(collection)) {
                continue;
            }
            self.tally.note(format!("dry run {}", name.split(char::is_uppercase).next().unwrap()));
            let text =
                format!("mutation {{ done: {name}({arguments}, dryRun: true, reason: \"trial\") {{ {answer} auditEventId }} }}");
            let text = if name == format!("update{plural}") { text.replace(" auditEventId", " auditEventIds") } else { text };
            return Operation { text, form: Form::Plain };
        }
    }

    /// An export of the rows that a filter finds; `None` if the tool exports nothing.
    pub fn export(&mut self) -> Option<Operation> {
        let exported: Vec<&Collection> =
            self.catalog.collections.iter().filter(|collection| collection.export.is_some()).collect();
        let collection = exported.choose(&mut self.random)?;
        let ty = collection.name.as_str();
        let filter = if self.chance(0.7) { self.filter(&format!("{ty}Filter"), ty, 1) } else { "{}".to_owned() };
        self.tally.note("channel export");
        let name = format!("export{}", capitalized(collection.plural.as_str()));
        let text = format!(
            "mutation {{ done: {name}(where: {filter}, format: CSV, reason: \"trial\") {{ export {{ id status rowCount }} }} }}"
        );
        Some(Operation { text, form: Form::Export })
    }

    /// The row of the answer, with what is the same whenever it is asked for.
    fn one(&mut self, collection: &Collection) -> String {
        let fields = collection.fields.iter().filter(|field| {
            let is_moving = ["id", "createdAt", "updatedAt"].iter().any(|moving| field.name == *moving);
            !is_moving && field.sequence.is_none() && !matches!(field.kind, FieldKind::ToMany { .. })
        });
        let fields: Vec<String> = fields
            .map(|field| match field.kind {
                FieldKind::ToOne { .. } => format!("{} {{ id }}", field.name),
                _ => field.name.to_string(),
            })
            .collect();
        let count = self.random.random_range(1..=fields.len());
        let chosen: Vec<String> = fields.choose_multiple(&mut self.random, count).cloned().collect();
        format!("{} {{ {} }}", collection.singular, chosen.join(" "))
    }

    /// Values for what has to be given and some of the rest.
    fn input(&mut self, input: &str, ty: &str) -> String {
        let Some(declared) = self.types.get_input_object(input) else { return "{}".to_owned() };
        let fields: Vec<&InputValueDefinition> = declared.fields.values().map(|field| &***field).collect();
        let chosen = fields.choose(&mut self.random).map(|field| field.name.clone());
        let mut parts = Vec::new();
        for field in fields {
            let is_needed = field.ty.is_non_null() && field.default_value.is_none();
            if is_needed || Some(&field.name) == chosen.as_ref() || self.chance(0.15) {
                parts.extend(self.given(field, ty));
            }
        }
        format!("{{{}}}", parts.join(", "))
    }

    fn given(&mut self, declared: &InputValueDefinition, ty: &str) -> Option<String> {
        let field = self.catalog.find_collection(ty)?.find_field(&declared.name)?;
        let type_name = declared.ty.inner_named_type().as_str();
        let value = match field.kind {
            FieldKind::ToMany { .. } => return None,
            FieldKind::ToOne { target, .. } => {
                let target = self.catalog.collection(target).name.to_string();
                format!("{{id: \"{}\"}}", self.id(&target))
            }
            _ if field.is_unique => {
                let seen = self.pools.seen_row(&mut self.random, ty).map(|row| row.values[field.name.as_str()].clone());
                seen.map(|value| literal(type_name, &value))?
            }
            _ => literal(type_name, &self.pools.value(&mut self.random, ty, &field.name.to_string())?),
        };
        Some(format!("{}: {value}", declared.name))
    }

    /// Whether rows that the caller does not see may point to rows of the collection.
    fn is_pointed_to_in_hiding(&self, collection: &Collection) -> bool {
        self.catalog.collections.iter().any(|other| {
            let points_here = |field: &toolcrib::catalog::Field| {
                matches!(field.kind, FieldKind::ToOne { target, .. } if target == collection.id)
            };
            other.fields.iter().any(points_here) && self.pools.hides(&other.name.to_string())
        })
    }
}

fn capitalized(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
