//! Trusted documents: asked for by id, and where they are enforced nothing but them.

use crate::support::app::{TestApp, TestAppBuilder};
use crate::support::caller::Caller;
use crate::support::process::Crib;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use toolcrib::base::RoleName;
use toolcrib::config::{Roles, TrustedDocumentMode};

const COUNT: &str = "query Count { teams { totalCount } }";
const NAMED: &str = "query Named($name: String!) { teams(where: { name: { eq: $name } }) { totalCount } }";
const CREATE: &str = "mutation Create { createTeam(input: { name: \"Trusted\" }) { team { name } } }";
const OTHER: &str = "query Other { teams { totalCount } }";

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// A folder with a manifest of each shape.
fn manifests() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let codegen = json!({ "count-1": COUNT, "create-1": CREATE });
    let operations = json!([{ "id": hash(NAMED), "name": "Named", "type": "query", "body": NAMED }]);
    let apollo = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": operations });
    fs::write(folder.path().join("persisted-documents.json"), codegen.to_string()).unwrap();
    fs::write(folder.path().join("manifest.json"), apollo.to_string()).unwrap();
    fs::write(folder.path().join("README.md"), "no manifest").unwrap();
    folder
}

fn desk(mode: TrustedDocumentMode, documents: PathBuf) -> TestAppBuilder {
    TestApp::support_desk().with_settings(move |settings| {
        settings.graphql.trusted_documents = mode;
        settings.graphql.documents = documents;
    })
}

async fn by_hash(caller: &Caller<'_>, query: Option<&str>, hash: &str) -> crate::support::caller::Response {
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let mut body = json!({ "extensions": extensions, "variables": { "name": "Blue" } });
    if let Some(query) = query {
        body["query"] = json!(query);
    }
    caller.post("/graphql", &body).await
}

