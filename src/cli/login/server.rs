//! A server as a command line sees it.

use super::store::StoredSession;
use crate::auth::ProviderHttp;
use anyhow::{Context, bail};
use hyper::{Method, Request, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use url::{Url, form_urlencoded};

/// A provider, as `/auth/providers` tells of it.
#[derive(Debug, Deserialize)]
pub(super) struct Provider {
    pub(super) id: String,
    pub(super) device: Option<DeviceClient>,
}

/// How to sign in by a code on another device.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeviceClient {
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) device_url: Url,
    pub(super) token_url: Url,
}

/// An answer that was read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

/// A server.
pub(super) struct Server {
    http: ProviderHttp,
    base: Url,
    address: String,
}

impl Server {
    /// Only `https`, or this machine: what is sent is as good as a password.
    pub(super) fn new(address: &str) -> anyhow::Result<Self> {
        let base = Url::parse(address).with_context(|| format!("`{address}` is no address; write `https://desk.example.com`"))?;
        let address = base.origin().ascii_serialization();
        Ok(Self { http: ProviderHttp::new(), base, address })
    }

    /// Scheme, host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// An address below.
    pub(super) fn url(&self, path: &str) -> anyhow::Result<Url> {
        Ok(self.base.join(path)?)
    }

    /// The providers that people sign in with.
    pub(super) async fn providers(&self) -> anyhow::Result<Vec<Provider>> {
        #[derive(Deserialize)]
        struct Listed {
            providers: Vec<Provider>,
        }
        let request = Request::get(self.url("/auth/providers")?.as_str()).body(Vec::new())?;
        Ok(self.read::<Listed>(request).await?.providers)
    }

    /// A session for an ID token.
    pub(super) async fn exchange(&self, id_token: &SecretString) -> anyhow::Result<StoredSession> {
        self.post("/auth/exchange", &json!({ "idToken": id_token.expose_secret() })).await
    }

    /// The session that a browser signed in for.
    pub(super) async fn take_handoff(&self, code: &str, verifier: &SecretString) -> anyhow::Result<StoredSession> {
        self.post("/auth/handoff", &json!({ "code": code, "verifier": verifier.expose_secret() })).await
    }

    /// Who a session is.
    pub(super) async fn whoami(&self, token: &SecretString) -> anyhow::Result<Json> {
        self.read(self.as_bearer(Method::GET, "/auth/whoami", token)?).await
    }

    /// Ends a session.
    pub(super) async fn log_out(&self, token: &SecretString) -> anyhow::Result<()> {
        let answer = self.send(self.as_bearer(Method::POST, "/auth/logout", token)?).await?;
        if answer.status.is_success() || answer.status.is_redirection() { Ok(()) } else { bail!(explain(&answer)) }
    }

    fn as_bearer(&self, method: Method, path: &str, token: &SecretString) -> anyhow::Result<Request<Vec<u8>>> {
        let bearer = format!("Bearer {}", token.expose_secret());
        Ok(Request::builder()
            .method(method)
            .uri(self.url(path)?.as_str())
            .header(header::AUTHORIZATION, bearer)
            .body(Vec::new())?)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &Json) -> anyhow::Result<T> {
        let request = Request::post(self.url(path)?.as_str()).header(header::CONTENT_TYPE, "application/json");
        self.read(request.body(body.to_string().into_bytes())?).await
    }

    /// Sends a form to a provider.
    pub(super) async fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        self.send(request.body(body.into_bytes())?).await
    }

    async fn read<T: DeserializeOwned>(&self, request: Request<Vec<u8>>) -> anyhow::Result<T> {
        let answer = self.send(request).await?;
        if !answer.status.is_success() {
            bail!(explain(&answer));
        }
        serde_json::from_slice(&answer.body).with_context(|| format!("{} does not answer as Toolcrib does", self.address))
    }

    async fn send(&self, request: Request<Vec<u8>>) -> anyhow::Result<Answer> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let answer = self.http.send(request).await.with_context(|| format!("`{host}` does not answer"))?;
        Ok(Answer { status: answer.status(), body: answer.into_body() })
    }
}

/// The server's own words.
fn explain(answer: &Answer) -> String {
    let json: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let message = json["errors"][0]["message"].as_str().map(str::to_owned);
    message.unwrap_or_else(|| format!("the server answers {}", answer.status))
}
