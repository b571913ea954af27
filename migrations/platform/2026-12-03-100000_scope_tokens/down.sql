do $$
declare
    condition text := (
        select pg_get_constraintdef(oid) from pg_constraint
        where conname = 'audit_events_event_type_check' and conrelid = 'toolcrib.audit_events'::regclass
    );
begin
    alter table toolcrib.audit_events drop constraint audit_events_event_type_check;
    execute 'alter table toolcrib.audit_events add constraint audit_events_event_type_check '
        || replace(condition, ', ''TOKEN_FIRST_USED''::text', '');
end
$$;

drop index toolcrib.audit_events_acting_for_id_id_idx;
alter table toolcrib.audit_events drop column acting_for_id;

drop index toolcrib.service_tokens_rotated_from_id_id_idx;
alter table toolcrib.service_tokens
    drop constraint service_tokens_rotated_from_id_fkey,
    drop constraint service_tokens_name_length_check,
    drop column rotated_from_id,
    drop column ip_allow_list,
    drop column scopes;
