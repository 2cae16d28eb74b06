//! Looking again at an account during a long session: whether the provider still vouches, and for what.

use openidconnect::core::CoreTokenType;
use openidconnect::{
    OAuth2TokenResponse as _, RefreshToken, RequestTokenError, TokenResponse as _,
};

use super::finish::not_exchanged;
use super::metadata::known;
use super::providers::Providers;
use super::refusal::{Code, Refusal};
use super::{Client, jws, userinfo, verification};
use crate::domain::claims::{Claims, Set};

/// What came of looking again.
#[derive(Debug)]
pub enum Rechecked {
    /// The provider still vouches.
    Vouched {
        /// What it says now.
        claims: Claims,
        /// What to look with the next time.
        refresh_token: String,
    },
    /// It does not any more: the session must end.
    Withdrawn(Refusal),
}

/// What was said at the sign-in, or the last time.
#[derive(Debug)]
pub struct Before<'a> {
    /// The account.
    pub subject: &'a str,
    /// The ID token: what it says counts until there is a new one.
    pub id_token: &'a str,
    /// What to look with.
    pub refresh_token: &'a str,
}

/// Looks again.
///
/// # Errors
/// When the provider does not answer, or not as it must: that says nothing about the account.
pub async fn recheck(
    providers: &Providers,
    client: &Client<'_>,
    before: &Before<'_>,
) -> Result<Rechecked, Refusal> {
    let issuer = &client.configuration.issuer;
    let metadata = providers.metadata(issuer).await?;
    let known = known(&metadata, client)?;
    let token = RefreshToken::new(before.refresh_token.to_owned());
    let request = known
        .exchange_refresh_token(&token)
        .map_err(|error| Refusal::because(Code::Discovery, &error))?;
    let conversation = providers.conversation(issuer);
    let response = match request.request_async(&conversation).await {
        Ok(response) => response,
        Err(RequestTokenError::ServerResponse(answer))
            if answer.error().as_ref() == "invalid_grant" =>
        {
            let detail = format!("the provider does not vouch any more: {answer:?}");
            return Ok(Rechecked::Withdrawn(Refusal::new(Code::Denied, detail)));
        }
        Err(error) => return Err(not_exchanged(&error)),
    };
    if *response.token_type() != CoreTokenType::Bearer {
        return Err(Refusal::new(Code::Tokens, "the token is not bearer"));
    }
    let payload = before.id_token.split('.').nth(1).unwrap_or_default();
    let mut claims = Claims {
        id_token: jws::object(payload).map_err(|why| Refusal::new(Code::Tokens, why))?,
        userinfo: Set::new(),
    };
    if let Some(id_token) = response.id_token() {
        let checks = verification::Checks {
            client,
            nonce: None,
            access_token: response.access_token(),
        };
        let told = verification::verify(providers, issuer, &checks, id_token).await?;
        if told.subject != before.subject {
            let detail = format!("the new ID token is about {:?}", told.subject);
            return Ok(Rechecked::Withdrawn(Refusal::new(Code::Subject, detail)));
        }
        claims.id_token = told.claims;
    }
    claims.userinfo = userinfo::ask(
        providers,
        client,
        &metadata,
        response.access_token(),
        before.subject,
    )
    .await?;
    Ok(Rechecked::Vouched {
        claims,
        refresh_token: response
            .refresh_token()
            .map_or(before.refresh_token, |token| token.secret())
            .to_owned(),
    })
}
