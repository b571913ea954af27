-- Takes `up.sql` back. Columns and tables go with what they hold.

-- toolcrib:step
drop index if exists public.checklist_tasks_state_order_id_idx;

-- toolcrib:step long-lock=public.checklist_tasks
-- Builds an index of `public.checklist_tasks` under a lock: nobody writes it meanwhile.
CREATE INDEX checklist_tasks_state_order_id_idx ON public.checklist_tasks USING btree (array_position(ARRAY['TODO'::text, 'DONE'::text, 'SKIPPED'::text], state), id);
