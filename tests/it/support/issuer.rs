//! An OpenID provider of a test's own, which signs whatever it is asked to: honest tokens, and every kind of forged one.
//!
//! ```ignore
//! let issuer = Issuer::start().await;
//! let app = TestApp::support_desk().with_settings(issuer.admit(|provider| provider.mode = AdmissionMode::JustInTime)).start().await;
//! let answer = issuer.sign_in(&app, json!({ "sub": "1", "email": "ana@desk.test", "email_verified": true })).await;
//! assert_eq!(answer.status, 303);
//! ```

use crate::support::app::TestApp;
use crate::support::caller::Response;
use axum::extract::State;
use axum::routing::{any, get, post};
use axum::{Json as Body, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use toolcrib::config::{AdmissionMode, ClientSecret, EmailTrust, ProviderId, ProviderSettings, Settings, SigningAlgorithm};
use url::Url;

/// What the server is registered as.
pub const CLIENT: &str = "toolcrib";

/// Where browsers reach the server, as its settings say.
pub const PUBLIC_URL: &str = "http://127.0.0.1:4000";

/// A key with its id.
pub struct Key {
    pub id: String,
    pair: KeyPair,
}

impl Key {
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), pair: KeyPair::generate_for(&PKCS_ED25519).unwrap() }
    }

    fn to_jwk(&self) -> Json {
        let x = URL_SAFE_NO_PAD.encode(self.pair.der_bytes());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.id, "x": x })
    }

    /// A token with this header, besides the usual one, and these claims.
    pub fn sign(&self, header: Json, claims: &Json) -> String {
        let message = message(json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.id }), header, claims);
        let signature = self.pair.sign(message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token that takes the public key for a shared secret.
    pub fn sign_hs256_with_public_key(&self, claims: &Json) -> String {
        let message = message(json!({ "alg": "HS256", "typ": "JWT", "kid": self.id }), json!({}), claims);
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.pair.der_bytes()).unwrap();
        mac.update(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

/// A token that nobody signed.
pub fn unsigned(claims: &Json) -> String {
    format!("{}.", message(json!({ "alg": "none", "typ": "JWT" }), json!({}), claims))
}

fn message(mut usual: Json, header: Json, claims: &Json) -> String {
    usual.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
    let encode = |part: &Json| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(&usual), encode(claims))
}

struct Shared {
    url: String,
    keys: Mutex<Vec<Json>>,
    /// The tokens that codes stand for, with the PKCE challenge that each asks for.
    codes: Mutex<HashMap<String, (String, String)>>,
    key_requests: AtomicUsize,
    /// Requests to places that only a forged header names.
    strays: AtomicUsize,
}

/// A provider on a port of its own.
pub struct Issuer {
    shared: Arc<Shared>,
    /// The key that it signs with.
    pub key: Key,
}

impl Issuer {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let key = Key::new("first");
        let shared = Arc::new(Shared {
            url: format!("http://{}", listener.local_addr().unwrap()),
            keys: Mutex::new(vec![key.to_jwk()]),
            codes: Mutex::default(),
            key_requests: AtomicUsize::new(0),
            strays: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .fallback(any(stray))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { shared, key }
    }

    /// Its issuer.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// How often its keys were asked for.
    pub fn key_requests(&self) -> usize {
        self.shared.key_requests.load(Ordering::SeqCst)
    }

    /// How often anybody asked for what only forged headers name.
    pub fn strays(&self) -> usize {
        self.shared.strays.load(Ordering::SeqCst)
    }

    /// Signs with another key from now on, and only publishes that.
    pub fn rotate(&mut self, id: &str) {
        self.key = Key::new(id);
        *self.shared.keys.lock() = vec![self.key.to_jwk()];
    }

    /// Its settings, as small as they can be.
    pub fn settings(&self, id: &str) -> ProviderSettings {
        ProviderSettings {
            id: ProviderId::new(id).unwrap(),
            name: id.to_owned(),
            issuer: self.shared.url.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(ClientSecret::new("secret")),
            scopes: vec!["email".to_owned()],
            audiences: ["desk-app".to_owned()].into(),
            device_client_id: None,
            mode: AdmissionMode::Invite,
            role: "viewer".to_owned(),
            email_trust: EmailTrust::Verified,
            allowed_domains: Default::default(),
            hosted_domains: Default::default(),
            groups_claim: "groups".to_owned(),
            required_groups: Vec::new(),
            rules: Vec::new(),
            mfa_amr: ["mfa".to_owned()].into(),
            mfa_acr: Default::default(),
            algorithms: vec![SigningAlgorithm::RS256, SigningAlgorithm::EdDSA],
            clock_skew: std::time::Duration::from_secs(30),
        }
    }

    /// The settings of a server that people sign in to with this provider alone.
    pub fn admit(
        &self,
        adjust: impl FnOnce(&mut ProviderSettings) + Send + 'static,
    ) -> impl FnOnce(&mut Settings) + Send + 'static {
        let mut provider = self.settings("test");
        move |settings| {
            adjust(&mut provider);
            settings.auth.public_url = Some(Url::parse(PUBLIC_URL).unwrap());
            settings.auth.providers = vec![provider];
        }
    }

    /// The claims of an honest token, with these.
    pub fn claims(&self, claims: Json) -> Json {
        let now = Utc::now().timestamp();
        let mut all = json!({ "iss": self.shared.url, "aud": CLIENT, "iat": now, "exp": now + 300, "auth_time": now });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        all
    }

    /// A code that stands for a token, for whoever began with this PKCE challenge.
    pub fn code(&self, token: String, challenge: &str) -> String {
        let code = uuid::Uuid::new_v4().to_string();
        self.shared.codes.lock().insert(code.clone(), (token, challenge.to_owned()));
        code
    }

    /// A whole sign-in of somebody with these claims; what the server answers at its end.
    pub async fn sign_in(&self, app: &TestApp, claims: Json) -> Response {
        let login = Login::start(app, "/auth/login/test").await;
        login.finish(app, &self.code_for(&login, claims)).await
    }

    /// The code of an honest token for a sign-in.
    pub fn code_for(&self, login: &Login, claims: Json) -> String {
        let mut claims = self.claims(claims);
        claims["nonce"] = json!(login.parameter("nonce"));
        self.code(self.key.sign(json!({}), &claims), &login.parameter("code_challenge"))
    }
}

async fn metadata(State(shared): State<Arc<Shared>>) -> Body<Json> {
    let url = &shared.url;
    Body(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"),
        "end_session_endpoint": format!("{url}/end"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "RS256"],
    }))
}

