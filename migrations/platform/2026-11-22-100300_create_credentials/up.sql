create table toolcrib.service_tokens (
    id uuid not null default gen_random_uuid(),
    user_id uuid not null,
    name text,
    expires_at timestamp with time zone not null,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint service_tokens_pkey primary key (id),
    constraint service_tokens_user_id_fkey foreign key (user_id) references toolcrib.users (id)
);

comment on table toolcrib.service_tokens is 'collection ServiceToken';

create index service_tokens_user_id_id_idx on toolcrib.service_tokens (user_id, id);

-- Apart from the collection, so that no rule, however wide, can show a hash.
create table toolcrib.service_token_hashes (
    token_id uuid not null,
    hash bytea not null,
    constraint service_token_hashes_pkey primary key (token_id),
    constraint service_token_hashes_hash_key unique (hash),
    constraint service_token_hashes_token_id_fkey foreign key (token_id) references toolcrib.service_tokens (id) on delete cascade
);

create table toolcrib.sessions (
    -- SHA-256 of the cookie's random value: whoever reads this table cannot sign in with it.
    id_hash bytea not null,
    user_id uuid not null,
    created_at timestamp with time zone not null default now(),
    last_seen_at timestamp with time zone not null default now(),
    expires_at timestamp with time zone not null,
    constraint sessions_pkey primary key (id_hash),
    constraint sessions_user_id_fkey foreign key (user_id) references toolcrib.users (id) on delete cascade
);

create index sessions_user_id_idx on toolcrib.sessions (user_id);
create index sessions_expires_at_idx on toolcrib.sessions (expires_at);

-- Keys that every replica has to share: cursors, watermarks.
create table toolcrib.server_keys (
    name text not null,
    key bytea not null,
    constraint server_keys_pkey primary key (name)
);
