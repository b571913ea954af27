-- Takes `up.sql` back. Columns and tables go with what they hold.

drop index public.checklist_tasks_created_at_id_idx;
drop index public.checklist_tasks_state_order_id_idx;
drop index public.checklist_tasks_state_id_idx;
drop index public.checklist_tasks_assignee_id_id_idx;
drop index public.checklist_tasks_checklist_id_id_idx;
drop index public.checklists_created_at_id_idx;
drop index public.checklists_due_on_desc_id_idx;
drop index public.checklists_due_on_id_idx;
drop index public.checklists_new_hire_id_id_idx;
drop index public.profiles_created_at_id_idx;
drop index public.profiles_manager_id_id_idx;
drop index public.profiles_team_id_id_idx;
drop index public.profiles_name_id_idx;
alter table public.checklist_tasks drop constraint checklist_tasks_assignee_id_fkey;
alter table public.checklist_tasks drop constraint checklist_tasks_checklist_id_fkey;
alter table public.checklists drop constraint checklists_new_hire_id_fkey;
alter table public.profiles drop constraint profiles_manager_id_fkey;
alter table public.profiles drop constraint profiles_team_id_fkey;
alter table public.profiles drop constraint profiles_account_id_fkey;
alter table toolcrib.users drop constraint users_role_check, add constraint users_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'manager'::text, 'agent'::text, 'viewer'::text])));
alter table toolcrib.teams drop column purpose;
drop table public.checklist_tasks;
drop table public.checklists;
drop table public.profiles;
