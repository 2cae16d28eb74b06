//! Secrets that are only compared: random, shown once, kept as digests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;

/// A secret of 256 random bits, in characters that fit an address or a header.
///
/// # Errors
/// When the system has no random numbers.
pub fn random() -> Result<String, Error> {
    let mut random = [0; 32];
    openssl::rand::rand_bytes(&mut random).map_err(Error::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

/// A secret that people type: as many random characters of an alphabet of 32.
///
/// # Errors
/// When the system has no random numbers.
pub fn typed(alphabet: &[u8; 32], length: usize) -> Result<String, Error> {
    let mut random = vec![0; length];
    openssl::rand::rand_bytes(&mut random).map_err(Error::internal)?;
    let letters = random
        .into_iter()
        .filter_map(|byte| alphabet.get(usize::from(byte % 32)));
    Ok(letters.map(|letter| char::from(*letter)).collect())
}

/// What is kept of a secret: SHA-256. With 256 random bits behind it, nothing slower is needed.
#[must_use]
pub fn digest(secret: &str) -> [u8; 32] {
    openssl::sha::sha256(secret.as_bytes())
}
