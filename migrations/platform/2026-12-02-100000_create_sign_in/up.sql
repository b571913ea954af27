-- The sessions there were have no provider and no address; whoever has one signs in again.
drop table toolcrib.sessions;

-- Who a user is at an OpenID provider. The pair of issuer and subject is all that people are recognized by.
create table toolcrib.identities (
    id uuid not null default gen_random_uuid(),
    user_id uuid not null,
    provider text not null,
    issuer text not null,
    subject text not null,
    email text,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint identities_pkey primary key (id),
    constraint identities_issuer_subject_key unique (issuer, subject),
    constraint identities_user_id_fkey foreign key (user_id) references toolcrib.users (id)
);

comment on table toolcrib.identities is 'collection Identity';

create index identities_user_id_id_idx on toolcrib.identities (user_id, id);

create table toolcrib.sessions (
    id uuid not null default gen_random_uuid(),
    user_id uuid not null,
    provider text not null,
    mfa boolean not null default false,
    authenticated_at timestamp with time zone not null,
    expires_at timestamp with time zone not null,
    last_seen_at timestamp with time zone not null,
    ip_address text,
    user_agent text,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint sessions_pkey primary key (id),
    constraint sessions_user_id_fkey foreign key (user_id) references toolcrib.users (id)
);

comment on table toolcrib.sessions is 'collection Session';

create index sessions_user_id_id_idx on toolcrib.sessions (user_id, id);

-- Apart from the collection, so that no rule, however wide, can show what a session is recognized by.
create table toolcrib.session_secrets (
    session_id uuid not null,
    -- SHA-256 of the cookie's or token's random value: whoever reads this table cannot sign in with it.
    hash bytea not null,
    issuer text,
    subject text,
    -- The provider's own name of the session, by which it ends it (`sid`).
    provider_session text,
    -- The provider's ID token, for signing out there; sealed with a key that only the cookie gives.
    sealed_id_token bytea,
    constraint session_secrets_pkey primary key (session_id),
    constraint session_secrets_hash_key unique (hash),
    constraint session_secrets_session_id_fkey foreign key (session_id) references toolcrib.sessions (id) on delete cascade
);

create index session_secrets_subject_idx on toolcrib.session_secrets (issuer, subject);
create index session_secrets_provider_session_idx on toolcrib.session_secrets (issuer, provider_session);

-- Sign-ins that have begun. State, nonce and PKCE verifier come from random values that the browser alone keeps; here are hashes.
create table toolcrib.login_attempts (
    state_hash bytea not null,
    browser_hash bytea not null,
    provider text not null,
    -- A path of this server, or a port of the caller's own machine.
    return_to text not null,
    loopback_port integer,
    loopback_challenge text,
    -- The most seconds since the person last proved who it is.
    max_age integer,
    expires_at timestamp with time zone not null,
    constraint login_attempts_pkey primary key (state_hash)
);

create index login_attempts_expires_at_idx on toolcrib.login_attempts (expires_at);

-- Sessions on their way to a command line, by the hash of a code that is good once. The session's token is sealed with the code.
create table toolcrib.login_handoffs (
    code_hash bytea not null,
    challenge text not null,
    session_id uuid not null,
    sealed_token bytea not null,
    expires_at timestamp with time zone not null,
    constraint login_handoffs_pkey primary key (code_hash),
    constraint login_handoffs_session_id_fkey foreign key (session_id) references toolcrib.sessions (id) on delete cascade
);

create index login_handoffs_expires_at_idx on toolcrib.login_handoffs (expires_at);

-- Added to whatever values there are, so that migrations that add others can come in any order.
do $$
declare
    condition text := (
        select pg_get_constraintdef(oid) from pg_constraint
        where conname = 'audit_events_event_type_check' and conrelid = 'toolcrib.audit_events'::regclass
    );
begin
    alter table toolcrib.audit_events drop constraint audit_events_event_type_check;
    execute 'alter table toolcrib.audit_events add constraint audit_events_event_type_check '
        || replace(condition, '])', ', ''LOGIN_DENIED''::text])');
end
$$;
