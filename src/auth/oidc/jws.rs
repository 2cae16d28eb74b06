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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::signing::{Key, encode, set};
    use super::*;

    const ES256: CoreJwsSigningAlgorithm = CoreJwsSigningAlgorithm::EcdsaP256Sha256;

    #[test]
    fn a_message_is_three_parts_signed_as_is_accepted() {
        let key = Key::new();
        let text = key.sign(
            &json!({ "alg": "ES256", "kid": "1", "typ": "Application/Logout+JWT" }),
            &json!({ "sub": "ada" }),
        );
        let message = Jws::parse(&text, &[ES256]).unwrap();
        assert_eq!(message.kind.as_deref(), Some("logout+jwt"));
        assert_eq!(message.claims["sub"], "ada");
        let told = |text: &str, accepted: &[CoreJwsSigningAlgorithm]| {
            Jws::parse(text, accepted).unwrap_err()
        };
        assert!(told(&text, &[]).contains("ES256"));
        assert!(told(&format!("{text}.x"), &[ES256]).contains("three parts"));
        let (two, _) = text.rsplit_once('.').unwrap();
        assert!(told(two, &[ES256]).contains("three parts"));
        assert!(told(&format!("{two}.*"), &[ES256]).contains("base64url"));
        let extended = key.sign(&json!({ "alg": "ES256", "crit": [] }), &json!({}));
        assert!(told(&extended, &[ES256]).contains("crit"));
        let headless = format!("{}.{}.", encode(b"[]"), encode(b"{}"));
        assert!(told(&headless, &[ES256]).contains("its header"));
        let empty = key.sign(&json!({ "alg": "ES256" }), &json!("text"));
        assert!(told(&empty, &[ES256]).contains("its payload"));
    }

    #[test]
    fn only_a_key_that_is_meant_and_made_for_it_counts() {
        let (key, stranger) = (Key::new(), Key::new());
        let signed = |header: Value| {
            let text = key.sign(&header, &json!({ "sub": "ada" }));
            Jws::parse(&text, &[ES256]).unwrap()
        };
        let named = signed(json!({ "alg": "ES256", "kid": "1" }));
        let unnamed = signed(json!({ "alg": "ES256" }));
        let counts =
            |message: &Jws, further: Value| message.is_signed_by(&set(&[key.published(&further)]));
        for (further, with_name, without_name) in [
            (json!({ "kid": "1" }), true, true),
            (
                json!({ "kid": "1", "use": "sig", "alg": "ES256" }),
                true,
                true,
            ),
            (json!({ "kid": "2" }), false, true),
            (json!({}), false, true),
            (json!({ "kid": "1", "use": "enc" }), false, false),
            (json!({ "kid": "1", "alg": "ES384" }), false, false),
            (json!({ "kid": "1", "alg": "ECDH-ES" }), false, false),
        ] {
            assert_eq!(counts(&named, further.clone()), with_name, "{further}");
            assert_eq!(counts(&unnamed, further.clone()), without_name, "{further}");
        }
        let theirs = stranger.published(&json!({ "kid": "1" }));
        assert!(!named.is_signed_by(&set(std::slice::from_ref(&theirs))));
        assert!(!named.is_signed_by(&set(&[])));
        let ours = key.published(&json!({ "kid": "1" }));
        assert!(named.is_signed_by(&set(&[theirs, ours])));
    }

    #[test]
    fn a_token_is_for_us_and_for_nobody_unknown() {
        let trusted = ["portal".to_owned()];
        for (audience, is_ours) in [
            (json!("parvis"), true),
            (json!(["parvis"]), true),
            (json!(["portal", "parvis"]), true),
            (json!(["parvis", "stranger"]), false),
            (json!(["portal"]), false),
            (json!("portal"), false),
            (json!("stranger"), false),
            (json!(["parvis", 7]), false),
            (json!([]), false),
            (json!(7), false),
        ] {
            let claims: Set = serde_json::from_value(json!({ "aud": audience })).unwrap();
            assert_eq!(is_for(&claims, "parvis", &trusted), is_ours, "{audience}");
        }
        assert!(!is_for(&Set::new(), "parvis", &trusted));
    }
}
