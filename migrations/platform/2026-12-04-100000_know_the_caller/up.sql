-- What PostgreSQL knows of whoever asks: the values that row-level security compares rows with.
--
-- The server says them in settings of its transaction: `toolcrib.actor` is `USER TEAM SERVICE ROLE`, each empty where there is none
-- (ROLE only beside a service, everybody else has the role of the database role), and `toolcrib.context` is a JSON object of what
-- else some rule asks. Anybody with a login can set such settings, so they count for the server's own login alone, which no
-- `set role` changes. The bodies are of SQL, without a `set` of their own, so that PostgreSQL puts them into the statement that asks.

create function toolcrib.actor_part(part integer) returns text
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then nullif(split_part(current_setting('toolcrib.actor', true), ' ', part), '')
end;

create function toolcrib.context_value(key text) returns text
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then nullif(current_setting('toolcrib.context', true), '')::jsonb ->> key
end;

create function toolcrib.user_id() returns uuid
language sql stable parallel safe
return toolcrib.actor_part(1)::uuid;

create function toolcrib.user_team() returns uuid
language sql stable parallel safe
return toolcrib.actor_part(2)::uuid;

create function toolcrib.request_service() returns text
language sql stable parallel safe
return toolcrib.actor_part(3);

create function toolcrib.user_role() returns text
language sql stable parallel safe
return toolcrib.actor_part(4);

create function toolcrib.user_email() returns text
language sql stable parallel safe
return toolcrib.context_value('email');

create function toolcrib.user_teams() returns uuid[]
language sql stable parallel safe
return toolcrib.context_value('teams')::uuid[];

create function toolcrib.user_is_active() returns boolean
language sql stable parallel safe
return toolcrib.context_value('isActive')::boolean;

create function toolcrib.request_ip() returns text
language sql stable parallel safe
return toolcrib.context_value('ip');

-- The time of the request, moved by so many microseconds.
create function toolcrib.request_time(moved bigint) returns timestamptz
language sql stable parallel safe
return toolcrib.context_value('time')::timestamptz + moved * interval '1 microsecond';

create function toolcrib.request_auth_method() returns text
language sql stable parallel safe
return toolcrib.context_value('method');

create function toolcrib.request_auth_mfa() returns boolean
language sql stable parallel safe
return toolcrib.context_value('mfa')::boolean;

create function toolcrib.request_auth_age() returns bigint
language sql stable parallel safe
return toolcrib.context_value('age')::bigint;

-- The rows that the write path is writing in this transaction. PostgreSQL wants whoever changes a row to be able to read what
-- becomes of it; a rule may let somebody hand over what he does not see afterwards.
create function toolcrib.admitted() returns uuid[]
language sql stable parallel safe
return case when session_user = 'toolcrib_server' then nullif(current_setting('toolcrib.admitted', true), '')::uuid[] end;

-- Of these, the rows that go along with a deletion: their own rules are asked for the deletion, not for reading.
create function toolcrib.taken_along() returns uuid[]
language sql stable parallel safe
return case when session_user = 'toolcrib_server' then nullif(current_setting('toolcrib.taken_along', true), '')::uuid[] end;

-- What every policy says while a migration changes the columns that it names: an answer without rows would be a lie.
create function toolcrib.refuse_while_migrating() returns boolean
language plpgsql stable
as $$
begin
    raise exception 'the database is being migrated; try again in a moment' using errcode = 'object_not_in_prerequisite_state';
end
$$;

-- Which row of a list brought a value that is taken: PostgreSQL no longer says it to those whom row-level security keeps from rows.
-- The caller's transaction has failed by then, so the server asks on its own account, in a new one. `candidates` is a JSON array of
-- arrays: for each row, what it gives each of the columns, as text. Answers the place of the first row, from 0, whose values another
-- row of the table has, or a row before it in the list; null if there is none any more.
create function toolcrib.find_taken(
    table_schema text, table_name text, columns text[], ids uuid[], candidates jsonb
) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    condition text;
    place integer;
    candidate jsonb;
    is_taken boolean;
begin
    select string_agg(format('%I = ($1 ->> %s)::%s', a.attname, c.place - 1, format_type(a.atttypid, a.atttypmod)), ' and ')
    into condition
    from unnest(columns) with ordinality as c (name, place)
    join pg_attribute a on a.attname = c.name and a.attrelid = format('%I.%I', table_schema, table_name)::regclass;
    for place in 0 .. jsonb_array_length(candidates) - 1 loop
        candidate := candidates -> place;
        continue when candidate @> '[null]';
        execute format('select exists (select from %I.%I where %s and id <> $2)', table_schema, table_name, condition)
            into is_taken using candidate, ids[place + 1];
        if is_taken or exists (select from generate_series(0, place - 1) as before where candidates -> before = candidate) then
            return place;
        end if;
    end loop;
    return null;
end
$$;

revoke all on function toolcrib.find_taken(text, text, text[], uuid[], jsonb) from public;
