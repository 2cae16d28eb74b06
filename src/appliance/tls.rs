//! TLS: versions 1.2 and 1.3, AES-256 first, and little memory for connections that only wait.

use openssl::error::ErrorStack;
use openssl::ssl::{SslAcceptor, SslContext, SslMethod, SslMode, SslOptions, SslVersion};

use super::certificate::Pair;

/// What Mozilla calls intermediate, in the order of the security plan: AES-256 before `ChaCha20` before AES-128.
const CIPHERS_1_2: &str = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
    ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:\
    ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
const CIPHERS_1_3: &str =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

/// The fastest first.
const GROUPS: &str = "X25519:P-256:P-384";

/// What connections are accepted with: a chain and its key.
///
/// # Errors
/// When OpenSSL does not take them.
pub fn context(pair: &Pair) -> Result<SslContext, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_cipher_list(CIPHERS_1_2)?;
    builder.set_ciphersuites(CIPHERS_1_3)?;
    builder.set_groups_list(GROUPS)?;
    builder.set_options(SslOptions::CIPHER_SERVER_PREFERENCE | SslOptions::NO_RENEGOTIATION);
    // A connection that waits gives its 34 kB of buffers back.
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    // One read takes what has arrived; without it each record costs one for its head and one for its body.
    builder.set_read_ahead(true);
    builder.set_certificate(&pair.leaf)?;
    for issuer in &pair.issuers {
        builder.add_extra_chain_cert(issuer.clone())?;
    }
    builder.set_private_key(&pair.key)?;
    builder.check_private_key()?;
    Ok(builder.build().into_context())
}
