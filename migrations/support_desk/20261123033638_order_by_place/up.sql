-- Planned from the schema. What stands here is what runs: review it, change it, then apply it.

-- toolcrib:step
drop index public.tickets_status_order_id_idx;
drop index public.tickets_priority_order_id_idx;

-- toolcrib:step builds=public.tickets_status_order_id_idx
-- Writes go on meanwhile.
create index concurrently tickets_status_order_id_idx on public.tickets ((case status when 'OPEN' then 1 when 'PENDING' then 2 when 'RESOLVED' then 3 when 'CLOSED' then 4 end), id);

-- toolcrib:step builds=public.tickets_priority_order_id_idx
-- Writes go on meanwhile.
create index concurrently tickets_priority_order_id_idx on public.tickets ((case priority when 'LOW' then 1 when 'NORMAL' then 2 when 'HIGH' then 3 when 'URGENT' then 4 end), id);
