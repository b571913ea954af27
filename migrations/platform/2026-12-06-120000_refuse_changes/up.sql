-- What a change that is sent together with its COMMIT calls when it was not made, or its row comes out as the rules do not allow: it is
-- undone then, and is asked again in a transaction of its own, which finds the words.
create function toolcrib.refuse_change() returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'a rule does not allow the change' using errcode = 'insufficient_privilege';
end
$$;
