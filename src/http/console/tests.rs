//! The console over the real router, with a small bundle of its own and with the embedded one.

use super::*;
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use std::borrow::Cow;
use std::path::Path as FilePath;
use tower::ServiceExt;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn bundle(files: &[(&'static str, &'static str)]) -> Assets {
    Assets::from_files(files.iter().map(|(path, text)| (Cow::Borrowed(*path), Bytes::from_static(text.as_bytes()))))
}

fn built() -> Assets {
    bundle(&[
        (".gitignore", "*"),
        ("manifest.json", r#"{"script": "graphiql-A.js", "style": "graphiql-B.css"}"#),
        ("assets/graphiql-A.js", "export {};"),
        ("assets/graphiql-B.css", "body {}"),
        ("assets/icon-C.svg", "<svg/>"),
    ])
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(router: Router, method: Method, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

async fn get_from(assets: Assets, path: &str) -> Answer {
    send(routes_with(assets, "Support desk", &[]), Method::GET, path).await
}

#[tokio::test]
async fn page_names_tool_and_bundle() {
    let answer = get_from(built(), "/graphiql").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.body.contains("<title>Support desk · GraphiQL</title>"), "{}", answer.body);
    assert!(answer.body.contains(r#"src="/graphiql/assets/graphiql-A.js""#), "{}", answer.body);
    assert!(answer.body.contains(r#"href="/graphiql/assets/graphiql-B.css""#), "{}", answer.body);
}

#[tokio::test]
async fn tool_name_is_text_and_never_markup() {
    let router = routes_with(built(), r#""><script>alert('&')</script>"#, &[]);
    let answer = send(router, Method::GET, "/graphiql").await;
    assert_eq!(answer.body.matches("<script").count(), 1, "{}", answer.body);
    assert!(answer.body.contains(r#"data-tool="&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;""#));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    for path in ["/graphiql", "/graphiql/examples.json", "/graphiql/assets/graphiql-A.js", "/graphiql/assets/none.js"] {
        let answer = get_from(built(), path).await;
        assert_eq!(answer.header("content-security-policy"), POLICY, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
    }
}

#[tokio::test]
async fn assets_have_their_type_and_are_immutable() {
    for (name, content_type) in [
        ("graphiql-A.js", "text/javascript; charset=utf-8"),
        ("graphiql-B.css", "text/css; charset=utf-8"),
        ("icon-C.svg", "image/svg+xml"),
    ] {
        let answer = get_from(built(), &format!("/graphiql/assets/{name}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
        assert_eq!(answer.header("content-type"), content_type, "{name}");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable", "{name}");
    }
}

#[tokio::test]
async fn only_assets_of_the_bundle_are_served() {
    for name in [
        "none.js",
        "",
        ".gitignore",
        "manifest.json",
        "../manifest.json",
        "..%2fmanifest.json",
        "%2e%2e%2fmanifest.json",
        "..%2f..%2f..%2fCargo.toml",
        "..%5c..%5cCargo.toml",
        "%2fetc%2fpasswd",
        "graphiql-A.js%00",
        "assets/graphiql-A.js",
    ] {
        let answer = get_from(built(), &format!("/graphiql/assets/{name}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
        assert_ne!(answer.header("cache-control"), IMMUTABLE, "{name}");
    }
}

#[tokio::test]
async fn nothing_but_reading_is_allowed() {
    for path in ["/graphiql", "/graphiql/examples.json", "/graphiql/assets/graphiql-A.js"] {
        let answer = send(routes_with(built(), "Support desk", &[]), Method::POST, path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

#[tokio::test]
async fn a_binary_without_the_bundle_says_what_to_run() {
    let broken_off = bundle(&[("manifest.json", r#"{"script": "a.js", "style": "b.css"}"#), ("assets/a.js", "")]);
    for assets in [bundle(&[(".gitignore", "*")]), broken_off] {
        let answer = get_from(assets, "/graphiql").await;
        assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED);
        assert!(answer.body.contains("./dev build"), "{}", answer.body);
        assert_eq!(answer.header("content-security-policy"), POLICY);
    }
}

#[tokio::test]
async fn examples_are_listed_as_json() {
    let example =
        Example { name: "One".to_owned(), document: "{ a }".to_owned(), variables: Some(r#"{"id": "</script>"}"#.to_owned()) };
    let answer = send(routes_with(built(), "Support desk", &[example]), Method::GET, "/graphiql/examples.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let listed: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let expected = serde_json::json!([{"name": "One", "document": "{ a }", "variables": "{\"id\": \"</script>\"}"}]);
    assert_eq!(listed, expected);
}

#[test]
fn examples_are_read_in_order_with_their_variables() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("10-pick-up.graphql", "mutation PickUp { a }");
    write("02-one-ticket.graphql", "query Ticket { a }");
    write("02-one-ticket.json", "{\"id\": 1}");
    write("notes.txt", "not an example");
    let examples = Example::read_folder(folder.path()).unwrap();
    let names: Vec<_> = examples.iter().map(|example| example.name.as_str()).collect();
    assert_eq!(names, ["One ticket", "Pick up"]);
    assert_eq!(examples[0].variables.as_deref(), Some("{\"id\": 1}"));
    assert_eq!(examples[1].variables, None);
}

#[test]
fn a_missing_folder_has_no_examples_and_a_huge_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Example::read_folder(&folder.path().join("none")).unwrap(), []);
    std::fs::write(folder.path().join("dump.graphql"), vec![b' '; 64 * 1024 + 1]).unwrap();
    let error = Example::read_folder(folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("dump.graphql` is larger than 65536 bytes"), "{error}");
}

#[test]
fn the_support_desks_examples_are_graphql() {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("examples/graphiql");
    let examples = Example::read_folder(&folder).unwrap();
    assert!(examples.len() >= 6, "{examples:?}");
    for example in examples {
        apollo_compiler::ast::Document::parse(example.document.clone(), "example.graphql").expect(&example.name);
        if let Some(variables) = &example.variables {
            serde_json::from_str::<serde_json::Map<_, _>>(variables).expect(&example.name);
        }
    }
}

/// The bundle as browsers get it. It is a product of the build, so a machine that never ran one cannot pass.
#[test]
fn the_embedded_bundle_loads_nothing_from_elsewhere() {
    let assets = Assets::embedded();
    let entry = assets.entry().expect("the console is not built: run `./dev build` (or `npm ci && npm run build` in graphiql/)");
    let page = page::graphiql("Support desk", entry);
    for attribute in ["src=\"", "href=\""] {
        for target in page.split(attribute).skip(1) {
            assert!(target.starts_with("/graphiql/assets/") || target.starts_with("data:,"), "{attribute}{target}");
        }
    }
    for (name, asset) in assets.iter() {
        let text = std::str::from_utf8(&asset.bytes).unwrap();
        let forbidden: &[&str] = match name.rsplit('.').next() {
            Some("css") => &["@import", "url(http", "url(//", "url(\"http", "url(\"//", "url('http", "url('//", "@font-face"],
            Some("js") => &["from\"http", "from\"//", "import(\"http", "import(\"//", "importScripts", "eval(", "new Function("],
            _ => &[],
        };
        for forbidden_text in forbidden {
            assert!(!text.contains(forbidden_text), "{name} contains {forbidden_text}");
        }
    }
}
