//! What is stored and only its holder can read: sealed with a key that is made from the holder's own random value, of which the
//! database has a hash alone.

use aes_gcm_siv::aead::{Aead, KeyInit};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// What a value is made or sealed for. Each has keys of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// The `nonce` of a sign-in.
    Nonce,
    /// The PKCE verifier of a sign-in.
    PkceVerifier,
    /// A session's ID token.
    IdToken,
    /// A session's token on its way to a command line.
    Handoff,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Nonce => b"toolcrib nonce 1",
            Self::PkceVerifier => b"toolcrib pkce verifier 1",
            Self::IdToken => b"toolcrib id token 1",
            Self::Handoff => b"toolcrib handoff 1",
        }
    }
}

/// Another random value, made of one: whoever has the first can make it again, and nobody else.
pub(crate) fn derive(holder: &SecretString, purpose: Purpose) -> String {
    URL_SAFE_NO_PAD.encode(key(holder, purpose))
}

/// Seals a text for the holder of a random value. No nonce is needed: each value seals one text for each purpose.
pub(crate) fn seal(holder: &SecretString, purpose: Purpose, text: &SecretString) -> Vec<u8> {
    let cipher = Aes256GcmSiv::new(&key(holder, purpose).into());
    cipher.encrypt(&Nonce::default(), text.expose_secret().as_bytes()).expect("a token is short")
}

/// Opens what was sealed; `None` for anybody but its holder.
pub(crate) fn open(holder: &SecretString, purpose: Purpose, sealed: &[u8]) -> Option<SecretString> {
    let text = Aes256GcmSiv::new(&key(holder, purpose).into()).decrypt(&Nonce::default(), sealed).ok()?;
    String::from_utf8(text).ok().map(SecretString::from)
}

fn key(holder: &SecretString, purpose: Purpose) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(holder.expose_secret().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(purpose.label());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_holder_opens_it_and_only_for_its_purpose() {
        let (ana, ben) = (SecretString::from("ana"), SecretString::from("ben"));
        let sealed = seal(&ana, Purpose::IdToken, &SecretString::from("token"));
        assert_eq!(open(&ana, Purpose::IdToken, &sealed).unwrap().expose_secret(), "token");
        assert!(open(&ben, Purpose::IdToken, &sealed).is_none());
        assert!(open(&ana, Purpose::Handoff, &sealed).is_none());
        assert!(!sealed.windows(5).any(|part| part == b"token"));
    }

    #[test]
    fn what_is_derived_fits_where_it_goes_and_differs() {
        let holder = SecretString::from("holder");
        let verifier = derive(&holder, Purpose::PkceVerifier);
        assert_eq!(verifier.len(), 43, "PKCE asks for 43 to 128 characters");
        assert_ne!(verifier, derive(&holder, Purpose::Nonce));
        assert_ne!(verifier, derive(&SecretString::from("other"), Purpose::PkceVerifier));
    }
}
