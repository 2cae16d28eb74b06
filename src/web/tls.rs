//! TLS: versions 1.2 and 1.3, AES-256 first, and little memory for connections that only wait.

use std::path::Path;

use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod, SslMode, SslOptions, SslVersion};

use crate::error::Error;

/// What Mozilla calls intermediate, in the order of the security plan: AES-256 before `ChaCha20` before AES-128.
const CIPHERS_1_2: &str = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
    ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:\
    ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
const CIPHERS_1_3: &str =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

/// The acceptor of a certificate chain and its key.
///
/// # Errors
/// When a file cannot be read or the two do not belong together.
pub(super) fn acceptor(certificate: &Path, key: &Path) -> Result<SslAcceptor, Error> {
    let mut builder =
        SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).map_err(Error::internal)?;
    builder
        .set_min_proto_version(Some(SslVersion::TLS1_2))
        .map_err(Error::internal)?;
    builder
        .set_cipher_list(CIPHERS_1_2)
        .map_err(Error::internal)?;
    builder
        .set_ciphersuites(CIPHERS_1_3)
        .map_err(Error::internal)?;
    builder.set_options(SslOptions::CIPHER_SERVER_PREFERENCE | SslOptions::NO_RENEGOTIATION);
    // A connection that waits gives its 34 kB of buffers back.
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    // One read takes what has arrived; without it each record costs one for its head and one for its body.
    builder.set_read_ahead(true);
    let wrong = |error| Error::Invalid {
        field: format!("{} and {}", certificate.display(), key.display()),
        rule: format!("are not a certificate chain and its key in PEM: {error}"),
    };
    builder
        .set_certificate_chain_file(certificate)
        .map_err(wrong)?;
    builder
        .set_private_key_file(key, SslFiletype::PEM)
        .map_err(wrong)?;
    builder.check_private_key().map_err(wrong)?;
    Ok(builder.build())
}
