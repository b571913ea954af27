//! `createServiceToken`, `rotateServiceToken` and `revokeServiceToken`: tokens are a collection whose rows come with a secret, so
//! their mutations are written out here.

use crate::catalog::Catalog;
use crate::graphql::api::mutations::with_manner;
use crate::graphql::api::{RootField, Types, field};
use async_graphql::Value;
use async_graphql::dynamic::{Field, InputObject, InputValue, Object, TypeRef};

/// How long a token outlives its successor if nobody says: an hour.
const OVERLAP_SECONDS: i32 = 3600;

/// The mutations of tokens.
pub(super) fn mutations(catalog: &Catalog, types: &mut Types) -> Vec<Field> {
    if catalog.find_collection("ServiceToken").is_none() {
        return Vec::new();
    }
    types.inputs.push(create_input());
    types.objects.push(payload("Create", "What `createServiceToken` did.").field(secret()));
    types.objects.push(payload("Rotate", "What `rotateServiceToken` did.").field(secret()));
    types.objects.push(payload("Revoke", "What `revokeServiceToken` did."));
    let roots = [
        ("createServiceToken", RootField::CreateToken),
        ("rotateServiceToken", RootField::RotateToken),
        ("revokeServiceToken", RootField::RevokeToken),
    ];
    types.root_fields.extend(roots.map(|(name, root)| (name.to_owned(), root)));
    vec![create(), rotate(), revoke()]
}

fn create() -> Field {
    let input = InputValue::new("input", TypeRef::named_nn("CreateServiceTokenInput")).description("Its values.");
    with_manner(field("createServiceToken", TypeRef::named_nn("CreateServiceTokenPayload")).argument(input))
        .description("Makes a token: for oneself, or by an admin for a service account. The secret is shown once.")
}

fn rotate() -> Field {
    let overlap = InputValue::new("overlapSeconds", TypeRef::named_nn(TypeRef::INT)).default_value(Value::from(OVERLAP_SECONDS));
    with_manner(
        field("rotateServiceToken", TypeRef::named_nn("RotateServiceTokenPayload"))
            .argument(id())
            .argument(expires_at())
            .argument(
                overlap.description("How long the old token is still good, unless it ends sooner by itself; at most 30 days."),
            ),
    )
    .description(
        "Makes a token with the same scopes in the place of another, which ends after the overlap. The secret is shown once.",
    )
}

fn revoke() -> Field {
    with_manner(field("revokeServiceToken", TypeRef::named_nn("RevokeServiceTokenPayload")).argument(id()))
        .description("Ends a token for good: at this server at once, at every other within a second.")
}

fn create_input() -> InputObject {
    let text = |name: &str| InputValue::new(name, TypeRef::named(TypeRef::STRING));
    let texts = TypeRef::named_nn_list;
    InputObject::new("CreateServiceTokenInput")
        .description("The values of a new `ServiceToken`.")
        .field(
            InputValue::new("user", TypeRef::named("UserReference")).description("Whose rights it has; the caller's if absent."),
        )
        .field(text("name").description("What it is for."))
        .field(InputValue::new("scopes", TypeRef::named_nn_list_nn(TypeRef::STRING)).description(
            "What it leaves of them: `User:READ,UPDATE` (of READ, CREATE, UPDATE, DELETE, EXPORT), `*:READ` for every collection \
             of the tool (of the platform's own only for reading), `platform:*` for the platform's own. For service accounts \
             also `act-for:agent`, to act for users of a role with their rights cut down by the rest, and `scim` alone, for \
             provisioning.",
        ))
        .field(
            InputValue::new("ipAllowList", texts(TypeRef::STRING))
                .description("The networks from which it may be used, `10.1.0.0/16`; any if absent."),
        )
        .field(expires_at())
}

fn payload(verb: &str, description: &str) -> Object {
    Object::new(format!("{verb}ServiceTokenPayload"))
        .description(description)
        .field(
            field("serviceToken", TypeRef::named("ServiceToken"))
                .description("The row as it is now; null if the caller may not read it."),
        )
        .field(
            field("auditEventId", TypeRef::named(TypeRef::ID))
                .description("The audit event of this change; null for a dry run, which leaves none."),
        )
}

fn secret() -> Field {
    field("secret", TypeRef::named(TypeRef::STRING)).description(
        "The token, for `Authorization: Bearer`. It is shown this once and stored nowhere: null for a dry run, and for the retry \
         of a request with an idempotency key.",
    )
}

fn id() -> InputValue {
    InputValue::new("id", TypeRef::named_nn(TypeRef::ID)).description("Which row.")
}

fn expires_at() -> InputValue {
    InputValue::new("expiresAt", TypeRef::named_nn("DateTime")).description("When it ends; at most ten years ahead.")
}
