-- Events are never changed, so those of refused sign-ins stay as they are; new ones are refused.
do $$
declare
    condition text := (
        select pg_get_constraintdef(oid) from pg_constraint
        where conname = 'audit_events_event_type_check' and conrelid = 'toolcrib.audit_events'::regclass
    );
begin
    alter table toolcrib.audit_events drop constraint audit_events_event_type_check;
    execute 'alter table toolcrib.audit_events add constraint audit_events_event_type_check '
        || replace(condition, ', ''LOGIN_DENIED''::text', '') || ' not valid';
end
$$;

drop table toolcrib.login_handoffs;
drop table toolcrib.login_attempts;
drop table toolcrib.session_secrets;
drop table toolcrib.sessions;
drop table toolcrib.identities;

create table toolcrib.sessions (
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
