-- A policy that asks of the caller what the server did not say gets an error. Null would hide rows without a word, or show them where
-- a rule asks for null. It happens while a server serves whose rules are older than those that were applied: it says what its own ask.
create function toolcrib.refuse_untold() returns text
language plpgsql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'a policy asks of the caller what was not said' using
        errcode = 'object_not_in_prerequisite_state',
        hint = 'Start a server anew whose rules are older than those that were applied.';
end
$$;

create or replace function toolcrib.actor_part(part integer) returns text
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then
        nullif(split_part(coalesce(nullif(current_setting('toolcrib.actor', true), ''), toolcrib.refuse_untold()), ' ', part), '')
    when part = 1 then toolcrib.login_value('id')
    when part = 2 then toolcrib.login_value('team')
end;

create or replace function toolcrib.context_value(key text) returns text
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then case
        when nullif(current_setting('toolcrib.context', true), '')::jsonb ? key then current_setting('toolcrib.context')::jsonb ->> key
        else toolcrib.refuse_untold()
    end
    when key in ('email', 'teams', 'isActive') then toolcrib.login_value(key)
end;
