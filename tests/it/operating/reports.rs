//! Errors at Sentry: what failed, where and in which request; nobody's values. A binary that cannot report says so.

#[cfg(feature = "sentry")]
mod at_sentry {
    use super::super::Desk;
    use crate::support::collector::Collector;
    use crate::support::process::eventually;
    use nix::sys::signal::Signal;
    use serde_json::Value as Json;

    /// A desk that reports to the collector, as Sentry would be, and whose macros have lost their table.
    async fn broken_desk(collector: &Collector) -> Desk {
        let dsn = format!("{}/42", collector.endpoint.replace("http://", "http://0123abcd@"));
        let settings = [("TOOLCRIB_TELEMETRY_SENTRY_DSN", dsn.as_str()), ("TOOLCRIB_TELEMETRY_ENVIRONMENT", "staging")];
        Desk::with(&settings).await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_failed_request_is_reported_without_a_word_of_its_values() {
        let collector = Collector::start().await;
        let desk = broken_desk(&collector).await;
        let mut server = desk.serve().await;
        desk.database.execute("alter table public.macros rename to gone").await;
        let ana = desk.crib.token("ana@desk.test");
        let query = r#"query Haystack { macros(where: { title: { ilike: "%needle%" } }) { nodes { id } } }"#;
        let answer = server.graphql(&ana, query).await.unwrap();
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "INTERNAL_SERVER_ERROR", "{answer}");
        let refused = server.graphql(&ana, "query Refused { nothing }").await.unwrap();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
        // What waits is sent before the process ends.
        server.signal(Signal::SIGTERM);
        assert!(server.wait().await.success(), "{}", server.log());
        eventually("the report arrives", async || collector.has(b"Haystack").then_some(())).await;
        let sent = collector.text();
        assert!(sent.starts_with("POST /api/42/envelope/"), "{sent}");
        assert!(sent.contains("sentry_key=0123abcd"), "{sent}");
        let event =
            sent.lines().find_map(|line| serde_json::from_str::<Json>(line).ok().filter(|event| event["tags"].is_object()));
        let event = event.unwrap();
        assert_eq!(event["message"], "a field failed");
        assert_eq!(event["level"].as_str().unwrap_or("error"), "error");
        assert_eq!(event["environment"], "staging");
        assert_eq!((&event["tags"]["request.id"], &event["tags"]["error.code"]), (&extensions["requestId"], &extensions["code"]));
        assert_eq!((&event["transaction"], &event["tags"]["operation.name"]), (&"Haystack".into(), &"Haystack".into()));
        assert!(event["culprit"].as_str().unwrap().starts_with("src/graphql/"), "{event}");
        for absent in ["needle", "ana@desk.test", &ana, "macros", "gone", "Refused", "ip_address", "user"] {
            assert!(!event.to_string().contains(absent), "`{absent}` is in the report: {event}");
        }
        assert_eq!(sent.matches("POST ").count(), 1, "callers' mistakes are none of ours: {sent}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_works_is_not_reported() {
        let collector = Collector::start().await;
        let desk = broken_desk(&collector).await;
        let mut server = desk.serve().await;
        let ana = desk.crib.token("ana@desk.test");
        let answer = server.graphql(&ana, "{ macros { nodes { id } } }").await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        server.signal(Signal::SIGTERM);
        assert!(server.wait().await.success(), "{}", server.log());
        assert!(collector.has_nothing(), "{}", collector.text());
    }
}

#[cfg(not(feature = "sentry"))]
#[test]
fn a_binary_that_cannot_report_says_so() {
    let crib =
        crate::support::process::Crib::support_desk().with("TOOLCRIB_TELEMETRY_SENTRY_DSN", "https://0123abcd@sentry.test/42");
    let refused = crib.run(&["serve"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("built without the feature `sentry`"), "{}", refused.stderr);
    let shown = crib.run_well(&["config", "show"]);
    assert!(shown.contains("telemetry.sentry_dsn") && !shown.contains("0123abcd"), "{shown}");
}