async fn keys(State(shared): State<Arc<Shared>>) -> Body<Json> {
    shared.key_requests.fetch_add(1, Ordering::SeqCst);
    Body(json!({ "keys": *shared.keys.lock() }))
}

async fn stray(State(shared): State<Arc<Shared>>) -> &'static str {
    shared.strays.fetch_add(1, Ordering::SeqCst);
    "{}"
}

/// A code is good once, and for whoever has the verifier.
async fn token(State(shared): State<Arc<Shared>>, body: String) -> (axum::http::StatusCode, Body<Json>) {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let verifier = form.get("code_verifier").cloned().unwrap_or_default();
    let found = form.get("code").and_then(|code| shared.codes.lock().remove(code));
    let is_right = |challenge: &str| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge;
    match found {
        Some((token, challenge)) if is_right(&challenge) => {
            let body = json!({ "access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": token });
            (axum::http::StatusCode::OK, Body(body))
        }
        _ => (axum::http::StatusCode::BAD_REQUEST, Body(json!({ "error": "invalid_grant" }))),
    }
}

/// A sign-in that has begun in a browser.
pub struct Login {
    /// Where the browser was sent.
    pub url: Url,
    /// What it keeps, `name=value`.
    pub cookie: String,
}

impl Login {
    /// Follows a link to sign in.
    pub async fn start(app: &TestApp, path: &str) -> Self {
        let response = app.anonymous().get(path).await;
        assert_eq!(response.status, 303, "{}", response.text());
        let url = Url::parse(response.header("location")).unwrap();
        Self { url, cookie: response.header("set-cookie").split(';').next().unwrap().to_owned() }
    }

    /// A parameter of where the browser was sent.
    pub fn parameter(&self, name: &str) -> String {
        let found = self.url.query_pairs().find(|(key, _)| key == name);
        found.unwrap_or_else(|| panic!("no `{name}` in {}", self.url)).1.into_owned()
    }

    /// Comes back with a code.
    pub async fn finish(&self, app: &TestApp, code: &str) -> Response {
        let path = format!("/auth/callback/test?code={code}&state={}", self.parameter("state"));
        app.anonymous().with_header("cookie", &self.cookie).get(&path).await
    }
}

/// The session's cookie that an answer sets, `name=value`; empty if it sets none.
pub fn session_cookie(response: &Response) -> String {
    let cookies = response.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let mut sessions = cookies.filter(|cookie| cookie.contains("toolcrib_session=") && !cookie.contains("Max-Age=0"));
    sessions.next().map_or(String::new(), |cookie| cookie.split(';').next().unwrap().to_owned())
}
