insert into toolcrib.users (id, email, name, role) values
  ('00000000-0000-7000-8000-000000000201', 'ada@things.test', 'Ada', 'admin'),
  ('00000000-0000-7000-8000-000000000207', 'vic@things.test', 'Vic', 'viewer');

insert into public.boxes (id, name, is_secret, place) values
  ('00000000-0000-7000-8000-000000000301', 'tin', false, 'shelf'),
  ('00000000-0000-7000-8000-000000000302', 'crate', false, null),
  ('00000000-0000-7000-8000-000000000303', 'safe', true, 'wall');

insert into public.things
  (id, name, box_id, note, pieces, weight, is_new, seen_at, made_on, price, serial, data, link, mail, size, tags, parent_id, secret)
values
  ('00000000-0000-7000-8000-000000000401', 'bolt', '00000000-0000-7000-8000-000000000301', 'M8, zinc', 12, 0.25, true,
   '2026-01-01 09:00:00+00', '2025-12-31', 0.10, 9007199254740993, '{"thread": "fine"}', 'https://bolts.test/8', 'sales@bolts.test',
   'SMALL', '{metal,round}', null, 3),
  ('00000000-0000-7000-8000-000000000402', 'plank', '00000000-0000-7000-8000-000000000302', '100% oak', 3, 7.5, false,
   '2026-01-01 09:00:00.5+00', '2025-06-01', 19.90, 17, '[1, 2]', 'https://wood.test/', 'wood@trees.test',
   'LARGE', '{wood}', null, 1),
  ('00000000-0000-7000-8000-000000000403', 'Ruby', '00000000-0000-7000-8000-000000000303', 'under_score', 1, 0.001, true,
   '2026-02-01 00:00:00+00', '2026-01-15', 12000, -5, 'null', null, null, 'SMALL', '{}', null, 2),
  ('00000000-0000-7000-8000-000000000404', 'nut', '00000000-0000-7000-8000-000000000301', null, 12, 0.25, null,
   null, null, null, null, null, null, null, 'MEDIUM', null, '00000000-0000-7000-8000-000000000401', null),
  ('00000000-0000-7000-8000-000000000405', 'dust', null, '', null, null, null,
   null, null, null, null, null, null, null, null, null, null, null);
