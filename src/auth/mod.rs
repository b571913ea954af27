//! Who is asking: credentials in, an [`crate::base::Actor`] out, at one place.
//!
//! Purpose: [`Authenticator::authenticate`] is the only function that makes an actor of a caller. Sign-in fills sessions and
//! tokens; whatever it is, it ends here.
//! Flow: `http` extracts a [`Credential`] → cache, or `users` joined with tokens or sessions → [`crate::base::Actor`], for a token
//! with its scope, and with the service account behind it where that acts for a person.
//! Invariants: only hashes of credentials are stored or compared; an inactive user, an expired or revoked credential is no
//! actor; a change of role, team or activity counts at this server with the next request and at every other within
//! [`CACHE_TIME`].
//! Deliberately unknown: HTTP, GraphQL, rules.

mod actor;
mod cache;
mod credential;
mod error;
mod person;
mod session;
mod token;
mod token_scope;
mod token_use;

pub use actor::{Authenticator, find_actor};
pub use cache::CACHE_TIME;
pub use credential::Credential;
pub use error::AuthError;
pub use person::find_person;
pub use session::{NewSession, create_session, delete_session};
pub use token::{
    DEFAULT_SCOPES, MAX_LIFETIME, MAX_OVERLAP, NewToken, Rotation, TokenRequest, create_token, find_user_id, issue_secret,
    plan_revocation, plan_token, retire_token, revoke_token, rotate_token,
};
