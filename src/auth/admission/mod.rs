//! Whether somebody whom a provider vouches for may come in, and as whom: the one place, for every way in.
//!
//! [`judge`] asks what the settings demand of the provider's words. [`admit`] then finds the account: by issuer and subject
//! alone; a user who was invited by mail is bound at the first sign-in, once and for good. What the settings' rules give
//! (role, team) is applied anew each time, through the write path, so that every change is on record.

mod account;
mod conditions;
mod mapping;

pub(crate) use account::{Account, admit, collection, create};
pub(crate) use conditions::judge;

use std::fmt;

/// Why somebody is not let in. The audit log has the word, the caller never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The token is not good: forged, expired, for somebody else.
    Token,
    /// The sign-in was not begun in this browser, or too long ago, or was finished already.
    Attempt,
    /// The provider itself refused, or the person gave up there.
    Provider,
    /// There is no mail address, or none that can be one.
    NoEmail,
    /// The provider does not vouch for the mail address.
    EmailUnverified,
    /// The mail address is of another domain.
    Domain,
    /// The account belongs to another organization at the provider (`hd`).
    HostedDomain,
    /// A group is missing.
    Group,
    /// Nobody invited this mail address.
    NotInvited,
    /// The user of this mail address is somebody else at a provider already.
    BoundToAnother,
    /// The account is a service's, which has tokens and nothing else.
    NoPerson,
    /// The account is not active.
    Inactive,
    /// The code of a command line is not good.
    Handoff,
}

impl Denial {
    /// The word in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "TOKEN",
            Self::Attempt => "ATTEMPT",
            Self::Provider => "PROVIDER",
            Self::NoEmail => "NO_EMAIL",
            Self::EmailUnverified => "EMAIL_UNVERIFIED",
            Self::Domain => "DOMAIN",
            Self::HostedDomain => "HOSTED_DOMAIN",
            Self::Group => "GROUP",
            Self::NotInvited => "NOT_INVITED",
            Self::BoundToAnother => "BOUND_TO_ANOTHER",
            Self::NoPerson => "NO_PERSON",
            Self::Inactive => "INACTIVE",
            Self::Handoff => "HANDOFF",
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
