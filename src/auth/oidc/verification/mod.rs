//! Every check of an ID token: those of the crate, and those it leaves to its caller.

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJsonWebKeySet};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, JsonWebKeySet, Nonce,
    SignatureVerificationError,
};
use serde_json::Value;

use super::metadata::{Metadata, algorithms};
use super::providers::Providers;
use super::refusal::{Code, Refusal, chain};
use super::{Client, jws};
use crate::domain::claims::Set;
use crate::domain::reading::Moment;

/// How old an ID token may be when it arrives: it was made for this sign-in.
const OLDEST: TimeDelta = TimeDelta::minutes(10);
/// Keys that are tried when a token does not say which one signed it.
const MOST_KEYS: usize = 20;

/// What an ID token is held against.
#[derive(Debug)]
pub(super) struct Checks<'a> {
    pub(super) client: &'a Client<'a>,
    /// What it must repeat; nothing when a session is looked at again.
    pub(super) nonce: Option<&'a str>,
    /// The access token that came with it.
    pub(super) access_token: &'a AccessToken,
}

/// What an ID token says.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) subject: String,
    pub(super) sid: Option<String>,
    pub(super) claims: Set,
}

/// Verifies an ID token. Keys are asked for again, once, when the one that signed it is not known.
pub(super) async fn verify(
    providers: &Providers,
    issuer: &str,
    checks: &Checks<'_>,
    token: &CoreIdToken,
) -> Result<Told, Refusal> {
    let metadata = providers.metadata(issuer).await?;
    let refusal = match checks.verify(&metadata, token, providers.now()) {
        Err(refusal) if refusal.code == Code::Signature => refusal,
        verified => return verified,
    };
    match providers.discovered_anew(issuer).await {
        Some(metadata) => checks.verify(&metadata, token, providers.now()),
        None => Err(refusal),
    }
}

impl Checks<'_> {
    /// Verifies with the keys there are.
    fn verify(
        &self,
        metadata: &Metadata,
        token: &CoreIdToken,
        now: Moment,
    ) -> Result<Told, Refusal> {
        let all = metadata.jwks();
        match self.verify_with(metadata, all.clone(), token, now) {
            Err(Failure::Ambiguous(detail)) => self.try_each(metadata, all, token, now, &detail),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Ok(told) => Ok(told),
        }
    }

    /// Several keys may have signed it, as it does not say which, or says a name that several have.
    fn try_each(
        &self,
        metadata: &Metadata,
        keys: &CoreJsonWebKeySet,
        token: &CoreIdToken,
        now: Moment,
        detail: &str,
    ) -> Result<Told, Refusal> {
        for key in keys.keys().iter().take(MOST_KEYS) {
            let alone = JsonWebKeySet::new(vec![key.clone()]);
            match self.verify_with(metadata, alone, token, now) {
                Ok(told) => return Ok(told),
                // A key that did not sign it says nothing about the rest of the token; one that did says it all.
                Err(Failure::Refused(refusal)) if refusal.code != Code::Signature => {
                    return Err(refusal);
                }
                Err(Failure::Refused(_) | Failure::Ambiguous(_)) => {}
            }
        }
        Err(Refusal::new(Code::Signature, detail))
    }

    fn verify_with(
        &self,
        metadata: &Metadata,
        keys: CoreJsonWebKeySet,
        token: &CoreIdToken,
        now: Moment,
    ) -> Result<Told, Failure> {
        let configuration = self.client.configuration;
        let earliest = now - self.client.skew;
        let verifier = CoreIdTokenVerifier::new_public_client(
            ClientId::new(configuration.client_id.clone()),
            metadata.issuer().clone(),
            keys,
        )
        .set_allowed_algs(algorithms(metadata))
        .set_time_fn(move || earliest)
        .set_other_audience_verifier_fn(|audience| {
            configuration
                .trusted_audiences
                .iter()
                .any(|trusted| *trusted == **audience)
        });
        let claims = token
            .claims(&verifier, |nonce: Option<&Nonce>| self.check_nonce(nonce))
            .map_err(|error| failure(&error))?;
        self.check_rest(claims, now)?;
        self.check_hash(token, &verifier, claims)?;
        let raw = raw(token)?;
        Ok(Told {
            subject: claims.subject().to_string(),
            sid: raw.get("sid").and_then(Value::as_str).map(str::to_owned),
            claims: raw,
        })
    }

    fn check_nonce(&self, nonce: Option<&Nonce>) -> Result<(), String> {
        let Some(expected) = self.nonce else {
            return Ok(());
        };
        let said = nonce.ok_or("the token has no nonce")?.secret();
        // Digests are of one length, and where they differ says nothing.
        let digest = |text: &str| openssl::sha::sha256(text.as_bytes());
        if openssl::memcmp::eq(&digest(expected), &digest(said)) {
            Ok(())
        } else {
            Err("the token was made for another sign-in".to_owned())
        }
    }

    /// What the crate does not look at.
    fn check_rest(&self, claims: &CoreIdTokenClaims, now: Moment) -> Result<(), Refusal> {
        let client_id = &self.client.configuration.client_id;
        if let Some(party) = claims.authorized_party()
            && party.as_str() != client_id
        {
            let detail = format!(
                "the token was made at the wish of \"{}\" (azp)",
                party.as_str()
            );
            return Err(Refusal::new(Code::Audience, detail));
        }
        check_issued(claims.issue_time(), now, self.client.skew)?;
        check_subject(claims.subject())
    }

    /// The token tells which access token it came with; without that, nothing is wrong in this flow.
    fn check_hash(
        &self,
        token: &CoreIdToken,
        verifier: &CoreIdTokenVerifier<'_>,
        claims: &CoreIdTokenClaims,
    ) -> Result<(), Refusal> {
        let Some(said) = claims.access_token_hash() else {
            return Ok(());
        };
        let failed =
            |error: &(dyn std::error::Error + 'static)| Refusal::because(Code::Hash, error);
        let algorithm = token.signing_alg().map_err(|error| failed(&error))?;
        let key = token
            .signing_key(verifier)
            .map_err(|error| failed(&error))?;
        let computed = AccessTokenHash::from_token(self.access_token, algorithm, key)
            .map_err(|error| failed(&error))?;
        if computed == *said {
            Ok(())
        } else {
            let detail = "the token belongs to another access token (at_hash)";
            Err(Refusal::new(Code::Hash, detail))
        }
    }
}

