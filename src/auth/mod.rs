//! Who is asking: credentials in, an [`crate::base::Actor`] out, at one place; and sign-in, which makes the credentials.
//!
//! Purpose: [`Authenticator::authenticate`] is the only function that makes an actor of a caller. [`SignIn`] lets people in by
//! OpenID Connect; whatever way they come, `admission` decides.
//! Flow: `http` extracts a [`Credential`] → cache, or `users` joined with tokens or sessions → [`crate::base::Actor`], for a token
//! with its scope, and with the service account behind it where that acts for a person. A sign-in:
//! [`SignIn::start_login`] → the provider → [`SignIn::finish_login`] (or [`SignIn::exchange`]) → `provider` says who it is →
//! `admission` whether that is enough, and for which account → session, with the record in the same transaction.
//! Invariants: only hashes of credentials are stored or compared; an inactive user, an expired or revoked credential is no
//! actor; a change of role, team or activity, and the end of a session, counts at this server with the next request and at
//! every other within [`CACHE_TIME`]; people are recognized by issuer and subject, never by mail, but for the one sign-in that
//! binds an invited user; every refusal is on record, and answered like every other; what has ended is cleared away later, and no
//! answer ever waits for that.
//! Deliberately unknown: HTTP, GraphQL, rules.

mod actor;
mod admission;
mod bootstrap;
mod cache;
mod credential;
mod error;
mod exchange;
mod handoff;
mod identity;
mod login_finish;
mod login_start;
mod logout;
mod person;
mod provider;
mod seal;
mod session;
mod sign_in;
mod simulate;
mod sweep;
mod token;
mod token_scope;
mod token_use;

pub use actor::{Authenticator, find_actor, find_actor_on, list_actors};
pub use admission::Denial;
pub use bootstrap::{FirstAdmin, FirstIdentity, bootstrap_admin};
pub use cache::CACHE_TIME;
pub use credential::Credential;
pub use error::AuthError;
pub use login_finish::{FinishedLogin, LoginAnswer};
pub use login_start::{ATTEMPT_LASTS, Destination, LocalPath, LoginStart, StartedLogin, attempt_of_state};
pub use logout::ProviderLogout;
pub use person::find_person;
pub use session::{NewSession, SessionHolder, SessionStart, create_session};
pub use sign_in::{DeviceClient, ProviderChoice, SERVICE as SIGN_IN_SERVICE, SignIn};
pub use sweep::Swept;
pub use token::{
    DEFAULT_SCOPES, MAX_LIFETIME, MAX_OVERLAP, NewToken, Rotation, TokenRequest, create_token, find_user_id, issue_secret,
    plan_revocation, plan_token, retire_token, revoke_token, rotate_token,
};

pub(crate) use provider::ProviderHttp;
use provider::claims_of;
