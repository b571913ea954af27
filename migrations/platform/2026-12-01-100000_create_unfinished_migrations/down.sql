drop table toolcrib.unfinished_migrations;
