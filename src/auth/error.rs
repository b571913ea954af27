//! Why a caller is nobody.

use crate::auth::Denial;
use crate::base::{Fault, FaultCode};
use crate::db::DbError;
use crate::write::WriteError;

/// What a library or a check says.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no actor, token or session.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Not valid, expired, revoked, or of an inactive user: the caller is told no more than that.
    #[error("the credential is not valid; sign in, or send a token as `Authorization: Bearer ...`")]
    Unauthenticated,
    /// The token's scope does not say so, or there is no such person: the caller is told no more than that.
    #[error("this token may not act for `{0}`: its scope has to say `act-for:` with the person's role")]
    ActingForbidden(String),
    /// Only an admin looks at data as another user: the caller is told no more than that.
    #[error("you may not look at data as `{0}`: only admins may, in their own name, and only as another active user")]
    SimulationForbidden(String),
    /// A sign-in was refused. Whoever asks is told no more than that; the audit log has the cause.
    #[error("the sign-in was refused; ask whoever runs this tool, who finds the cause in the audit log under this request id")]
    Denied {
        /// Why.
        denial: Denial,
        /// What was found, for the log.
        #[source]
        cause: Option<Cause>,
    },
    /// There is no such provider.
    #[error("there is no such provider; `/auth/login` lists them")]
    UnknownProvider,
    /// The provider cannot be asked, or makes no sense.
    #[error("the sign-in provider does not answer as it should; try again later")]
    Provider(#[source] Cause),
    /// There is no such user.
    #[error("there is no active user `{0}`")]
    UnknownUser(String),
    /// There is no such token.
    #[error("there is no token `{0}`")]
    UnknownToken(String),
    /// There is an administrator already.
    #[error("there is an administrator already; administrators make others")]
    AlreadyBootstrapped,
    /// The write path refused.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl AuthError {
    /// A provider that does not do what it should.
    pub(crate) fn provider(cause: impl Into<Cause>) -> Self {
        Self::Provider(cause.into())
    }

    /// A token that is not good.
    pub(crate) fn refused_token(cause: impl Into<Cause>) -> Self {
        Self::Denied { denial: Denial::Token, cause: Some(cause.into()) }
    }

    /// Whether another sign-in of the same person was quicker, so that trying again finds what it made.
    pub(crate) fn is_race(&self) -> bool {
        match self {
            Self::Write(error) => matches!(error.code(), FaultCode::ConstraintViolation | FaultCode::Conflict),
            Self::Database(error) => error.code() == FaultCode::Conflict,
            _ => false,
        }
    }
}

impl From<Denial> for AuthError {
    fn from(denial: Denial) -> Self {
        Self::Denied { denial, cause: None }
    }
}

impl Fault for AuthError {
    fn code(&self) -> FaultCode {
        match self {
            Self::Unauthenticated => FaultCode::Unauthenticated,
            Self::ActingForbidden(_) | Self::SimulationForbidden(_) | Self::Denied { .. } => FaultCode::Forbidden,
            Self::UnknownUser(_) | Self::UnknownToken(_) | Self::UnknownProvider => FaultCode::NotFound,
            Self::Provider(_) => FaultCode::InternalServerError,
            Self::AlreadyBootstrapped => FaultCode::Conflict,
            Self::Write(error) => error.code(),
            Self::Database(error) => error.code(),
        }
    }
}
