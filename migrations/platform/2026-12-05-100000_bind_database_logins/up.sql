-- Logins of PostgreSQL that are bound to a user, for programs that read SQL: a report, a dashboard.
--
-- Such a login sees the rows that the rules show its user. Who it is follows from `session_user`, which no `set role` and no
-- setting changes; what the request of a person would bring along (address, second factor, way of signing in) it has none of.

create table toolcrib.database_logins (
    login text not null,
    -- Null once the user is gone: the login is still there to be dropped, and sees nothing.
    user_id uuid,
    created_at timestamp with time zone not null default now(),
    constraint database_logins_pkey primary key (login),
    constraint database_logins_user_id_fkey foreign key (user_id) references toolcrib.users (id) on delete set null
);

comment on table toolcrib.database_logins is 'the users that logins of PostgreSQL read for';

-- What is known of the active user of the login that asks; null for every other login. It tells callers of themselves alone.
create function toolcrib.login_value(key text) returns text
language sql stable parallel safe security definer
set search_path = pg_catalog, pg_temp
return (
    select case login_value.key
        when 'id' then u.id::text
        when 'team' then u.team_id::text
        when 'email' then u.email
        when 'isActive' then u.is_active::text
        when 'teams' then nullif(array(
            with recursive below as (
                select own.id from toolcrib.teams as own where own.id = u.team_id
                union
                select child.id from toolcrib.teams as child join below on child.parent_id = below.id
            )
            select below.id from below
        )::text, '{}')
    end
    from toolcrib.database_logins l
    join toolcrib.users u on u.id = l.user_id
    where l.login = session_user::text and u.is_active
);

-- Whether the login that asks is that of an active user who has this role now.
create function toolcrib.login_has_role(wanted text) returns boolean
language sql stable parallel safe security definer
set search_path = pg_catalog, pg_temp
return exists (
    select from toolcrib.database_logins l
    join toolcrib.users u on u.id = l.user_id
    where l.login = session_user::text and u.is_active and u.role = login_has_role.wanted
);

create or replace function toolcrib.actor_part(part integer) returns text
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then nullif(split_part(current_setting('toolcrib.actor', true), ' ', part), '')
    when part = 1 then toolcrib.login_value('id')
    when part = 2 then toolcrib.login_value('team')
end;

create or replace function toolcrib.context_value(key text) returns text
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then nullif(current_setting('toolcrib.context', true), '')::jsonb ->> key
    when key in ('email', 'teams', 'isActive') then toolcrib.login_value(key)
end;

create or replace function toolcrib.request_time(moved bigint) returns timestamptz
language sql stable parallel safe
return case
    when session_user = 'toolcrib_server' then toolcrib.context_value('time')::timestamptz
    when toolcrib.login_value('id') is not null then now()
end + moved * interval '1 microsecond';
