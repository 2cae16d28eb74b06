//! What must be read again and may not lie in the database in clear: sealed with a key that is not in the database.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};

use crate::error::Error;

const KEY: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Seals and opens with AES-256-GCM (NIST SP 800-38D): a random nonce of 96 bits, the sealed bytes, a tag of 128 bits.
pub struct Seal([u8; KEY]);

impl std::fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Seal")
    }
}

impl Seal {
    /// The seal whose key a file holds; the file is made, readable by its owner alone, when there is none.
    ///
    /// # Errors
    /// When the file can be neither read nor made, or is not 32 bytes long.
    pub fn ensure(path: &Path) -> Result<Self, Error> {
        let refused = |error: std::io::Error| {
            Error::Conflict(format!(
                "the key that seals secrets, {}, cannot be used: {error}; see auth.key_file in the settings",
                path.display()
            ))
        };
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                make(path).map_err(refused)?;
                std::fs::read(path).map_err(refused)?
            }
            Err(error) => return Err(refused(error)),
        };
        let key = <[u8; KEY]>::try_from(bytes.as_slice()).map_err(|_| {
            refused(std::io::Error::other(format!(
                "it holds {} bytes, not {KEY}",
                bytes.len()
            )))
        })?;
        Ok(Self(key))
    }

    /// Seals.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn seal(&self, clear: &[u8]) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE];
        openssl::rand::rand_bytes(&mut nonce).map_err(Error::internal)?;
        let mut tag = [0; TAG];
        let cipher = Cipher::aes_256_gcm();
        let sealed = encrypt_aead(cipher, &self.0, Some(&nonce), &[], clear, &mut tag)
            .map_err(Error::internal)?;
        Ok([nonce.as_slice(), &sealed, &tag].concat())
    }

    /// Opens what this key sealed.
    ///
    /// # Errors
    /// When another key sealed it, or it was altered.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let unreadable = || {
            Error::Conflict(
                "a sealed secret does not open: auth.key_file is not the key that sealed it"
                    .to_owned(),
            )
        };
        let (nonce, rest) = sealed.split_at_checked(NONCE).ok_or_else(unreadable)?;
        let clear = rest.len().checked_sub(TAG).ok_or_else(unreadable)?;
        let (sealed, tag) = rest.split_at(clear);
        decrypt_aead(
            Cipher::aes_256_gcm(),
            &self.0,
            Some(nonce),
            &[],
            sealed,
            tag,
        )
        .map_err(|_| unreadable())
    }
}

/// Makes the file whole or not at all; of two processes that make it at once, one wins and both read the same.
fn make(path: &Path) -> std::io::Result<()> {
    let mut key = [0; KEY];
    openssl::rand::rand_bytes(&mut key)?;
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(&key)?;
    file.sync_all()?;
    let made = match std::fs::hard_link(&draft, path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    };
    std::fs::remove_file(&draft)?;
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_makes_the_key_second_leaves_the_first_and_a_place_that_is_none_is_told() {
        let directory = std::env::temp_dir().join(format!("parvis-keys-{}", std::process::id()));
        let path = directory.join("a.key");
        make(&path).unwrap();
        let first = std::fs::read(&path).unwrap();
        make(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), first);
        let left = std::fs::read_dir(&directory).unwrap().count();
        assert_eq!(left, 1, "drafts are left");
        let no_name = directory.join(format!("b.{}", "k".repeat(300)));
        assert!(make(&no_name).is_err());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_only_and_whole_only() {
        let directory = std::env::temp_dir().join(format!("parvis-seal-{}", std::process::id()));
        let seal = Seal::ensure(&directory.join("a.key")).unwrap();
        let again = Seal::ensure(&directory.join("a.key")).unwrap();
        let other = Seal::ensure(&directory.join("b.key")).unwrap();
        let sealed = seal.seal(b"refresh").unwrap();
        assert_eq!(again.open(&sealed).unwrap(), b"refresh");
        assert!(other.open(&sealed).is_err());
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert!(seal.open(&altered).is_err());
            assert!(seal.open(&sealed[..position]).is_err());
        }
        assert_ne!(sealed, seal.seal(b"refresh").unwrap());
        std::fs::write(directory.join("c.key"), b"short").unwrap();
        assert!(Seal::ensure(&directory.join("c.key")).is_err());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
