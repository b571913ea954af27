delete from toolcrib.server_keys where name in ('cursor', 'watermark');
