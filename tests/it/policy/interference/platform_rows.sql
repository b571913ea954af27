-- For each user a session, an identity, a token, an export, events in the log and a place in a group. All ids and times are fixed.
insert into toolcrib.sessions
  (id, user_id, provider, mfa, authenticated_at, expires_at, last_seen_at, ip_address, created_at, updated_at)
select md5('session ' || email)::uuid, id, 'demo', role = 'admin', '2025-05-01', '2035-05-02', '2025-05-01', '192.0.2.9',
  '2025-05-01', '2025-05-01'
from toolcrib.users;

insert into toolcrib.identities (id, user_id, provider, issuer, subject, email, created_at, updated_at)
select md5('identity ' || email)::uuid, id, 'demo', 'https://id.demo.test', email, email, '2025-05-01', '2025-05-01'
from toolcrib.users;

insert into toolcrib.service_tokens (id, user_id, name, scopes, expires_at, created_at, updated_at)
select md5('token ' || email)::uuid, id, 'script of ' || name, '{*:READ}', '2035-05-01', '2025-05-01', '2025-05-01'
from toolcrib.users;

insert into toolcrib.exports (id, exported_by_id, entity_type, format, status, row_count, reason, created_at, updated_at)
select md5('export ' || email)::uuid, id, 'Ticket', 'CSV', 'COMPLETED', length(name), 'for ' || name, '2025-05-01', '2025-05-01'
from toolcrib.users;

insert into toolcrib.audit_events (id, actor_user_id, actor_role, event_type, entity_type, entity_id, reason, created_at)
select md5(event_type || entity_type || email)::uuid, id, role, event_type, entity_type, id, 'as ' || name, '2025-05-01'
from toolcrib.users
cross join (values ('LOGIN', 'User'), ('UPDATE', 'Profile'), ('UPDATE', 'Team')) as event (event_type, entity_type);

insert into toolcrib.directory_groups (id, display_name, external_id, member_count, created_at, updated_at)
select md5('group ' || role)::uuid, 'all of role ' || role, 'group ' || role, count(*), '2025-05-01', '2025-05-01'
from toolcrib.users
group by role;

insert into toolcrib.directory_memberships (id, group_id, user_id, created_at, updated_at)
select md5('member ' || email)::uuid, md5('group ' || role)::uuid, id, '2025-05-01', '2025-05-01'
from toolcrib.users;
