-- Planned from the schema. What stands here is what runs: review it, change it, then apply it.

create table public.profiles (
    id uuid not null default gen_random_uuid(),
    name text not null,
    email text not null,
    account_id uuid,
    job_title text not null,
    team_id uuid,
    manager_id uuid,
    started_on date not null,
    left_on date,
    employment text not null default 'FULL_TIME',
    about text,
    location text,
    room text,
    phone text,
    birthday date,
    salary numeric,
    bank_account text,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint profiles_pkey primary key (id),
    constraint profiles_name_length_check check (char_length(name) <= 200),
    constraint profiles_email_key unique (email),
    constraint profiles_account_id_key unique (account_id),
    constraint profiles_job_title_length_check check (char_length(job_title) <= 120),
    constraint profiles_employment_check check (employment in ('FULL_TIME', 'PART_TIME', 'FIXED_TERM', 'CONTRACTOR')),
    constraint profiles_about_length_check check (char_length(about) <= 1000),
    constraint profiles_location_length_check check (char_length(location) <= 120),
    constraint profiles_room_length_check check (char_length(room) <= 40),
    constraint profiles_phone_length_check check (char_length(phone) <= 40),
    constraint profiles_bank_account_length_check check (char_length(bank_account) <= 34)
);
comment on table public.profiles is 'collection Profile';

create table public.checklists (
    id uuid not null default gen_random_uuid(),
    new_hire_id uuid not null,
    title text not null,
    due_on date,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint checklists_pkey primary key (id),
    constraint checklists_title_length_check check (char_length(title) <= 120)
);
comment on table public.checklists is 'collection Checklist';

create table public.checklist_tasks (
    id uuid not null default gen_random_uuid(),
    checklist_id uuid not null,
    position integer not null default 1,
    title text not null,
    assignee_id uuid,
    due_on date,
    state text not null default 'TODO',
    comment text,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint checklist_tasks_pkey primary key (id),
    constraint checklist_tasks_title_length_check check (char_length(title) <= 200),
    constraint checklist_tasks_state_check check (state in ('TODO', 'DONE', 'SKIPPED')),
    constraint checklist_tasks_comment_length_check check (char_length(comment) <= 1000)
);
comment on table public.checklist_tasks is 'collection ChecklistTask';

alter table toolcrib.teams add column purpose text;
alter table toolcrib.users drop constraint users_role_check, add constraint users_role_check check (role in ('admin', 'manager', 'agent', 'viewer', 'hr'));
alter table public.profiles add constraint profiles_account_id_fkey foreign key (account_id) references toolcrib.users (id);
alter table public.profiles add constraint profiles_team_id_fkey foreign key (team_id) references toolcrib.teams (id);
alter table public.profiles add constraint profiles_manager_id_fkey foreign key (manager_id) references public.profiles (id);
alter table public.checklists add constraint checklists_new_hire_id_fkey foreign key (new_hire_id) references public.profiles (id);
alter table public.checklist_tasks add constraint checklist_tasks_checklist_id_fkey foreign key (checklist_id) references public.checklists (id);
alter table public.checklist_tasks add constraint checklist_tasks_assignee_id_fkey foreign key (assignee_id) references public.profiles (id);
create index profiles_name_id_idx on public.profiles (name, id);
create index profiles_team_id_id_idx on public.profiles (team_id, id);
create index profiles_manager_id_id_idx on public.profiles (manager_id, id);
create index profiles_created_at_id_idx on public.profiles (created_at, id);
create index checklists_new_hire_id_id_idx on public.checklists (new_hire_id, id);
create index checklists_due_on_id_idx on public.checklists (due_on, id);
create index checklists_due_on_desc_id_idx on public.checklists (due_on desc nulls last, id desc);
create index checklists_created_at_id_idx on public.checklists (created_at, id);
create index checklist_tasks_checklist_id_id_idx on public.checklist_tasks (checklist_id, id);
create index checklist_tasks_assignee_id_id_idx on public.checklist_tasks (assignee_id, id);
create index checklist_tasks_state_id_idx on public.checklist_tasks (state, id);
create index checklist_tasks_state_order_id_idx on public.checklist_tasks (array_position(array['TODO', 'DONE', 'SKIPPED'], state), id);
create index checklist_tasks_created_at_id_idx on public.checklist_tasks (created_at, id);
