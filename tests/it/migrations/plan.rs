//! What is planned, and what is refused.

use super::{BOXES, Workshop, changed};
use crate::support::database::SUPPORT_DESK;
use std::path::Path;
use toolcrib::migrate::{self, MigrateError, RuleDemands, Tool};

#[tokio::test]
async fn what_would_lose_or_reinterpret_data_is_refused_with_the_way_out() {
    let workshop = Workshop::with(BOXES).await;
    workshop.database.execute("insert into public.boxes (label) values ('first')").await;
    let rack = &BOXES[BOXES.find("type Rack").unwrap()..];
    let cases = [
        (
            "weight: Int",
            "weight: String",
            "`Box.weight`: the field is stored as `text`, the column holds `integer`; put the type back, or write a migration \
             that changes the column's type",
        ),
        (
            "weight: Int",
            "weight: [Int!]",
            "`Box.weight`: the field is stored as `integer[]`, the column holds `integer`; put the type back, or write a \
             migration that changes the column's type",
        ),
        (
            "weight: Int",
            "weight: Int!",
            "`Box.weight`: the field is required, the column allows nulls; leave the `!` out, or write a migration that fills the \
             nulls and sets the column not null",
        ),
        (
            "label: String!",
            "label: String",
            "`Box.label`: the column is not null, the field allows nulls; put the `!` back, or write a migration that drops the \
             column's `not null`",
        ),
        (
            "  weight: Int\n",
            "",
            "`Box`: the column `public.boxes.weight` is there, but no field; put the field back, or write a migration that drops \
             the column",
        ),
        (
            "weight: Int",
            "mass: Int",
            "`Box`: the column `public.boxes.weight` is there, but no field; if `mass` is its new name, write a migration that \
             renames the column to `mass`; otherwise put the field back or write a migration that drops the column",
        ),
        (
            rack,
            "",
            "`Rack`: the table `public.racks` is there, the type is not; put `type Rack` back, or write a migration that drops \
             or renames the table",
        ),
        (
            "  GREEN\n",
            "",
            "`Box.color`: rows may hold `GREEN`, which the enum no longer has; put the value back, or write a migration that \
             changes those rows and replaces the check",
        ),
        (
            "max: 20",
            "max: 10",
            "`Box.label`: rows may hold 20 characters, `@length` allows 10; put the length back, or write a migration that \
             shortens those rows and replaces the check",
        ),
        (
            " @length(max: 20)",
            "",
            "`Box.label`: the column's length is limited, the field's is not; put the `@length` back, or write a migration that \
             drops the constraint",
        ),
        (
            "@unique ",
            "",
            "`Box.label`: the column is unique, the field is not; put the `@unique` back, or write a migration that drops the \
             constraint",
        ),
        (
            "owner: User",
            "owner: Rack",
            "`Box.owner`: the field points to `public.racks`, the column to `toolcrib.users`; put the type back, or write a \
             migration that moves the rows and replaces the foreign key",
        ),
        (
            "weight: Int",
            "weight: Int\n  depth: Int!",
            "`Box.depth`: the field is new and required, but `public.boxes` holds rows that have no value for it; give it \
             `@default(value:)` or leave the `!` out; or write a migration that adds the column, fills it and then sets it not null",
        ),
    ];
    for (from, to, expected) in cases {
        let plan = workshop.plan(&changed(BOXES, from, to)).await.unwrap();
        let refusals: Vec<String> = plan.refusals.iter().map(ToString::to_string).collect();
        assert_eq!(refusals, [expected], "{from} -> {to}");
        let written = migrate::write(&plan, workshop.directory(), "refused", chrono::Utc::now());
        assert!(matches!(written, Err(MigrateError::Refused { .. })));
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
    create schema notes;
    create sequence public.boxes_number_seq;

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
    alter table toolcrib.users drop constraint users_role_check, add constraint users_role_check check (role in ('admin', 'manager', 'agent', 'viewer', 'auditor'));
    alter table toolcrib.users add constraint users_badge_key unique (badge);
    alter table public.boxes drop constraint boxes_label_length_check, add constraint boxes_label_length_check check (char_length(label) <= 40);
    alter table public.boxes alter column color set default 'BLUE';
    alter table public.boxes drop constraint boxes_color_check, add constraint boxes_color_check check (color in ('RED', 'GREEN', 'BLUE'));
    alter table public.boxes add constraint boxes_weight_key unique (weight);
    alter sequence public.boxes_number_seq owned by public.boxes.number;
    alter table public.racks add constraint racks_tags_check check (tags <@ array['RED', 'GREEN', 'BLUE']);
    alter table public.racks add constraint racks_order_length_check check (char_length("order") <= 9);
    alter table public.racks add constraint racks_box_id_fkey foreign key (box_id) references public.boxes (id);
    alter table notes.notes add constraint notes_rack_id_fkey foreign key (rack_id) references public.racks (id);
    create index boxes_color_id_idx on public.boxes (color, id);
    create index boxes_color_order_id_idx on public.boxes (array_position(array['RED', 'GREEN', 'BLUE'], color), id);
    create index racks_name_id_idx on public.racks (name, id);
    create index racks_box_id_id_idx on public.racks (box_id, id);
    create index notes_rack_id_id_idx on notes.notes (rack_id, id);
    create index notes_created_at_id_idx on notes.notes (created_at, id);
    "#);
    insta::assert_snapshot!(text("down.sql"), @r#"
    drop index notes.notes_created_at_id_idx;
    drop index notes.notes_rack_id_id_idx;
    drop index public.racks_box_id_id_idx;
    drop index public.racks_name_id_idx;
    drop index public.boxes_color_order_id_idx;
    drop index public.boxes_color_id_idx;
    alter table notes.notes drop constraint notes_rack_id_fkey;
    alter table public.racks drop constraint racks_box_id_fkey;
    alter table public.racks drop constraint racks_order_length_check;
    alter table public.racks drop constraint racks_tags_check;
    alter table public.boxes drop constraint boxes_weight_key;
    alter table public.boxes drop constraint boxes_color_check, add constraint boxes_color_check CHECK ((color = ANY (ARRAY['RED'::text, 'GREEN'::text])));
    alter table public.boxes alter column color set default 'RED'::text;
    alter table public.boxes drop constraint boxes_label_length_check, add constraint boxes_label_length_check CHECK ((char_length(label) <= 20));
    alter table toolcrib.users drop constraint users_badge_key;
    alter table toolcrib.users drop constraint users_role_check, add constraint users_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'manager'::text, 'agent'::text, 'viewer'::text])));
    alter table public.racks drop column box_id;
    alter table public.racks drop column "order";
    alter table public.racks drop column tags;
    alter table public.racks drop column depth;
    alter table public.boxes drop column number;
    alter table toolcrib.users drop column badge;
    drop table notes.notes;
    drop sequence if exists public.boxes_number_seq;
    drop schema notes;
    "#);

    workshop.database.execute("insert into public.boxes (label) values ('first')").await;
    let client = workshop.database.connect().await;
    let row = client.query_one("select number, color from public.boxes", &[]).await.unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, String>(1)), ("B-0001/x".to_owned(), "BLUE".to_owned()));

    workshop.database.execute("delete from public.boxes").await;
    workshop.database.execute(&text("down.sql")).await;
    assert_eq!(workshop.stored().await, before);
}

