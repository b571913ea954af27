drop table toolcrib.users;
drop table toolcrib.teams;
