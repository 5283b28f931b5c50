//! The certificate that addresses are encrypted with.
//!
//! Owns the reading of it. Must never ask for one of who connects: a token says who he is. Fails
//! with [`ListenError`].

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::listen::ListenError;
use crate::config::Certificate;

/// What encrypts connections by a certificate.
pub(super) fn acceptor(certificate: &Certificate) -> Result<TlsAcceptor, ListenError> {
    let failed = |path: &Path, why: String| ListenError {
        place: format!("addresses with the certificate {}", path.display()),
        why,
        hint: "`tls` of [http] names a certificate with its chain and its key, both in PEM",
    };
    let Certificate { certificate, key } = certificate;
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(failed(certificate, "it holds no certificate".to_owned()));
    }
    let key_der = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| failed(key, format!("the key {error}")))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key_der))
        .map_err(|error| failed(certificate, error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
