update toolcrib.sessions set authenticated_at = 'epoch' where authenticated_at is null;

alter table toolcrib.sessions alter column authenticated_at set not null;
