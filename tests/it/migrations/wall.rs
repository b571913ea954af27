//! Row-level security through migrations: it follows the rules, gives way to what changes its columns, and comes back.

use super::{BOXES, Workshop, changed, options};
use toolcrib::migrate::Consent;

/// Agents see the boxes that weigh little, and change them by what they weighed.
const READ: &str = "read: \"user.role != 'viewer'\", write: \"user.role == 'admin'\"";

fn weighed(column: &str) -> String {
    let rule = format!(
        "read: \"user.role == 'admin' || row.{column} < 10\", create: \"user.role == 'admin'\",
         update: \"user.role == 'admin' || old.{column} < new.{column}\", delete: \"false\""
    );
    let schema = changed(BOXES, READ, &rule);
    if column == "weight" { schema } else { changed(&schema, "weight: Int", &format!("{column}: Int")) }
}

impl Workshop {
    async fn policies(&self) -> Vec<String> {
        let client = self.database.connect().await;
        let query = "select policyname || ' ' || coalesce(qual, '') from pg_policies where tablename = 'boxes' order by 1";
        client.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

#[tokio::test]
async fn a_column_that_a_rule_names_can_go_with_the_rule() {
    let mut workshop = Workshop::with(&weighed("weight")).await;
    workshop.database.execute("insert into public.boxes (label, weight) values ('first', 3)").await;
    let before = workshop.policies().await;
    assert!(before.iter().any(|policy| policy.contains("weight < 10")), "{before:?}");
    workshop.plan_and_write(&weighed("mass")).await;
    workshop.apply_with(&weighed("mass"), &options(Consent::Given)).await.unwrap();
    let after = workshop.policies().await;
    assert!(after.iter().any(|policy| policy.contains("mass < 10")), "{after:?}");
    assert!(!after.iter().any(|policy| policy.contains("suspended") || policy.contains("weight")), "{after:?}");
    // The type of a column, too.
    workshop.plan_and_write(&changed(&weighed("mass"), "mass: Int", "mass: BigInt")).await;
    workshop.apply_with(&changed(&weighed("mass"), "mass: Int", "mass: BigInt"), &options(Consent::Given)).await.unwrap();
    assert_eq!(workshop.policies().await, after);
    let again = workshop.apply(&changed(&weighed("mass"), "mass: Int", "mass: BigInt")).await.unwrap();
    assert!(again.wall.is_empty(), "nothing is left to do: {:?}", again.wall);
}

#[tokio::test]
async fn what_was_taken_down_for_a_migration_that_fails_stands_again() {
    let mut workshop = Workshop::with(&weighed("weight")).await;
    workshop.database.execute("insert into public.boxes (label, weight) values ('first', 3)").await;
    let before = workshop.policies().await;
    workshop.write_by_hand("fail", "alter table public.boxes alter column weight type bigint; select 1 / 0;");
    let error = workshop.apply_with(&weighed("weight"), &options(Consent::Given)).await.unwrap_err();
    assert!(format!("{error:?}").contains("division by zero"), "{error:?}");
    assert_eq!(workshop.policies().await, before);
}

#[tokio::test]
async fn rules_alone_change_the_wall_alone() {
    let workshop = Workshop::with(&weighed("weight")).await;
    let applied = workshop.apply(&changed(&weighed("weight"), "< 10", "< 20")).await.unwrap();
    assert!(applied.tool.is_empty() && applied.grants.is_empty());
    assert_eq!(
        applied.wall.made,
        [
            "the policy toolcrib_agent_read on public.boxes",
            "the policy toolcrib_agent_update on public.boxes",
            "the policy toolcrib_manager_read on public.boxes",
            "the policy toolcrib_manager_update on public.boxes",
            "the policy toolcrib_platform_read on public.boxes",
            "the policy toolcrib_platform_update on public.boxes",
            "the policy toolcrib_reader_agent_read on public.boxes",
            "the policy toolcrib_reader_manager_read on public.boxes",
            "the policy toolcrib_reader_viewer_read on public.boxes",
            "the policy toolcrib_viewer_read on public.boxes",
            "the policy toolcrib_viewer_update on public.boxes"
        ]
    );
}
