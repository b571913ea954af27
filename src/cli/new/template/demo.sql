-- What `toolcrib serve --demo` puts into an empty database: a team, and a user of each role to sign in as.
--
-- Run once, by the role that owns the tables, in one transaction. The same rows every time: write fixed ids and times.

insert into toolcrib.teams (id, name) values ('00000000-0000-7000-8000-000000000101', 'Everybody');

insert into toolcrib.users (id, email, name, role, team_id)
select id::uuid, email, name, role, '00000000-0000-7000-8000-000000000101'
from
  (values
    ('00000000-0000-7000-8000-000000000201', 'admin@demo.test', 'Ada Osei', 'admin'),
    ('00000000-0000-7000-8000-000000000202', 'manager@demo.test', 'Mateo Rossi', 'manager'),
    ('00000000-0000-7000-8000-000000000203', 'agent@demo.test', 'Ana Lindqvist', 'agent'),
    ('00000000-0000-7000-8000-000000000204', 'viewer@demo.test', 'Victor Hale', 'viewer')
  ) as person (id, email, name, role);

-- By this event `--demo` knows its own data; it refuses a database with users that no demo made.
insert into toolcrib.audit_events (actor_role, event_type, reason) values ('platform', 'SEED', 'demo data');
