//! The slow-query log: the statement and its plan, and nobody's values.

use super::Desk;
use crate::support::process::eventually;

/// Asks for tickets while nobody may read them, so that the statement is slow however fast the machine is.
async fn ask_slowly(desk: &Desk) -> String {
    let server = desk.serve().await;
    let ana = desk.crib.token("ana@desk.test");
    let query = r#"{ tickets(where: { subject: { ilike: "%needle%" } }) { nodes { id customer { name } } } }"#;
    let quick = server.graphql(&ana, "{ teams { nodes { id } } }").await.unwrap();
    assert!(quick.get("errors").is_none(), "{quick}");
    let owner = desk.database.connect().await;
    owner.batch_execute("begin; lock table public.tickets in access exclusive mode").await.unwrap();
    let asking = server.graphql(&ana, query);
    let releasing = async {
        let watching = desk.database.connect().await;
        let sql = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
            and now() - query_start > interval '300 ms'";
        eventually("the statement is slow", async || watching.query_opt(sql, &[]).await.unwrap()).await;
        owner.batch_execute("rollback").await.unwrap();
    };
    let (answer, ()) = tokio::join!(asking, releasing);
    let answer = answer.unwrap();
    assert!(answer.get("errors").is_none(), "{answer}");
    eventually("the request is logged", async || {
        let log = server.log();
        let is_complete = log.contains("tickets") && (!log.contains("slow") || log.contains("the plan of a slow statement"));
        (is_complete || desk.crib.command(&[]).get_envs().all(|(name, _)| name != "TOOLCRIB_LOG_SLOW_QUERY_PLAN")).then_some(log)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_statement_is_logged_with_its_plan_and_without_values() {
    let settings = [("TOOLCRIB_LOG_SLOW_QUERY", "250ms"), ("TOOLCRIB_LOG_SLOW_QUERY_PLAN", "true")];
    let desk = Desk::with(&settings).await;
    let log = ask_slowly(&desk).await;
    let slow: Vec<&str> = log.lines().filter(|line| line.contains("a slow statement took")).collect();
    let [line] = slow.as_slice() else { panic!("one slow statement:\n{log}") };
    assert!(line.contains("statement.text=") && line.contains("ilike $"), "{line}");
    assert!(line.contains("duration_ms=") && line.contains("request.id=0"), "{line}");
    let durations: Vec<&str> = log.split("duration_ms=").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
    assert!(durations.len() >= 3, "of the start, the request and the statement: {durations:?}");
    for duration in durations {
        assert!(duration.split_once('.').is_some_and(|(_, fraction)| fraction.len() <= 3), "{duration}");
    }
    let (_, plan) = log.split_once("the plan of a slow statement, for any values").unwrap();
    assert!(plan.contains("tickets") && plan.contains("cost=") && plan.contains("$"), "{plan}");
    let id = line.split("request.id=").nth(1).unwrap().split(' ').next().unwrap();
    assert!(plan.contains(id), "the plan does not say for which request: {plan}");
    for value in ["needle", "00000000-0000-7000-8000-000000000101", "ana@desk.test"] {
        assert!(!log.contains(value), "`{value}` is in\n{log}");
    }
    // The connection that explained is as good as any other.
    let owner = desk.database.connect().await;
    let sql = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    assert_eq!(owner.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_slow_unless_a_time_is_set() {
    let desk = Desk::with(&[]).await;
    let log = ask_slowly(&desk).await;
    assert!(!log.contains("slow statement"), "{log}");
}
