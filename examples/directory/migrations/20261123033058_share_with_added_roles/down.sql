-- Takes `up.sql` back. Columns and tables go with what they hold.

-- toolcrib:step
-- Nothing has to be taken back.

-- toolcrib:step long-lock=toolcrib.record_shares
-- Reads every row of `toolcrib.record_shares` under a lock: nobody writes it meanwhile.
alter table toolcrib.record_shares drop constraint if exists record_shares_role_check;
alter table toolcrib.record_shares add constraint record_shares_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'manager'::text, 'agent'::text, 'viewer'::text])));
