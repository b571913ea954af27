-- Every third ticket is shared, with a user, a team or a role in turn; every fifth share was ended, every seventh has expired.
insert into toolcrib.record_shares
  (id, record_type, record_id, user_id, team_id, role, level, expires_at, reason, shared_by_id, revoked_at, created_at, updated_at)
select
  md5('share ' || ticket.position)::uuid, 'Ticket', ticket.id,
  case ticket.position % 9 when 0 then person.id end,
  case ticket.position % 9 when 3 then team.id end,
  case ticket.position % 9 when 6 then (array['agent', 'viewer', 'manager'])[1 + ticket.position / 9 % 3] end,
  case when ticket.position % 4 = 0 then 'WRITE' else 'READ' end,
  case when ticket.position % 7 = 0 then timestamptz '2025-06-01' else timestamptz '2036-01-01' end,
  'for ' || ticket.position,
  (select id from toolcrib.users where email = 'manager@demo.test'),
  case when ticket.position % 5 = 0 then timestamptz '2025-05-02' end,
  '2025-05-01', '2025-05-01'
from (select row_number() over (order by id) as position, id from public.tickets) as ticket
left join toolcrib.users as person
  on person.email = (array['agent@demo.test', 'viewer@demo.test', 'manager@demo.test'])[1 + ticket.position / 9 % 3]
left join (select row_number() over (order by id) - 1 as place, id from toolcrib.teams) as team
  on team.place = ticket.position % (select count(*) from toolcrib.teams)
where ticket.position % 3 = 0;
