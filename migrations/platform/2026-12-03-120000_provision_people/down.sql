drop table toolcrib.directory_memberships;
drop table toolcrib.directory_groups;

drop index toolcrib.users_kind_id_idx;
alter table toolcrib.users
    drop constraint users_external_id_length_check,
    drop constraint users_external_id_key,
    drop column deprovisioned_at,
    drop column external_id;
