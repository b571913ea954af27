create table toolcrib.teams (
    id uuid not null default gen_random_uuid(),
    name text not null,
    parent_id uuid,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint teams_pkey primary key (id),
    constraint teams_name_key unique (name),
    constraint teams_name_length_check check (char_length(name) <= 200),
    constraint teams_parent_id_fkey foreign key (parent_id) references toolcrib.teams (id)
);

comment on table toolcrib.teams is 'collection Team';

create index teams_parent_id_id_idx on toolcrib.teams (parent_id, id);

create table toolcrib.users (
    id uuid not null default gen_random_uuid(),
    email text not null,
    name text not null,
    role text not null default 'viewer',
    team_id uuid,
    kind text not null default 'PERSON',
    is_active boolean not null default true,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint users_pkey primary key (id),
    constraint users_email_key unique (email),
    constraint users_name_length_check check (char_length(name) <= 200),
    -- A tool that adds roles replaces this check in a migration of its own.
    constraint users_role_check check (role in ('admin', 'manager', 'agent', 'viewer')),
    constraint users_kind_check check (kind in ('PERSON', 'SERVICE')),
    constraint users_team_id_fkey foreign key (team_id) references toolcrib.teams (id)
);

comment on table toolcrib.users is 'collection User';

create index users_team_id_id_idx on toolcrib.users (team_id, id);
