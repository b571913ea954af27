-- The views that rules look through name columns of every table.
do $$
declare
    name text;
begin
    for name in select nspname from pg_namespace where nspname like 'toolcrib\_rules\_%' loop
        execute format('drop schema %I cascade', name);
    end loop;
end
$$;

-- The policies and triggers that ask these go with them; without a policy, row-level security shows nothing to anybody.
drop function toolcrib.find_taken(text, text, text[], uuid[], jsonb) cascade;
drop function toolcrib.refuse_while_migrating() cascade;
drop function toolcrib.taken_along() cascade;
drop function toolcrib.admitted() cascade;
drop function toolcrib.request_auth_age() cascade;
drop function toolcrib.request_auth_mfa() cascade;
drop function toolcrib.request_auth_method() cascade;
drop function toolcrib.request_time(bigint) cascade;
drop function toolcrib.request_ip() cascade;
drop function toolcrib.user_is_active() cascade;
drop function toolcrib.user_teams() cascade;
drop function toolcrib.user_email() cascade;
drop function toolcrib.user_role() cascade;
drop function toolcrib.request_service() cascade;
drop function toolcrib.user_team() cascade;
drop function toolcrib.user_id() cascade;
drop function toolcrib.context_value(text) cascade;
drop function toolcrib.actor_part(integer) cascade;
