//! The end of a sign-in: the provider's answer becomes somebody it vouches for, or a reason why not.

use openidconnect::core::{CoreErrorResponseType, CoreTokenResponse, CoreTokenType};
use openidconnect::{
    AuthorizationCode, OAuth2TokenResponse as _, PkceCodeVerifier, RequestTokenError,
    StandardErrorResponse, TokenResponse as _,
};

use super::attempt::Attempt;
use super::http::Unanswered;
use super::metadata::{Metadata, known};
use super::providers::Providers;
use super::refusal::{Code, Refusal};
use super::{Client, userinfo, verification};
use crate::domain::claims::Claims;

/// What the browser brings back from the provider.
#[derive(Debug, Clone, Default)]
pub struct Callback {
    /// The code.
    pub code: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// What went wrong there.
    pub error: Option<String>,
    /// The same in words.
    pub error_description: Option<String>,
}

/// Somebody a provider vouches for.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// The account there.
    pub subject: String,
    /// The provider's name of its own session.
    pub sid: Option<String>,
    /// All it says.
    pub claims: Claims,
    /// The ID token, to be shown when signing out there.
    pub id_token: String,
    /// What the account can be looked at again with.
    pub refresh_token: Option<String>,
}

/// Ends a sign-in.
///
/// # Errors
/// Why nobody is vouched for.
pub async fn finish(
    providers: &Providers,
    client: &Client<'_>,
    attempt: &Attempt,
    callback: &Callback,
) -> Result<Verified, Refusal> {
    if attempt.issuer != client.configuration.issuer {
        let detail = "the provider was changed while the sign-in was on its way";
        return Err(Refusal::new(Code::State, detail));
    }
    let metadata = providers.metadata(&attempt.issuer).await?;
    check_who_answers(&metadata, callback)?;
    if let Some(error) = &callback.error {
        return Err(denied(error, callback.error_description.as_deref()));
    }
    let Some(code) = &callback.code else {
        let detail = "the provider sent neither a code nor an error";
        return Err(Refusal::new(Code::Provider, detail));
    };
    let response = exchange(providers, client, &metadata, attempt, code).await?;
    if *response.token_type() != CoreTokenType::Bearer {
        let detail = format!(
            "the token is of the kind {:?}, not bearer",
            response.token_type()
        );
        return Err(Refusal::new(Code::Tokens, detail));
    }
    let id_token = response.id_token().ok_or_else(|| {
        Refusal::new(
            Code::Tokens,
            "there is no ID token; is the scope openid allowed?",
        )
    })?;
    let checks = verification::Checks {
        client,
        nonce: Some(&attempt.nonce),
        access_token: response.access_token(),
    };
    let told = verification::verify(providers, &attempt.issuer, &checks, id_token).await?;
    let token = response.access_token();
    let userinfo = userinfo::ask(providers, client, &metadata, token, &told.subject).await?;
    Ok(Verified {
        issuer: attempt.issuer.clone(),
        subject: told.subject,
        sid: told.sid,
        claims: Claims {
            id_token: told.claims,
            userinfo,
        },
        id_token: id_token.to_string(),
        refresh_token: response
            .refresh_token()
            .filter(|_| client.configuration.rechecks)
            .map(|token| token.secret().clone()),
    })
}

/// A provider that names itself in its answers must be the one that was asked, errors included: a code for one given to
/// another is the mix-up attack.
fn check_who_answers(metadata: &Metadata, callback: &Callback) -> Result<(), Refusal> {
    let issuer = metadata.issuer().as_str();
    let must = metadata
        .additional_metadata()
        .authorization_response_iss_parameter_supported;
    match callback.iss.as_deref() {
        Some(iss) if iss == issuer => Ok(()),
        Some(iss) => Err(Refusal::new(
            Code::ResponseIssuer,
            format!("{issuer} was asked, and \"{iss}\" answers"),
        )),
        None if must => Err(Refusal::new(
            Code::ResponseIssuer,
            format!("{issuer} announces that it names itself in its answers (iss), and does not"),
        )),
        None => Ok(()),
    }
}

fn denied(error: &str, description: Option<&str>) -> Refusal {
    let code = match error {
        "access_denied" | "login_required" | "interaction_required" | "consent_required" => {
            Code::Denied
        }
        "temporarily_unavailable" | "server_error" => Code::Unreachable,
        _ => Code::Provider,
    };
    let words = description.unwrap_or("no further words");
    // It came through the browser and may be anything.
    let shown: String = format!("the provider says {error}: {words}")
        .chars()
        .filter(|letter| !letter.is_control())
        .take(500)
        .collect();
    Refusal::new(code, shown)
}

async fn exchange(
    providers: &Providers,
    client: &Client<'_>,
    metadata: &Metadata,
    attempt: &Attempt,
    code: &str,
) -> Result<CoreTokenResponse, Refusal> {
    let known = known(metadata, client)?;
    let request = known
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .map_err(|error| Refusal::because(Code::Discovery, &error))?
        .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()));
    let conversation = providers.conversation(&attempt.issuer);
    let response = request.request_async(&conversation).await;
    providers.learn(&attempt.issuer, &conversation);
    response.map_err(|error| not_exchanged(&error))
}

/// Why there are no tokens. The answer itself is not told: it may hold one.
pub(super) fn not_exchanged(
    error: &RequestTokenError<Unanswered, StandardErrorResponse<CoreErrorResponseType>>,
) -> Refusal {
    match error {
        RequestTokenError::Request(error) => Refusal::because(Code::Unreachable, error),
        RequestTokenError::ServerResponse(answer) => Refusal::new(
            Code::Exchange,
            format!("the provider refuses the code or the client: {answer}"),
        ),
        RequestTokenError::Parse(error, body) => Refusal::new(
            Code::Tokens,
            format!(
                "the answer ({} bytes) of the token endpoint is not as it must be: {error}",
                body.len()
            ),
        ),
        RequestTokenError::Other(words) => Refusal::new(Code::Exchange, words.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_says_no_is_told_from_one_that_is_out_of_order_and_its_words_end_no_line() {
        let codes = [
            ("access_denied", Code::Denied),
            ("login_required", Code::Denied),
            ("temporarily_unavailable", Code::Unreachable),
            ("server_error", Code::Unreachable),
            ("invalid_scope", Code::Provider),
        ];
        for (error, code) in codes {
            assert_eq!(denied(error, None).code, code, "{error}");
        }
        let refusal = denied("access_denied", Some("not\r\nyou"));
        assert_eq!(refusal.detail, "the provider says access_denied: notyou");
        let long = denied("server_error", Some(&"é".repeat(9_000)));
        assert_eq!(long.detail.chars().count(), 500);
    }
}
