-- Made here, by the owner, so that the server's login needs no right to write keys. Three random UUIDs hold 366 random bits,
-- more than SHA-256 gives out.
insert into toolcrib.server_keys (name, key)
select name, sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8'))
from (values ('cursor'), ('watermark')) as wanted (name)
on conflict (name) do nothing;
