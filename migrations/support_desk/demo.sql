-- The support desk's demo data: teams in a tree, people in every role, customers, tickets with three events each, macros.
--
-- Run once, by the role that owns the tables, in one transaction, on a support desk without users; the caller checks that.
-- Every run writes the same rows, whatever the clock, the time zone and the locale: "random" values are drawn from the MD5
-- of a row's number, and all times lie between October 2024 and November 2025, with intervals in hours because a day's
-- length depends on the session's time zone. Only the SEED event in the audit log, at the end, has today's time.
-- Ids are UUIDv7 by form: the time of creation, then digits of an MD5, so that they sort by time like the server's own.
--
-- `set demo.tickets = '200000'` beforehand makes another number of tickets (20,000 unless set), with a tenth as many
-- customers and three times as many events. Tickets of another number of tickets have other ids.

create function toolcrib.demo_ticket_count() returns integer language sql stable
return coalesce(nullif(current_setting('demo.tickets', true), ''), '20000')::integer;

create function toolcrib.demo_id(created_at timestamptz, kind text, number integer) returns uuid language sql stable
return (
  select (
    lpad(to_hex((extract(epoch from created_at) * 1000)::bigint), 12, '0')
    || '7' || substr(digest, 1, 3)
    || substr('89ab', 1 + ascii(substr(digest, 4, 1)) % 4, 1) || substr(digest, 5, 15)
  )::uuid
  from md5(kind || ':' || number) as digest
);

-- The nth draw from a digest, at least 0 and below 1; a digest holds eight, numbered from 0.
create function toolcrib.demo_draw(digest text, nth integer) returns double precision language sql immutable
return ('x' || substr(digest, 1 + 4 * nth, 4))::bit(16)::integer / 65536.0::double precision;

create function toolcrib.demo_pick(choices text[], draw double precision) returns text language sql immutable
return choices[1 + floor(draw * cardinality(choices))::integer];

-- Teams: one root, its three teams, and one team under two of them.
insert into toolcrib.teams (id, name, parent_id, created_at, updated_at)
select
  toolcrib.demo_id(created_at, 'team', number), name,
  toolcrib.demo_id(timestamptz '2024-10-01 08:00:00+00' + parent * interval '1 minute', 'team', parent), created_at, created_at
from
  (values
    (1, 'Support', null), (2, 'Frontline', 1), (3, 'Technical', 1),
    (4, 'Billing', 1), (5, 'Escalations', 3), (6, 'Key Accounts', 2)
  ) as team (number, name, parent)
  cross join lateral (select timestamptz '2024-10-01 08:00:00+00' + number * interval '1 minute' as created_at) as time
order by number;

