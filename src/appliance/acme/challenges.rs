//! What an ACME directory asks on port 80 (http-01, RFC 8555 8.3), and the answers, as long as an order waits for them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::kept::{Kept as _, KeptOrder};
use crate::appliance::certificate::Files;

/// Where a directory asks.
pub const PATH: &str = "/.well-known/acme-challenge/";

/// The answers by token. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Challenges(Arc<RwLock<HashMap<String, String>>>);

/// An answer that is forgotten when this is dropped.
#[must_use]
#[derive(Debug)]
pub struct Posted {
    challenges: Challenges,
    token: String,
}

impl Challenges {
    /// The answers of an order that was on its way when the service ended.
    #[must_use]
    pub fn of_order(files: &Files) -> Self {
        let answers = KeptOrder::read(files).map(|kept| kept.answers);
        let answers = answers.unwrap_or_default().into_iter().collect();
        Self(Arc::new(RwLock::new(answers)))
    }

    /// The answer to a path, if exactly this is asked.
    #[must_use]
    pub fn answer(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(PATH)?;
        let answers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        answers.get(token).cloned()
    }

    /// Answers a token from now on.
    pub(super) fn post(&self, token: &str, answer: &str) -> Posted {
        let mut answers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        answers.insert(token.to_owned(), answer.to_owned());
        Posted {
            challenges: self.clone(),
            token: token.to_owned(),
        }
    }
}

impl Drop for Posted {
    fn drop(&mut self) {
        let answers = self.challenges.0.write();
        answers
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_what_is_posted_is_answered_as_long_as_it_is() {
        let challenges = Challenges::default();
        let posted = challenges.post("token", "token.thumbprint");
        let answer = |path: &str| challenges.answer(path);
        assert_eq!(
            answer("/.well-known/acme-challenge/token").as_deref(),
            Some("token.thumbprint")
        );
        for other in [
            "/.well-known/acme-challenge/",
            "/.well-known/acme-challenge/tok",
            "/.well-known/acme-challenge/token/",
            "/.well-known/acme-challenge/../token",
            "/.well-known/acme-challenge/%74oken",
            "/.well-known//acme-challenge/token",
            "//.well-known/acme-challenge/token",
            "token",
        ] {
            assert_eq!(answer(other), None, "{other}");
        }
        drop(posted);
        assert_eq!(answer("/.well-known/acme-challenge/token"), None);
    }
}
