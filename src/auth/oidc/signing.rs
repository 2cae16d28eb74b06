//! For tests: a provider's key, what it publishes of it, and messages signed with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::CoreJsonWebKeySet;
use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::Private;
use openssl::sha::sha256;
use serde_json::{Value, json};

/// A key on P-256, as ES256 uses it (RFC 7518, 3.4).
pub(super) struct Key(EcKey<Private>);

impl Key {
    pub(super) fn new() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        Self(EcKey::generate(&group).unwrap())
    }

    /// What is published of it (RFC 7517), with further members.
    pub(super) fn published(&self, further: &Value) -> Value {
        let mut context = BigNumContext::new().unwrap();
        let group = self.0.group();
        let (mut x, mut y) = (
            openssl::bn::BigNum::new().unwrap(),
            openssl::bn::BigNum::new().unwrap(),
        );
        self.0
            .public_key()
            .affine_coordinates(group, &mut x, &mut y, &mut context)
            .unwrap();
        let part = |number: &openssl::bn::BigNum| encode(&number.to_vec_padded(32).unwrap());
        let mut key = json!({ "kty": "EC", "crv": "P-256", "x": part(&x), "y": part(&y) });
        let members = key.as_object_mut().unwrap();
        members.extend(further.as_object().unwrap().clone());
        key
    }

    /// A message in its compact form (RFC 7515, 7.1).
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = EcdsaSig::sign(&sha256(signed.as_bytes()), &self.0).unwrap();
        let halves = [signature.r(), signature.s()].map(|half| half.to_vec_padded(32).unwrap());
        format!("{signed}.{}", encode(&halves.concat()))
    }
}

/// A set of published keys.
pub(super) fn set(keys: &[Value]) -> CoreJsonWebKeySet {
    serde_json::from_value(json!({ "keys": keys })).unwrap()
}

pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
