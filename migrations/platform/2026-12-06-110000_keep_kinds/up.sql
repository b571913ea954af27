-- What a user is stays what it was made. Administrators make tokens for service accounts and for no person: one who could turn a
-- person into a service account, make a token and turn it back would act, and be on record, as that person. A trigger, because
-- every way to the rows has to keep it, whatever a tool's own rules say.
create function toolcrib.keep_kind() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'the kind of a user stays what it was made'
        using errcode = 'check_violation', schema = 'toolcrib', table = 'users', constraint = 'users_kind_kept';
end
$$;

revoke all on function toolcrib.keep_kind() from public;

create trigger keep_kind before update on toolcrib.users for each row
    when (old.kind is distinct from new.kind)
    execute function toolcrib.keep_kind();