-- People: the four whom the documentation names, then 2 admins, 6 managers, 34 agents and 8 viewers with them. Each team has
-- a manager and agents; the 43rd is an agent without a team, whom the rules give no team's rows.
with
  team as (select row_number() over (order by id) as number, id from toolcrib.teams),
  named (number, name, email) as (
    values (1, 'Ada Osei', 'admin@demo.test'), (2, 'Mateo Rossi', 'manager@demo.test'),
      (3, 'Ana Lindqvist', 'agent@demo.test'), (4, 'Victor Hale', 'viewer@demo.test')
  ),
  other as (
    select 4 + number as number, first_name || ' ' || last_name as name, first_name || '.' || last_name as local_part
    from unnest(
      array[
        'Amara', 'Björn', 'Chiara', 'Dmitri', 'Elif', 'Fatima', 'Gustavo', 'Hana', 'Ibrahim', 'Jing', 'Kofi', 'Leila',
        'Marek', 'Niamh', 'Oskar', 'Priya', 'Quentin', 'Rosa', 'Sanjay', 'Tomoko', 'Uri', 'Valentina', 'Wei', 'Ximena',
        'Yusuf', 'Zofia', 'Aroha', 'Bruno', 'Carmen', 'Duc', 'Esther', 'Felix', 'Grace', 'Henrik', 'Ines', 'Jamal',
        'Katarina', 'Lucas', 'Mei', 'Nikos', 'Olga', 'Pablo', 'Ruth', 'Stefan', 'Tara', 'Viktor'
      ],
      array[
        'Okafor', 'Eriksson', 'Moretti', 'Volkov', 'Yılmaz', 'Haddad', 'Almeida', 'Sato', 'Diallo', 'Chen', 'Mensah', 'Karimi',
        'Nowak', 'Byrne', 'Virtanen', 'Raman', 'Lefèvre', 'Delgado', 'Gupta', 'Mori', 'Cohen', 'Bianchi', 'Zhang', 'Castro',
        'Demir', 'Kowalska', 'Ngata', 'Costa', 'Vega', 'Nguyen', 'Adeyemi', 'Hoffmann', 'Whitfield', 'Jensen', 'Sousa', 'Carter',
        'Horvat', 'Martin', 'Lin', 'Papadakis', 'Petrova', 'Navarro', 'Goldberg', 'Müller', 'Kelly', 'Dahl'
      ]
    ) with ordinality as names (first_name, last_name, number)
  ),
  person as (
    select number, name, email from named
    union all
    select number, name, translate(lower(local_part collate "C"), 'öıèü', 'oieu') || '@demo.test' from other
  )
insert into toolcrib.users (id, email, name, role, team_id, created_at, updated_at)
select toolcrib.demo_id(created_at, 'user', person.number::integer), email, name, role, team.id, created_at, created_at
from
  person
  cross join lateral (
    select
      timestamptz '2024-10-02 08:00:00+00' + person.number * interval '1 minute' as created_at,
      case
        when person.number in (1, 5) then 'admin'
        when person.number = 2 or person.number between 6 and 10 then 'manager'
        when person.number = 3 or person.number between 11 and 43 then 'agent'
        else 'viewer'
      end as role,
      case
        when person.number = 2 then 1
        when person.number = 3 then 2
        when person.number between 6 and 10 then person.number - 4
        when person.number between 11 and 21 then 2
        when person.number between 22 and 28 then 3
        when person.number between 29 and 33 then 4
        when person.number between 34 and 37 then 5
        when person.number between 38 and 40 then 6
        when person.number between 41 and 42 then 1
      end as team_number
  ) as position
  left join team on team.number = position.team_number
order by person.number;

