create table toolcrib.exports (
    id uuid not null default gen_random_uuid(),
    exported_by_id uuid,
    entity_type text not null,
    filters jsonb,
    format text not null,
    status text not null default 'RUNNING',
    row_count integer,
    checksum text,
    byte_size bigint,
    reason text,
    failure text,
    completed_at timestamp with time zone,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint exports_pkey primary key (id),
    constraint exports_format_check check (format in ('CSV', 'JSON')),
    constraint exports_status_check check (status in ('RUNNING', 'COMPLETED', 'FAILED')),
    constraint exports_exported_by_id_fkey foreign key (exported_by_id) references toolcrib.users (id)
);

comment on table toolcrib.exports is 'collection Export';

create index exports_exported_by_id_id_idx on toolcrib.exports (exported_by_id, id);
