-- Takes `up.sql` back. Columns and tables go with what they hold.

-- toolcrib:step
drop index if exists public.tickets_priority_order_id_idx;

-- toolcrib:step
drop index if exists public.tickets_status_order_id_idx;

-- toolcrib:step long-lock=public.tickets
-- Builds an index of `public.tickets` under a lock: nobody writes it meanwhile.
CREATE INDEX tickets_priority_order_id_idx ON public.tickets USING btree (array_position(ARRAY['LOW'::text, 'NORMAL'::text, 'HIGH'::text, 'URGENT'::text], priority), id);
CREATE INDEX tickets_status_order_id_idx ON public.tickets USING btree (array_position(ARRAY['OPEN'::text, 'PENDING'::text, 'RESOLVED'::text, 'CLOSED'::text], status), id);
