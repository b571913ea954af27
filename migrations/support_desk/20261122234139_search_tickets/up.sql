-- Planned from the schema. What stands here is what runs: review it, change it, then apply it.

-- toolcrib:step builds=public.tickets_search_idx
-- Writes go on meanwhile.
create index concurrently tickets_search_idx on public.tickets using gin ((setweight(to_tsvector('english'::regconfig, coalesce(subject, '')), 'A') || setweight(to_tsvector('english'::regconfig, coalesce(case_id, '')), 'B')));

-- toolcrib:step builds=public.tickets_internal_note_search_idx
-- Writes go on meanwhile.
create index concurrently tickets_internal_note_search_idx on public.tickets using gin ((setweight(to_tsvector('english'::regconfig, coalesce(internal_note, '')), 'C')));
