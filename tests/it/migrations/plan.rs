//! What is planned, and what is refused.

use super::{BOXES, Workshop, changed, options};
use crate::support::database::SUPPORT_DESK;
use std::path::Path;
use toolcrib::migrate::{self, Consent, MigrateError, RuleDemands, Tool};

/// A row that holds the most that there can be.
const FULL_BOX: &str = "
    insert into toolcrib.users (id, email, name, role) values
        ('00000000-0000-4000-8000-000000000001', 'ana@example.com', 'Ana', 'agent');
    insert into public.boxes (label, color, weight, owner_id) values
        ('a label of 20 signs!', 'GREEN', 7, '00000000-0000-4000-8000-000000000001'), ('short', 'RED', null, null)";

#[tokio::test]
async fn what_rows_do_not_allow_is_refused_with_the_way_out() {
    let workshop = Workshop::with(BOXES).await;
    let without_rows = Workshop::with(BOXES).await;
    workshop.database.execute(FULL_BOX).await;
    let cases = [
        (
            "weight: Int",
            "weight: Int!",
            "`Box.weight`: the field is required, but rows of `public.boxes` hold none; say what they get with `@backfill(value: \
             ...)` or `@backfill(sql: \"...\")`, or leave the `!` out",
        ),
        (
            "  GREEN\n",
            "",
            "`Box.color`: rows of `public.boxes` hold values that the enum does not have; put the values back, or say `@was(name: \
             \"OLD\")` on the value that takes their place",
        ),
        (
            "max: 20",
            "max: 19",
            "`Box.label`: rows of `public.boxes` hold more than 19 characters; raise `@length(max:)`, or shorten those rows first",
        ),
        (
            "owner: User",
            "owner: Rack",
            "`Box.owner`: the field points to `public.racks`, the rows to `toolcrib.users`; put the type back; or give the field \
             another name, with `@backfill(sql: \"...\")` where rows can be moved",
        ),
        (
            "weight: Int",
            "weight: Int\n  depth: Int!",
            "`Box.depth`: the field is new and required, but rows of `public.boxes` have no value for it; say what they get with \
             `@default(value: ...)`, `@backfill(value: ...)` or `@backfill(sql: \"...\")`, or leave the `!` out",
        ),
    ];
    for (from, to, expected) in cases {
        let schema = changed(BOXES, from, to);
        let plan = workshop.plan(&schema).await.unwrap();
        let refusals: Vec<String> = plan.refusals.iter().map(ToString::to_string).collect();
        assert_eq!(refusals, [expected], "{from} -> {to}");
        let written = migrate::write(&plan, workshop.directory(), "refused", chrono::Utc::now());
        assert!(matches!(written, Err(MigrateError::Refused { .. })));
        // Where no row is in the way the same is planned.
        let plan = without_rows.plan(&schema).await.unwrap();
        assert_eq!(plan.refusals, [], "{from} -> {to}");
        assert!(!plan.steps.is_empty(), "{from} -> {to}");
    }
}

#[tokio::test]
async fn a_type_without_a_safe_way_to_it_is_refused_whatever_rows_there_are() {
    // The plan is applied to other databases than the one that it is made on.
    let workshop = Workshop::with(BOXES).await;
    for (from, to, problem) in [
        ("label: String! @unique @length(max: 20)", "label: Int!", "`integer`, the column holds `text`"),
        ("weight: Int", "weight: Boolean", "`boolean`, the column holds `integer`"),
        ("weight: Int", "weight: [String!]", "`text[]`, the column holds `integer`"),
    ] {
        let plan = workshop.plan(&changed(BOXES, from, to)).await.unwrap();
        let [refusal] = plan.refusals.as_slice() else { panic!("{plan:?}") };
        assert_eq!(refusal.problem, format!("the field is stored as {problem}"));
        assert!(refusal.help.contains("`@backfill(sql: \"...\")`, an expression over `"), "{}", refusal.help);
    }
}

