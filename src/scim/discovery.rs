//! What this server can do, in SCIM's words: `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`.

use crate::scim::{group, user};
use serde_json::{Value as Json, json};

/// `/ServiceProviderConfig`
pub fn service_provider_config(base: &str, max_results: u32) -> Json {
    let no = json!({ "supported": false });
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": max_results },
        "changePassword": no,
        "sort": no,
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A service token whose scope is `scim`.",
            "primary": true,
        }],
        "meta": meta(base, "ServiceProviderConfig", "ServiceProviderConfig"),
    })
}

/// `/ResourceTypes`
pub fn resource_types(base: &str) -> Vec<Json> {
    let resource = |name: &str, endpoint: &str, schema: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "schema": schema,
            "meta": meta(base, "ResourceType", &format!("ResourceTypes/{name}")),
        })
    };
    vec![resource("User", "/Users", user::SCHEMA), resource("Group", "/Groups", group::SCHEMA)]
}

/// `/Schemas`
pub fn schemas(base: &str) -> Vec<Json> {
    let schema = |id: &str, name: &str, attributes: Vec<Json>| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id,
            "name": name,
            "attributes": attributes,
            "meta": meta(base, "Schema", &format!("Schemas/{id}")),
        })
    };
    vec![schema(user::SCHEMA, "User", user_attributes()), schema(group::SCHEMA, "Group", group_attributes())]
}

/// A list of all of them.
pub fn list(resources: &[Json]) -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": resources.len(),
        "startIndex": 1,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

fn user_attributes() -> Vec<Json> {
    let part = |name: &str| attribute(name, "string", "readWrite", "none");
    let mut user_name = attribute("userName", "string", "readWrite", "server");
    user_name["required"] = Json::from(true);
    vec![
        user_name,
        attribute("externalId", "string", "readWrite", "none"),
        complex("name", "readWrite", vec![part("formatted"), part("givenName"), part("familyName")]),
        attribute("displayName", "string", "readWrite", "none"),
        attribute("active", "boolean", "readWrite", "none"),
        several(complex(
            "emails",
            "readOnly",
            vec![part("value"), part("type"), attribute("primary", "boolean", "readOnly", "none")],
        )),
        several(complex("groups", "readOnly", vec![part("value"), part("display"), part("$ref")])),
    ]
}

fn group_attributes() -> Vec<Json> {
    let part = |name: &str| attribute(name, "string", "immutable", "none");
    let mut name = attribute("displayName", "string", "readWrite", "server");
    name["required"] = Json::from(true);
    let members = complex("members", "readWrite", vec![part("value"), part("display"), part("$ref"), part("type")]);
    vec![name, attribute("externalId", "string", "readWrite", "none"), several(members)]
}

fn attribute(name: &str, ty: &str, mutability: &str, uniqueness: &str) -> Json {
    json!({
        "name": name,
        "type": ty,
        "multiValued": false,
        "required": false,
        "caseExact": name == "externalId",
        "mutability": mutability,
        "returned": "default",
        "uniqueness": uniqueness,
    })
}

fn complex(name: &str, mutability: &str, parts: Vec<Json>) -> Json {
    let mut attribute = attribute(name, "complex", mutability, "none");
    attribute["subAttributes"] = Json::from(parts);
    attribute
}

fn several(mut attribute: Json) -> Json {
    attribute["multiValued"] = Json::from(true);
    attribute
}

fn meta(base: &str, resource_type: &str, path: &str) -> Json {
    json!({ "resourceType": resource_type, "location": format!("{base}/{path}") })
}
