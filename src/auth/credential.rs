//! Raw credentials: 256 random bits, kept by callers; the server keeps their SHA-256.

use crate::auth::SessionHolder;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;

/// What a caller sends to prove who it is.
pub enum Credential {
    /// `Authorization: Bearer tc_...`
    Token(SecretString),
    /// The session cookie.
    Session(SecretString),
    /// `Authorization: Bearer te_...`: the session of a program that a person signed in.
    SessionToken(SecretString),
}

/// The SHA-256 of a raw credential, as stored. Plain hashing is enough for 256 random bits: there is nothing to guess.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CredentialHash([u8; 32]);

impl CredentialHash {
    /// Hashes a raw credential.
    pub(crate) fn of(raw: &SecretString) -> Self {
        Self(Sha256::digest(raw.expose_secret().as_bytes()).into())
    }

    /// The hash's bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Credential {
    /// The hash, and whether it is a token's or a session's.
    pub(crate) fn hash(&self) -> CredentialHash {
        match self {
            Self::Token(raw) | Self::Session(raw) | Self::SessionToken(raw) => CredentialHash::of(raw),
        }
    }

    /// Whether it is shown the way it was given: what came with a cookie is no bearer token, and the other way round.
    pub(crate) fn is_shown_as_given(&self) -> bool {
        let (browser, program) = (SessionHolder::Browser.prefix(), SessionHolder::Program.prefix());
        match self {
            Self::Token(raw) => !raw.expose_secret().starts_with(browser),
            Self::Session(raw) => raw.expose_secret().starts_with(browser),
            Self::SessionToken(raw) => raw.expose_secret().starts_with(program),
        }
    }

    /// What a bearer shows: a token, or the session of a program.
    pub fn of_bearer(raw: SecretString) -> Self {
        if raw.expose_secret().starts_with(SessionHolder::Program.prefix()) { Self::SessionToken(raw) } else { Self::Token(raw) }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Token(_) => "Token(..)",
            Self::Session(_) => "Session(..)",
            Self::SessionToken(_) => "SessionToken(..)",
        })
    }
}

/// Makes a new raw credential. The prefix lets secret scanners find a leaked one.
pub(crate) fn generate(prefix: &str) -> SecretString {
    let mut bytes = [0_u8; 32];
    rand::RngCore::fill_bytes(&mut rand::rng(), &mut bytes);
    SecretString::from(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes)))
}
