insert into toolcrib.users (id, email, name, role) values
  ('00000000-0000-7000-8000-000000000201', 'ada@people.test', 'Ada', 'admin'),
  ('00000000-0000-7000-8000-000000000202', 'max@people.test', 'Max', 'manager'),
  ('00000000-0000-7000-8000-000000000203', 'ana@people.test', 'Ana', 'agent'),
  ('00000000-0000-7000-8000-000000000207', 'vic@people.test', 'Vic', 'viewer');

insert into public.people (id, name, owner_id, phone, salary, balance, shares, city, grade, born, is_on_leave, mail, nick) values
  ('00000000-0000-7000-8000-000000000401', 'Ana', '00000000-0000-7000-8000-000000000203',
   '+49 30 901820', 61999, 12.75, 9007199254740993, 'Berlin', 'JUNIOR', '1990-02-03', true, 'ana@home.test', 'an@a@home'),
  ('00000000-0000-7000-8000-000000000402', 'Bo', null,
   '911', -2147483648, -12.75, -9007199254740993, 'Oslo', 'SENIOR', '1980-02-03', true, 'bo@home.test', 'bobo'),
  ('00000000-0000-7000-8000-000000000403', 'Cy', null, null, null, null, null, null, null, null, null, null, null);
