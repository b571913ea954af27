//! Changes of what is there, by the ways that nobody has to wait for.

use super::{BOXES, Workshop, changed, options};
use toolcrib::migrate::{Consent, MigrateError, Plan};

fn shown(plan: &Plan) -> String {
    assert_eq!(plan.refusals, []);
    plan.up_sql()
}

#[tokio::test]
async fn no_table_is_locked_while_its_rows_are_read_or_changed() {
    let mut workshop = Workshop::with(BOXES).await;
    workshop.database.execute("insert into public.boxes (label, color) values ('first', 'GREEN')").await;
    let mut schema = changed(BOXES, "weight: Int", "weight: Int! @backfill(value: 5) @index");
    schema = changed(&schema, "color: Color!", "color: Color");
    schema = changed(&schema, "max: 20", "max: 30");
    schema = changed(&schema, "  GREEN\n", "  LIME @was(name: \"GREEN\")\n");
    schema =
        changed(&schema, "owner: User", "owner: User\n  slug: String! @unique @backfill(sql: \"lower(label)\")\n  rack: Rack");
    insta::assert_snapshot!(shown(&workshop.plan(&schema).await.unwrap()), @r#"
    -- toolcrib:step
    alter table public.boxes drop constraint boxes_label_length_check;
    alter table public.boxes alter column color drop not null;
    alter table public.boxes drop constraint boxes_color_check;
    alter table public.boxes add column slug text;
    alter table public.boxes add column rack_id uuid;

    -- toolcrib:step outside-transaction
    -- In batches, each committed: begun again it only finds what is left.
    do $batches$
    declare
        last_id uuid := '00000000-0000-0000-0000-000000000000';
        batch uuid[];
    begin
        loop
            batch := array(select id from public.boxes where id > last_id order by id limit 5000);
            exit when cardinality(batch) = 0;
            update public.boxes set color = case color when 'GREEN' then 'LIME' else color end, slug = coalesce(slug, (lower(label))), weight = coalesce(weight, 5)
                where id = any (batch) and (color in ('GREEN') or weight is null or slug is null);
            last_id := batch[cardinality(batch)];
            commit;
        end loop;
    end
    $batches$;

    -- toolcrib:step
    alter table public.boxes add constraint boxes_label_length_check check (char_length(label) <= 30) not valid;
    alter table public.boxes add constraint boxes_color_check check (color in ('RED', 'LIME')) not valid;
    alter table public.boxes add constraint weight_filled check (weight is not null) not valid;
    alter table public.boxes add constraint slug_filled check (slug is not null) not valid;
    alter table public.boxes add constraint boxes_rack_id_fkey foreign key (rack_id) references public.racks (id) not valid;

    -- toolcrib:step outside-transaction
    -- In batches, each committed: begun again it only finds what is left.
    do $batches$
    declare
        last_id uuid := '00000000-0000-0000-0000-000000000000';
        batch uuid[];
    begin
        loop
            batch := array(select id from public.boxes where id > last_id order by id limit 5000);
            exit when cardinality(batch) = 0;
            update public.boxes set color = case color when 'GREEN' then 'LIME' else color end, slug = coalesce(slug, (lower(label))), weight = coalesce(weight, 5)
                where id = any (batch) and (color in ('GREEN') or weight is null or slug is null);
            last_id := batch[cardinality(batch)];
            commit;
        end loop;
    end
    $batches$;

    -- toolcrib:step
    -- Reads every row while others write.
    alter table public.boxes validate constraint boxes_label_length_check;
    alter table public.boxes validate constraint boxes_color_check;
    alter table public.boxes validate constraint weight_filled;
    alter table public.boxes validate constraint slug_filled;
    alter table public.boxes validate constraint boxes_rack_id_fkey;

    -- toolcrib:step
    -- The check says it of every row already, so none has to be read.
    alter table public.boxes alter column weight set not null, drop constraint weight_filled;
    alter table public.boxes alter column slug set not null, drop constraint slug_filled;

    -- toolcrib:step builds=public.boxes_weight_id_idx
    -- Writes go on meanwhile.
    create index concurrently boxes_weight_id_idx on public.boxes (weight, id);

    -- toolcrib:step builds=public.boxes_slug_key
    -- Writes go on meanwhile. Rows that share a value make it fail, and nothing is left of it.
    create unique index concurrently boxes_slug_key on public.boxes (slug);

    -- toolcrib:step builds=public.boxes_rack_id_id_idx
    -- Writes go on meanwhile.
    create index concurrently boxes_rack_id_id_idx on public.boxes (rack_id, id);

    -- toolcrib:step
    alter table public.boxes add constraint boxes_slug_key unique using index boxes_slug_key;
    "#);
    workshop.migrate_to(&schema).await.unwrap();
    let row = "select weight, color, slug from public.boxes";
    let row = workshop.database.connect().await.query_one(row, &[]).await.unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, &str>(1), row.get::<_, &str>(2)), (5, "LIME", "first"));
}

