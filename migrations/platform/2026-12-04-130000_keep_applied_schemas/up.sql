-- The schemas whose rules were applied, the last one being what may be served: `[{"path", "text"}]`, the platform's own first. Rules are
-- compared with them before others take their place.
create table toolcrib.applied_schemas (
    id uuid not null,
    sources jsonb not null,
    applied_at timestamp with time zone not null default now(),
    constraint applied_schemas_pkey primary key (id)
);
