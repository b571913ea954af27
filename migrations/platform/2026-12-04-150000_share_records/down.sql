-- Events are never changed, so those of shares stay as they are; new ones are refused.
do $$
declare
    condition text := (
        select pg_get_constraintdef(oid) from pg_constraint
        where conname = 'audit_events_event_type_check' and conrelid = 'toolcrib.audit_events'::regclass
    );
begin
    alter table toolcrib.audit_events drop constraint audit_events_event_type_check;
    execute 'alter table toolcrib.audit_events add constraint audit_events_event_type_check '
        || replace(condition, ', ''SHARE''::text, ''UNSHARE''::text', '') || ' not valid';
end
$$;

-- With the view that rules look through, and what looks through it.
drop table toolcrib.record_shares cascade;
drop function toolcrib.keep_shares();