#[tokio::test]
async fn what_nothing_asks_for_any_more_is_dropped_and_defined_again_on_the_way_back() {
    let mut workshop = Workshop::with(&changed(BOXES, "weight: Int", "weight: Int @index @default(value: 3)")).await;
    let before = workshop.stored().await;
    let mut schema = changed(BOXES, "label: String! @unique @length(max: 20)", "label: String!");
    schema = changed(&schema, "color: Color! @default(value: RED)", "color: String!");
    let plan = workshop.plan(&schema).await.unwrap();
    assert_eq!(plan.warnings(), []);
    insta::assert_snapshot!(shown(&plan), @r#"
    alter table public.boxes drop constraint boxes_label_key;
    alter table public.boxes drop constraint boxes_label_length_check;
    alter table public.boxes alter column color drop default;
    alter table public.boxes drop constraint boxes_color_check;
    alter table public.boxes alter column weight drop default;
    drop index public.boxes_weight_id_idx;
    drop index public.boxes_weight_desc_id_idx;
    "#);
    let down = plan.down_sql();
    workshop.migrate_to(&schema).await.unwrap();
    workshop.database.execute(&down).await;
    assert_eq!(workshop.stored().await, before);
}

#[tokio::test]
async fn fields_become_unique_together_and_stop_to_be() {
    let mut workshop = Workshop::with(BOXES).await;
    let before = workshop.stored().await;
    let together =
        changed(BOXES, "type Box @collection", "type Box @collection @unique(fields: [\"color\", \"weight\", \"owner\"])");
    let plan = workshop.plan(&together).await.unwrap();
    insta::assert_snapshot!(shown(&plan), @r"
    -- toolcrib:step builds=public.boxes_color_weight_owner_id_key
    -- Writes go on meanwhile.
    create unique index concurrently boxes_color_weight_owner_id_key on public.boxes (color, weight, owner_id);
    ");
    let down = plan.down_sql();
    workshop.migrate_to(&together).await.unwrap();
    assert!(workshop.plan(&together).await.unwrap().is_empty());

    // A new name of a column is a new name of the index; a new name of the table takes the index along.
    let renamed = changed(&together, "weight: Int", "mass: Int @was(name: \"weight\")");
    let renamed = shown(&workshop.plan(&changed(&renamed, "\"weight\", \"owner\"", "\"mass\", \"owner\"")).await.unwrap());
    assert!(renamed.contains("boxes_color_mass_owner_id_key on public.boxes (color, mass, owner_id)"), "{renamed}");
    assert!(renamed.contains("drop index public.boxes_color_weight_owner_id_key"), "{renamed}");
    let moved = changed(&together, "type Box @collection", "type Crate @collection @was(name: \"Box\")");
    let moved = shown(&workshop.plan(&moved).await.unwrap());
    assert!(moved.contains("boxes_color_weight_owner_id_key rename to crates_color_weight_owner_id_key"), "{moved}");

    let dropped = shown(&workshop.plan(BOXES).await.unwrap());
    assert!(dropped.contains("drop index public.boxes_color_weight_owner_id_key"), "{dropped}");
    workshop.database.execute(&down).await;
    assert_eq!(workshop.stored().await, before);
}

#[tokio::test]
async fn a_type_changes_where_every_value_keeps_its_meaning() {
    let mut workshop = Workshop::with(BOXES).await;
    workshop.database.execute("insert into public.boxes (label, weight) values ('first', 7), ('second', null)").await;
    let mut first = BOXES.to_owned();
    for (ty, expected) in [("BigInt", "[7, null]"), ("Decimal", "[7, null]"), ("JSON", "[7, null]"), ("String", r#"["7", null]"#)]
    {
        let schema = changed(BOXES, "weight: Int", &format!("weight: {ty}"));
        let error = workshop.migrate_to(&schema).await.unwrap_err();
        assert!(error.to_string().contains("under a lock: nobody reads or writes it meanwhile."), "{error}");
        workshop.apply_with(&schema, &options(Consent::Given)).await.unwrap();
        let query = "select json_agg(weight order by label)::text from public.boxes";
        let found: String = workshop.database.connect().await.query_one(query, &[]).await.unwrap().get(0);
        assert_eq!(found, expected, "{ty}");
        first = schema;
    }
    assert!(workshop.plan(&first).await.unwrap().is_empty());
    workshop.revert(BOXES, 4, Consent::Given).await.unwrap();
    let weight = workshop.database.connect().await.query_one("select weight from public.boxes where label = 'first'", &[]).await;
    assert_eq!(weight.unwrap().get::<_, i32>(0), 7);
}

#[tokio::test]
async fn rows_that_break_a_new_rule_stop_it_and_the_rest_goes_on_when_they_are_mended() {
    let mut workshop = Workshop::with(BOXES).await;
    let schema = changed(BOXES, "weight: Int", "weight: Int! @unique");
    workshop.plan_and_write(&schema).await;
    workshop.database.execute("insert into public.boxes (label) values ('first'), ('second')").await;

    let error = workshop.apply(&schema).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "step 2 of 5 of the migration `20260103000000_change_boxes`: rows of `boxes` do not keep `weight_filled`; mend them, then \
         apply again"
    );
    workshop.database.execute("update public.boxes set weight = 1").await;
    let error = workshop.apply(&schema).await.unwrap_err();
    assert!(error.to_string().starts_with("step 4 of 5 of the migration"), "{error}");
    assert!(
        matches!(&error, MigrateError::BrokenByRows { problem, .. } if problem.contains("`boxes_weight_key` wants once")),
        "{error}"
    );
    // Until then nobody is kept from working.
    workshop.database.execute("insert into public.boxes (label, weight) values ('third', 1)").await;
    assert_eq!(workshop.progress().await, [(3, 5)]);

    workshop.database.execute("update public.boxes set weight = length(label) * 1000 + ascii(label)").await;
    workshop.apply(&schema).await.unwrap();
    assert!(workshop.plan(&schema).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_applied_yet_may_be_mended_in_the_file_and_what_is_may_not() {
    let mut workshop = Workshop::with(BOXES).await;
    let path = workshop.write_by_hand("parts", "create table public.one (id int);\n-- toolcrib:step\nselect 1 / 0;\n");
    workshop.apply(BOXES).await.unwrap_err();
    let up = path.join("up.sql");
    std::fs::write(&up, "create table public.other (id int);\n-- toolcrib:step\nselect 1;\n").unwrap();
    assert!(matches!(workshop.apply(BOXES).await, Err(MigrateError::ChangedFile { .. })));
    std::fs::write(&up, "create table public.one (id int);\n-- toolcrib:step\nselect 1;\n").unwrap();
    workshop.apply(BOXES).await.unwrap();
    assert_eq!(workshop.progress().await, []);
}

#[tokio::test]
async fn a_table_with_partitions_is_changed_as_far_as_postgresql_can() {
    let mut workshop = Workshop::with(BOXES).await;
    let extended = |fields: &str| format!("{BOXES}extend type AuditEvent {{ {fields} }}\n");
    let plan = workshop.plan(&extended("tag: String @unique")).await.unwrap();
    let refusals: Vec<String> = plan.refusals.iter().map(ToString::to_string).collect();
    assert_eq!(
        refusals,
        [
            "`AuditEvent.tag`: `toolcrib.audit_events` has partitions, and PostgreSQL cannot tell what is unique across them; leave \
             `@unique` out"
        ]
    );
    let schema = extended("tag: Color @index\n  box: Box");
    let error = workshop.migrate_to(&schema).await.unwrap_err();
    assert!(
        error.to_string().contains("Builds an index of `toolcrib.audit_events`, which has partitions, under a lock"),
        "{error}"
    );
    workshop.apply_with(&schema, &options(Consent::Given)).await.unwrap();
    assert!(workshop.plan(&schema).await.unwrap().is_empty());
    workshop.revert(BOXES, 1, Consent::Given).await.unwrap();
    // The audit log tells of it, and the schema of before fits again.
    let query = "select from toolcrib.audit_events where details->>'direction' = 'down'";
    assert_eq!(workshop.database.connect().await.query(query, &[]).await.unwrap().len(), 1);
}
