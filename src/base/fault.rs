//! What every module's error can say of itself to a caller.

use std::time::Duration;

/// Whose fault it is: decides the log level and whether a caller learns the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The caller can do something about it.
    Caller,
    /// Whoever wrote `schema.graphql` or `toolcrib.toml` can.
    Author,
    /// Only we or the operator can; the message is not shown to callers.
    Server,
}

/// The stable code of `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultCode {
    /// No credential, or one that is not valid now.
    Unauthenticated,
    /// A rule refuses what the caller may see but not do.
    Forbidden,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The request is well formed but its values are not.
    BadUserInput,
    /// Somebody else changed it first (`ifVersion`), or a retry is needed.
    Conflict,
    /// A unique, reference, range or length constraint refuses the value.
    ConstraintViolation,
    /// The collection asks for a reason with this operation.
    ReasonRequired,
    /// A second factor is needed.
    MfaRequired,
    /// A limit of size, depth, cost or count is exceeded.
    LimitExceeded,
    /// Too many requests.
    RateLimited,
    /// No trusted document has this id; a client that has the document sends it.
    PersistedQueryNotFound,
    /// Our fault; the log has the cause under the request id.
    InternalServerError,
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
}

impl FaultCode {
    /// The code as clients see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Conflict => "CONFLICT",
            Self::ConstraintViolation => "CONSTRAINT_VIOLATION",
            Self::ReasonRequired => "REASON_REQUIRED",
            Self::MfaRequired => "MFA_REQUIRED",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::RateLimited => "RATE_LIMITED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
        }
    }

    /// Whose fault a code stands for.
    pub fn kind(self) -> FaultKind {
        match self {
            Self::InternalServerError => FaultKind::Server,
            _ => FaultKind::Caller,
        }
    }
}

/// Implemented by each module's error enum; mapped to a status or `extensions.code` at one place each.
pub trait Fault: std::error::Error {
    /// The stable code.
    fn code(&self) -> FaultCode;

    /// Within which time the caller has to have proved who it is, where it did that too long ago.
    fn step_up(&self) -> Option<Duration> {
        None
    }

    /// What a caller may read. Never SQL, constraint names or other people's values.
    fn public_message(&self) -> String {
        match self.code().kind() {
            FaultKind::Server => "internal error; the server's log has the cause under this request id".to_owned(),
            FaultKind::Caller | FaultKind::Author => self.to_string(),
        }
    }
}
