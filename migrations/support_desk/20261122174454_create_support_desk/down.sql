-- Takes `up.sql` back. Columns and tables go with what they hold.

drop index public.macros_team_id_id_idx;
drop index public.ticket_events_author_id_id_idx;
drop index public.ticket_events_ticket_id_id_idx;
drop index public.tickets_due_at_id_idx;
drop index public.tickets_priority_id_idx;
drop index public.tickets_status_id_idx;
drop index public.tickets_assigned_to_id_id_idx;
drop index public.tickets_team_id_id_idx;
drop index public.tickets_customer_id_id_idx;
drop index public.customers_name_id_idx;
alter table public.macros drop constraint macros_team_id_fkey;
alter table public.ticket_events drop constraint ticket_events_author_id_fkey;
alter table public.ticket_events drop constraint ticket_events_ticket_id_fkey;
alter table public.tickets drop constraint tickets_assigned_to_id_fkey;
alter table public.tickets drop constraint tickets_team_id_fkey;
alter table public.tickets drop constraint tickets_customer_id_fkey;
drop table public.macros;
drop table public.ticket_events;
drop table public.tickets;
drop table public.customers;
drop sequence if exists public.tickets_case_id_seq;
