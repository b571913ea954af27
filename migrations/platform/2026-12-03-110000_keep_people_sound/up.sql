-- A row of `changed` that stands below itself along the column `link`, or null. It reads with the owner's rights, because a
-- circle may lead through rows that the caller cannot read.
--
-- Of two transactions that change the same column only one looks at a time, and the other looks when the first is committed: two
-- changes that are harmless alone cannot make a circle together. Each statement in here has a snapshot of its own (the function is
-- volatile), so what is committed while the lock is waited for is seen.
create function toolcrib.find_circle(table_schema text, table_name text, link text, changed uuid[]) returns uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    found uuid;
begin
    perform pg_advisory_xact_lock(hashtextextended(format('toolcrib.acyclic:%I.%I.%I', table_schema, table_name, link), 0));
    execute format(
        'with recursive above (start, id) as ('
        'select id, %1$I from %2$I.%3$I where id = any ($1) and %1$I is not null '
        -- No `all`: circles from before the directive end the search, too.
        'union select above.start, stored.%1$I from above join %2$I.%3$I as stored on stored.id = above.id '
        'where stored.%1$I is not null and above.id <> above.start'
        ') select start from above where id = start limit 1',
        link, table_schema, table_name
    ) into found using changed;
    return found;
end
$$;

revoke all on function toolcrib.find_circle(text, text, text, uuid[]) from public;

-- Whoever runs the installation must not lock everybody out. A trigger, because the rows are the platform's own and every way to
-- them has to keep it: the API, provisioning, commands, an operator with psql. Two admins who let each other go at the same time
-- wait for each other here; the second finds that there would be nobody.
create function toolcrib.keep_an_admin() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('toolcrib.keep_an_admin', 0));
    if not exists (select from toolcrib.users where role = 'admin' and is_active and kind = 'PERSON') then
        raise exception 'the last active admin cannot be removed, demoted or deactivated'
            using errcode = 'check_violation', schema = 'toolcrib', table = 'users', constraint = 'users_last_admin';
    end if;
    return null;
end
$$;

revoke all on function toolcrib.keep_an_admin() from public;

-- After each statement's rows, so that one change can promote one and demote another.
create trigger keep_an_admin_update after update on toolcrib.users for each row
    when (
        old.role = 'admin' and old.is_active and old.kind = 'PERSON'
        and not (new.role = 'admin' and new.is_active and new.kind = 'PERSON')
    )
    execute function toolcrib.keep_an_admin();

create trigger keep_an_admin_delete after delete on toolcrib.users for each row
    when (old.role = 'admin' and old.is_active and old.kind = 'PERSON')
    execute function toolcrib.keep_an_admin();
