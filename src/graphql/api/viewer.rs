//! Who is asking, and what they may do.

use crate::catalog::Catalog;
use crate::graphql::api::{RootField, Types, field};
use async_graphql::dynamic::{Field, Object, TypeRef};

/// `Viewer`, `ViewerActions` and `ViewerCan`. Called when every mutation is declared.
pub(super) fn declare(catalog: &Catalog, types: &mut Types) {
    let viewer = Object::new("Viewer")
        .description("Who is asking.")
        .field(field("id", TypeRef::named_nn(TypeRef::ID)).description("The id of the user."))
        .field(field("email", TypeRef::named("Email")).description("The mail address."))
        .field(field("role", TypeRef::named_nn("Role")).description("The role that the rules know."))
        .field(field("team", TypeRef::named("Team")).description("The team; null if there is none or a rule hides it."))
        .field(field("user", TypeRef::named("User")).description("The user as a row; null if a rule hides it."));
    let viewer = match actions(catalog, types) {
        Some(actions) => {
            types.objects.push(actions);
            viewer.field(field("can", TypeRef::named_nn("ViewerActions")).description("What the viewer may do without a row."))
        }
        None => viewer,
    };
    let can = Object::new("ViewerCan")
        .description("What whoever asks may do with a row, as far as the row itself decides.")
        .field(field("update", TypeRef::named_nn(TypeRef::BOOLEAN)).description("Whether some change of it may be allowed."))
        .field(field("delete", TypeRef::named_nn(TypeRef::BOOLEAN)).description("Whether the rule lets it be deleted."));
    types.objects.extend([viewer, can]);
}

/// A field for each mutation that needs no row to be there, of the same name; `None` if there is none.
fn actions(catalog: &Catalog, types: &Types) -> Option<Object> {
    let mut fields = Vec::new();
    for collection in &catalog.collections {
        let mutations = types.root_fields.iter().filter_map(|(name, root_field)| match root_field {
            RootField::Create(id) if *id == collection.id => {
                Some((name, format!("Whether some `{}` may be created.", collection.name)))
            }
            RootField::Export(id) if *id == collection.id => {
                Some((name, format!("Whether `{}` may be exported.", collection.plural)))
            }
            _ => None,
        });
        let mut mutations: Vec<(&String, String)> = mutations.collect();
        mutations.sort();
        fields.extend(mutations);
    }
    let object = Object::new("ViewerActions").description("What whoever asks may do, as far as no row has to be looked at.");
    let is_empty = fields.is_empty();
    let object = fields.into_iter().fold(object, |object, (name, description)| {
        object.field(field(name, TypeRef::named_nn(TypeRef::BOOLEAN)).description(description))
    });
    (!is_empty).then_some(object)
}

/// `viewer`
pub(super) fn viewer_field(types: &mut Types) -> Field {
    types.root_fields.insert("viewer".to_owned(), RootField::Viewer);
    field("viewer", TypeRef::named_nn("Viewer")).description("Who is asking.")
}

/// `viewerCan` of an object.
pub(super) fn viewer_can() -> Field {
    field("viewerCan", TypeRef::named_nn("ViewerCan")).description("What whoever asks may do with the row.")
}
