//! Sign-on with identity providers: OpenID Connect, authorization code flow with PKCE.
//!
//! [`Providers`] knows what providers say of themselves and their keys; [`attempt`] begins a sign-in, [`finish()`] ends it
//! with every check there is; [`logout`] ends sessions from either side. Nothing here names people or writes to the
//! database: what a provider vouched for is a [`Verified`].
//!
//! The crate `openidconnect` parses, signs requests and checks most of a token. What it leaves to its caller is checked
//! here, in `verification`: who asked for the token (`azp`), when it was issued, the hash of the access token, the kind of
//! token, the form of the subject, the issuer of the response (RFC 9207), and keys that were replaced.

pub mod attempt;
mod finish;
mod hosts;
mod http;
mod jws;
pub mod logout;
mod metadata;
mod providers;
mod refresh;
mod refusal;
#[cfg(test)]
mod signing;
mod userinfo;
mod verification;

pub use attempt::Attempt;
pub use finish::{Callback, Verified, finish};
pub use hosts::Hosts;
pub use http::{Http, Line, client};
pub use metadata::{Metadata, authentication};
pub use providers::{Providers, Report};
pub use refresh::{Before, Rechecked, recheck};
pub use refusal::{Code, Refusal};

use crate::domain::issuer::Configuration;

/// Parvis as a provider knows it.
#[derive(Debug, Clone)]
pub struct Client<'a> {
    /// What an administrator said about the provider.
    pub configuration: &'a Configuration,
    /// The secret they share, unless Parvis is a public client there.
    pub secret: Option<&'a str>,
    /// Where the provider sends browsers back to.
    pub redirect: &'a str,
    /// How far its clock may be away from ours.
    pub skew: chrono::TimeDelta,
}
