//! The userinfo endpoint, where most universities put what is not for everybody.

use openidconnect::AccessToken;
use openidconnect::http::{Method, Request, StatusCode, header};
use serde_json::Value;

use super::Client;

use super::jws::{self, Jws};
use super::metadata::{Metadata, algorithms};
use super::providers::Providers;
use super::refusal::{Code, Refusal};
use crate::domain::claims::Set;

/// Asks for what there is about an account; nothing where there is no such endpoint.
pub(super) async fn ask(
    providers: &Providers,
    client: &Client<'_>,
    metadata: &Metadata,
    token: &AccessToken,
    subject: &str,
) -> Result<Set, Refusal> {
    let Some(endpoint) = metadata.userinfo_endpoint() else {
        return Ok(Set::new());
    };
    let request = Request::builder()
        .method(Method::GET)
        .uri(endpoint.as_str())
        .header(header::ACCEPT, "application/json, application/jwt")
        .header(header::AUTHORIZATION, format!("Bearer {}", token.secret()))
        .body(Vec::new())
        .map_err(|error| Refusal::because(Code::Userinfo, &error))?;
    let conversation = providers.conversation(metadata.issuer().as_str());
    let response = conversation
        .ask(request)
        .await
        .map_err(|error| Refusal::because(Code::Unreachable, &error))?;
    if response.status() != StatusCode::OK {
        let detail = format!("{} answers with {}", endpoint.as_str(), response.status());
        return Err(Refusal::new(Code::Userinfo, detail));
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let claims = if kind.eq_ignore_ascii_case("application/jwt") {
        signed(providers, client, metadata, response.body()).await?
    } else {
        serde_json::from_slice(response.body()).map_err(|error| {
            let detail = format!("the answer is not a JSON object: {error}");
            Refusal::new(Code::Userinfo, detail)
        })?
    };
    check_subject(&claims, subject)?;
    Ok(claims)
}

/// An answer about somebody else is none: the access token may have been exchanged on the way.
fn check_subject(claims: &Set, subject: &str) -> Result<(), Refusal> {
    let said = claims.get("sub").and_then(Value::as_str);
    if said == Some(subject) {
        return Ok(());
    }
    let detail = format!("userinfo is about {said:?}, the ID token about {subject:?}");
    Err(Refusal::new(Code::Userinfo, detail))
}

/// A signed answer: by the provider's keys, from it, and for Parvis.
async fn signed(
    providers: &Providers,
    client: &Client<'_>,
    metadata: &Metadata,
    body: &[u8],
) -> Result<Set, Refusal> {
    let refuse = |detail: String| Refusal::new(Code::Userinfo, format!("signed userinfo {detail}"));
    let text = std::str::from_utf8(body).map_err(|error| refuse(error.to_string()))?;
    let message = Jws::parse(text.trim(), &algorithms(metadata)).map_err(refuse)?;
    let issuer = metadata.issuer().as_str();
    let is_signed = message.is_signed_by(metadata.jwks())
        || match providers.discovered_anew(issuer).await {
            Some(metadata) => message.is_signed_by(metadata.jwks()),
            None => false,
        };
    if !is_signed {
        return Err(refuse("is not signed by the provider".to_owned()));
    }
    let claims = message.claims;
    if claims.get("iss").is_some_and(|iss| iss != issuer) {
        return Err(refuse("is from somebody else (iss)".to_owned()));
    }
    let configuration = client.configuration;
    let trusted = &configuration.trusted_audiences;
    if claims.contains_key("aud") && !jws::is_for(&claims, &configuration.client_id, trusted) {
        return Err(refuse("is for somebody else (aud)".to_owned()));
    }
    Ok(claims)
}
