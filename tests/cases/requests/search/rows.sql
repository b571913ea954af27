insert into toolcrib.users (id, email, name, role) values
  ('00000000-0000-7000-8000-000000000201', 'ada@notes.test', 'Ada', 'admin'),
  ('00000000-0000-7000-8000-000000000203', 'ana@notes.test', 'Ana', 'agent'),
  ('00000000-0000-7000-8000-000000000204', 'ben@notes.test', 'Ben', 'agent'),
  ('00000000-0000-7000-8000-000000000207', 'vic@notes.test', 'Vic', 'viewer');

insert into public.folders (id, name) values
  ('00000000-0000-7000-8000-000000000301', 'Office'),
  ('00000000-0000-7000-8000-000000000302', 'Home');

insert into public.notes (id, title, body, is_public, folder_id, author_id, secret, wish) values
  ('00000000-0000-7000-8000-000000000401', 'Printer on fire', 'The printers of the office burn.', true,
   '00000000-0000-7000-8000-000000000301', '00000000-0000-7000-8000-000000000203', 'insured with gold', 'an island'),
  ('00000000-0000-7000-8000-000000000402', 'Fire drill', 'Leave by the stairs; the printer stays.', true,
   '00000000-0000-7000-8000-000000000301', '00000000-0000-7000-8000-000000000204', null, 'a desert island'),
  ('00000000-0000-7000-8000-000000000403', 'Groceries', 'Bread, and paper for the printer.', false,
   '00000000-0000-7000-8000-000000000302', '00000000-0000-7000-8000-000000000203', 'no gold', null),
  ('00000000-0000-7000-8000-000000000404', 'Paper', null, true,
   null, null, null, 'no island');
