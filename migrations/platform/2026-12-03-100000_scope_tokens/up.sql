-- What a token is good for, and from where. Tokens that are there keep what they had, but for writing people and tokens.
alter table toolcrib.service_tokens
    add column scopes text[] not null default '{*:*}',
    add column ip_allow_list text[],
    add column rotated_from_id uuid,
    add constraint service_tokens_name_length_check check (char_length(name) <= 200),
    add constraint service_tokens_rotated_from_id_fkey foreign key (rotated_from_id) references toolcrib.service_tokens (id);

alter table toolcrib.service_tokens alter column scopes drop default;

create index service_tokens_rotated_from_id_id_idx on toolcrib.service_tokens (rotated_from_id, id);

-- For whom a service account acted.
alter table toolcrib.audit_events add column acting_for_id uuid;

create index audit_events_acting_for_id_id_idx on toolcrib.audit_events (acting_for_id, id);

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
        || replace(condition, '])', ', ''TOKEN_FIRST_USED''::text])');
end
$$;
