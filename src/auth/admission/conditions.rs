//! What the settings demand of a provider's words about somebody.

use crate::auth::admission::Denial;
use crate::auth::identity::Identity;
use crate::config::EmailTrust;

/// The longest mail address that there can be (RFC 5321).
const LONGEST_EMAIL: usize = 254;

/// Somebody who meets the conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The mail address, lower case.
    pub(crate) email: String,
    /// What to call a new user.
    pub(crate) name: String,
}

/// Asks mail address, domain, organization and groups.
pub(crate) fn judge(identity: &Identity) -> Result<Candidate, Denial> {
    let settings = &identity.provider;
    let (email, domain) = identity.text("email").and_then(normalize).ok_or(Denial::NoEmail)?;
    if settings.email_trust == EmailTrust::Verified && !identity.has_true("email_verified") {
        return Err(Denial::EmailUnverified);
    }
    if !settings.allowed_domains.is_empty() && !settings.allowed_domains.contains(&domain) {
        return Err(Denial::Domain);
    }
    let hosted = identity.text("hd").map(str::to_ascii_lowercase);
    if !settings.hosted_domains.is_empty() && !hosted.is_some_and(|hosted| settings.hosted_domains.contains(&hosted)) {
        return Err(Denial::HostedDomain);
    }
    if !settings.required_groups.iter().all(|group| identity.has(&settings.groups_claim, group)) {
        return Err(Denial::Group);
    }
    let name = identity.text("name").or(identity.text("preferred_username")).unwrap_or(&email);
    Ok(Candidate { name: name.chars().take(200).collect(), email })
}

/// The address in lower case, with its domain. Addresses with letters beyond ASCII are none: one that looks like another
/// person's must not be taken for it.
fn normalize(email: &str) -> Option<(String, String)> {
    let email = email.to_ascii_lowercase();
    let (local, domain) = email.split_once('@')?;
    let is_plain = email.bytes().all(|byte| byte.is_ascii_graphic()) && !email.contains(['"', '<', '>', ',', ';', '\\']);
    let is_domain = domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
        && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    let domain = domain.to_owned();
    (is_plain && is_domain && !local.is_empty() && email.len() <= LONGEST_EMAIL).then_some((email, domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_addresses() {
        assert_eq!(normalize("Ana@Acme.Test"), Some(("ana@acme.test".to_owned(), "acme.test".to_owned())));
        assert!(normalize("ana+desk@acme.test").is_some());
        let wrong = [
            "",
            "ana",
            "@acme.test",
            "ana@",
            "ana@acme",
            "ana@evil.test@acme.test",
            "ana@acme.test ",
            "ana@acme..test",
            "ana@acme.test.",
            "ana@аcme.test",
            "ána@acme.test",
            "\"ana@evil.test\"@acme.test",
            "ana\n@acme.test",
            "ana@acme.test,b@c.test",
            "<ana@acme.test>",
            "ana@acme.test\0",
        ];
        for wrong in wrong {
            assert_eq!(normalize(wrong), None, "{wrong}");
        }
    }
}
