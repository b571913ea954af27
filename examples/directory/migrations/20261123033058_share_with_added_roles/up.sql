-- Planned from the schema. What stands here is what runs: review it, change it, then apply it.

-- toolcrib:step
alter table toolcrib.record_shares drop constraint record_shares_role_check;
alter table toolcrib.record_shares add constraint record_shares_role_check check (role in ('admin', 'manager', 'agent', 'viewer', 'hr')) not valid;

-- toolcrib:step
-- Reads every row while others write.
alter table toolcrib.record_shares validate constraint record_shares_role_check;
