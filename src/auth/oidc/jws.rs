//! Signed messages that are not ID tokens: logout tokens and signed userinfo.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, JsonWebKeyAlgorithm, JsonWebKeyUse};
use serde_json::Value;

use crate::domain::claims::Set;

/// A signed message, not yet verified.
#[derive(Debug)]
pub(super) struct Jws {
    algorithm: CoreJwsSigningAlgorithm,
    key: Option<String>,
    /// The type its header names, in lower case and without `application/`.
    pub(super) kind: Option<String>,
    /// What it says.
    pub(super) claims: Set,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

/// What is between the dots, as an object.
pub(super) fn object(part: &str) -> Result<Set, String> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|error| format!("is not base64url: {error}"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("is not a JSON object: {error}"))
}

impl Jws {
    /// Takes a message apart.
    ///
    /// # Errors
    /// When it is none, or signed in a way that is not accepted.
    pub(super) fn parse(text: &str, accepted: &[CoreJwsSigningAlgorithm]) -> Result<Self, String> {
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("is not three parts with dots between".to_owned());
        };
        let set = object(header).map_err(|why| format!("its header {why}"))?;
        if set.contains_key("crit") {
            return Err("demands extensions that are not known (crit)".to_owned());
        }
        let named = set.get("alg").cloned().unwrap_or_default();
        let algorithm = serde_json::from_value(named.clone())
            .ok()
            .filter(|algorithm| accepted.contains(algorithm))
            .ok_or_else(|| format!("is signed with {named}, which is not accepted"))?;
        let text_of = |name: &str| set.get(name).and_then(Value::as_str).map(str::to_owned);
        let kind = text_of("typ").map(|kind| {
            let kind = kind.to_ascii_lowercase();
            kind.strip_prefix("application/")
                .unwrap_or(&kind)
                .to_owned()
        });
        Ok(Self {
            algorithm,
            key: text_of("kid"),
            kind,
            claims: object(payload).map_err(|why| format!("its payload {why}"))?,
            signed: format!("{header}.{payload}").into_bytes(),
            signature: URL_SAFE_NO_PAD
                .decode(signature)
                .map_err(|error| format!("its signature is not base64url: {error}"))?,
        })
    }

    /// Whether one of the keys that it may mean signed it.
    pub(super) fn is_signed_by(&self, keys: &CoreJsonWebKeySet) -> bool {
        keys.keys().iter().any(|key| {
            let is_meant = match (&self.key, key.key_id()) {
                (Some(meant), Some(id)) => id.as_str() == meant,
                (Some(_), None) => false,
                (None, _) => true,
            };
            let is_for_this = match key.signing_alg() {
                JsonWebKeyAlgorithm::Algorithm(algorithm) => *algorithm == self.algorithm,
                JsonWebKeyAlgorithm::Unspecified => true,
                JsonWebKeyAlgorithm::Unsupported => false,
            };
            let signs = key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
            is_meant
                && is_for_this
                && signs
                && key
                    .verify_signature(&self.algorithm, &self.signed, &self.signature)
                    .is_ok()
        })
    }
}

/// Whether the audience of a token is one of those, and all of it are.
pub(super) fn is_for(claims: &Set, client: &str, trusted: &[String]) -> bool {
    let audience: Vec<&str> = claims.get("aud").map_or_else(Vec::new, |audience| {
        match audience.as_array() {
            // Of what is no text nobody knows for whom it is.
            Some(several) => {
                let texts: Option<Vec<&str>> = several.iter().map(Value::as_str).collect();
                texts.unwrap_or_default()
            }
            None => audience.as_str().into_iter().collect(),
        }
    });
    audience.contains(&client)
        && audience
            .iter()
            .all(|&one| one == client || trusted.iter().any(|trusted| trusted == one))
}
