//! By a browser on this machine, which brings a code to a port that only listens here.

use super::server::{Provider, Server};
use super::store::StoredSession;
use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// What the browser shows at the end.
const DONE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 52\r\nconnection: close\r\n\r\n\
    Signed in. You can close this page and go on working";

/// Shows where to sign in, and waits for the browser.
pub(super) async fn log_in(server: &Server, provider: &Provider) -> anyhow::Result<StoredSession> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no port is free on this machine")?;
    let verifier = random();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret().as_bytes()));
    let mut url = server.url(&format!("/auth/login/{}", provider.id))?;
    url.query_pairs_mut().append_pair("port", &listener.local_addr()?.port().to_string()).append_pair("challenge", &challenge);
    eprintln!("open this in a browser on this machine:\n");
    println!("{url}");
    let code = tokio::time::timeout(PATIENCE, wait(&listener)).await.context("nobody signed in")??;
    server.take_handoff(&code, &verifier).await
}

fn random() -> SecretString {
    let mut bytes = [0_u8; 32];
    rand::RngCore::fill_bytes(&mut rand::rng(), &mut bytes);
    SecretString::from(URL_SAFE_NO_PAD.encode(bytes))
}

/// Other programs of this machine may knock, too: only a code counts, and only the server's own is good.
async fn wait(listener: &TcpListener) -> anyhow::Result<String> {
    loop {
        let (stream, _) = listener.accept().await?;
        if let Ok(Ok(code)) = tokio::time::timeout(Duration::from_secs(5), read_code(stream)).await {
            return Ok(code);
        }
    }
}

async fn read_code(stream: TcpStream) -> anyhow::Result<String> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let path = line.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).context("no request")?;
    let url = Url::parse("http://127.0.0.1").and_then(|base| base.join(path))?;
    let Some((_, code)) = url.query_pairs().find(|(name, _)| name == "code") else { bail!("no code") };
    let code = code.into_owned();
    // The rest of the head, so that the connection closes in order.
    let mut header = String::new();
    while stream.read_line(&mut header).await? > 2 {
        header.clear();
    }
    stream.get_mut().write_all(DONE.as_bytes()).await?;
    stream.get_mut().shutdown().await?;
    Ok(code)
}
