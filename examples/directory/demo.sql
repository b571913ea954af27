-- The directory's demo data: a company of forty people in eight teams, their reporting lines, three new hires' checklists.
--
-- Run once, by the role that owns the tables, in one transaction, on a directory without users; the caller checks that.
-- Every run writes the same rows, whatever the clock, the time zone and the locale. Only the SEED event in the audit log, at
-- the end, has today's time. Ids are UUIDv7 by form: the time of creation, then digits of an MD5.

create function toolcrib.demo_id(created_at timestamptz, kind text, number integer) returns uuid language sql stable
return (
  select (
    lpad(to_hex((extract(epoch from created_at) * 1000)::bigint), 12, '0')
    || '7' || substr(digest, 1, 3)
    || substr('89ab', 1 + ascii(substr(digest, 4, 1)) % 4, 1) || substr(digest, 5, 15)
  )::uuid
  from md5(kind || ':' || number) as digest
);

-- When the row of this number was made, so that rows found by number have the id they were given.
create function toolcrib.demo_time(kind text, number integer) returns timestamptz language sql stable
return timestamptz '2025-01-06 08:00:00+00' + number * interval '1 minute' + case kind
  when 'team' then interval '0 hours' when 'user' then interval '24 hours' when 'profile' then interval '48 hours'
  when 'checklist' then interval '7200 hours' else interval '7224 hours'
end;

insert into toolcrib.teams (id, name, purpose, parent_id, created_at, updated_at)
select toolcrib.demo_id(at, 'team', number), name, purpose, toolcrib.demo_id(toolcrib.demo_time('team', parent), 'team', parent), at, at
from
  (values
    (1, 'Lantern Maps', 'Maps for people who work outdoors.', null), (2, 'Engineering', 'Builds and runs the maps.', 1),
    (3, 'Platform', 'Keeps the tiles flowing.', 2), (4, 'Product', 'What people hold in their hands.', 2),
    (5, 'People', 'Finds, pays and keeps the others.', 1), (6, 'Sales', 'Talks to those who pay.', 1),
    (7, 'Operations', 'Offices, money, contracts.', 1), (8, 'Internal IT', 'Laptops, accounts, badges.', 7)
  ) as team (number, name, purpose, parent)
  cross join lateral toolcrib.demo_time('team', number) as at
order by number;

