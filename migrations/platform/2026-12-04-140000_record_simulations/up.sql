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
        || replace(condition, '])', ', ''SIMULATE''::text])');
end
$$;
