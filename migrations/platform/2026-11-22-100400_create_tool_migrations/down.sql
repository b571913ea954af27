drop function toolcrib.format_sequence(text, integer, text, bigint);
drop table toolcrib.tool_migrations;
