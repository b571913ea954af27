//! Why a caller is nobody.

use crate::base::{Fault, FaultCode};
use crate::db::DbError;
use crate::write::WriteError;

/// Why there is no actor, token or session.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Not valid, expired, revoked, or of an inactive user: the caller is told no more than that.
    #[error("the credential is not valid; sign in, or send a token as `Authorization: Bearer ...`")]
    Unauthenticated,
    /// The token's scope does not say so, or there is no such person: the caller is told no more than that.
    #[error("this token may not act for `{0}`: its scope has to say `act-for:` with the person's role")]
    ActingForbidden(String),
    /// There is no such user.
    #[error("there is no active user `{0}`")]
    UnknownUser(String),
    /// There is no such token.
    #[error("there is no token `{0}`")]
    UnknownToken(String),
    /// The write path refused.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Fault for AuthError {
    fn code(&self) -> FaultCode {
        match self {
            Self::Unauthenticated => FaultCode::Unauthenticated,
            Self::ActingForbidden(_) => FaultCode::Forbidden,
            Self::UnknownUser(_) | Self::UnknownToken(_) => FaultCode::NotFound,
            Self::Write(error) => error.code(),
            Self::Database(error) => error.code(),
        }
    }
}
