//! The way to whatever collects telemetry: HTTP, with TLS that is verified where the address asks for it.
//!
//! The certificate authorities are the system's (`SSL_CERT_FILE` names others), or those of one file alone: whoever runs a
//! collector of their own trusts nobody else to stand in for it.

use crate::telemetry::TelemetryError;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long one delivery may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The most that a collector's answer is read of.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Why something was not delivered.
pub(super) type DeliveryError = Box<dyn std::error::Error + Send + Sync>;

/// Delivers telemetry. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Courier(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Courier {
    /// One that trusts the authorities of a file, or the system's.
    ///
    /// # Errors
    /// [`TelemetryError::Authorities`] for a file without certificates.
    pub(super) fn new(authorities: Option<&Path>) -> Result<Self, TelemetryError> {
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows the versions of TLS that rustls thinks safe")
            .with_root_certificates(roots(authorities)?)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// Delivers something. Redirects are not followed: they could lead anywhere, with the credentials of here.
    ///
    /// # Errors
    /// [`DeliveryError`] if nobody answered, or not in time.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, DeliveryError> {
        let delivery = async {
            let (parts, body) = self.0.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes();
            Ok::<_, DeliveryError>(Response::from_parts(parts, body))
        };
        tokio::time::timeout(PATIENCE, delivery).await?
    }
}

fn roots(authorities: Option<&Path>) -> Result<RootCertStore, TelemetryError> {
    let mut store = RootCertStore::empty();
    let Some(path) = authorities else {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(store);
    };
    let unreadable = |source| TelemetryError::Authorities { path: path.to_owned(), source };
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(unreadable)?;
    if store.add_parsable_certificates(certificates).0 == 0 {
        return Err(unreadable(rustls::pki_types::pem::Error::NoItemsFound));
    }
    Ok(store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let error = Courier::new(Some(&path)).expect_err("there are no certificates in it");
        assert!(error.to_string().ends_with("Cargo.toml` of `telemetry.ca_file` holds no certificates in PEM form"), "{error}");
        assert!(Courier::new(Some(Path::new("/nowhere.pem"))).is_err());
    }
}
