-- Takes `up.sql` back. Columns and tables go with what they hold.

-- toolcrib:step
drop index if exists public.tickets_internal_note_search_idx;

-- toolcrib:step
drop index if exists public.tickets_search_idx;
