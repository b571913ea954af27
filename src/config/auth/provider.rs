//! `[[auth.providers]]`: one OpenID provider each.

use crate::config::auth::is_safe;
use crate::config::duration;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// The most that clocks of two machines may differ: more would keep expired tokens good.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(300);

/// A provider's name in addresses: lower-case letters, digits and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderId(String);

impl ProviderId {
    /// Takes a name that can stand in an address as it is.
    pub fn new(text: &str) -> Option<Self> {
        let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (!text.is_empty() && text.len() <= 40 && text.bytes().all(is_good)).then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What the provider knows this server by. Never printed.
#[derive(Clone, Debug)]
pub struct ClientSecret(SecretString);

impl ClientSecret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(SecretString::from(secret.into()))
    }

    /// The secret, for whoever sends it to the provider.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Who gets an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdmissionMode {
    /// Whoever has a user with their mail address already; the first sign-in binds the two for good.
    #[default]
    Invite,
    /// Also everybody else who meets the conditions: the first sign-in makes the user.
    JustInTime,
}

/// Whether the provider's word about mail addresses is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailTrust {
    /// Only addresses that the provider says it has verified (`email_verified`).
    #[default]
    Verified,
    /// Every address, because only the company's own administrators set them: some directories never say `email_verified`.
    Directory,
}

/// How ID tokens may be signed. Only keys that the provider alone holds: what signs with a shared secret is no choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[expect(missing_docs, reason = "the names of RFC 7518")]
pub enum SigningAlgorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

/// What a claim's value gives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRule {
    /// The claim; the groups' claim if it is not said.
    pub claim: Option<String>,
    /// The value that it has to have, or to hold if it is a list.
    pub value: String,
    /// The role that it gives.
    pub role: Option<String>,
    /// The team that it gives, by name.
    pub team: Option<String>,
}

/// One OpenID provider.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// Its name in addresses: `/auth/login/google`.
    pub id: ProviderId,
    /// Its name on the sign-in page.
    pub name: String,
    /// Its issuer, exactly as it stands in its ID tokens.
    pub issuer: String,
    /// What it knows this server as.
    pub client_id: String,
    /// What proves that; a public client has none, and is protected by PKCE alone.
    pub client_secret: Option<ClientSecret>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The audiences whose ID tokens `POST /auth/exchange` takes.
    pub audiences: BTreeSet<String>,
    /// The public client that `toolcrib login` may sign in as by a code on another device.
    pub device_client_id: Option<String>,
    /// Who gets an account.
    pub mode: AdmissionMode,
    /// The role of accounts to which no rule gives one.
    pub role: String,
    /// Whether the provider's word about mail addresses is asked for.
    pub email_trust: EmailTrust,
    /// The domains that mail addresses may have; empty for all.
    pub allowed_domains: BTreeSet<String>,
    /// The values that the claim `hd` may have; empty if it does not matter.
    pub hosted_domains: BTreeSet<String>,
    /// The claim that lists groups.
    pub groups_claim: String,
    /// The groups of which everybody has to be in each.
    pub required_groups: Vec<String>,
    /// What claims give; the first that gives a role decides the role, the first that gives a team the team.
    pub rules: Vec<ClaimRule>,
    /// Values of `amr` that say that a second factor was used.
    pub mfa_amr: BTreeSet<String>,
    /// Values of `acr` that say so.
    pub mfa_acr: BTreeSet<String>,
    /// How ID tokens may be signed.
    pub algorithms: Vec<SigningAlgorithm>,
    /// How far the clocks may be apart.
    pub clock_skew: Duration,
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct ProviderEntry {
    id: String,
    name: Option<String>,
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    client_secret_file: Option<PathBuf>,
    client_secret_env: Option<String>,
    scopes: Option<Vec<String>>,
    #[serde(default)]
    audiences: BTreeSet<String>,
    device_client_id: Option<String>,
    #[serde(default)]
    mode: AdmissionMode,
    role: Option<String>,
    #[serde(default)]
    email_trust: EmailTrust,
    #[serde(default)]
    allowed_domains: Vec<String>,
    #[serde(default)]
    hosted_domains: Vec<String>,
    groups_claim: Option<String>,
    #[serde(default)]
    required_groups: Vec<String>,
    #[serde(default)]
    rules: Vec<ClaimRule>,
    mfa_amr: Option<BTreeSet<String>>,
    #[serde(default)]
    mfa_acr: BTreeSet<String>,
    algorithms: Option<Vec<SigningAlgorithm>>,
    #[serde(default, deserialize_with = "read_duration")]
    clock_skew: Option<Duration>,
}

