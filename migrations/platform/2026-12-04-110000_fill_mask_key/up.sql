-- As the other keys: made by the owner, three random UUIDs.
insert into toolcrib.server_keys (name, key)
values ('mask', sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8')))
on conflict (name) do nothing;