/// Why a token was not verified with some keys.
enum Failure {
    Ambiguous(String),
    Refused(Refusal),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// When a token says it was issued: not in the future, and not long ago.
pub(super) fn check_issued(
    issued: DateTime<Utc>,
    now: Moment,
    skew: TimeDelta,
) -> Result<(), Refusal> {
    if issued > now + skew {
        let ahead = (issued - now).num_seconds();
        let detail = format!("the token was issued {ahead} s in the future: compare the clocks");
        return Err(Refusal::new(Code::Time, detail));
    }
    if issued < now - OLDEST - skew {
        let ago = (now - issued).num_seconds();
        let detail = format!("the token was issued {ago} s ago: compare the clocks");
        return Err(Refusal::new(Code::Time, detail));
    }
    Ok(())
}

/// The name of an account is 1 to 255 characters of ASCII (OpenID Connect Core 2).
pub(super) fn check_subject(subject: &str) -> Result<(), Refusal> {
    let is_good = (1..=255).contains(&subject.len())
        && subject.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && !subject.trim().is_empty();
    if is_good {
        Ok(())
    } else {
        let detail =
            format!("the account is named {subject:?} (sub): not 1 to 255 letters of ASCII");
        Err(Refusal::new(Code::Subject, detail))
    }
}

fn raw(token: &CoreIdToken) -> Result<Set, Refusal> {
    let text = token.to_string();
    let payload = text.split('.').nth(1).unwrap_or_default();
    jws::object(payload).map_err(|why| Refusal::new(Code::Tokens, format!("the ID token {why}")))
}

fn failure(error: &ClaimsVerificationError) -> Failure {
    use ClaimsVerificationError as Claims;
    use SignatureVerificationError as Signature;
    if let Claims::SignatureVerification(Signature::AmbiguousKeyId(_)) = error {
        return Failure::Ambiguous(chain(error));
    }
    let codes = [
        (matches!(error, Claims::Expired(_)), Code::Time),
        (matches!(error, Claims::InvalidAudience(_)), Code::Audience),
        (matches!(error, Claims::InvalidIssuer(_)), Code::Issuer),
        (matches!(error, Claims::InvalidNonce(_)), Code::Nonce),
        (matches!(error, Claims::InvalidSubject(_)), Code::Subject),
        (
            matches!(error, Claims::SignatureVerification(_)),
            Code::Signature,
        ),
    ];
    let code = codes
        .into_iter()
        .find_map(|(is_it, code)| is_it.then_some(code));
    Failure::Refused(Refusal::because(code.unwrap_or(Code::Tokens), error))
}

#[cfg(test)]
mod tests;
