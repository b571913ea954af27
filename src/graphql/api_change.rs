//! What became of the API between two versions of its SDL, and whether a client of the old one still works.

use apollo_compiler::ast::{FieldDefinition, InputValueDefinition, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Node, Schema};
use std::fmt;

/// Whether clients that were built against the old API have to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compatibility {
    /// A valid document may no longer be valid, or be answered with what its client does not expect.
    Breaking,
    /// Every old document means what it meant.
    Compatible,
}

/// One change of the API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiChange {
    /// Whether it breaks clients.
    pub compatibility: Compatibility,
    /// What it is: "`Ticket.subject` is gone".
    pub message: String,
}

/// A text that is not the SDL of an API.
#[derive(Debug, thiserror::Error)]
#[error("the SDL cannot be read: {0}")]
pub struct UnreadableSdl(String);

/// Compares two versions of the SDL, what breaks first. Descriptions and the order of things are no changes.
///
/// # Errors
/// [`UnreadableSdl`] if one of them is not GraphQL.
pub fn compare(old: &str, new: &str) -> Result<Vec<ApiChange>, UnreadableSdl> {
    let read = |text: &str| Schema::parse(text, "api.graphql").map_err(|errors| UnreadableSdl(errors.to_string()));
    let (old, new) = (read(old)?, read(new)?);
    let mut changes = Changes::default();
    for (name, before) in &old.types {
        match new.types.get(name) {
            Some(after) => changes.compare_types(before, after),
            None => changes.breaking(format_args!("the type `{name}` is gone")),
        }
    }
    for name in new.types.keys().filter(|name| !old.types.contains_key(*name)) {
        changes.compatible(format_args!("the type `{name}` is new"));
    }
    changes.0.sort();
    Ok(changes.0)
}

#[derive(Default)]
struct Changes(Vec<ApiChange>);

impl Changes {
    fn breaking(&mut self, message: fmt::Arguments<'_>) {
        self.add(Compatibility::Breaking, message);
    }

    fn compatible(&mut self, message: fmt::Arguments<'_>) {
        self.add(Compatibility::Compatible, message);
    }

    fn add(&mut self, compatibility: Compatibility, message: fmt::Arguments<'_>) {
        self.0.push(ApiChange { compatibility, message: message.to_string() });
    }

    fn compare_types(&mut self, old: &ExtendedType, new: &ExtendedType) {
        let name = old.name();
        match (old, new) {
            (ExtendedType::Object(old), ExtendedType::Object(new)) => {
                let (old_names, new_names) = (old.implements_interfaces.iter(), new.implements_interfaces.iter());
                self.compare_names(name, "implements", old_names.map(|n| &n.name), new_names.map(|n| &n.name));
                self.compare_fields(name, &old.fields, &new.fields);
            }
            (ExtendedType::Interface(old), ExtendedType::Interface(new)) => self.compare_fields(name, &old.fields, &new.fields),
            (ExtendedType::InputObject(old), ExtendedType::InputObject(new)) => {
                let inputs = |fields: &'_ IndexMap<Name, Component<InputValueDefinition>>| -> Vec<Node<InputValueDefinition>> {
                    fields.values().map(|field| field.node.clone()).collect()
                };
                self.compare_inputs(&format!("{name}."), "", &inputs(&old.fields), &inputs(&new.fields));
            }
            (ExtendedType::Enum(old), ExtendedType::Enum(new)) => {
                self.compare_names(name, "has the value", old.values.keys(), new.values.keys());
            }
            (ExtendedType::Union(old), ExtendedType::Union(new)) => {
                let (old_names, new_names) = (old.members.iter(), new.members.iter());
                self.compare_names(name, "has the member", old_names.map(|n| &n.name), new_names.map(|n| &n.name));
            }
            (ExtendedType::Scalar(_), ExtendedType::Scalar(_)) => {}
            _ => self.breaking(format_args!("`{name}` is of another kind")),
        }
    }

    fn compare_names<'n>(
        &mut self,
        owner: &Name,
        has: &str,
        old: impl Iterator<Item = &'n Name>,
        new: impl Iterator<Item = &'n Name>,
    ) {
        let (old, new): (Vec<&Name>, Vec<&Name>) = (old.collect(), new.collect());
        for name in old.iter().filter(|name| !new.contains(name)) {
            self.breaking(format_args!("`{owner}` no longer {has} `{name}`"));
        }
        for name in new.iter().filter(|name| !old.contains(name)) {
            self.compatible(format_args!("`{owner}` now {has} `{name}`"));
        }
    }

    fn compare_fields(
        &mut self,
        owner: &Name,
        old: &IndexMap<Name, Component<FieldDefinition>>,
        new: &IndexMap<Name, Component<FieldDefinition>>,
    ) {
        for (name, before) in old {
            let Some(after) = new.get(name) else {
                self.breaking(format_args!("`{owner}.{name}` is gone"));
                continue;
            };
            if before.ty != after.ty {
                let compatibility = of_narrowing(&before.ty, &after.ty);
                let message = format_args!("`{owner}.{name}` was `{}` and is `{}`", before.ty, after.ty);
                self.add(compatibility, message);
            }
            let is_deprecated = |field: &FieldDefinition| field.directives.has("deprecated");
            if is_deprecated(after) && !is_deprecated(before) {
                self.compatible(format_args!("`{owner}.{name}` is deprecated"));
            }
            self.compare_inputs(&format!("{owner}.{name}("), ":)", &before.arguments, &after.arguments);
        }
        for name in new.keys().filter(|name| !old.contains_key(*name)) {
            self.compatible(format_args!("`{owner}.{name}` is new"));
        }
    }

    /// Arguments, or fields of an input: named by what stands before and behind.
    fn compare_inputs(
        &mut self,
        before_name: &str,
        behind_name: &str,
        old: &[Node<InputValueDefinition>],
        new: &[Node<InputValueDefinition>],
    ) {
        for before in old {
            let name = format!("{before_name}{}{behind_name}", before.name);
            let Some(after) = new.iter().find(|after| after.name == before.name) else {
                self.breaking(format_args!("`{name}` is gone"));
                continue;
            };
            if before.ty != after.ty {
                // What may be sent has to stay allowed: the other way round than what is answered.
                let compatibility = of_narrowing(&after.ty, &before.ty);
                self.add(compatibility, format_args!("`{name}` was `{}` and is `{}`", before.ty, after.ty));
            } else if before.default_value.is_some() && after.is_required() {
                self.breaking(format_args!("`{name}` is required: its default is gone"));
            } else if before.default_value != after.default_value {
                self.compatible(format_args!("`{name}` has another default"));
            }
        }
        for added in new.iter().filter(|added| old.iter().all(|before| before.name != added.name)) {
            let name = format!("{before_name}{}{behind_name}", added.name);
            if added.is_required() {
                self.breaking(format_args!("`{name}` is new and required"));
            } else {
                self.compatible(format_args!("`{name}` is new"));
            }
        }
    }
}

/// Whether every value of the new type is one of the old.
fn of_narrowing(old: &Type, new: &Type) -> Compatibility {
    if is_within(old, new) { Compatibility::Compatible } else { Compatibility::Breaking }
}

fn is_within(old: &Type, new: &Type) -> bool {
    use Type::{List, Named, NonNullList, NonNullNamed};
    match (old, new) {
        (Named(old), Named(new) | NonNullNamed(new)) | (NonNullNamed(old), NonNullNamed(new)) => old == new,
        (List(old), List(new) | NonNullList(new)) | (NonNullList(old), NonNullList(new)) => is_within(old, new),
        _ => false,
    }
}
