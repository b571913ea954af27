//! By a code that a person types in on any device (RFC 8628). The provider's ID token is then traded for a session.

use super::server::{DeviceClient, Server};
use super::store::StoredSession;
use anyhow::{Context, bail};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value as Json;
use std::time::{Duration, Instant};

/// The grant's name.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How often to ask where the provider does not say, and how much longer to wait when it says that it is too often.
const PAUSE: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct DeviceCode {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: u64,
    interval: Option<u64>,
}

/// Shows the code, and waits until somebody has used it.
pub(super) async fn log_in(server: &Server, client: &DeviceClient) -> anyhow::Result<StoredSession> {
    let scope = client.scopes.join(" ");
    let answer = server.post_form(&client.device_url, &[("client_id", &client.client_id), ("scope", &scope)]).await?;
    let code: DeviceCode = serde_json::from_slice(&answer.body)
        .with_context(|| format!("the provider gives no code for another device ({})", answer.status))?;
    eprintln!("open {} on any device, and enter {}", code.verification_uri, code.user_code);
    println!("{}", code.verification_uri_complete.as_ref().unwrap_or(&code.verification_uri));
    let id_token = wait(server, client, &code).await?;
    server.exchange(&id_token).await
}

async fn wait(server: &Server, client: &DeviceClient, code: &DeviceCode) -> anyhow::Result<SecretString> {
    let deadline = Instant::now() + Duration::from_secs(code.expires_in.min(3600));
    let mut pause = code.interval.map_or(PAUSE, Duration::from_secs);
    let form = [("grant_type", GRANT), ("device_code", &code.device_code), ("client_id", &client.client_id)];
    while Instant::now() < deadline {
        tokio::time::sleep(pause).await;
        let answer = server.post_form(&client.token_url, &form).await?;
        let json: Json = serde_json::from_slice(&answer.body).context("the provider does not answer in JSON")?;
        match json["error"].as_str() {
            None => {
                let id_token = json["id_token"].as_str().context("the provider gave no ID token")?;
                return Ok(SecretString::from(id_token));
            }
            Some("authorization_pending") => {}
            Some("slow_down") => pause += PAUSE,
            Some("access_denied") => bail!("the sign-in was refused on the other device"),
            Some(error) => bail!("the provider refuses: {error}"),
        }
    }
    bail!("nobody used the code in time")
}
