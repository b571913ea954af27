//! `@was`: what has another name now keeps its rows, its privileges and everything that is named after it.

use super::{BOXES, Workshop, changed};
use toolcrib::base::TableName;
use toolcrib::migrate::Consent;

/// Crates with titles, made by makers, in colors of other names.
fn renamed() -> String {
    let mut schema = changed(BOXES, "  GREEN\n", "  LIME @was(name: \"GREEN\")\n");
    schema = changed(&schema, "type Box @collection", "type Crate @collection @was(name: [\"Container\", \"Box\"])");
    schema = changed(&schema, "label: String!", "title: String! @was(name: \"label\")");
    schema = changed(&schema, "owner: User", "maker: User @was(name: \"owner\")");
    changed(
        &schema,
        "weight: Int",
        "weight: Int @column(name: \"kilos\") @index\n  number: String! @sequence(format: \"B-{:04}\")",
    )
}

#[tokio::test]
async fn tables_columns_and_values_are_renamed_with_all_that_bears_their_names() {
    let numbered = changed(BOXES, "weight: Int", "weight: Int @index\n  number: String! @sequence(format: \"B-{:04}\")");
    let mut workshop = Workshop::with(&numbered).await;
    workshop.database.execute("insert into public.boxes (label, color, weight) values ('first', 'GREEN', 7)").await;
    let before = workshop.stored().await;

    let schema = renamed();
    let plan = workshop.plan(&schema).await.unwrap();
    assert_eq!((plan.refusals.as_slice(), plan.warnings().as_slice()), (&[][..], &[][..]));
    workshop.migrate_to(&schema).await.unwrap();
    assert!(workshop.plan(&schema).await.unwrap().is_empty());

    let stored = workshop.stored().await;
    let crates = &stored.tables[&TableName::new("public", "crates")];
    let columns: Vec<&str> = crates.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(columns, ["id", "title", "color", "kilos", "number", "maker_id", "created_at", "updated_at", "version"]);
    let constraints: Vec<&str> = crates.constraints.keys().map(String::as_str).collect();
    assert_eq!(
        constraints,
        ["crates_color_check", "crates_maker_id_fkey", "crates_pkey", "crates_title_key", "crates_title_length_check"]
    );
    let indexes: Vec<&str> = crates.indexes.keys().map(String::as_str).collect();
    assert_eq!(
        indexes,
        [
            "crates_created_at_id_idx",
            "crates_kilos_desc_id_idx",
            "crates_kilos_id_idx",
            "crates_maker_id_id_idx",
            "crates_pkey",
            "crates_title_key"
        ]
    );
    assert_eq!(crates.comment.as_deref(), Some("collection Crate"));
    assert!(stored.sequences.contains(&TableName::new("public", "crates_number_seq")));

    let client = workshop.database.connect().await;
    client.batch_execute("insert into public.crates (title, color) values ('second', 'LIME')").await.unwrap();
    let rows = client.query("select title, color, kilos, number from public.crates order by number", &[]).await.unwrap();
    let rows: Vec<(&str, &str, Option<i32>, &str)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    assert_eq!(rows, [("first", "LIME", Some(7), "B-0001"), ("second", "LIME", None, "B-0002")]);
    client.batch_execute("insert into public.crates (title, color) values ('third', 'GREEN')").await.unwrap_err();

    workshop.revert(&numbered, 1, Consent::Given).await.unwrap();
    assert_eq!(workshop.stored().await, before);
    let colors = client.query("select color from public.boxes", &[]).await.unwrap();
    assert_eq!(colors.iter().map(|row| row.get::<_, &str>(0)).collect::<Vec<_>>(), ["GREEN", "GREEN"]);
}

#[tokio::test]
async fn privileges_go_with_a_renamed_table() {
    let mut workshop = Workshop::with(BOXES).await;
    let schema = renamed();
    workshop.migrate_to(&schema).await.unwrap();
    let client = workshop.database.connect().await;
    let may = async |role: &str, privilege: &str| -> bool {
        let query = "select has_table_privilege($1::text, 'public.crates', $2::text)";
        client.query_one(query, &[&role, &privilege]).await.unwrap().get(0)
    };
    assert!(may("toolcrib_role_agent", "select").await && may("toolcrib_role_admin", "insert").await);
    assert!(!may("toolcrib_role_viewer", "select").await && !may("toolcrib_role_agent", "insert").await);
    // Nothing was left to do for the second server.
    assert_eq!(workshop.apply(&schema).await.unwrap(), toolcrib::migrate::Applied::default());
}

#[tokio::test]
async fn a_table_is_its_collections_whatever_the_plural_becomes() {
    let mut workshop = Workshop::with(BOXES).await;
    let schema = changed(BOXES, "type Box @collection", "type Box @collection(table: \"depot.cartons\")");
    workshop.migrate_to(&schema).await.unwrap();
    let stored = workshop.stored().await;
    assert!(stored.tables.contains_key(&TableName::new("depot", "cartons")));
    assert!(workshop.plan(&schema).await.unwrap().is_empty());
    workshop.revert(BOXES, 1, Consent::Withheld).await.unwrap();
    assert!(workshop.plan(BOXES).await.is_err(), "the migration waits again");
}