#[tokio::test]
async fn what_is_new_is_added_and_can_be_taken_back() {
    let mut workshop = Workshop::with(BOXES).await;
    let before = workshop.stored().await;
    let mut schema = changed(BOXES, "  GREEN\n", "  GREEN\n  BLUE\n");
    schema = changed(&schema, "max: 20", "max: 40");
    schema = changed(&schema, "@default(value: RED)", "@default(value: BLUE) @index");
    schema = changed(&schema, "weight: Int", "weight: Int @unique\n  number: String! @sequence(format: \"B-{:04}/x\")");
    schema = changed(
        &schema,
        "name: String!",
        "name: String!\n  depth: Int!\n  tags: [Color!]\n  order: String @length(max: 9)\n  box: Box",
    );
    schema.push_str("extend enum Role { auditor }\nextend type User { badge: String @unique }\n");
    schema.push_str("type Note @collection(table: \"notes.notes\") @access(read: \"row.rack.name == 'x'\", write: \"false\") { rack: Rack! }\n");

    let plan = workshop.plan(&schema).await.unwrap();
    assert_eq!(plan.refusals, []);
    let migration = workshop.migrate_to(&schema).await.unwrap();
    assert!(workshop.plan(&schema).await.unwrap().is_empty());
    let text = |file: &str| {
        let text = std::fs::read_to_string(workshop.directory().join(&migration).join(file)).unwrap();
        text.split_once("\n\n").unwrap().1.to_owned()
    };
    insta::assert_snapshot!(text("up.sql"), @r#"
    -- toolcrib:step long-lock=public.boxes
    -- Numbers every row of `public.boxes` under a lock: nobody reads or writes it meanwhile.
    create schema notes;
    create sequence public.boxes_number_seq;
    alter table toolcrib.users drop constraint users_role_check;
    alter table toolcrib.record_shares drop constraint record_shares_role_check;
    alter table public.boxes drop constraint boxes_label_length_check;
    alter table public.boxes alter column color set default 'BLUE';
    alter table public.boxes drop constraint boxes_color_check;

    create table notes.notes (
        id uuid not null default gen_random_uuid(),
        rack_id uuid not null,
        created_at timestamp with time zone not null default now(),
        updated_at timestamp with time zone not null default now(),
        version integer not null default 1,
        constraint notes_pkey primary key (id)
    );
    comment on table notes.notes is 'collection Note';

    alter table toolcrib.users add column badge text;
    alter table public.boxes add column number text not null default toolcrib.format_sequence('B-', 4, '/x', nextval('public.boxes_number_seq'));
    alter table public.racks add column depth integer not null;
    alter table public.racks add column tags text[];
    alter table public.racks add column "order" text;
    alter table public.racks add column box_id uuid;
    alter sequence public.boxes_number_seq owned by public.boxes.number;
    alter table toolcrib.users add constraint users_role_check check (role in ('admin', 'manager', 'agent', 'viewer', 'auditor')) not valid;
    alter table toolcrib.record_shares add constraint record_shares_role_check check (role in ('admin', 'manager', 'agent', 'viewer', 'auditor')) not valid;
    alter table public.boxes add constraint boxes_label_length_check check (char_length(label) <= 40) not valid;
    alter table public.boxes add constraint boxes_color_check check (color in ('RED', 'GREEN', 'BLUE')) not valid;
    alter table public.racks add constraint racks_tags_check check (tags <@ array['RED', 'GREEN', 'BLUE']) not valid;
    alter table public.racks add constraint racks_order_length_check check (char_length("order") <= 9) not valid;
    alter table public.racks add constraint racks_box_id_fkey foreign key (box_id) references public.boxes (id) not valid;
    alter table notes.notes add constraint notes_rack_id_fkey foreign key (rack_id) references public.racks (id);
    create index notes_rack_id_id_idx on notes.notes (rack_id, id);
    create index notes_created_at_id_idx on notes.notes (created_at, id);

    -- toolcrib:step
    -- Reads every row while others write.
    alter table toolcrib.users validate constraint users_role_check;

    -- toolcrib:step
    -- Reads every row while others write.
    alter table toolcrib.record_shares validate constraint record_shares_role_check;

    -- toolcrib:step
    -- Reads every row while others write.
    alter table public.boxes validate constraint boxes_label_length_check;
    alter table public.boxes validate constraint boxes_color_check;

    -- toolcrib:step
    -- Reads every row while others write.
    alter table public.racks validate constraint racks_tags_check;
    alter table public.racks validate constraint racks_order_length_check;
    alter table public.racks validate constraint racks_box_id_fkey;

    -- toolcrib:step builds=toolcrib.users_badge_key
    -- Writes go on meanwhile. Rows that share a value make it fail, and nothing is left of it.
    create unique index concurrently users_badge_key on toolcrib.users (badge);

    -- toolcrib:step builds=public.boxes_color_id_idx
    -- Writes go on meanwhile.
    create index concurrently boxes_color_id_idx on public.boxes (color, id);

    -- toolcrib:step builds=public.boxes_color_order_id_idx
    -- Writes go on meanwhile.
    create index concurrently boxes_color_order_id_idx on public.boxes ((case color when 'RED' then 1 when 'GREEN' then 2 when 'BLUE' then 3 end), id);

    -- toolcrib:step builds=public.boxes_weight_key
    -- Writes go on meanwhile. Rows that share a value make it fail, and nothing is left of it.
    create unique index concurrently boxes_weight_key on public.boxes (weight);

    -- toolcrib:step builds=public.racks_name_id_idx
    -- Writes go on meanwhile.
    create index concurrently racks_name_id_idx on public.racks (name, id);

    -- toolcrib:step builds=public.racks_box_id_id_idx
    -- Writes go on meanwhile.
    create index concurrently racks_box_id_id_idx on public.racks (box_id, id);

    -- toolcrib:step
    alter table toolcrib.users add constraint users_badge_key unique using index users_badge_key;
    alter table public.boxes add constraint boxes_weight_key unique using index boxes_weight_key;
    "#);
    insta::assert_snapshot!(text("down.sql"), @r#"
    -- toolcrib:step
    alter table public.boxes drop constraint boxes_weight_key;
    alter table toolcrib.users drop constraint users_badge_key;

    -- toolcrib:step
    drop index if exists public.racks_box_id_id_idx;

    -- toolcrib:step
    drop index if exists public.racks_name_id_idx;

    -- toolcrib:step
    drop index if exists public.boxes_weight_key;

    -- toolcrib:step
    drop index if exists public.boxes_color_order_id_idx;

    -- toolcrib:step
    drop index if exists public.boxes_color_id_idx;

    -- toolcrib:step
    drop index if exists toolcrib.users_badge_key;

    -- toolcrib:step
    -- Nothing has to be taken back.

    -- toolcrib:step
    -- Nothing has to be taken back.

    -- toolcrib:step
    -- Nothing has to be taken back.

    -- toolcrib:step
    -- Nothing has to be taken back.

    -- toolcrib:step long-lock=toolcrib.users long-lock=toolcrib.record_shares long-lock=public.boxes destructive=notes.notes destructive=toolcrib.users destructive=public.boxes destructive=public.racks
    -- Reads every row of `toolcrib.users` under a lock: nobody writes it meanwhile.
    -- Reads every row of `toolcrib.record_shares` under a lock: nobody writes it meanwhile.
    -- Reads every row of `public.boxes` under a lock: nobody writes it meanwhile.
    -- Drops the table `notes.notes` with every row in it.
    -- Drops the column `toolcrib.users.badge` with every value in it.
    -- Drops the column `public.boxes.number` with every value in it.
    -- Drops the column `public.racks.depth` with every value in it.
    -- Drops the column `public.racks.tags` with every value in it.
    -- Drops the column `public.racks.order` with every value in it.
    -- Drops the column `public.racks.box_id` with every value in it.
    drop index if exists notes.notes_created_at_id_idx;
    drop index if exists notes.notes_rack_id_id_idx;
    alter table notes.notes drop constraint notes_rack_id_fkey;
    alter table public.racks drop constraint racks_box_id_fkey;
    alter table public.racks drop constraint if exists racks_order_length_check;
    alter table public.racks drop constraint if exists racks_tags_check;
    alter table public.boxes drop constraint if exists boxes_color_check;
    alter table public.boxes drop constraint if exists boxes_label_length_check;
    alter table toolcrib.record_shares drop constraint if exists record_shares_role_check;
    alter table toolcrib.users drop constraint if exists users_role_check;
    alter table public.racks drop column box_id;
    alter table public.racks drop column "order";
    alter table public.racks drop column tags;
    alter table public.racks drop column depth;
    alter table public.boxes drop column number;
    alter table toolcrib.users drop column badge;
    drop table notes.notes;
    alter table public.boxes add constraint boxes_color_check CHECK ((color = ANY (ARRAY['RED'::text, 'GREEN'::text])));
    alter table public.boxes alter column color set default 'RED'::text;
    alter table public.boxes add constraint boxes_label_length_check CHECK ((char_length(label) <= 20));
    alter table toolcrib.record_shares add constraint record_shares_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'manager'::text, 'agent'::text, 'viewer'::text])));
    alter table toolcrib.users add constraint users_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'manager'::text, 'agent'::text, 'viewer'::text])));
    drop sequence if exists public.boxes_number_seq;
    drop schema notes;
    "#);

    workshop.database.execute("insert into public.boxes (label) values ('first')").await;
    let client = workshop.database.connect().await;
    let row = client.query_one("select number, color from public.boxes", &[]).await.unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, String>(1)), ("B-0001/x".to_owned(), "BLUE".to_owned()));

    workshop.database.execute("delete from public.boxes").await;
    let reverted = workshop.revert(BOXES, 1, Consent::Given).await.unwrap();
    assert!(reverted.fits_schema);
    assert_eq!(workshop.stored().await, before);
}

