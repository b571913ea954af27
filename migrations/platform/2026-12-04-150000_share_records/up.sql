-- Rows of the tool's collections that are shared with a user, a team or a role. `record_id` is the id of a row of any collection, so
-- there is no foreign key: the write path ends the shares of what it deletes.
create table toolcrib.record_shares (
    id uuid not null default gen_random_uuid(),
    record_type text not null,
    record_id uuid not null,
    user_id uuid,
    team_id uuid,
    role text,
    level text not null,
    expires_at timestamp with time zone,
    reason text,
    shared_by_id uuid,
    revoked_at timestamp with time zone,
    revoked_by_id uuid,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint record_shares_pkey primary key (id),
    -- A tool that adds roles replaces this check in a migration of its own.
    constraint record_shares_role_check check (role in ('admin', 'manager', 'agent', 'viewer')),
    constraint record_shares_level_check check (level in ('READ', 'WRITE')),
    constraint record_shares_reason_length_check check (char_length(reason) <= 2000),
    constraint record_shares_one_grantee_check check (num_nonnulls(user_id, team_id, role) = 1),
    constraint record_shares_user_id_fkey foreign key (user_id) references toolcrib.users (id),
    constraint record_shares_team_id_fkey foreign key (team_id) references toolcrib.teams (id),
    constraint record_shares_shared_by_id_fkey foreign key (shared_by_id) references toolcrib.users (id),
    constraint record_shares_revoked_by_id_fkey foreign key (revoked_by_id) references toolcrib.users (id)
);

comment on table toolcrib.record_shares is 'collection RecordShare';

create index record_shares_record_type_id_idx on toolcrib.record_shares (record_type, id);
create index record_shares_record_id_id_idx on toolcrib.record_shares (record_id, id);
create index record_shares_user_id_id_idx on toolcrib.record_shares (user_id, id);
create index record_shares_team_id_id_idx on toolcrib.record_shares (team_id, id);
create index record_shares_role_id_idx on toolcrib.record_shares (role, id);
create index record_shares_shared_by_id_id_idx on toolcrib.record_shares (shared_by_id, id);
create index record_shares_revoked_by_id_id_idx on toolcrib.record_shares (revoked_by_id, id);

-- What was shared with whom is only ended: whoever may end a share could otherwise make another of it, for another row, for somebody
-- else or for longer, without being asked what a new one asks. Users who are deleted leave their place empty.
create function toolcrib.keep_shares() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if (new.id, new.record_type, new.record_id, new.user_id, new.team_id, new.role, new.level, new.expires_at, new.reason,
            new.created_at)
        is distinct from (old.id, old.record_type, old.record_id, old.user_id, old.team_id, old.role, old.level, old.expires_at,
            old.reason, old.created_at)
        or (old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at)
        or (new.shared_by_id is not null and new.shared_by_id is distinct from old.shared_by_id)
    then
        raise exception 'a share is only ended, once'
            using errcode = 'check_violation', schema = 'toolcrib', table = 'record_shares', constraint = 'record_shares_ended';
    end if;
    return new;
end
$$;

revoke all on function toolcrib.keep_shares() from public;

create trigger keep_shares before update on toolcrib.record_shares for each row execute function toolcrib.keep_shares();

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
        || replace(condition, '])', ', ''SHARE''::text, ''UNSHARE''::text])');
end
$$;