-- Customers: four companies to one person; some left no mail address.
with
  drawn as (
    select
      number, md5('customer:' || number) as digest,
      timestamptz '2024-10-03 08:00:00+00' + (number * interval '672 hours') / (toolcrib.demo_ticket_count() / 10) as created_at,
      (array[
        'Alder', 'Amber', 'Anchor', 'Arbor', 'Aurora', 'Basalt', 'Beacon', 'Birch', 'Bluebell', 'Bright', 'Canyon', 'Cedar',
        'Citadel', 'Clover', 'Cobalt', 'Copper', 'Coral', 'Crescent', 'Delta', 'Ember', 'Falcon', 'Fern', 'Foundry', 'Garnet',
        'Glacier', 'Granite', 'Harbor', 'Hazel', 'Heron', 'Horizon', 'Indigo', 'Ivory', 'Juniper', 'Keystone', 'Lantern',
        'Linden',
        'Marble', 'Meadow', 'Meridian', 'Nimbus', 'Northwind', 'Oakline', 'Orchard', 'Pioneer', 'Quarry', 'River', 'Saffron',
        'Summit', 'Tidewater', 'Willow'
      ])[1 + number % 50] as head,
      (array[
        'Analytics', 'Apparel', 'Architects', 'Automotive', 'Bakery', 'Biotech', 'Books', 'Brewing', 'Capital', 'Catering',
        'Ceramics', 'Chemicals', 'Clinics', 'Coffee', 'Construction', 'Consulting', 'Dental', 'Design', 'Electric', 'Energy',
        'Farms', 'Foods', 'Freight', 'Furniture', 'Hotels', 'Insurance', 'Labs', 'Legal', 'Logistics', 'Media', 'Outdoors',
        'Packaging', 'Pharma', 'Plumbing', 'Robotics', 'Security', 'Software', 'Textiles', 'Travel', 'Wines'
      ])[1 + number / 50 % 40] as trade
    from generate_series(1, toolcrib.demo_ticket_count() / 10) as number
  ),
  named as (
    select
      number, digest, created_at,
      case
        when number % 5 = 0 then first_name || ' ' || last_name
        else concat_ws(' ', head, trade, city, legal_form)
      end as name,
      case
        when toolcrib.demo_draw(digest, 4) < 0.03 then null
        when number % 5 = 0 then lower((first_name || '.' || last_name) collate "C") || '.' || number || '@mail.test'
        else mailbox || '@' || lower(concat_ws('-', head, trade, case when number > 2000 then number end) collate "C") || '.test'
      end as email
    from
      drawn
      cross join lateral (
        select
          toolcrib.demo_pick(array[
            'Aiko', 'Carlos', 'Dana', 'Emeka', 'Freya', 'Hugo', 'Irina', 'Jonas', 'Lina', 'Milan', 'Noor', 'Omar', 'Paula',
            'Rahel', 'Sam', 'Thea'
          ], toolcrib.demo_draw(digest, 0)) as first_name,
          toolcrib.demo_pick(array[
            'Abel', 'Brandt', 'Cruz', 'Dubois', 'Ekberg', 'Fischer', 'Garcia', 'Hughes', 'Ito', 'Jovanovic', 'Khan', 'Larsen',
            'Mbeki', 'Novak', 'Oliveira', 'Pham'
          ], toolcrib.demo_draw(digest, 1)) as last_name,
          toolcrib.demo_pick(array['office', 'hello', 'it', 'accounts', 'contact'], toolcrib.demo_draw(digest, 2)) as mailbox,
          toolcrib.demo_pick(array['GmbH', 'Inc.', 'Ltd', 'SA', 'Co-op'], toolcrib.demo_draw(digest, 3)) as legal_form,
          -- The names of companies run out after 2,000.
          case when number > 2000 then (array['Lyon', 'Porto', 'Graz', 'Turku', 'Leeds', 'Ghent', 'Malmö', 'Cork', 'Basel'])[
            1 + number / 2000 % 9] end as city
      ) as part
  )
insert into public.customers (id, name, email, phone, annual_value, created_at, updated_at)
select
  toolcrib.demo_id(created_at, 'customer', number), name, email,
  case when toolcrib.demo_draw(digest, 5) < 0.8 then '+1 555 ' || lpad((100000 + number)::text, 7, '0') end,
  -- Few pay much.
  case
    when toolcrib.demo_draw(digest, 6) < 0.9 then round((600 + 240000 * power(toolcrib.demo_draw(digest, 7), 5))::numeric, 2)
  end,
  created_at, created_at
from named
order by number;

-- What a ticket and its events share: who it is and when what happened. Tickets are spread over a year.
create function toolcrib.demo_tickets()
returns table (
  number integer, id uuid, age double precision,
  created_at timestamptz, answered_at timestamptz, settled_at timestamptz, digest text
)
language sql stable
begin atomic
  select
    number, toolcrib.demo_id(created_at, 'ticket', number), number::double precision / total, created_at, answered_at,
    date_trunc('second', answered_at + interval '5 minutes' + toolcrib.demo_draw(times, 2) * interval '72 hours'),
    md5('ticket:' || number)
  from
    (select toolcrib.demo_ticket_count() as total) as wanted
    cross join lateral generate_series(1, total) as number
    cross join lateral md5('times:' || number) as times
    cross join lateral (
      select date_trunc('milliseconds', timestamptz '2024-11-01 00:00:00+00'
        + ((number - 1 + toolcrib.demo_draw(times, 0)) / total) * interval '8736 hours') as created_at
    ) as opened
    cross join lateral (
      select
        date_trunc('second', created_at + interval '2 minutes' + toolcrib.demo_draw(times, 1) * interval '4 hours') as answered_at
    ) as answered;
