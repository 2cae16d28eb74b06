//! What can go wrong, in the domain's words; HTTP is added at the very edge.

use std::error::Error as StdError;

use crate::domain::actor::Refused;
use crate::domain::issuer::Unfit;

/// A cause that only the log and the operator see.
pub type Source = Box<dyn StdError + Send + Sync>;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("no {0}")]
    NotFound(String),
    /// A value breaks a rule.
    #[error("{field}: {rule}")]
    Invalid {
        /// Which value.
        field: String,
        /// Which rule, and what to do.
        rule: String,
    },
    /// What was asked for contradicts what is.
    #[error("{0}")]
    Conflict(String),
    /// Nobody known asks for what only some may have.
    #[error("sign in first")]
    Unauthenticated,
    /// Who asks may not.
    #[error(transparent)]
    Forbidden(#[from] Refused),
    /// A part that is needed does not answer; trying again later will do.
    #[error("{part} is not available")]
    Unavailable {
        /// Which part.
        part: &'static str,
        /// Why.
        #[source]
        source: Option<Source>,
    },
    /// A fault of ours.
    #[error("something broke")]
    Internal(#[source] Source),
}

impl Error {
    /// The same, but that there is no such thing is a broken rule of the field that named it.
    #[must_use]
    pub fn not_found_at(self, field: &str, rule: &str) -> Self {
        if matches!(self, Self::NotFound(_)) {
            Self::Invalid {
                field: field.to_owned(),
                rule: rule.to_owned(),
            }
        } else {
            self
        }
    }

    /// A part that does not answer.
    pub fn unavailable(part: &'static str, source: impl Into<Source>) -> Self {
        Self::Unavailable {
            part,
            source: Some(source.into()),
        }
    }

    /// A fault of ours.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    /// The error and its causes, for the log.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        Self::Invalid {
            field: unfit.field,
            rule: unfit.rule,
        }
    }
}
