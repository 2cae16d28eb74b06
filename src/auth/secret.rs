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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn secrets_are_long_enough_fit_a_header_and_do_not_repeat() {
        let secrets: BTreeSet<String> = (0..100).map(|_| random().unwrap()).collect();
        assert_eq!(secrets.len(), 100);
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        // 256 bits, six a character.
        let is_whole = |secret: &String| secret.len() == 43 && secret.chars().all(fits);
        assert!(secrets.iter().all(is_whole));
    }

    #[test]
    fn what_is_typed_is_of_its_alphabet_and_as_long_as_it_is_asked_to_be() {
        let alphabet = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let typed: BTreeSet<String> = (0..100)
            .map(|_| super::typed(alphabet, 12).unwrap())
            .collect();
        assert_eq!(typed.len(), 100);
        let is_of_it =
            |text: &String| text.len() == 12 && text.bytes().all(|byte| alphabet.contains(&byte));
        assert!(typed.iter().all(is_of_it));
        let used: BTreeSet<u8> = typed.iter().flat_map(|text| text.bytes()).collect();
        assert_eq!(used.len(), 32);
    }

    /// The first example of FIPS 180-2, appendix B.
    #[test]
    fn what_is_kept_is_sha_256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(digest("abc")), expected);
    }
}
