alter table toolcrib.users
    add column external_id text,
    add column deprovisioned_at timestamp with time zone,
    add constraint users_external_id_key unique (external_id),
    add constraint users_external_id_length_check check (char_length(external_id) <= 255);

-- Provisioning sees people alone; what rules of reading ask for has an index.
create index users_kind_id_idx on toolcrib.users (kind, id);

create table toolcrib.directory_groups (
    id uuid not null default gen_random_uuid(),
    display_name text not null,
    external_id text,
    team_id uuid,
    member_count integer not null default 0,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint directory_groups_pkey primary key (id),
    constraint directory_groups_display_name_key unique (display_name),
    constraint directory_groups_display_name_length_check check (char_length(display_name) <= 200),
    constraint directory_groups_external_id_key unique (external_id),
    constraint directory_groups_external_id_length_check check (char_length(external_id) <= 255),
    constraint directory_groups_team_id_fkey foreign key (team_id) references toolcrib.teams (id)
);

comment on table toolcrib.directory_groups is 'collection DirectoryGroup';

create index directory_groups_team_id_id_idx on toolcrib.directory_groups (team_id, id);

create table toolcrib.directory_memberships (
    id uuid not null default gen_random_uuid(),
    group_id uuid not null,
    user_id uuid not null,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint directory_memberships_pkey primary key (id),
    constraint directory_memberships_group_id_fkey foreign key (group_id) references toolcrib.directory_groups (id),
    constraint directory_memberships_user_id_fkey foreign key (user_id) references toolcrib.users (id)
);

comment on table toolcrib.directory_memberships is 'collection DirectoryMembership';

create unique index directory_memberships_group_id_user_id_key on toolcrib.directory_memberships (group_id, user_id);
create index directory_memberships_group_id_id_idx on toolcrib.directory_memberships (group_id, id);
create index directory_memberships_user_id_id_idx on toolcrib.directory_memberships (user_id, id);