fn read_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed = duration::parse(&text).filter(|skew| *skew <= MAX_CLOCK_SKEW);
    parsed.map(Some).ok_or_else(|| serde::de::Error::custom("`clock_skew` has to be a duration of at most `5m`, such as `30s`"))
}

impl ProviderEntry {
    /// Checks what the form alone does not say; gives what is wrong in words.
    pub(in crate::config) fn check(
        self,
        directory: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Result<ProviderSettings, String> {
        let Some(id) = ProviderId::new(&self.id) else {
            return Err(format!("`{}`: `id` has to be lower-case letters, digits and `-`, at most 40", self.id));
        };
        let wrong = |text: &str| format!("`{id}`: {text}");
        let client_secret = self.read_secret(directory, variables).map_err(|text| wrong(&text))?;
        if !Url::parse(&self.issuer).is_ok_and(|url| is_safe(&url) && url.query().is_none() && url.fragment().is_none()) {
            return Err(wrong("`issuer` has to be an `https` address; plain `http` only for this machine"));
        }
        if self.client_id.is_empty() || self.audiences.contains("") {
            return Err(wrong("`client_id` and `audiences` cannot be empty"));
        }
        if self.algorithms.as_ref().is_some_and(Vec::is_empty) {
            return Err(wrong("`algorithms` cannot be empty"));
        }
        if let Some(rule) = self.rules.iter().find(|rule| rule.role.is_none() && rule.team.is_none()) {
            return Err(wrong(&format!("the rule for `{}` gives nothing; say `role`, `team` or both", rule.value)));
        }
        let domains = self.allowed_domains.iter().chain(&self.hosted_domains);
        if let Some(domain) = domains.clone().find(|domain| domain.contains('@') || !domain.is_ascii() || domain.is_empty()) {
            return Err(wrong(&format!("`{domain}` is no domain; write `example.com`, others than ASCII as `xn--...`")));
        }
        let lower = |domains: &[String]| domains.iter().map(|domain| domain.to_ascii_lowercase()).collect();
        let (allowed_domains, hosted_domains) = (lower(&self.allowed_domains), lower(&self.hosted_domains));
        let texts = |defaults: &[&str]| defaults.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
        let usual_algorithms = || vec![SigningAlgorithm::RS256, SigningAlgorithm::ES256, SigningAlgorithm::EdDSA];
        let usual_amr = || texts(&["mfa", "otp", "hwk", "fpt", "face", "sc"]).into_iter().collect();
        // What `toolcrib login` is given on another device, it trades here.
        let audiences = self.audiences.into_iter().chain(self.device_client_id.clone()).collect();
        Ok(ProviderSettings {
            name: self.name.unwrap_or_else(|| id.to_string()),
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret,
            scopes: self.scopes.unwrap_or_else(|| texts(&["email", "profile"])),
            audiences,
            device_client_id: self.device_client_id,
            mode: self.mode,
            role: self.role.unwrap_or_else(|| "viewer".to_owned()),
            email_trust: self.email_trust,
            allowed_domains,
            hosted_domains,
            groups_claim: self.groups_claim.unwrap_or_else(|| "groups".to_owned()),
            required_groups: self.required_groups,
            rules: self.rules,
            mfa_amr: self.mfa_amr.unwrap_or_else(usual_amr),
            mfa_acr: self.mfa_acr,
            algorithms: self.algorithms.unwrap_or_else(usual_algorithms),
            clock_skew: self.clock_skew.unwrap_or(Duration::from_secs(30)),
            id,
        })
    }

    fn read_secret(&self, directory: &Path, variables: &BTreeMap<String, String>) -> Result<Option<ClientSecret>, String> {
        let secret = match (&self.client_secret, &self.client_secret_file, &self.client_secret_env) {
            (None, None, None) => return Ok(None),
            (Some(secret), None, None) => secret.clone(),
            (None, Some(path), None) => {
                let path = directory.join(path);
                std::fs::read_to_string(&path)
                    .map_err(|error| format!("`client_secret_file` `{}` cannot be read: {error}", path.display()))?
            }
            (None, None, Some(name)) => variables
                .get(name)
                .cloned()
                .ok_or_else(|| format!("`client_secret_env` names the variable `{name}`, which is not set"))?,
            _ => return Err("say one of `client_secret`, `client_secret_file` and `client_secret_env`".to_owned()),
        };
        match secret.trim() {
            "" => Err("the client secret is empty".to_owned()),
            secret => Ok(Some(ClientSecret::new(secret))),
        }
    }
}
