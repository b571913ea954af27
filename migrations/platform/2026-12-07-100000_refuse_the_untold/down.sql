create or replace function toolcrib.context_value(key text) returns text
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then nullif(current_setting('toolcrib.context', true), '')::jsonb ->> key
    when key in ('email', 'teams', 'isActive') then toolcrib.login_value(key)
end;

create or replace function toolcrib.actor_part(part integer) returns text
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then nullif(split_part(current_setting('toolcrib.actor', true), ' ', part), '')
    when part = 1 then toolcrib.login_value('id')
    when part = 2 then toolcrib.login_value('team')
end;

drop function toolcrib.refuse_untold();
