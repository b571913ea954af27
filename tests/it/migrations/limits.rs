//! `@length(min:)`, `@range` and `@pattern` as checks: made, compared by value, changed, and refused where rows do not keep them.

use super::{BOXES, Workshop, changed};

const LIMITS: &str = "weight: Int @range(min: -5, max: 1000)
  ratio: Float @range(min: 0.001, max: 1e3)
  price: Decimal @range(min: \"0.50\")
  made: Date @range(max: \"2029-12-31\")
  code: String @length(min: 2, max: 9) @pattern(regex: \"[A-Z]+'?\\\\d*\")";

fn with_limits() -> String {
    changed(BOXES, "weight: Int", LIMITS)
}

#[tokio::test]
async fn limits_are_checks_and_are_found_again() {
    let schema = with_limits();
    let mut workshop = Workshop::with(BOXES).await;
    workshop.migrate_to(&schema).await.unwrap();
    assert!(workshop.plan(&schema).await.unwrap().is_empty(), "{}", workshop.plan(&schema).await.unwrap().up_sql());
    // And so they are in a table that is made with them.
    let fresh = Workshop::with(&schema).await;
    assert!(fresh.plan(&schema).await.unwrap().is_empty(), "{}", fresh.plan(&schema).await.unwrap().up_sql());
    let checks = "select conname, pg_get_constraintdef(oid) as check from pg_constraint where contype = 'c' order by conname";
    let read = async |workshop: &Workshop| {
        let rows = workshop.database.connect().await.query(checks, &[]).await.unwrap();
        rows.iter().map(|row| (row.get::<_, String>(0), row.get::<_, String>(1))).collect::<Vec<_>>()
    };
    assert_eq!(read(&workshop).await, read(&fresh).await);
}

#[tokio::test]
async fn a_limit_that_changes_is_made_anew() {
    let schema = with_limits();
    let mut workshop = Workshop::with(&schema).await;
    let wider = changed(&schema, "min: -5, max: 1000", "max: -5");
    let plan = workshop.plan(&wider).await.unwrap().up_sql();
    for line in ["drop constraint boxes_weight_min_check", "drop constraint boxes_weight_max_check", "check (weight <= -5)"] {
        assert!(plan.contains(line), "{plan}");
    }
    workshop.migrate_to(&wider).await.unwrap();
    assert!(workshop.plan(&wider).await.unwrap().is_empty());
}

#[tokio::test]
async fn rows_beyond_a_limit_keep_it_from_being_made() {
    let workshop = Workshop::with(&with_limits()).await;
    let row = "insert into public.boxes (label, color, weight, ratio, price, made, code)
        values ('first', 'RED', 7, 0.5, 2.25, '2026-01-31', 'AB1')";
    workshop.database.execute(row).await;
    let refused = [
        ("min: -5, max: 1000", "min: 8", "rows of `public.boxes` hold smaller values"),
        ("min: -5, max: 1000", "max: 6", "rows of `public.boxes` hold greater values"),
        ("min: 0.001", "min: 0.75", "rows of `public.boxes` hold smaller values"),
        ("min: \"0.50\"", "min: \"2.26\"", "rows of `public.boxes` hold smaller values"),
        ("max: \"2029-12-31\"", "max: \"2026-01-30\"", "rows of `public.boxes` hold greater values"),
        ("min: 2, max: 9", "min: 4, max: 9", "rows of `public.boxes` hold shorter texts"),
        ("[A-Z]+'?", "[B-Z]+", "rows of `public.boxes` hold texts of another form"),
    ];
    for (from, to, problem) in refused {
        let schema = changed(&with_limits(), from, to);
        let plan = workshop.plan(&schema).await.unwrap();
        let problems: Vec<&str> = plan.refusals.iter().map(|refusal| refusal.problem.as_str()).collect();
        assert_eq!(problems, [problem], "{to}");
    }
    let kept = changed(&with_limits(), "min: -5, max: 1000", "min: 7, max: 7");
    assert_eq!(workshop.plan(&kept).await.unwrap().refusals, []);
}
