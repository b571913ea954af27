//! What a directory asks of users and groups, and what it is answered.

use crate::scim::{ListRequest, Provisioning, ScimError, Scimmed, groups, users};
use serde_json::{Map, Value as Json};

/// The kinds of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// `/Users`
    User,
    /// `/Groups`
    Group,
}

impl ResourceKind {
    /// The path of its resources.
    pub fn path(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// `GET` of the list.
    List(ListRequest),
    /// `POST`
    Create(Map<String, Json>),
    /// `GET` of one.
    Read(String, ListRequest),
    /// `PUT`
    Replace(Aim, Map<String, Json>),
    /// `PATCH`
    Patch(Aim, Map<String, Json>),
    /// `DELETE`
    Remove(Aim),
}

/// Which resource is changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Aim {
    /// Its id.
    pub id: String,
    /// The version that the client last saw, from the header `If-Match`.
    pub if_match: Option<String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A page of resources.
    Page(Json),
    /// A resource as it is now.
    Resource(Scimmed),
    /// A resource that is new.
    Created(Scimmed),
    /// Nothing is left.
    Gone,
}

impl Provisioning<'_> {
    /// Answers a request: all of what it changes, or nothing.
    ///
    /// # Errors
    /// [`ScimError`].
    pub async fn answer(&self, kind: ResourceKind, ask: &Ask) -> Result<Answer, ScimError> {
        let session = self.open(ask).await?;
        let done = match kind {
            ResourceKind::User => users::answer(&session, self.base, ask).await,
            ResourceKind::Group => groups::answer(&session, self.base, ask).await,
        };
        self.close(session, done).await
    }
}

impl Aim {
    /// Refuses a resource that is not what the client last saw.
    pub(crate) fn check(&self, resource: &Scimmed) -> Result<(), ScimError> {
        let is_same = |seen: &str| seen.split(',').any(|tag| tag.trim() == "*" || tag.trim() == resource.etag);
        match self.if_match.as_deref() {
            Some(seen) if !is_same(seen) => Err(ScimError::Stale),
            _ => Ok(()),
        }
    }
}