-- One line for each person: the first five are those whom the documentation names, one of each role. The 40th starts in
-- December and has no account yet; the 39th has left.
create table toolcrib.demo_people (
  number integer, name text, local_part text, role text, job_title text, team integer, manager integer, started_on date,
  location text, salary numeric
);
insert into toolcrib.demo_people values
  (1, 'Ada Osei', 'admin', 'admin', 'IT lead', 8, 9, '2018-02-01', 'Utrecht', 68000),
  (2, 'Mateo Rossi', 'manager', 'manager', 'Head of engineering', 2, 6, '2016-09-01', 'Turin', 104000),
  (3, 'Ana Lindqvist', 'agent', 'agent', 'Software engineer', 2, 2, '2025-11-03', 'Malmö', 61000),
  (4, 'Victor Hale', 'viewer', 'viewer', 'Auditor', 7, 9, '2025-10-01', 'remote', null),
  (5, 'Hana Sato', 'hr', 'hr', 'Head of people', 5, 6, '2017-04-03', 'Utrecht', 89000),
  (6, 'Irene Castellanos', 'irene.castellanos', 'manager', 'Chief executive', 1, null, '2014-03-01', 'Utrecht', 140000),
  (7, 'Björn Eriksson', 'bjorn.eriksson', 'manager', 'Platform lead', 3, 2, '2017-01-09', 'Malmö', 88000),
  (8, 'Priya Raman', 'priya.raman', 'manager', 'Product lead', 4, 2, '2019-05-13', 'Utrecht', 87000),
  (9, 'Niamh Byrne', 'niamh.byrne', 'manager', 'Head of operations', 7, 6, '2015-11-02', 'Cork', 92000),
  (10, 'Gustavo Almeida', 'gustavo.almeida', 'manager', 'Head of sales', 6, 6, '2018-08-20', 'Porto', 98000),
  (11, 'Fatima Haddad', 'fatima.haddad', 'hr', 'People partner', 5, 5, '2021-02-15', 'Utrecht', 58000),
  (12, 'Quentin Lefèvre', 'quentin.lefevre', 'hr', 'Payroll', 5, 5, '2022-06-01', 'remote', 54000),
  (13, 'Kofi Mensah', 'kofi.mensah', 'agent', 'Office manager', 7, 9, '2019-03-04', 'Utrecht', 46000),
  (14, 'Leila Karimi', 'leila.karimi', 'agent', 'Controller', 7, 9, '2020-10-01', 'Cork', 63000),
  (15, 'Tomoko Mori', 'tomoko.mori', 'agent', 'IT support', 8, 1, '2023-01-16', 'Utrecht', 44000),
  (16, 'Amara Okafor', 'amara.okafor', 'agent', 'Staff engineer', 3, 7, '2018-10-08', 'remote', 91000),
  (17, 'Dmitri Volkov', 'dmitri.volkov', 'agent', 'Site reliability engineer', 3, 7, '2020-02-03', 'Malmö', 76000),
  (18, 'Elif Yılmaz', 'elif.yilmaz', 'agent', 'Data engineer', 3, 7, '2021-09-06', 'Malmö', 72000),
  (19, 'Henrik Jensen', 'henrik.jensen', 'agent', 'Software engineer', 3, 7, '2022-04-04', 'remote', 66000),
  (20, 'Ruth Goldberg', 'ruth.goldberg', 'agent', 'Cartographer', 3, 7, '2019-07-01', 'Utrecht', 64000),
  (21, 'Chiara Moretti', 'chiara.moretti', 'agent', 'Designer', 4, 8, '2020-05-18', 'Turin', 62000),
  (22, 'Sanjay Gupta', 'sanjay.gupta', 'agent', 'Mobile engineer', 4, 8, '2019-11-11', 'Utrecht', 74000),
  (23, 'Mei Lin', 'mei.lin', 'agent', 'Mobile engineer', 4, 8, '2023-03-06', 'remote', 65000),
  (24, 'Stefan Müller', 'stefan.muller', 'agent', 'Web engineer', 4, 8, '2021-01-11', 'Utrecht', 70000),
  (25, 'Wei Zhang', 'wei.zhang', 'agent', 'Web engineer', 4, 8, '2024-02-05', 'Utrecht', 60000),
  (26, 'Rosa Delgado', 'rosa.delgado', 'agent', 'Researcher', 4, 8, '2022-08-15', 'Porto', 59000),
  (27, 'Yusuf Demir', 'yusuf.demir', 'agent', 'Account manager', 6, 10, '2020-01-20', 'Porto', 57000),
  (28, 'Carmen Vega', 'carmen.vega', 'manager', 'Sales lead, south', 6, 10, '2019-04-15', 'Porto', 69000),
  (29, 'Nikos Papadakis', 'nikos.papadakis', 'agent', 'Account manager', 6, 28, '2021-05-03', 'remote', 52000),
  (30, 'Esther Adeyemi', 'esther.adeyemi', 'agent', 'Account manager', 6, 28, '2022-10-10', 'Porto', 50000),
  (31, 'Felix Hoffmann', 'felix.hoffmann', 'agent', 'Sales engineer', 6, 10, '2023-06-12', 'Utrecht', 64000),
  (32, 'Tara Kelly', 'tara.kelly', 'agent', 'Support engineer', 6, 28, '2023-09-18', 'Cork', 47000),
  (33, 'Marek Nowak', 'marek.nowak', 'agent', 'Software engineer', 2, 2, '2018-06-04', 'remote', 79000),
  (34, 'Grace Whitfield', 'grace.whitfield', 'agent', 'Security engineer', 2, 2, '2020-09-07', 'Cork', 83000),
  (35, 'Ines Sousa', 'ines.sousa', 'agent', 'Recruiter', 5, 5, '2024-05-06', 'Porto', 45000),
  (36, 'Jamal Carter', 'jamal.carter', 'viewer', 'Tax adviser', 7, 9, '2023-02-01', 'remote', null),
  (37, 'Aroha Ngata', 'aroha.ngata', 'agent', 'Field tester', 4, 8, '2024-09-02', 'remote', 21000),
  (38, 'Zofia Kowalska', 'zofia.kowalska', 'agent', 'Account manager', 6, 28, '2025-10-20', 'Porto', 48000),
  (39, 'Uri Cohen', 'uri.cohen', 'agent', 'Software engineer', 3, 7, '2017-03-06', 'remote', 73000),
  (40, 'Oskar Virtanen', 'oskar.virtanen', null, 'Software engineer', 3, 7, '2025-12-01', 'Malmö', 60000);

insert into toolcrib.users (id, email, name, role, team_id, is_active, created_at, updated_at)
select
  toolcrib.demo_id(at, 'user', number), local_part || '@demo.test', name, role,
  toolcrib.demo_id(toolcrib.demo_time('team', team), 'team', team), number <> 39, at, at
from toolcrib.demo_people cross join lateral toolcrib.demo_time('user', number) as at
where role is not null
order by number;