#[tokio::test]
async fn an_index_in_an_enums_order_follows_the_enum() {
    let indexed = changed(BOXES, "color: Color! @default(value: RED)", "color: Color @index");
    let workshop = Workshop::with(&indexed).await;
    let before = workshop.stored().await;
    let plan = workshop.plan(&changed(&indexed, "  GREEN\n", "  BLUE\n  GREEN\n")).await.unwrap();
    let steps: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
    assert_eq!(
        steps,
        [
            "~ check boxes_color_check on public.boxes: wider",
            "~ index boxes_color_order_id_idx: other values",
            "~ index boxes_color_desc_id_idx: other values",
        ]
    );
    workshop.database.execute(&plan.up_sql()).await;
    let stored = workshop.stored().await;
    let boxes = &stored.tables[&toolcrib::base::TableName::new("public", "boxes")];
    let order = "array_position(ARRAY['RED'::text, 'BLUE'::text, 'GREEN'::text], color)";
    let keys = |name: &str| boxes.indexes[name].split_once("btree ").unwrap().1.to_owned();
    assert_eq!(keys("boxes_color_order_id_idx"), format!("({order}, id)"));
    assert_eq!(keys("boxes_color_desc_id_idx"), format!("({order} DESC NULLS LAST, id DESC)"));

    workshop.database.execute(&plan.down_sql()).await;
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
    for migration in migrations.iter().rev() {
        workshop.database.execute(&read(migration, "down.sql")).await;
    }
    assert!(workshop.stored().await.tables.keys().all(|table| &*table.schema == "toolcrib"));
    for migration in &migrations {
        workshop.database.execute(&read(migration, "up.sql")).await;
    }
    assert_eq!(workshop.stored().await, up);
}