end;

-- Tickets, in the order of their case ids, which the column's default takes from its sequence. Most are old and closed, some
-- of the last weeks wait; few customers have many; only open and pending ones can be nobody's, all others are an agent's of
-- their team.
with
  team as (select row_number() over (order by id) as number, id from toolcrib.teams),
  agent as (
    select team_id, array_agg(id order by id) as ids
    from toolcrib.users
    where role = 'agent' and team_id is not null
    group by team_id
  ),
  customer as (select row_number() over (order by id) as number, id, email from public.customers),
  drawn as (
    select
      ticket.*,
      1 + floor(power(toolcrib.demo_draw(digest, 0), 2.5) * (toolcrib.demo_ticket_count() / 10))::integer as customer_number,
      case
        when toolcrib.demo_draw(digest, 1) < 0.40 then 2
        when toolcrib.demo_draw(digest, 1) < 0.62 then 3
        when toolcrib.demo_draw(digest, 1) < 0.78 then 4
        when toolcrib.demo_draw(digest, 1) < 0.86 then 5
        when toolcrib.demo_draw(digest, 1) < 0.94 then 6
        else 1
      end as team_number,
      case
        when age > 0.85 then case
          when toolcrib.demo_draw(digest, 2) < 0.50 then 'OPEN'
          when toolcrib.demo_draw(digest, 2) < 0.75 then 'PENDING'
          when toolcrib.demo_draw(digest, 2) < 0.92 then 'RESOLVED'
          else 'CLOSED'
        end
        when toolcrib.demo_draw(digest, 2) < 0.03 then 'OPEN'
        when toolcrib.demo_draw(digest, 2) < 0.07 then 'PENDING'
        when toolcrib.demo_draw(digest, 2) < 0.20 then 'RESOLVED'
        else 'CLOSED'
      end as status,
      case
        when toolcrib.demo_draw(digest, 3) < 0.20 then 'LOW'
        when toolcrib.demo_draw(digest, 3) < 0.75 then 'NORMAL'
        when toolcrib.demo_draw(digest, 3) < 0.95 then 'HIGH'
        else 'URGENT'
      end as priority
    from toolcrib.demo_tickets() as ticket
  )
insert into public.tickets (
  id, customer_id, team_id, assigned_to_id, status, priority, subject, customer_email, internal_note, due_at,
  created_at, updated_at
)
select
  drawn.id, customer.id, team.id,
  case
    when status = 'OPEN' and toolcrib.demo_draw(digest, 4) < 0.40 then null
    when status = 'PENDING' and toolcrib.demo_draw(digest, 4) < 0.05 then null
    else agent.ids[1 + floor(toolcrib.demo_draw(md5(digest), 0) * cardinality(agent.ids))::integer]
  end,
  status, priority,
  replace(toolcrib.demo_pick(array[
    'Cannot sign in after password reset', 'Invoice {} shows the wrong tax number', 'Export of report {} never finishes',
    'Please change our billing address', 'Webhook deliveries fail with status 502', 'Order {} arrived damaged',
    'Refund for order {} is missing', 'How do we add a second administrator?', 'Dashboard is empty since this morning',
    'Single sign-on certificate expires soon', 'Charged twice for invoice {}', 'Import of {} rows stops halfway',
    'Mobile app crashes on start', 'Request for a data processing agreement', 'Slow search on large accounts',
    'User {} cannot be removed from the project', 'Delivery {} is late', 'Wrong currency on quote {}',
    'Two-factor code is not accepted', 'Notification mails land in spam', 'Upgrade to the business plan',
    'API answers 429 although we are below the limit', 'Printer label {} is cut off', 'Contract {} needs a new contact'
  ], toolcrib.demo_draw(digest, 5)), '{}', (10000 + drawn.number % 90000)::text),
  customer.email,
  case
    when toolcrib.demo_draw(digest, 6) < 0.15 then toolcrib.demo_pick(array[
      'Customer is about to renew: answer fast.', 'Known issue, a fix is planned.', 'Asked for a refund before; see billing.',
      'Talk to the account manager first.', 'Contract ends this quarter.'
    ], toolcrib.demo_draw(digest, 7))
  end,
  case priority
    when 'URGENT' then created_at + interval '4 hours'
    when 'HIGH' then created_at + interval '24 hours'
    when 'NORMAL' then created_at + interval '72 hours'
    else case when drawn.number % 2 = 0 then created_at + interval '240 hours' end
  end,
  created_at, settled_at
