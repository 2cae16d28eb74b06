//! Hashing passwords with argon2id: off the threads that answer, a few at a time, and as slowly for an account that there
//! is not as for one that there is.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use super::rules::{About, Weakness, judge, normalized};
use crate::error::Error;

/// 19 MiB, two passes, one lane: the least that OWASP's ASVS 5 asks for.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How long a password may wait for its turn before the answer is "not available".
const WAIT: Duration = Duration::from_secs(5);

/// What hashes and compares passwords. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// A hasher that works on at most as many passwords at once as there are cores: each needs memory, and more at once
    /// would be no faster.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            turns: Arc::new(Semaphore::new(cores)),
        }
    }

    /// The hash of a password, if it is good enough.
    ///
    /// # Errors
    /// When too many wait.
    pub async fn hash_if_good(
        &self,
        password: &str,
        about: About<'_>,
        is_administrator: bool,
    ) -> Result<Result<String, Weakness>, Error> {
        let password = normalized(password);
        let own = [about.name, about.login, about.email, about.institution].map(str::to_owned);
        self.in_turn(move || {
            let [name, login, email, institution] = own.each_ref().map(String::as_str);
            let about = About {
                name,
                login,
                email,
                institution,
            };
            match judge(&password, about, is_administrator) {
                Ok(()) => hash(&password).map(Ok),
                Err(weakness) => Ok(Err(weakness)),
            }
        })
        .await?
    }

    /// Whether a password is the one that was hashed. Without a hash it takes as long to say no.
    ///
    /// # Errors
    /// When too many wait.
    pub async fn is_right(&self, password: &str, hash: Option<String>) -> Result<bool, Error> {
        let password = normalized(password);
        self.in_turn(move || {
            let (hash, is_known) = match hash {
                Some(hash) => (hash, true),
                None => (nobodys()?, false),
            };
            Ok(is_right(&password, &hash)? && is_known)
        })
        .await?
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "no query, but work for the processor: it may not hold up those who wait for an answer"
    )]
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = tokio::time::timeout(WAIT, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|late| Error::unavailable("sign-in", late))?
            .map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await
        .map_err(Error::internal)
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, Error> {
    let hash = argon2()?
        .hash_password(password.as_bytes())
        .map_err(failed)?;
    Ok(hash.to_string())
}

fn is_right(password: &str, hash: &str) -> Result<bool, Error> {
    let hash = PasswordHash::new(hash).map_err(failed)?;
    Ok(argon2()?
        .verify_password(password.as_bytes(), &hash)
        .is_ok())
}

/// The hash of a password that nobody has, to compare with where there is none.
fn nobodys() -> Result<String, Error> {
    static NOBODYS: OnceLock<String> = OnceLock::new();
    if let Some(known) = NOBODYS.get() {
        return Ok(known.clone());
    }
    let mut random = [0; 32];
    openssl::rand::rand_bytes(&mut random).map_err(Error::internal)?;
    let made = hash(&hex::encode(random))?;
    Ok(NOBODYS.get_or_init(|| made).clone())
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("argon2: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn good(passwords: &Passwords) -> String {
        let about = About::default();
        let hashed = passwords.hash_if_good("vélo orage citron lampe", about, true);
        hashed.await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_known_again() {
        let passwords = Passwords::new();
        let hash = good(&passwords).await;
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_ne!(hash, good(&passwords).await, "each has its own salt");
        for (password, is_right) in [
            ("vélo orage citron lampe", true),
            ("ve\u{301}lo orage citron lampe", true),
            ("velo orage citron lampe", false),
            ("", false),
        ] {
            assert_eq!(
                passwords
                    .is_right(password, Some(hash.clone()))
                    .await
                    .unwrap(),
                is_right,
                "{password}"
            );
        }
    }

    #[tokio::test]
    async fn no_account_costs_as_much_as_a_wrong_password() {
        let passwords = Passwords::new();
        let hash = good(&passwords).await;
        let took = async |hash: Option<String>| {
            let since = std::time::Instant::now();
            for _ in 0..5 {
                assert!(!passwords.is_right("wrong", hash.clone()).await.unwrap());
            }
            since.elapsed().as_secs_f64()
        };
        took(None).await; // the first makes the hash to compare with
        let (known, unknown) = (took(Some(hash)).await, took(None).await);
        assert!(
            (0.33..3.0).contains(&(known / unknown)),
            "{known} {unknown}"
        );
    }
}
