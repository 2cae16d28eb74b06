//! A sign-in on its way: what is remembered while the browser is at the provider.

use openidconnect::core::CoreAuthenticationFlow;
use openidconnect::{AuthenticationContextClass, CsrfToken, Nonce, PkceCodeChallenge, Scope};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Client;
use super::metadata::{Metadata, known};
use super::refusal::Refusal;
use crate::domain::ids::PersonId;

/// A sign-in on its way. It holds secrets and is kept sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The provider, by its name in addresses.
    pub key: String,
    /// Its address when the sign-in began: an answer of another one is none.
    pub issuer: String,
    /// What the ID token must repeat.
    pub nonce: String,
    /// What proves to the provider that who brings the code is who asked for it (PKCE).
    pub verifier: String,
    /// SHA-256 of the browser's own secret, as hexadecimal digits.
    pub browser: String,
    /// Where the person wanted to go.
    pub return_to: String,
    /// Whom to link the account to, if that is what it is for.
    pub link_to: Option<i32>,
}

impl Attempt {
    /// Whom to link the account to.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        self.link_to.map(PersonId)
    }
}

/// What is known before the provider is asked.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// The provider, by its name in addresses.
    pub key: &'a str,
    /// A random name for the attempt, which comes back with the answer.
    pub state: &'a str,
    /// SHA-256 of the browser's own secret, as hexadecimal digits.
    pub browser: String,
    /// Where the person wants to go.
    pub return_to: String,
    /// Whom to link the account to.
    pub link_to: Option<PersonId>,
}

/// Where to send the browser, and what to remember.
///
/// # Errors
/// When the address to come back to is none.
pub fn begin(
    metadata: &Metadata,
    client: &Client<'_>,
    beginning: Beginning<'_>,
) -> Result<(Url, Attempt), Refusal> {
    let known = known(metadata, client)?;
    let configuration = client.configuration;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let state = beginning.state.to_owned();
    let scopes = configuration
        .scopes
        .iter()
        .filter(|scope| *scope != "openid");
    let scopes = scopes.map(|scope| Scope::new(scope.clone()));
    let classes = configuration.acr_values.iter();
    let mut request = known
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            Nonce::new_random,
        )
        .add_scopes(scopes)
        .set_pkce_challenge(challenge);
    for class in classes {
        request = request.add_auth_context_value(AuthenticationContextClass::new(class.clone()));
    }
    let (url, _, nonce) = request.url();
    let attempt = Attempt {
        key: beginning.key.to_owned(),
        issuer: configuration.issuer.clone(),
        nonce: nonce.secret().clone(),
        verifier: verifier.secret().clone(),
        browser: beginning.browser,
        return_to: beginning.return_to,
        link_to: beginning.link_to.map(|person| person.0),
    };
    Ok((url, attempt))
}
