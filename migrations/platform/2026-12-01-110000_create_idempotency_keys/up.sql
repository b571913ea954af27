-- What was answered to a request that named a key, so that a retry changes nothing twice. No collection: nobody reads it.
create table toolcrib.idempotency_keys (
    actor_user_id uuid not null,
    key text not null,
    -- SHA-256 of the document, the operation's name and the variables.
    request_hash bytea not null,
    -- For each field the ids of its rows and events; never contents, which are read again under the rules of the day.
    answer jsonb,
    expires_at timestamp with time zone not null,
    constraint idempotency_keys_pkey primary key (actor_user_id, key),
    constraint idempotency_keys_actor_user_id_fkey foreign key (actor_user_id) references toolcrib.users (id) on delete cascade
);

create index idempotency_keys_expires_at_idx on toolcrib.idempotency_keys (expires_at);