/// Tables that change places take along what is named after them, the wall included, and change back.
#[tokio::test]
async fn tables_change_names_with_each_other() {
    let numbered =
        |schema: &str, text: &str| changed(schema, text, &format!("{text}\n  number: String! @sequence(format: \"B-{{:04}}\")"));
    let first = numbered(&numbered(BOXES, "weight: Int"), "name: String!");
    let mut workshop = Workshop::with(&first).await;
    workshop
        .database
        .execute("insert into public.boxes (label) values ('box'); insert into public.racks (name) values ('rack')")
        .await;
    let before = workshop.stored().await;
    let schema = changed(&first, "type Box @collection", "type Box @collection(table: \"public.racks\")");
    let schema = changed(&schema, "type Rack @collection", "type Rack @collection(table: \"public.boxes\")");
    let plan = workshop.plan(&schema).await.unwrap();
    assert_eq!((plan.refusals.as_slice(), plan.warnings().as_slice()), (&[][..], &[][..]));
    assert!(!plan.up_sql().contains("-- toolcrib:step"), "it is one transaction: {}", plan.up_sql());
    workshop.migrate_to(&schema).await.unwrap();
    assert!(workshop.plan(&schema).await.unwrap().is_empty());
    assert_eq!(workshop.apply(&schema).await.unwrap(), toolcrib::migrate::Applied::default(), "the wall stands where it has to");

    let stored = workshop.stored().await;
    let names = |table: &str| -> Vec<String> {
        let table = &stored.tables[&TableName::new("public", table)];
        table.constraints.keys().chain(table.indexes.keys()).cloned().collect()
    };
    assert!(names("racks").iter().all(|name| name.starts_with("racks_")), "{:?}", names("racks"));
    assert!(names("boxes").iter().all(|name| name.starts_with("boxes_")), "{:?}", names("boxes"));
    let client = workshop.database.connect().await;
    client
        .batch_execute("insert into public.racks (label) values ('new box'); insert into public.boxes (name) values ('new rack')")
        .await
        .unwrap();
    let text =
        async |query: &str| -> Vec<String> { client.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect() };
    assert_eq!(text("select label || ' ' || number from public.racks order by 1").await, ["box B-0001", "new box B-0002"]);
    assert_eq!(text("select name || ' ' || number from public.boxes order by 1").await, ["new rack B-0002", "rack B-0001"]);
    // Viewers read racks and no boxes, whatever the tables are called.
    let read_by =
        "select tablename::text from pg_policies where policyname = 'toolcrib_viewer_read' and tablename in ('boxes', 'racks')";
    assert_eq!(text(read_by).await, ["boxes"]);

    workshop.revert(&first, 1, Consent::Withheld).await.unwrap();
    assert_eq!(workshop.stored().await, before);
    assert_eq!(text("select label from public.boxes order by 1").await, ["box", "new box"]);
}

#[tokio::test]
async fn a_name_that_another_table_has_is_refused() {
    let mut workshop = Workshop::with(BOXES).await;
    workshop.write_by_hand("shelves", "create table public.shelves (id uuid primary key)");
    workshop.apply(BOXES).await.unwrap();
    let plan = workshop.plan(&changed(BOXES, "type Rack @collection", "type Rack @collection(table: \"public.shelves\")")).await;
    let refusals: Vec<String> = plan.unwrap().refusals.iter().map(ToString::to_string).collect();
    assert_eq!(
        refusals,
        [
            "`Rack`: the table `public.racks` would be called `public.shelves`, which is another table's name; rename or drop that one \
             first, in a migration of its own, or give this one another name with `@collection(table:)`"
        ]
    );
}

#[tokio::test]
async fn values_that_become_one_cannot_be_told_apart_again_and_somebody_has_to_say_so() {
    let mut workshop = Workshop::with(BOXES).await;
    workshop.database.execute("insert into public.boxes (label, color) values ('first', 'GREEN'), ('second', 'RED')").await;
    let schema = changed(BOXES, "  RED\n  GREEN\n", "  RED @was(name: \"GREEN\")\n");
    let error = workshop.migrate_to(&schema).await.unwrap_err();
    assert!(error.to_string().contains("`color` becomes `RED` where it was `GREEN`"), "{error}");
    workshop.apply_with(&schema, &super::options(Consent::Given)).await.unwrap();
    let client = workshop.database.connect().await;
    let reds = client.query("select from public.boxes where color = 'RED'", &[]).await.unwrap();
    assert_eq!(reds.len(), 2);
    workshop.revert(BOXES, 1, Consent::Given).await.unwrap();
    client.batch_execute("update public.boxes set color = 'GREEN'").await.unwrap();
}

#[tokio::test]
async fn values_that_become_a_new_one_go_back_to_the_first_of_them() {
    let mut workshop = Workshop::with(BOXES).await;
    let schema = changed(BOXES, "  RED\n  GREEN\n", "  MIXED @was(name: [\"GREEN\", \"RED\"])\n");
    let schema = changed(&schema, "value: RED", "value: MIXED");
    workshop.migrate_to(&schema).await.unwrap();
    workshop.database.execute("insert into public.boxes (label) values ('first')").await;
    workshop.revert(BOXES, 1, Consent::Given).await.unwrap();
    let color: String = workshop.database.connect().await.query_one("select color from public.boxes", &[]).await.unwrap().get(0);
    assert_eq!(color, "GREEN");
}

#[tokio::test]
async fn a_role_is_renamed_in_the_users_that_have_it() {
    let auditors = format!("{BOXES}extend enum Role {{ auditor }}\n");
    let mut workshop = Workshop::with(&auditors).await;
    let user = "insert into toolcrib.users (email, name, role) values ('ana@example.com', 'Ana', 'auditor')";
    workshop.database.execute(user).await;
    let schema = changed(&auditors, "{ auditor }", "{ controller @was(name: \"auditor\") }");
    workshop.migrate_to(&schema).await.unwrap();
    let role: String = workshop.database.connect().await.query_one("select role from toolcrib.users", &[]).await.unwrap().get(0);
    assert_eq!(role, "controller");
}
