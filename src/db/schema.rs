// @generated automatically by Diesel CLI.

pub mod toolcrib {
    pub mod sql_types {
        #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
        #[diesel(postgres_type(name = "xid8", schema = "pg_catalog"))]
        pub struct Xid8;
    }

    diesel::table! {
        toolcrib.applied_schemas (id) {
            id -> Uuid,
            sources -> Jsonb,
            applied_at -> Timestamptz,
        }
    }

    diesel::table! {
        use diesel::sql_types::*;
        use super::sql_types::Xid8;

        toolcrib.audit_events (id, created_at) {
            id -> Uuid,
            actor_user_id -> Nullable<Uuid>,
            actor_role -> Text,
            event_type -> Text,
            entity_type -> Nullable<Text>,
            entity_id -> Nullable<Uuid>,
            before -> Nullable<Jsonb>,
            after -> Nullable<Jsonb>,
            details -> Nullable<Jsonb>,
            ip_address -> Nullable<Text>,
            user_agent -> Nullable<Text>,
            reason -> Nullable<Text>,
            request_id -> Nullable<Uuid>,
            created_at -> Timestamptz,
            transaction_id -> Xid8,
            acting_for_id -> Nullable<Uuid>,
        }
    }

    diesel::table! {
        toolcrib.database_logins (login) {
            login -> Text,
            user_id -> Nullable<Uuid>,
            created_at -> Timestamptz,
        }
    }

    diesel::table! {
        toolcrib.directory_groups (id) {
            id -> Uuid,
            display_name -> Text,
            external_id -> Nullable<Text>,
            team_id -> Nullable<Uuid>,
            member_count -> Int4,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
            version -> Int4,
        }
    }

    diesel::table! {
        toolcrib.directory_memberships (id) {
            id -> Uuid,
            group_id -> Uuid,
            user_id -> Uuid,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
            version -> Int4,
        }
    }

    diesel::table! {
        toolcrib.exports (id) {
            id -> Uuid,
            exported_by_id -> Nullable<Uuid>,
            entity_type -> Text,
            filters -> Nullable<Jsonb>,
            format -> Text,
            status -> Text,
            row_count -> Nullable<Int4>,
            checksum -> Nullable<Text>,
            byte_size -> Nullable<Int8>,
            reason -> Nullable<Text>,
            failure -> Nullable<Text>,
            completed_at -> Nullable<Timestamptz>,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
            version -> Int4,
        }
    }

    diesel::table! {
        toolcrib.idempotency_keys (actor_user_id, key) {
            actor_user_id -> Uuid,
            key -> Text,
            request_hash -> Bytea,
            answer -> Nullable<Jsonb>,
            expires_at -> Timestamptz,
        }
    }

    diesel::table! {
        toolcrib.identities (id) {
            id -> Uuid,
            user_id -> Uuid,
            provider -> Text,
            issuer -> Text,
            subject -> Text,
            email -> Nullable<Text>,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
            version -> Int4,
        }
    }

    diesel::table! {
        toolcrib.login_attempts (state_hash) {
            state_hash -> Bytea,
            browser_hash -> Bytea,
            provider -> Text,
            return_to -> Text,
            loopback_port -> Nullable<Int4>,
            loopback_challenge -> Nullable<Text>,
            max_age -> Nullable<Int4>,
            expires_at -> Timestamptz,
        }
    }

    diesel::table! {
        toolcrib.login_handoffs (code_hash) {
            code_hash -> Bytea,
            challenge -> Text,
            session_id -> Uuid,
            sealed_token -> Bytea,
            expires_at -> Timestamptz,
        }
    }

    diesel::table! {
        toolcrib.record_shares (id) {
            id -> Uuid,
            record_type -> Text,
            record_id -> Uuid,
            user_id -> Nullable<Uuid>,
            team_id -> Nullable<Uuid>,
            role -> Nullable<Text>,
            level -> Text,
            expires_at -> Nullable<Timestamptz>,
            reason -> Nullable<Text>,
            shared_by_id -> Nullable<Uuid>,
            revoked_at -> Nullable<Timestamptz>,
            revoked_by_id -> Nullable<Uuid>,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
            version -> Int4,
        }
    }

