//! Provisioning: the company's directory says who is here and in which groups, by SCIM 2.0 (RFC 7643, RFC 7644).
//!
//! Purpose: users and groups as Okta, Entra ID and others send them, in the platform's own collections.
//! Flow: `http` proves the token, whose scope has to be `scim` → [`Provisioning`] → plans → `read` and `write`, as the service
//! `scim`, whose rules stand in `platform.graphql` → SCIM's JSON.
//! Invariants: every change goes through the write path and is on record with the service account whose token it was; the service
//! sees and changes people, never service accounts; nobody is deleted, so that the audit log keeps its names.
//! Deliberately unknown: HTTP, how a token is checked.
//!
//! # What the directory's words mean here
//!
//! - `userName` is the mail address; letter case is no difference. `displayName` (else `name.formatted`, else given and family
//!   name) is the name. Attributes that are not kept are ignored: directories send what they have.
//! - Deleting a user makes the account inactive and takes it out of all groups; to SCIM it is gone. Creating it again brings back
//!   the account, with the default role and without a team: what somebody was before is no right to be it again.
//! - A group is a team of its name, unless `scim.roles` gives its members a role. A user has one team: it keeps the one
//!   it has while it is in that group, else it gets that of the group it has been in longest. A team that is left over when its
//!   group is deleted stays, because rows point to it.
//! - Only groups that give a role change roles: adding somebody to a team never demotes an admin whom somebody else appointed.

mod answer;
mod directory;
pub mod discovery;
mod error;
mod filter;
mod group;
mod groups;
mod list;
mod patch;
mod standing;
mod user;
mod users;

pub use answer::{Aim, Answer, Ask, ResourceKind};
pub use directory::{Provisioning, Scimmed};
pub use error::ScimError;
pub use list::ListRequest;

/// The service that the rules ask for.
pub const SERVICE: &str = "scim";
