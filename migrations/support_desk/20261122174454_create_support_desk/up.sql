-- Planned from the schema. What stands here is what runs: review it, change it, then apply it.

create sequence public.tickets_case_id_seq;

create table public.customers (
    id uuid not null default gen_random_uuid(),
    name text not null,
    email text,
    phone text,
    annual_value numeric,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint customers_pkey primary key (id),
    constraint customers_name_length_check check (char_length(name) <= 200),
    constraint customers_email_key unique (email)
);
comment on table public.customers is 'collection Customer';

create table public.tickets (
    id uuid not null default gen_random_uuid(),
    case_id text not null default toolcrib.format_sequence('CASE-', 6, '', nextval('public.tickets_case_id_seq')),
    customer_id uuid not null,
    team_id uuid not null,
    assigned_to_id uuid,
    status text not null default 'OPEN',
    priority text not null default 'NORMAL',
    subject text not null,
    customer_email text,
    internal_note text,
    due_at timestamp with time zone,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint tickets_pkey primary key (id),
    constraint tickets_case_id_key unique (case_id),
    constraint tickets_status_check check (status in ('OPEN', 'PENDING', 'RESOLVED', 'CLOSED')),
    constraint tickets_priority_check check (priority in ('LOW', 'NORMAL', 'HIGH', 'URGENT')),
    constraint tickets_subject_length_check check (char_length(subject) <= 200)
);
comment on table public.tickets is 'collection Ticket';

create table public.ticket_events (
    id uuid not null default gen_random_uuid(),
    ticket_id uuid not null,
    kind text not null,
    author_id uuid,
    body text,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint ticket_events_pkey primary key (id),
    constraint ticket_events_kind_check check (kind in ('CREATED', 'COMMENT', 'ASSIGNED', 'STATUS_CHANGED', 'CUSTOMER_REPLY')),
    constraint ticket_events_body_length_check check (char_length(body) <= 4000)
);
comment on table public.ticket_events is 'collection TicketEvent';

create table public.macros (
    id uuid not null default gen_random_uuid(),
    title text not null,
    body text not null,
    team_id uuid,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now(),
    version integer not null default 1,
    constraint macros_pkey primary key (id),
    constraint macros_title_length_check check (char_length(title) <= 120),
    constraint macros_body_length_check check (char_length(body) <= 4000)
);
comment on table public.macros is 'collection Macro';

alter sequence public.tickets_case_id_seq owned by public.tickets.case_id;
alter table public.tickets add constraint tickets_customer_id_fkey foreign key (customer_id) references public.customers (id);
alter table public.tickets add constraint tickets_team_id_fkey foreign key (team_id) references toolcrib.teams (id);
alter table public.tickets add constraint tickets_assigned_to_id_fkey foreign key (assigned_to_id) references toolcrib.users (id);
alter table public.ticket_events add constraint ticket_events_ticket_id_fkey foreign key (ticket_id) references public.tickets (id);
alter table public.ticket_events add constraint ticket_events_author_id_fkey foreign key (author_id) references toolcrib.users (id);
alter table public.macros add constraint macros_team_id_fkey foreign key (team_id) references toolcrib.teams (id);
create index customers_name_id_idx on public.customers (name, id);
create index customers_created_at_id_idx on public.customers (created_at, id);
create index tickets_customer_id_id_idx on public.tickets (customer_id, id);
create index tickets_team_id_id_idx on public.tickets (team_id, id);
create index tickets_assigned_to_id_id_idx on public.tickets (assigned_to_id, id);
create index tickets_status_id_idx on public.tickets (status, id);
create index tickets_status_order_id_idx on public.tickets (array_position(array['OPEN', 'PENDING', 'RESOLVED', 'CLOSED'], status), id);
create index tickets_priority_id_idx on public.tickets (priority, id);
create index tickets_priority_order_id_idx on public.tickets (array_position(array['LOW', 'NORMAL', 'HIGH', 'URGENT'], priority), id);
create index tickets_due_at_id_idx on public.tickets (due_at, id);
create index tickets_due_at_desc_id_idx on public.tickets (due_at desc nulls last, id desc);
create index tickets_created_at_id_idx on public.tickets (created_at, id);
create index ticket_events_ticket_id_id_idx on public.ticket_events (ticket_id, id);
create index ticket_events_author_id_id_idx on public.ticket_events (author_id, id);
create index ticket_events_created_at_id_idx on public.ticket_events (created_at, id);
create index macros_team_id_id_idx on public.macros (team_id, id);
create index macros_created_at_id_idx on public.macros (created_at, id);
