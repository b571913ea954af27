//! A provider as `config show` prints it: everything that holds, defaults included, and no secret.

use crate::config::{AdmissionMode, ClaimRule, EmailTrust, ProviderSettings};
use std::fmt;

impl ProviderSettings {
    /// Each setting by its name in the file; `None` for what is not set.
    pub fn shown(&self) -> Vec<(&'static str, Option<String>)> {
        let Self {
            id: _, // Stands before each name.
            name,
            issuer,
            client_id,
            client_secret,
            scopes,
            audiences,
            device_client_id,
            mode,
            role,
            email_trust,
            allowed_domains,
            hosted_domains,
            groups_claim,
            required_groups,
            rules,
            mfa_amr,
            mfa_acr,
            algorithms,
            clock_skew,
        } = self;
        let mode = match mode {
            AdmissionMode::Invite => "invite",
            AdmissionMode::JustInTime => "just_in_time",
        };
        let email_trust = match email_trust {
            EmailTrust::Verified => "verified",
            EmailTrust::Directory => "directory",
        };
        vec![
            ("name", Some(name.clone())),
            ("issuer", Some(issuer.clone())),
            ("client_id", Some(client_id.clone())),
            ("client_secret", client_secret.as_ref().map(|_| "***".to_owned())),
            ("scopes", list(scopes)),
            ("mode", Some(mode.to_owned())),
            ("role", Some(role.clone())),
            ("email_trust", Some(email_trust.to_owned())),
            ("allowed_domains", list(allowed_domains)),
            ("hosted_domains", list(hosted_domains)),
            ("groups_claim", Some(groups_claim.clone())),
            ("required_groups", list(required_groups)),
            ("rules", list(rules)),
            ("mfa_amr", list(mfa_amr)),
            ("mfa_acr", list(mfa_acr)),
            ("audiences", list(audiences)),
            ("device_client_id", device_client_id.clone()),
            ("algorithms", list(algorithms.iter().map(|algorithm| format!("{algorithm:?}")))),
            ("clock_skew", Some(format!("{}s", clock_skew.as_secs_f64()))),
        ]
    }
}

/// As it could stand in the file.
impl fmt::Display for ClaimRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claim, value, role, team } = self;
        let pairs = [("claim", claim.as_ref()), ("value", Some(value)), ("role", role.as_ref()), ("team", team.as_ref())];
        let said = pairs.into_iter().filter_map(|(name, text)| Some(format!("{name} = {:?}", text?)));
        write!(formatter, "{{ {} }}", said.collect::<Vec<_>>().join(", "))
    }
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> Option<String> {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    (!items.is_empty()).then(|| items.join(", "))
}
