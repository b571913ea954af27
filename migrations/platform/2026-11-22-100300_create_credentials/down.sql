drop table toolcrib.server_keys;
drop table toolcrib.sessions;
drop table toolcrib.service_token_hashes;
drop table toolcrib.service_tokens;