#[tokio::test]
async fn an_index_in_an_enums_order_follows_the_enum() {
    let indexed = changed(BOXES, "color: Color! @default(value: RED)", "color: Color @index");
    let mut workshop = Workshop::with(&indexed).await;
    let before = workshop.stored().await;
    let wider = changed(&indexed, "  GREEN\n", "  BLUE\n  GREEN\n");
    let plan = workshop.plan(&wider).await.unwrap();
    let steps: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
    assert_eq!(
        steps,
        [
            "- constraint boxes_color_check on public.boxes",
            "- index boxes_color_order_id_idx",
            "- index boxes_color_desc_id_idx",
            "+ check boxes_color_check on public.boxes",
            "~ constraint boxes_color_check on public.boxes: holds for every row",
            "+ index boxes_color_order_id_idx",
            "+ index boxes_color_desc_id_idx",
        ]
    );
    let down = plan.down_sql();
    workshop.migrate_to(&wider).await.unwrap();
    let stored = workshop.stored().await;
    let boxes = &stored.tables[&toolcrib::base::TableName::new("public", "boxes")];
    let order = "WHEN 'RED'::text THEN 1 WHEN 'BLUE'::text THEN 2 WHEN 'GREEN'::text THEN 3";
    for (name, direction) in [("boxes_color_order_id_idx", ", id)"), ("boxes_color_desc_id_idx", " DESC NULLS LAST, id DESC)")] {
        let definition = boxes.indexes[name].definition.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(definition.contains(order) && definition.ends_with(direction), "{definition}");
    }

    workshop.database.execute(&down).await;
    assert_eq!(workshop.stored().await, before);
}

