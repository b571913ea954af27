insert into toolcrib.users (id, email, name, role) values
  ('00000000-0000-7000-8000-000000000001', 'ada@desk.test', 'Ada', 'admin'),
  ('00000000-0000-7000-8000-000000000002', 'ana@desk.test', 'Ana', 'agent'),
  ('00000000-0000-7000-8000-000000000003', 'vic@desk.test', 'Vic', 'viewer');
