-- The tool's migrations that were applied. The checksum refuses a file that was changed afterwards.
create table toolcrib.tool_migrations (
    version text not null,
    name text not null,
    checksum text not null,
    applied_at timestamp with time zone not null default now(),
    constraint tool_migrations_pkey primary key (version)
);

-- `CASE-{:06}` of 17 is `CASE-000017`. A number that needs more digits keeps them all.
create function toolcrib.format_sequence(prefix text, width integer, suffix text, value bigint) returns text
language sql
immutable
strict
parallel safe
as $$ select prefix || lpad(value::text, greatest(width, length(value::text)), '0') || suffix $$;
