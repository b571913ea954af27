create or replace function toolcrib.request_time(moved bigint) returns timestamptz
language sql stable parallel safe
return toolcrib.context_value('time')::timestamptz + moved * interval '1 microsecond';

create or replace function toolcrib.context_value(key text) returns text
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then nullif(current_setting('toolcrib.context', true), '')::jsonb ->> key
end;

create or replace function toolcrib.actor_part(part integer) returns text
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then nullif(split_part(current_setting('toolcrib.actor', true), ' ', part), '')
end;

-- The policies of these logins go with it, and what they ask of rows within functions goes after them.
drop function toolcrib.login_has_role(text) cascade;

do $$
declare
    asked regprocedure;
begin
    for asked in
        select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname like 'toolcrib\_rules\_%' and p.prosecdef
    loop
        execute format('drop function %s', asked);
    end loop;
end
$$;

drop function toolcrib.login_value(text);
drop table toolcrib.database_logins;
