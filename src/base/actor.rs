//! Who is asking, as plain data.

use crate::base::{RoleName, Scope};
use chrono::{DateTime, Utc};
use std::net::IpAddr;
use uuid::Uuid;

/// How the caller proved who it is; `request.auth.method` in rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// A bearer token of a person or a service account.
    Token,
    /// A browser session.
    Session,
    /// No caller at all: the platform works on its own account.
    Platform,
}

impl AuthMethod {
    /// The word that rules and logs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::Platform => "platform",
        }
    }
}

/// Who is asking. `auth` makes one for callers; everything else only reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    /// The user's id; `None` for the platform's own work, which then matches no row by id.
    pub id: Option<Uuid>,
    /// The user's mail address; `user.email` in rules.
    pub email: Option<String>,
    /// The role that decides the database role of every statement.
    pub role: RoleName,
    /// The user's team, if any; a null team matches no row.
    pub team: Option<Uuid>,
    /// The user's team and every one below it; empty without a team, which matches no row either.
    pub teams: Vec<Uuid>,
    /// Whether the account is active. An inactive one never becomes an actor; rules may still say it.
    pub is_active: bool,
    /// How the caller signed in.
    pub auth_method: AuthMethod,
    /// Whether a second factor was used.
    pub is_mfa: bool,
    /// When the person last proved who it is; `None` for tokens, which prove no presence.
    pub authenticated_at: Option<DateTime<Utc>>,
    /// The named part of the platform that acts, on the user's behalf or alone; `request.service` in rules.
    pub service: Option<String>,
    /// What the caller's credential leaves of the user's rights.
    pub scope: Scope,
    /// The service account that acts for the user, by a token whose scope says so; audit events name both.
    pub acted_by: Option<Uuid>,
}

impl Actor {
    /// The platform itself at work, named by its service, on nobody's behalf. It has no user, and only the rules that
    /// name `request.service` or the role `platform` give it anything.
    pub fn platform(service: &str) -> Self {
        Self {
            id: None,
            email: None,
            role: RoleName::platform(),
            team: None,
            teams: Vec::new(),
            is_active: true,
            auth_method: AuthMethod::Platform,
            is_mfa: false,
            authenticated_at: None,
            service: Some(service.to_owned()),
            scope: Scope::Full,
            acted_by: None,
        }
    }

    /// The role under whose database role its statements run: a service has rights that its user has not, and they are the
    /// platform's role's alone.
    pub fn acting_role(&self) -> RoleName {
        if self.service.is_some() { RoleName::platform() } else { self.role.clone() }
    }

    /// The same user, with a named part of the platform acting on the user's behalf. A scope cuts the user's rights, not those of
    /// the platform's own work: whoever lets a service act asks the caller's own rights first.
    pub fn through(&self, service: &str) -> Self {
        Self { service: Some(service.to_owned()), scope: Scope::Full, ..self.clone() }
    }
}

/// What rules ask of the caller and the request: what PostgreSQL has to be told of them beside the database role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContextUse {
    /// `user.id`, `user.team`, `request.service`, and `user.role` where the database role does not say it
    pub names_identity: bool,
    /// `user.email`
    pub names_email: bool,
    /// `user.teams` and `inTeam`
    pub names_teams: bool,
    /// `user.isActive`
    pub names_activity: bool,
    /// `request.ip`
    pub names_address: bool,
    /// `request.time` and `now()`
    pub names_time: bool,
    /// `request.auth.method`
    pub names_method: bool,
    /// `request.auth.mfa`
    pub names_mfa: bool,
    /// `request.auth.age`
    pub names_age: bool,
}

impl ContextUse {
    /// What any of them is.
    pub fn any(uses: impl IntoIterator<Item = Self>) -> Self {
        uses.into_iter().fold(Self::default(), Self::or)
    }

    fn or(self, other: Self) -> Self {
        let Self {
            names_identity,
            names_email,
            names_teams,
            names_activity,
            names_address,
            names_time,
            names_method,
            names_mfa,
            names_age,
        } = other;
        Self {
            names_identity: self.names_identity || names_identity,
            names_email: self.names_email || names_email,
            names_teams: self.names_teams || names_teams,
            names_activity: self.names_activity || names_activity,
            names_address: self.names_address || names_address,
            names_time: self.names_time || names_time,
            names_method: self.names_method || names_method,
            names_mfa: self.names_mfa || names_mfa,
            names_age: self.names_age || names_age,
        }
    }
}

/// Who asks, in which request, and what the rules ask of both: what PostgreSQL is told.
#[derive(Clone, Copy, Debug)]
pub struct CallerContext<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// In which request.
    pub request: &'a RequestContext,
    /// What of it matters to the rules of whoever asks, or to those that the work at hand meets.
    pub asked: ContextUse,
}

impl<'a> CallerContext<'a> {
    /// For work that no rule on the request can concern: adding to the audit log.
    pub fn plain(actor: &'a Actor, request: &'a RequestContext) -> Self {
        Self { actor, request, asked: ContextUse::default() }
    }
}

/// What is known of the request besides its actor; goes into audit events and into rules as `request`.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestContext {
    /// Correlates log lines, audit events and the answer.
    pub request_id: Uuid,
    /// The caller's address as the server saw it.
    pub ip_address: Option<IpAddr>,
    /// The caller's `User-Agent`, cut to a sane length.
    pub user_agent: Option<String>,
    /// When the request arrived; `request.time` and `now()` in rules, the same for the whole request.
    pub time: DateTime<Utc>,
}

impl RequestContext {
    /// The context of work that no HTTP request caused.
    pub fn internal(time: DateTime<Utc>) -> Self {
        Self { request_id: Uuid::now_v7(), ip_address: None, user_agent: None, time }
    }
}
