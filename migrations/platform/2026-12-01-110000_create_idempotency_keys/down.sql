drop table toolcrib.idempotency_keys;