#[tokio::test]
async fn the_same_schema_and_database_always_give_the_same_text() {
    let workshop = Workshop::new().await;
    let first = workshop.plan(BOXES).await.unwrap();
    assert_eq!(first.up_sql(), workshop.plan(BOXES).await.unwrap().up_sql());
    // Planning leaves nothing behind.
    assert!(!workshop.stored().await.schemas.contains("toolcrib"));
}

#[tokio::test]
async fn a_plan_waits_for_the_migrations_that_are_written() {
    let mut workshop = Workshop::with(BOXES).await;
    workshop.write_by_hand("add_things", "select 1");
    let error = workshop.plan(BOXES).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the migration `20260103000000_add_things` is waiting to be applied: run `toolcrib migrate apply`"
    );
}

#[tokio::test]
async fn the_support_desks_migrations_lead_to_its_schema() {
    let workshop = Workshop::new().await;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/support_desk");
    let (catalog, rules) = crate::support::database::compile(SUPPORT_DESK);
    let demands = RuleDemands::new(&catalog, &rules);
    let tool = Tool { catalog: &catalog, demands: &demands, migrations: &directory };
    let url = workshop.database.owner_url();
    migrate::apply(migrate::connect(&url).await.unwrap(), tool).await.unwrap();
    assert!(migrate::plan(migrate::connect(&url).await.unwrap(), tool).await.unwrap().is_empty());
    migrate::verify(&mut migrate::connect(&url).await.unwrap(), tool).await.unwrap();

    let up = workshop.stored().await;
    let mut migrations: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    migrations.retain(|path| path.is_dir());
    migrations.sort();
    let read = |path: &Path, file: &str| std::fs::read_to_string(path.join(file)).unwrap();
    // Row-level security gives way to what it names.
    let given = options(Consent::Given);
    migrate::revert(migrate::connect(&url).await.unwrap(), tool, migrations.len(), &given).await.unwrap();
    assert!(workshop.stored().await.tables.keys().all(|table| &*table.schema == "toolcrib"));
    for migration in &migrations {
        // Steps stand alone: an index is built outside of any transaction.
        for step in read(migration, "up.sql").split("-- toolcrib:step") {
            let (_, statements) = step.split_once('\n').unwrap();
            workshop.database.execute(statements).await;
        }
    }
    assert_eq!(workshop.stored().await, up);
}

#[tokio::test]
async fn what_rules_compare_in_other_rows_gets_an_index() {
    let workshop = Workshop::with(BOXES).await;
    let racks = changed(
        BOXES,
        r#"type Rack @collection @access(read: "true""#,
        r#"type Rack @collection @access(read: "exists(row.boxes, b, b.weight == 1 && exists(b.owner.boxes, other, other.color == 'RED'))""#,
    );
    let racks = changed(&racks, "name: String!", "name: String!\n  boxes: [Box!]!");
    let racks = changed(&racks, "owner: User", "owner: User\n  rack: Rack");
    let schema = format!("{racks}\nextend type User {{ boxes: [Box!]! @inverse(field: \"owner\") }}");
    let plan = workshop.plan(&schema).await.unwrap();
    for index in ["boxes_weight_id_idx", "boxes_color_id_idx", "boxes_rack_id_id_idx"] {
        assert!(plan.up_sql().contains(index), "{index}: {}", plan.up_sql());
    }
    // A rule that looks nowhere asks for none of them.
    let plain = racks.replace(" && exists(b.owner.boxes, other, other.color == 'RED')", "");
    let plan = workshop.plan(&plain).await.unwrap();
    assert!(!plan.up_sql().contains("boxes_color_id_idx"), "{}", plan.up_sql());
}