from
  drawn
  join team on team.number = drawn.team_number
  join agent on agent.team_id = team.id
  join customer on customer.number = drawn.customer_number
order by drawn.number;

-- Three events for each ticket: it came in, it was taken or asked about again, and what came of it.
insert into public.ticket_events (id, ticket_id, kind, author_id, body, created_at, updated_at)
select
  toolcrib.demo_id(event.created_at, 'event', 3 * story.number + event.step), ticket.id, event.kind, event.author_id, event.body,
  event.created_at, event.created_at
from
  toolcrib.demo_tickets() as story
  join public.tickets as ticket on ticket.id = story.id
  cross join lateral (
    values
      (0, story.created_at, 'CREATED', null::uuid, 'The customer wrote in.'),
      (
        1, story.answered_at,
        case when ticket.assigned_to_id is null then 'CUSTOMER_REPLY' else 'ASSIGNED' end,
        ticket.assigned_to_id,
        case when ticket.assigned_to_id is null then 'Is anybody looking at this?' else 'I take this one.' end
      ),
      (
        2, story.settled_at,
        case
          when ticket.assigned_to_id is null then 'CUSTOMER_REPLY'
          when ticket.status = 'OPEN' then 'COMMENT'
          else 'STATUS_CHANGED'
        end,
        ticket.assigned_to_id,
        case
          when ticket.assigned_to_id is null then 'Still waiting for an answer.'
          when ticket.status = 'OPEN' then 'Reproduced; looking for the cause.'
          when ticket.status = 'PENDING' then 'Asked the customer for details.'
          when ticket.status = 'RESOLVED' then 'Answered and solved.'
          else 'Confirmed by the customer.'
        end
      )
  ) as event (step, created_at, kind, author_id, body)
order by story.number, event.step;

-- Macros: what everybody says, and what one team says.
insert into public.macros (id, title, body, team_id, created_at, updated_at)
select toolcrib.demo_id(created_at, 'macro', number), title, body, team.id, created_at, created_at
from
  (values
    (1, null, 'We are on it', 'Thank you for writing. Someone of our team looks at it now and comes back to you today.'),
    (2, null, 'Need more details', 'Could you tell us when it happened, and send a screenshot if you have one?'),
    (3, null, 'Solved?', 'We believe that this is solved. If it is not, just answer to this message.'),
    (4, null, 'Closing', 'We have not heard from you for a week, so we close this case. An answer opens it again.'),
    (5, 2, 'Reset a password', 'Please open the sign-in page and choose "Forgot password". The link is valid for one hour.'),
    (6, 2, 'Opening hours', 'We answer from Monday to Friday, 8:00 to 18:00 UTC.'),
    (7, 3, 'Collect logs', 'Please send us the log of the failing request; it has the request id in its first line.'),
    (8, 3, 'Known issue', 'This is a known issue. A fix is on its way, and we will tell you when it is released.'),
    (9, 4, 'Refund started', 'We have started the refund. It reaches your account within five working days.'),
    (10, 4, 'Invoice corrected', 'Please find the corrected invoice attached; the old one is void.'),
    (11, 5, 'Incident report', 'The incident is resolved. A report with its cause follows within three working days.'),
    (12, 6, 'Your account manager', 'Your account manager has been told and calls you today.')
  ) as macro (number, team_number, title, body)
  cross join lateral (select timestamptz '2024-10-02 10:00:00+00' + number * interval '1 minute' as created_at) as time
  left join (select row_number() over (order by id) as position, id from toolcrib.teams) as team
    on team.position = macro.team_number
