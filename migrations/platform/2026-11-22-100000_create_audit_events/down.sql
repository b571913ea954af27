drop function toolcrib.ensure_audit_partitions(integer);
drop table toolcrib.audit_events;
