//! When a directory wants its certificates to be replaced (ARI, RFC 9773): it may be earlier than we would, after a mistake
//! of the authority.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use instant_acme::{Account, CertificateIdentifier, Error};

use crate::appliance::certificate::Pair;
use crate::domain::reading::Moment;

/// How the directory calls a certificate: the identifier of the key that signed it, and its number.
pub(super) fn identifier(pair: &Pair) -> Option<CertificateIdentifier<'static>> {
    let signer = pair.leaf.authority_key_id()?.as_slice();
    let mut number = pair.leaf.serial_number().to_bn().ok()?.to_vec();
    // As DER writes it: a first bit that is set would make it negative.
    if number.first().is_none_or(|first| first & 0x80 != 0) {
        number.insert(0, 0);
    }
    Some(CertificateIdentifier {
        authority_key_identifier: URL_SAFE_NO_PAD.encode(signer).into(),
        serial: URL_SAFE_NO_PAD.encode(number).into(),
    })
}

/// From when to when; nothing when the directory has no opinion.
pub(super) async fn window(
    account: &Account,
    pair: &Pair,
) -> Result<Option<(Moment, Moment)>, Error> {
    let Some(identifier) = identifier(pair) else {
        return Ok(None);
    };
    let told = match account.renewal_info(&identifier).await {
        Ok((told, _)) => told.suggested_window,
        Err(Error::Unsupported(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let moment = |seconds| Moment::from_timestamp(seconds, 0);
    let start = moment(told.start.unix_timestamp());
    Ok(start.zip(moment(told.end.unix_timestamp())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The certificate of RFC 9773, appendix A.
    const EXAMPLE: &str = "-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
";

    #[test]
    fn the_example_of_the_rfc_is_called_as_the_rfc_calls_it() {
        let pair = Pair {
            leaf: openssl::x509::X509::from_pem(EXAMPLE.as_bytes()).unwrap(),
            issuers: Vec::new(),
            key: crate::appliance::certificate::new_key().unwrap(),
        };
        let name = identifier(&pair).unwrap().to_string();
        assert_eq!(name, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    }
}