order by number;

-- Shares: tickets that people work on together beyond their team, the usual reasons for it. The fourth has ended, the fifth has
-- expired, and gives nobody anything any more.
insert into toolcrib.record_shares
  (id, record_type, record_id, user_id, team_id, role, level, expires_at, reason, shared_by_id, revoked_at, revoked_by_id, created_at,
   updated_at)
select
  toolcrib.demo_id(made.at, 'share', share.number), 'Ticket', ticket.id, grantee.id, team.id, share.role, level, expires_at, reason,
  sharer.id, revoked_at, case when revoked_at is not null then sharer.id end, made.at, coalesce(revoked_at, made.at)
from
  (values
    (1, 3, 'agent@demo.test', null, null, 'READ', null, 'You know this customer; have a look?', null),
    (2, 4, 'agent@demo.test', null, null, 'WRITE', null, 'Cover for me while I am away', null),
    (3, 3, null, 2, null, 'READ', null, 'The frontline answers the follow-up', null),
    (4, 5, 'viewer@demo.test', null, null, 'READ', null, 'For the report', timestamptz '2025-11-10 09:00:00+00'),
    (5, 5, null, null, 'viewer', 'READ', timestamptz '2025-11-12 00:00:00+00', 'While the incident lasts', null),
    (6, 4, 'viewer@demo.test', null, null, 'READ', null, 'The customer called about this one', null)
  ) as share (number, ticket_team, email, team_number, role, level, expires_at, reason, revoked_at)
  cross join lateral (select timestamptz '2025-11-08 10:00:00+00' + share.number * interval '1 hour' as at) as made
  left join toolcrib.users as grantee on grantee.email = share.email
  left join (select row_number() over (order by id) as position, id from toolcrib.teams) as team on team.position = share.team_number
  cross join lateral (
    select ticket.id from public.tickets as ticket
    where ticket.status = 'OPEN'
      and ticket.team_id = (select id from toolcrib.teams order by id offset share.ticket_team - 1 limit 1)
    order by ticket.id desc offset share.number limit 1
  ) as ticket
  cross join (select id from toolcrib.users where email = 'manager@demo.test') as sharer
order by share.number;

insert into toolcrib.audit_events (id, actor_role, event_type, reason, details)
select
  toolcrib.demo_id(now(), 'seed', 1), 'platform', 'SEED', 'demo data',
  jsonb_build_object(
    'teams', (select count(*) from toolcrib.teams), 'users', (select count(*) from toolcrib.users),
    'customers', (select count(*) from public.customers), 'tickets', (select count(*) from public.tickets),
    'ticketEvents', (select count(*) from public.ticket_events), 'macros', (select count(*) from public.macros), 'recordShares', (select count(*) from toolcrib.record_shares)
  );

drop function toolcrib.demo_tickets();
drop function toolcrib.demo_pick(text[], double precision);
drop function toolcrib.demo_draw(text, integer);
drop function toolcrib.demo_id(timestamptz, text, integer);
drop function toolcrib.demo_ticket_count();

-- Without statistics the first queries would be planned as if the tables were empty.
analyze toolcrib.teams, toolcrib.users, toolcrib.record_shares, public.customers, public.tickets, public.ticket_events, public.macros;
