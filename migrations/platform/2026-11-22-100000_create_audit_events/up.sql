-- First of all, so that every later change of the schema is recorded in the transaction that makes it.
-- No foreign keys: an event outlives whom and what it names.
create table toolcrib.audit_events (
    id uuid not null default gen_random_uuid(),
    actor_user_id uuid,
    actor_role text not null,
    event_type text not null,
    entity_type text,
    entity_id uuid,
    before jsonb,
    after jsonb,
    details jsonb,
    ip_address text,
    user_agent text,
    reason text,
    request_id uuid,
    created_at timestamp with time zone not null default now(),
    -- Which transaction wrote it: once all transactions below one are over, the events below it are final.
    transaction_id xid8 not null default pg_current_xact_id(),
    constraint audit_events_pkey primary key (id, created_at),
    constraint audit_events_event_type_check check (
        event_type in (
            'LOGIN', 'LOGOUT', 'VIEW', 'CREATE', 'UPDATE', 'DELETE', 'DENIED', 'EXPORT_STARTED', 'EXPORT_COMPLETED',
            'EXPORT_FAILED', 'EXPORT_DENIED', 'EXPORT_DOWNLOADED', 'SCHEMA_CHANGE', 'SEED'
        )
    )
) partition by range (created_at);

comment on table toolcrib.audit_events is 'collection AuditEvent';

-- What no month takes. The server makes months ahead; this only keeps an event from being refused.
create table toolcrib.audit_events_default partition of toolcrib.audit_events default;

-- Ids are ascending in time, so `(column, id)` answers "the latest of this" from the index. Finding all events of a row
-- needs no entity type, because ids are unique over all types.
create index audit_events_actor_user_id_id_idx on toolcrib.audit_events (actor_user_id, id);
create index audit_events_event_type_id_idx on toolcrib.audit_events (event_type, id);
create index audit_events_entity_type_id_idx on toolcrib.audit_events (entity_type, id);
create index audit_events_entity_id_id_idx on toolcrib.audit_events (entity_id, id);
create index audit_events_request_id_id_idx on toolcrib.audit_events (request_id, id);
create index audit_events_created_at_id_idx on toolcrib.audit_events (created_at, id);

-- Makes the partitions of this month and the given number of months after it, and moves into them what the default partition
-- caught meanwhile. Runs with the owner's rights, so that a server that stays up for months can make its own; all it can do
-- is add partitions.
create function toolcrib.ensure_audit_partitions(months integer) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    month_start timestamptz;
    month_end timestamptz;
    partition_name text;
    made integer := 0;
begin
    -- Two servers that start together would both make the same month.
    perform pg_advisory_xact_lock(hashtext('toolcrib.ensure_audit_partitions'));
    for ahead in 0 .. least(greatest(months, 0), 120) loop
        month_start := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead)) at time zone 'UTC';
        month_end := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead + 1)) at time zone 'UTC';
        partition_name := 'audit_events_' || to_char(month_start at time zone 'UTC', 'YYYY_MM');
        continue when to_regclass('toolcrib.' || partition_name) is not null;
        execute format('create table toolcrib.%I (like toolcrib.audit_events including defaults including constraints)', partition_name);
        execute format(
            'with moved as (delete from toolcrib.audit_events_default where created_at >= %L and created_at < %L returning *) '
            'insert into toolcrib.%I select * from moved',
            month_start, month_end, partition_name
        );
        execute format(
            'alter table toolcrib.audit_events attach partition toolcrib.%I for values from (%L) to (%L)',
            partition_name, month_start, month_end
        );
        made := made + 1;
    end loop;
    return made;
end
$$;

revoke all on function toolcrib.ensure_audit_partitions(integer) from public;
