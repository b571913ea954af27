-- The exports that are RUNNING although nobody works on them: whoever does holds a lock named after the export, and loses it
-- with its connection. The locks that this takes last until the caller's transaction ends, so of several servers that look at
-- the same time only one finds each. Runs with the owner's rights, because the server's login reads no collection; all it
-- tells are ids.
create function toolcrib.find_abandoned_exports() returns setof uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    candidate uuid;
begin
    for candidate in select id from toolcrib.exports where status = 'RUNNING' order by id loop
        continue when not pg_try_advisory_xact_lock(hashtextextended('toolcrib.export:' || candidate::text, 0));
        -- It may have been completed since the list was read, which gives the lock free.
        if exists (select from toolcrib.exports where id = candidate and status = 'RUNNING') then
            return next candidate;
        end if;
    end loop;
end
$$;

revoke all on function toolcrib.find_abandoned_exports() from public;
