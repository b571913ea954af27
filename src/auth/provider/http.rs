//! The way to providers: HTTPS with the system's certificate authorities, no redirects, bounded in time and size.

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::{ClientConfig, RootCertStore};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a provider may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most that an answer is read of. Key sets of large providers have some ten thousand bytes.
const LONGEST_ANSWER: usize = 512 * 1024;

/// Why a provider did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ProviderHttpError {
    /// The address would be asked without TLS, over a network.
    #[error("`{0}` is neither `https` nor on this machine")]
    Unsafe(String),
    /// It took too long.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    TimedOut,
    /// No connection, or it broke.
    #[error("the connection failed")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Sends requests to providers.
#[derive(Clone, Debug)]
pub(crate) struct ProviderHttp {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl ProviderHttp {
    /// Reads the system's certificate authorities; `SSL_CERT_FILE` names others.
    pub(crate) fn new() -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows the versions of TLS that rustls thinks safe")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
        Self { client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    /// Sends one request.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ProviderHttpError> {
        if !is_safe(request.uri()) {
            return Err(ProviderHttpError::Unsafe(request.uri().to_string()));
        }
        let answering = async {
            let (parts, body) = self.client.request(request.map(|body| Full::new(Bytes::from(body)))).await?.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes();
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(HttpResponse::from_parts(parts, body.to_vec()))
        };
        let answer = tokio::time::timeout(PATIENCE, answering).await.map_err(|_| ProviderHttpError::TimedOut)?;
        answer.map_err(ProviderHttpError::Connection)
    }
}

impl<'c> AsyncHttpClient<'c> for ProviderHttp {
    type Error = ProviderHttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, ProviderHttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The settings see to this for issuers; a provider's metadata may name any address.
fn is_safe(uri: &hyper::Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_local = host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_local,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (uri, expected) in [
            ("https://sso.example.com/token", true),
            ("http://sso.example.com/token", false),
            ("http://127.0.0.1:3000/token", true),
            ("http://[::1]:3000/token", true),
            ("http://127.0.0.1.example.com/token", false),
            ("http://169.254.169.254/latest", false),
            ("ftp://localhost/token", false),
        ] {
            assert_eq!(is_safe(&uri.parse().unwrap()), expected, "{uri}");
        }
    }
}