insert into public.profiles (
  id, name, email, account_id, job_title, team_id, manager_id, started_on, left_on, employment, about, location, room, phone,
  birthday, salary, bank_account, created_at, updated_at
)
select
  toolcrib.demo_id(at, 'profile', number), name, local_part || '@demo.test',
  case when role is not null then toolcrib.demo_id(toolcrib.demo_time('user', number), 'user', number) end,
  job_title, toolcrib.demo_id(toolcrib.demo_time('team', team), 'team', team),
  toolcrib.demo_id(toolcrib.demo_time('profile', manager), 'profile', manager),
  started_on, case when number = 39 then date '2025-06-30' end,
  case when salary is null then 'CONTRACTOR' when salary < 30000 then 'PART_TIME' else 'FULL_TIME' end,
  case number
    when 1 then 'Ask me for a laptop, a badge, or a second monitor.'
    when 2 then 'Ask me why the map of Piedmont is upside down.'
    when 16 then 'Tiles, projections, and where the old build scripts are.'
    when 21 then 'Everything that has a colour.'
  end,
  location, case when number <= 10 and location = 'Utrecht' then '2.' || lpad(number::text, 2, '0') end,
  '+31 30 555 ' || lpad((100 + 7 * number)::text, 4, '0'), date '1968-02-11' + 233 * number, salary,
  'ZZ' || lpad((1000000000 + 7919 * number)::text, 16, '0'), at, at
from toolcrib.demo_people cross join lateral toolcrib.demo_time('profile', number) as at
order by number;

insert into public.checklists (id, new_hire_id, title, due_on, created_at, updated_at)
select
  toolcrib.demo_id(at, 'checklist', number), toolcrib.demo_id(toolcrib.demo_time('profile', hire), 'profile', hire), title, due_on,
  at, at
from
  (values
    (1, 3, 'First weeks', date '2025-12-01'), (2, 40, 'Before the first day', date '2025-12-01'),
    (3, 38, 'First weeks', date '2025-11-17')
  ) as list (number, hire, title, due_on)
  cross join lateral toolcrib.demo_time('checklist', number) as at
order by number;

insert into public.checklist_tasks (id, checklist_id, position, title, assignee_id, due_on, state, comment, created_at, updated_at)
select
  toolcrib.demo_id(at, 'task', number), toolcrib.demo_id(toolcrib.demo_time('checklist', list), 'checklist', list),
  row_number() over (partition by list order by number), title,
  toolcrib.demo_id(toolcrib.demo_time('profile', assignee), 'profile', assignee), due_on, state, comment, at, at
from
  (values
    (1, 1, 'Prepare a laptop', 1, date '2025-10-31', 'DONE', 'With the large screen.'),
    (2, 1, 'Sign the contract', 11, date '2025-10-31', 'DONE', null),
    (3, 1, 'Read the handbook', 3, date '2025-11-07', 'DONE', null),
    (4, 1, 'Set up the development environment', 3, date '2025-11-14', 'TODO', 'The tile server does not start yet.'),
    (5, 1, 'Walk through the code', 16, date '2025-11-14', 'TODO', null),
    (6, 1, 'Talk about the first month', 2, date '2025-12-01', 'TODO', null),
    (7, 2, 'Prepare a laptop', 15, date '2025-11-26', 'TODO', null),
    (8, 2, 'Order a badge', 13, date '2025-11-26', 'TODO', null),
    (9, 2, 'Plan the first week', 7, date '2025-11-28', 'TODO', 'Pair with Amara.'),
    (10, 3, 'Prepare a laptop', 15, date '2025-10-17', 'DONE', null),
    (11, 3, 'Meet the customers of the south', 28, date '2025-11-10', 'DONE', null),
    (12, 3, 'Read the price list', 38, date '2025-11-10', 'DONE', null),
    (13, 3, 'Apply for a parking space', 38, date '2025-11-10', 'SKIPPED', 'Comes by train.')
  ) as task (number, list, title, assignee, due_on, state, comment)
  cross join lateral toolcrib.demo_time('task', number) as at
order by number;

insert into toolcrib.audit_events (id, actor_role, event_type, reason, details)
select
  toolcrib.demo_id(now(), 'seed', 1), 'platform', 'SEED', 'demo data',
  jsonb_build_object(
    'teams', (select count(*) from toolcrib.teams), 'users', (select count(*) from toolcrib.users),
    'profiles', (select count(*) from public.profiles), 'checklists', (select count(*) from public.checklists),
    'checklistTasks', (select count(*) from public.checklist_tasks)
  );

drop table toolcrib.demo_people;
drop function toolcrib.demo_time(text, integer);
drop function toolcrib.demo_id(timestamptz, text, integer);

-- Without statistics the first queries would be planned as if the tables were empty.
analyze toolcrib.teams, toolcrib.users, public.profiles, public.checklists, public.checklist_tasks;
