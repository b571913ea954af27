delete from toolcrib.server_keys where name = 'mask';
