-- Planned from the schema. What stands here is what runs: review it, change it, then apply it.

-- toolcrib:step
drop index public.checklist_tasks_state_order_id_idx;

-- toolcrib:step builds=public.checklist_tasks_state_order_id_idx
-- Writes go on meanwhile.
create index concurrently checklist_tasks_state_order_id_idx on public.checklist_tasks ((case state when 'TODO' then 1 when 'DONE' then 2 when 'SKIPPED' then 3 end), id);
