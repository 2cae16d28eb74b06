//! Why a sign-in failed: a short code for people to quote, the whole story for administrators.

use std::error::Error;
use std::fmt;

/// The short code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// The provider does not answer.
    Unreachable,
    /// What it says of itself cannot be used.
    Discovery,
    /// The sign-in was not begun here, was finished, or took too long.
    State,
    /// It was begun in another browser.
    Browser,
    /// The person, or the provider, said no.
    Denied,
    /// The provider reports an error.
    Provider,
    /// The answer is not from the provider that was asked (RFC 9207).
    ResponseIssuer,
    /// The code could not be exchanged.
    Exchange,
    /// The tokens are of an unknown kind, or one is missing.
    Tokens,
    /// The signature of the ID token does not hold.
    Signature,
    /// The ID token has expired, or was issued at another time.
    Time,
    /// The ID token was made for another sign-in.
    Nonce,
    /// It is for somebody else.
    Audience,
    /// It is from somebody else.
    Issuer,
    /// It names nobody.
    Subject,
    /// It belongs to another access token.
    Hash,
    /// The userinfo endpoint does not answer as it must.
    Userinfo,
    /// Groups were left out.
    Groups,
    /// No rule gives a role.
    NoRole,
    /// The person may no longer sign in.
    Deactivated,
    /// The account belongs to somebody else.
    Taken,
}

impl Code {
    /// The code as people quote it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "SSO-UNREACHABLE",
            Self::Discovery => "SSO-DISCOVERY",
            Self::State => "SSO-STATE",
            Self::Browser => "SSO-BROWSER",
            Self::Denied => "SSO-DENIED",
            Self::Provider => "SSO-PROVIDER",
            Self::ResponseIssuer => "SSO-RESPONSE-ISSUER",
            Self::Exchange => "SSO-EXCHANGE",
            Self::Tokens => "SSO-TOKENS",
            Self::Signature => "SSO-SIGNATURE",
            Self::Time => "SSO-TIME",
            Self::Nonce => "SSO-NONCE",
            Self::Audience => "SSO-AUDIENCE",
            Self::Issuer => "SSO-ISSUER",
            Self::Subject => "SSO-SUBJECT",
            Self::Hash => "SSO-HASH",
            Self::Userinfo => "SSO-USERINFO",
            Self::Groups => "SSO-GROUPS",
            Self::NoRole => "SSO-NO-ROLE",
            Self::Deactivated => "SSO-DEACTIVATED",
            Self::Taken => "SSO-TAKEN",
        }
    }

    /// Whether trying again later may help without anybody changing anything.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Unreachable)
    }
}

/// Why a sign-in failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The short code.
    pub code: Code,
    /// The whole story. It may name the person; it holds no token and no secret.
    pub detail: String,
}

impl Refusal {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    /// With an error and its causes as the story.
    pub(super) fn because(code: Code, error: &(dyn Error + 'static)) -> Self {
        Self::new(code, chain(error))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.name(), self.detail)
    }
}

impl Error for Refusal {}

/// An error and its causes.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let told = cause.to_string();
        if !text.ends_with(&told) {
            text.push_str(": ");
            text.push_str(&told);
        }
        next = cause.source();
    }
    text
}
