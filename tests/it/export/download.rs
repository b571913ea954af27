//! `GET /exports/{id}`.

use super::{Desk, context, person};
use axum::body::to_bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use toolcrib::base::{Actor, RoleName, Scope, TokenScope};
use toolcrib::http::exports;
use uuid::Uuid;

async fn get(desk: &Desk, actor: &Actor, id: Uuid) -> Response {
    exports::serve(desk.exporter(), actor, &context(), id).await
}

async fn body(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
}

/// What a caller learns of a refusal, without what differs from request to request.
async fn refusal(response: Response) -> (StatusCode, Json) {
    let status = response.status();
    let body: Json = serde_json::from_str(&body(response).await).unwrap();
    (status, body["errors"][0]["extensions"]["code"].clone())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

#[tokio::test]
async fn the_exporter_gets_the_file_with_everything_that_keeps_it_safe() {
    let desk = Desk::new().await;
    let (id, file) = desk.export(&person("manager"), "(format: CSV)").await;
    let response = get(&desk, &person("manager"), id).await;
    assert_eq!(response.status(), StatusCode::OK);
    let headers = response.headers().clone();
    assert_eq!(text(&headers, "content-length"), file.len().to_string());
    assert_eq!(text(&headers, "content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(text(&headers, "x-content-type-options"), "nosniff");
    assert_eq!(text(&headers, "cache-control"), "no-store");
    let checksum = hex::encode(Sha256::digest(&file));
    assert_eq!(text(&headers, "etag"), format!("\"sha256-{checksum}\""));
    assert!(text(&headers, "repr-digest").starts_with("sha-256=:"));
    let disposition = text(&headers, "content-disposition");
    assert!(disposition.starts_with("attachment; filename=\"Contact_manager@demo.test_"), "{disposition}");
    assert!(disposition.ends_with(&format!("_{id}.csv\"")), "{disposition}");
    assert_eq!(desk.row(id).await["checksum"], json!(checksum));
    assert_eq!(body(response).await, file);
}

#[tokio::test]
async fn a_token_gets_what_it_may_read_and_export_and_nothing_of_its_user_s_besides() {
    let desk = Desk::new().await;
    let (id, file) = desk.export(&person("manager"), "").await;
    let with = |scopes: &[&str]| {
        let scope = Scope::Only(Arc::new(TokenScope::parse(scopes.iter().copied()).unwrap()));
        Actor { scope, ..person("manager") }
    };
    for scopes in [&["*:READ"][..], &["Contact:EXPORT", "Export:READ"], &["Contact:READ,EXPORT"], &["Export:READ"]] {
        assert_eq!(get(&desk, &with(scopes), id).await.status(), StatusCode::NOT_FOUND, "{scopes:?}");
    }
    let response = get(&desk, &with(&["Contact:READ,EXPORT", "Export:READ", "User:READ"]), id).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(body(response).await, file);
}

#[tokio::test]
async fn a_download_is_on_record_before_its_first_byte() {
    let desk = Desk::new().await;
    let (id, _) = desk.export(&person("manager"), "").await;
    let refused = get(&desk, &person("admin"), id).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND, "the file holds what the rules showed to its exporter");
    let response = get(&desk, &person("manager"), id).await;
    assert_eq!(response.status(), StatusCode::OK);
    drop(response);
    let downloads = desk.events_of("EXPORT_DOWNLOADED").await;
    assert_eq!(downloads.len(), 1);
    assert_eq!((&downloads[0]["actor_user_id"], &downloads[0]["entity_id"]), (&json!(person("manager").id), &json!(id)));
}

#[tokio::test]
async fn who_may_not_have_it_learns_nothing() {
    let desk = Desk::new().await;
    let (id, _) = desk.export(&person("manager"), "").await;
    let not_found = (StatusCode::NOT_FOUND, json!("NOT_FOUND"));
    assert_eq!(get(&desk, &person("manager"), id).await.status(), StatusCode::OK);

    let unknown = Uuid::now_v7();
    let demoted = Actor { role: RoleName::new("agent"), ..person("manager") };
    for (who, actor, asked) in [
        ("another manager", person("colleague"), id),
        ("one without the right", person("agent"), id),
        ("the exporter, who lost the right", demoted, id),
        ("an id that is nothing", person("manager"), unknown),
    ] {
        let before = desk.events_of("EXPORT_DENIED").await.len();
        assert_eq!(refusal(get(&desk, &actor, asked).await).await, not_found, "{who}");
        let denials = desk.events_of("EXPORT_DENIED").await;
        assert_eq!(denials.len(), before + 1, "{who}");
        let denial = denials.last().unwrap();
        assert_eq!((&denial["entity_id"], &denial["actor_user_id"]), (&json!(asked), &json!(actor.id)), "{who}");
    }
    assert_eq!(desk.events_of("EXPORT_DOWNLOADED").await.len(), 1);
}

#[tokio::test]
async fn an_export_without_a_file_says_why() {
    let desk = Desk::new().await;
    let (id, _) = desk.export(&person("manager"), "").await;
    let state = |status: &str| {
        let text = format!("update toolcrib.exports set status = '{status}', failure = 'disk full' where id = '{id}'");
        let owner = &desk.owner;
        async move { owner.batch_execute(&text).await.unwrap() }
    };

    state("RUNNING").await;
    let response = get(&desk, &person("manager"), id).await;
    assert_eq!(text(response.headers(), "retry-after"), "2");
    assert_eq!(refusal(response).await, (StatusCode::CONFLICT, json!("CONFLICT")));

    state("FAILED").await;
    let response = get(&desk, &person("manager"), id).await;
    assert_eq!(response.status(), StatusCode::GONE);
    assert!(body(response).await.contains("disk full"));

    state("COMPLETED").await;
    let (other_server, _home) = desk.another_server().await;
    let response = exports::serve(other_server.exporter(), &person("manager"), &context(), id).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(body(response).await.contains("is not on this server"));

    let path = desk.files(id).pop().unwrap();
    std::fs::write(path, "cut").unwrap();
    let damaged = refusal(get(&desk, &person("manager"), id).await).await;
    assert_eq!(damaged, (StatusCode::INTERNAL_SERVER_ERROR, json!("INTERNAL_SERVER_ERROR")));
    assert_eq!(desk.events_of("EXPORT_DOWNLOADED").await.len(), 0);
}
