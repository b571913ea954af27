-- Not every provider says when a person last proved who it is. The time of the sign-in was taken for it, which is no proof: what is
-- stored may be that, so it counts as unknown. Whoever needs it signs in again.
alter table toolcrib.sessions alter column authenticated_at drop not null;

update toolcrib.sessions set authenticated_at = null where provider <> 'demo';
