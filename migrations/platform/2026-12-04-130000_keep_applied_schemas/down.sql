drop table toolcrib.applied_schemas;