#[tokio::test]
async fn documents_are_found_by_every_kind_of_id() {
    let folder = manifests();
    let app = desk(TrustedDocumentMode::Enforce, folder.path().to_owned()).start().await;
    let max = app.user("max");
    let total = |response: crate::support::caller::Response| response.data()["teams"]["totalCount"].as_i64().unwrap();
    for id in ["count-1".to_owned(), hash(COUNT), format!("sha256:{}", hash(COUNT))] {
        let posted = max.post("/graphql", &json!({ "documentId": id, "operationName": "Count" })).await;
        let got = max.get(&format!("/graphql?documentId={id}")).await;
        assert_eq!(total(posted), total(got), "{id}");
    }
    assert_eq!(total(by_hash(&max, None, &hash(NAMED)).await), 1);
    assert_eq!(total(by_hash(&max, Some(NAMED), &hash(NAMED)).await), 1);
    // The text of a trusted document is as good as its id.
    assert_eq!(total(max.graphql(NAMED, json!({ "name": "Blue" })).await), 1);
    let path = format!(
        "/graphql?variables=%7B%22name%22%3A%22Blue%22%7D&extensions=%7B%22persistedQuery%22%3A%7B%22sha256Hash%22%3A%22{}%22%7D%7D",
        hash(NAMED)
    );
    assert_eq!(total(max.get(&path).await), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_trusted_mutation_is_no_get_either() {
    let folder = manifests();
    let app = desk(TrustedDocumentMode::Enforce, folder.path().to_owned()).start().await;
    let ada = app.user("ada");
    let refused = ada.get("/graphql?documentId=create-1").await;
    assert_eq!((refused.status, refused.header("allow")), (405, "POST"));
    assert_eq!(ada.post("/graphql", &json!({ "documentId": "create-1" })).await.data()["createTeam"]["team"]["name"], "Trusted");
    // Trusted is the document, not the caller.
    assert_eq!(app.user("vic").post("/graphql", &json!({ "documentId": "create-1" })).await.codes(), ["FORBIDDEN"]);
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_id_has_a_code_of_its_own() {
    let folder = manifests();
    for mode in [TrustedDocumentMode::Off, TrustedDocumentMode::Warn, TrustedDocumentMode::Enforce] {
        let app = desk(mode, folder.path().to_owned()).start().await;
        let max = app.user("max").with_header("accept", "application/graphql-response+json");
        let unknown = [
            max.post("/graphql", &json!({ "documentId": "nothing" })).await,
            max.post("/graphql", &json!({ "documentId": "sha256:count-2" })).await,
            by_hash(&max, None, &hash(OTHER)).await,
        ];
        for response in unknown {
            assert_eq!((response.status, response.codes()), (422, vec!["PERSISTED_QUERY_NOT_FOUND".to_owned()]), "{mode:?}");
        }
        let is_known = mode != TrustedDocumentMode::Off;
        assert_eq!(max.post("/graphql", &json!({ "documentId": "count-1" })).await.codes().is_empty(), is_known, "{mode:?}");
        // What a client that remembers documents by itself sends next.
        let sent = by_hash(&max, Some(OTHER), &hash(OTHER)).await;
        assert_eq!(sent.codes().is_empty(), mode != TrustedDocumentMode::Enforce, "{mode:?}");
        app.finish().await;
    }
}

#[tokio::test]
async fn only_trusted_documents_are_run_where_that_is_enforced() {
    let folder = manifests();
    let app = desk(TrustedDocumentMode::Enforce, folder.path().to_owned());
    let app =
        app.with_settings(|settings| settings.graphql.any_document_for = Roles::Only(vec![RoleName::new("admin")])).start().await;
    for text in [OTHER, "{ __typename }", "{ __schema { queryType { name } } }", "query Count { teams { totalCount }}", "{"] {
        let response = app.user("max").with_header("accept", "application/graphql-response+json").graphql(text, json!({})).await;
        assert_eq!((response.status, response.codes()), (403, vec!["FORBIDDEN".to_owned()]), "{text}");
        assert!(response.messages()[0].starts_with("only trusted documents are run, and this is none of them"));
    }
    assert!(app.user("ada").graphql(OTHER, json!({})).await.codes().is_empty());
    assert!(app.user("max").graphql(COUNT, json!({})).await.codes().is_empty());
    app.finish().await;
}

#[tokio::test]
async fn a_request_says_in_one_way_what_it_asks_for() {
    let folder = manifests();
    let app = desk(TrustedDocumentMode::Warn, folder.path().to_owned()).start().await;
    let persisted = |value: Json| json!({ "extensions": { "persistedQuery": value } });
    const FORM: &str = "`extensions.persistedQuery` has to be `{\"version\": 1, \"sha256Hash\": \"...\"}`";
    let both = json!({ "documentId": "count-1", "extensions": { "persistedQuery": { "sha256Hash": hash(COUNT) } } });
    let wrong = json!({ "query": COUNT, "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash(NAMED) } } });
    for (body, message) in [
        (json!({ "query": COUNT, "documentId": "count-1" }), "send either `query` or `documentId`: which of them would be run?"),
        (both, "send either `documentId` or `extensions.persistedQuery`, not both"),
        (json!({ "documentId": 7 }), "`documentId` has to be a text; it is a number"),
        (json!({ "documentId": "" }), "`query` is missing: the GraphQL document to run"),
        (persisted(json!("x")), FORM),
        (persisted(json!({ "version": 2, "sha256Hash": hash(COUNT) })), FORM),
        (persisted(json!({ "version": 1 })), FORM),
        (persisted(json!(null)), "`query` is missing: the GraphQL document to run"),
        (wrong, "`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`, in hexadecimal digits"),
    ] {
        let response = app.user("max").post("/graphql", &body).await;
        assert_eq!(
            (response.messages(), response.codes()),
            (vec![message.to_owned()], vec!["BAD_USER_INPUT".to_owned()]),
            "{body}"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_manifest_keeps_the_server_from_starting_and_an_old_document_does_not() {
    let folder = manifests();
    let path = folder.path().to_str().unwrap();
    let crib = Crib::support_desk().with("TOOLCRIB_GRAPHQL_DOCUMENTS", path).with("TOOLCRIB_GRAPHQL_TRUSTED_DOCUMENTS", "warn");
    let refused = |expected: &str| {
        let outcome = crib.run(&["serve", "--demo", "--listen", "127.0.0.1:0"]);
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    };
    let conflict = folder.path().join("z.json");
    fs::write(&conflict, json!({ "count-1": OTHER }).to_string()).unwrap();
    refused("z.json` gives the id `count-1` to another document than a manifest before it");
    fs::write(&conflict, json!({ "old": "query Old { tickts { totalCount } }" }).to_string()).unwrap();
    let server = crib.serve(&["--demo"]).await;
    assert!(server.log().contains("a trusted document does not fit the API, and will be refused: `Query` has no field `tickts`"));
    let token = crib.token("manager@demo.test");
    server.graphql(&token, COUNT).await.unwrap();
    assert!(!server.log().contains("that no manifest has"), "{}", server.log());
    server.graphql(&token, OTHER).await.unwrap();
    assert!(
        server.log().contains(&format!("a document was run that no manifest has: sha256:{}", hash(OTHER))),
        "{}",
        server.log()
    );
    drop(server);
    fs::remove_file(&conflict).unwrap();
    for name in ["persisted-documents.json", "manifest.json"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    refused("holds no `*.json`; every document would be unknown");
}
