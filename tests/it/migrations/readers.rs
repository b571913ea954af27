//! What the database logins of users may read follows the schema.

use super::Workshop;

fn notes(level: &str) -> String {
    format!(
        r#"
type Box @collection @access(read: "user.role == 'agent'", write: "false") {{
  owner: User
}}

type Note @collection @access(read: "row.box.owner == user.id || row.level > 3", write: "false") {{
  box: Box!
  "As the table is called."
  notes: String
  level: {level}
}}
"#
    )
}

/// A function that a policy calls with the row names the column, too.
#[tokio::test]
async fn columns_that_readers_are_asked_about_can_change() {
    let mut workshop = Workshop::with(&notes("Int")).await;
    let client = workshop.database.connect().await;
    let count = "select count(*) from pg_proc where proname = 'notes_reader_agent' and prosecdef";
    assert_eq!(client.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 1);
    workshop.migrate_to(&notes("BigInt")).await.unwrap();
    assert_eq!(client.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 1);
    let again = workshop.apply(&notes("BigInt")).await.unwrap();
    assert!(again.wall.is_empty() && again.grants.is_empty(), "{again:?}");

    // Of a role that cannot read boxes without a condition, references to them are no column to read.
    let readable = async |role: &str| {
        let query = "select string_agg(a.attname, ' ' order by a.attnum)::text from pg_attribute a
            where a.attrelid = 'public.notes'::regclass and a.attnum > 0 and has_column_privilege($1, a.attrelid, a.attnum, 'select')";
        client.query_one(query, &[&role]).await.unwrap().get::<_, String>(0)
    };
    assert_eq!(readable("toolcrib_reader_agent").await, "id box_id notes level created_at updated_at version");
    assert_eq!(readable("toolcrib_reader_viewer").await, "id notes level created_at updated_at version");
}
