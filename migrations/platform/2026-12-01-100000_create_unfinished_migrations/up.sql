-- A migration of the tool whose steps are not all applied yet: it goes on after the last one that is. When it is complete it
-- moves to `tool_migrations`. The checksum is that of the steps that are applied; the rest may still be mended.
create table toolcrib.unfinished_migrations (
    version text not null,
    name text not null,
    checksum text not null,
    applied_steps integer not null,
    applied_at timestamp with time zone not null default now(),
    constraint unfinished_migrations_pkey primary key (version)
);
