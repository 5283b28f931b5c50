//! Which certificates of mail servers are believed.
//!
//! Owns the choice: those of the authorities of `ca_file` alone, else those that the machine
//! believes. Must never believe a certificate without its chain, its dates and its name. Fails
//! where there are no authorities to believe.

use std::path::Path;

use lettre::transport::smtp::client::{
    Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};

use crate::config::Server;
use crate::deliver::Failure;

/// A file of certificates is shorter.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What is asked of the server's certificate. Files are read for each connection: they are renewed
/// while the program runs.
pub(super) fn parameters(
    server: &Server,
    ca_file: Option<&Path>,
) -> Result<TlsParameters, Failure> {
    let builder = TlsParametersBuilder::new(server.host.to_string());
    let Some(path) = ca_file else {
        return builder.build().map_err(|error| {
            Failure::unreachable("tls", format!("no certificate can be checked: {error}"))
                .with_hint("install the package ca-certificates, or name a file with `ca_file`")
        });
    };
    let failed = |why: String| {
        Failure::unreachable("tls", format!("`ca_file` {}: {why}", path.display())).with_hint(
            "it must hold certificates in PEM, each from `-----BEGIN CERTIFICATE-----` on",
        )
    };
    let size = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if size > BYTES_MAX {
        return Err(failed(format!("it has {size} bytes")));
    }
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    if !pem.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
        return Err(failed("it holds no certificate".to_owned()));
    }
    let authorities = Certificate::from_pem(&pem).map_err(|error| failed(error.to_string()))?;
    let builder = builder.certificate_store(CertificateStore::None);
    let builder = builder.add_root_certificate(authorities);
    builder.build().map_err(|error| failed(error.to_string()))
}