    diesel::table! {
        toolcrib.server_keys (name) {
            name -> Text,
            key -> Bytea,
        }
    }

    diesel::table! {
        toolcrib.service_token_hashes (token_id) {
            token_id -> Uuid,
            hash -> Bytea,
        }
    }

    diesel::table! {
        toolcrib.service_tokens (id) {
            id -> Uuid,
            user_id -> Uuid,
            name -> Nullable<Text>,
            expires_at -> Timestamptz,
            revoked_at -> Nullable<Timestamptz>,
            last_used_at -> Nullable<Timestamptz>,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
            version -> Int4,
            scopes -> Array<Nullable<Text>>,
            ip_allow_list -> Nullable<Array<Nullable<Text>>>,
            rotated_from_id -> Nullable<Uuid>,
        }
    }

    diesel::table! {
        toolcrib.session_secrets (session_id) {
            session_id -> Uuid,
            hash -> Bytea,
            issuer -> Nullable<Text>,
            subject -> Nullable<Text>,
            provider_session -> Nullable<Text>,
            sealed_id_token -> Nullable<Bytea>,
        }
    }

    diesel::table! {
        toolcrib.sessions (id) {
            id -> Uuid,
            user_id -> Uuid,
            provider -> Text,
            mfa -> Bool,
            authenticated_at -> Nullable<Timestamptz>,
            expires_at -> Timestamptz,
            last_seen_at -> Timestamptz,
            ip_address -> Nullable<Text>,
            user_agent -> Nullable<Text>,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
            version -> Int4,
        }
    }

    diesel::table! {
        toolcrib.teams (id) {
            id -> Uuid,
            name -> Text,
            parent_id -> Nullable<Uuid>,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
            version -> Int4,
        }
    }

    diesel::table! {
        toolcrib.tool_migrations (version) {
            version -> Text,
            name -> Text,
            checksum -> Text,
            applied_at -> Timestamptz,
        }
    }

    diesel::table! {
        toolcrib.unfinished_migrations (version) {
            version -> Text,
            name -> Text,
            checksum -> Text,
            applied_steps -> Int4,
            applied_at -> Timestamptz,
        }
    }

    diesel::table! {
        toolcrib.users (id) {
            id -> Uuid,
            email -> Text,
            name -> Text,
            role -> Text,
            team_id -> Nullable<Uuid>,
            kind -> Text,
            is_active -> Bool,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
            version -> Int4,
            external_id -> Nullable<Text>,
            deprovisioned_at -> Nullable<Timestamptz>,
        }
    }

    diesel::joinable!(database_logins -> users (user_id));
    diesel::joinable!(directory_groups -> teams (team_id));
    diesel::joinable!(directory_memberships -> directory_groups (group_id));
    diesel::joinable!(directory_memberships -> users (user_id));
    diesel::joinable!(exports -> users (exported_by_id));
    diesel::joinable!(idempotency_keys -> users (actor_user_id));
    diesel::joinable!(identities -> users (user_id));
    diesel::joinable!(login_handoffs -> sessions (session_id));
    diesel::joinable!(record_shares -> teams (team_id));
    diesel::joinable!(service_token_hashes -> service_tokens (token_id));
    diesel::joinable!(service_tokens -> users (user_id));
    diesel::joinable!(session_secrets -> sessions (session_id));
    diesel::joinable!(sessions -> users (user_id));
    diesel::joinable!(users -> teams (team_id));

    diesel::allow_tables_to_appear_in_same_query!(
        applied_schemas,
        audit_events,
        database_logins,
        directory_groups,
        directory_memberships,
        exports,
        idempotency_keys,
        identities,
        login_attempts,
        login_handoffs,
        record_shares,
        server_keys,
        service_token_hashes,
        service_tokens,
        session_secrets,
        sessions,
        teams,
        tool_migrations,
        unfinished_migrations,
        users,
    );
}
