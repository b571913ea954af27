//! What SCIM says of a request that is refused.

use crate::base::{Fault, FaultCode};
use crate::db::DbError;
use crate::planner::PlanError;
use crate::write::WriteError;
use serde_json::{Value as Json, json};

/// A refused request.
#[derive(Debug, thiserror::Error)]
pub enum ScimError {
    /// There is no such user or group.
    #[error("there is no such resource")]
    NotFound,
    /// Somebody has the name already.
    #[error("`{0}` is taken")]
    Taken(&'static str),
    /// The resource is not what the client last saw.
    #[error("the resource was changed; read it again")]
    Stale,
    /// A filter beyond what is served.
    #[error("{0}")]
    Filter(String),
    /// A value that makes no sense.
    #[error("{0}")]
    Value(String),
    /// A path of a patch that leads nowhere.
    #[error("`{0}` is no path that can be changed")]
    Path(String),
    /// The body is not of the form.
    #[error("{0}")]
    Syntax(String),
    /// A fault of ours that nobody foresaw.
    #[error("internal error; the server's log has the cause under this request id")]
    Failed,
    /// The write path refused.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<DbError> for ScimError {
    fn from(error: DbError) -> Self {
        Self::Write(error.into())
    }
}

impl From<PlanError> for ScimError {
    fn from(error: PlanError) -> Self {
        Self::Write(error.into())
    }
}

impl Fault for ScimError {
    fn code(&self) -> FaultCode {
        match self {
            Self::NotFound => FaultCode::NotFound,
            Self::Taken(_) => FaultCode::ConstraintViolation,
            Self::Stale => FaultCode::Conflict,
            Self::Filter(_) | Self::Value(_) | Self::Path(_) | Self::Syntax(_) => FaultCode::BadUserInput,
            Self::Failed => FaultCode::InternalServerError,
            Self::Write(error) => error.code(),
        }
    }

    fn public_message(&self) -> String {
        match self {
            Self::Write(error) => error.public_message(),
            other => other.to_string(),
        }
    }
}

impl ScimError {
    /// The status that RFC 7644 has for it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Stale | Self::Write(WriteError::Stale { .. }) => 412,
            other => match other.code() {
                FaultCode::NotFound => 404,
                FaultCode::ConstraintViolation | FaultCode::Conflict => 409,
                FaultCode::Forbidden => 403,
                FaultCode::LimitExceeded => 413,
                FaultCode::BadUserInput | FaultCode::ReasonRequired => 400,
                _ => 500,
            },
        }
    }

    /// RFC 7644's word for what is wrong, where it has one.
    fn scim_type(&self) -> Option<&'static str> {
        match self {
            Self::Taken(_) | Self::Write(WriteError::Taken { .. }) => Some("uniqueness"),
            Self::Write(WriteError::Constraint(said)) if said.contains("already has") => Some("uniqueness"),
            Self::Filter(_) => Some("invalidFilter"),
            Self::Value(_) | Self::Write(WriteError::Plan(_)) => Some("invalidValue"),
            Self::Path(_) => Some("invalidPath"),
            Self::Syntax(_) => Some("invalidSyntax"),
            Self::NotFound | Self::Stale | Self::Failed | Self::Write(_) => None,
        }
    }

    /// The body of the answer.
    pub fn body(&self) -> Json {
        let mut body = error_body(self.status(), &self.public_message());
        if let Some(word) = self.scim_type() {
            body["scimType"] = Json::from(word);
        }
        body
    }
}

/// An error in SCIM's form.
pub(crate) fn error_body(status: u16, detail: &str) -> Json {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(), "detail": detail })
}

impl ScimError {
    /// An error that is none of a resource's: a caller whom nobody knows, a path that is nothing.
    pub fn plain(status: u16, detail: &str) -> Json {
        error_body(status, detail)
    }
}
