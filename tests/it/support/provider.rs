//! A real OpenID provider, npm's `oidc-provider`, in a process of its own; and a browser that walks through its pages.

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use url::{Url, form_urlencoded};

/// A provider on a port of its own. It ends with its value.
pub struct RealProvider {
    process: Child,
    /// Its issuer.
    pub issuer: String,
}

impl RealProvider {
    /// Starts one for a server at this address.
    ///
    /// # Panics
    /// If Node or the package is missing.
    pub fn start(public_url: &str, claims_in_userinfo: bool) -> Self {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provider");
        assert!(scripts.join("node_modules/oidc-provider").is_dir(), "`./dev test` installs the packages of `tests/provider`");
        let settings = json!({ "publicUrl": public_url, "claimsInUserinfo": claims_in_userinfo });
        let mut process = Command::new("node")
            .arg(scripts.join("provider.mjs"))
            .arg(settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("`node` cannot be run: {error}"));
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first = lines.find_map(|line| serde_json::from_str::<Json>(&line).ok());
        // It goes on talking, and ends where nobody listens.
        std::thread::spawn(move || lines.for_each(drop));
        let issuer = first.expect("the provider says where it is")["issuer"].as_str().unwrap().to_owned();
        Self { process, issuer }
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a server answers.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub location: Option<String>,
    pub text: String,
}

/// Keeps cookies, follows nothing by itself.
pub struct Walker {
    client: Client<HttpConnector, Full<Bytes>>,
    cookies: BTreeMap<String, String>,
}

impl Default for Walker {
    fn default() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), cookies: BTreeMap::new() }
    }
}

impl Walker {
    pub async fn get(&mut self, url: &Url) -> Page {
        self.send("GET", url, String::new()).await
    }

    pub async fn post(&mut self, url: &Url, form: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send("POST", url, body).await
    }

    async fn send(&mut self, method: &str, url: &Url, body: String) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = axum::http::Request::builder()
            .method(method)
            .uri(url.as_str())
            .header("cookie", cookies.join("; "))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let (parts, body) = self.client.request(request).await.unwrap().into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let text = String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned();
        let location = parts.headers.get("location").map(|value| value.to_str().unwrap().to_owned());
        Page { status: parts.status.as_u16(), location, text }
    }

    /// Enters the code of another device, signs in and agrees.
    pub async fn use_device_code(&mut self, start: &Url, login: &str) {
        let mut url = start.clone();
        let mut page = self.get(&url).await;
        for _ in 0..16 {
            let value = |name: &str| {
                let rest = page.text.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
                rest.split('"').next().map(str::to_owned)
            };
            let next = match (page.status, &page.location) {
                (_, Some(location)) => {
                    url = url.join(location).unwrap();
                    self.get(&url).await
                }
                _ if page.text.contains("name=\"login\"") => {
                    self.post(&url, &[("prompt", "login"), ("login", login), ("password", "any")]).await
                }
                _ if page.text.contains("value=\"consent\"") => self.post(&url, &[("prompt", "consent")]).await,
                _ => match (value("xsrf"), value("user_code")) {
                    (Some(xsrf), Some(code)) => {
                        url = url.join("/device").unwrap();
                        self.post(&url, &[("xsrf", &xsrf), ("user_code", &code), ("confirm", "yes")]).await
                    }
                    _ => return,
                },
            };
            page = next;
        }
        panic!("the provider goes round in circles at {url}: {}", page.text);
    }

    /// Signs in on the provider's pages and agrees; where the provider then sends the browser.
    pub async fn sign_in(&mut self, start: &Url, login: &str, home: &str) -> Url {
        let mut url = start.clone();
        for _ in 0..12 {
            if url.as_str().starts_with(home) {
                return url;
            }
            let page = self.get(&url).await;
            let page = match (page.status, page.location) {
                (200, _) if page.text.contains("name=\"login\"") => {
                    self.post(&url, &[("prompt", "login"), ("login", login), ("password", "any")]).await
                }
                (200, _) => self.post(&url, &[("prompt", "consent")]).await,
                (_, Some(location)) => Page { status: 303, location: Some(location), text: String::new() },
                (status, None) => panic!("{url}: {status} {}", page.text),
            };
            let location = page.location.unwrap_or_else(|| panic!("{url}: {} {}", page.status, page.text));
            url = url.join(&location).unwrap();
        }
        panic!("the provider goes round in circles at {url}");
    }
}
