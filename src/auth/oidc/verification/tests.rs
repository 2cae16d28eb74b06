//! Tokens that are right, and each way in which one can be wrong.

use std::str::FromStr as _;

use serde_json::json;

use super::super::signing::{Key, encode, set};
use super::*;
use crate::domain::issuer::Configuration;

const ISSUER: &str = "https://idp.uni.example";

fn now() -> Moment {
    Moment::from_timestamp(1_800_000_000, 0).unwrap()
}

/// A provider with keys.
fn metadata(keys: &[Value]) -> Metadata {
    let said = json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "jwks_uri": format!("{ISSUER}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
    });
    let metadata: Metadata = serde_json::from_value(said).unwrap();
    metadata.set_jwks(set(keys))
}

/// What comes of a token, with a nonce expected and the access token that came with it.
fn verify_as(
    nonce: Option<&str>,
    access_token: &str,
    token: &str,
    keys: &[Value],
) -> Result<Told, Refusal> {
    let text = format!(
        "name = \"Campus\"\nissuer = \"{ISSUER}\"\nclient_id = \"parvis\"\ntrusted_audiences = [\"portal\"]"
    );
    let configuration: Configuration = toml::from_str(&text).unwrap();
    let client = Client {
        configuration: &configuration,
        secret: Some("shared"),
        redirect: "https://parvis.uni.example/sign-in/campus/callback",
        skew: TimeDelta::seconds(60),
    };
    let checks = Checks {
        client: &client,
        nonce,
        access_token: &AccessToken::new(access_token.to_owned()),
    };
    let token = CoreIdToken::from_str(token).unwrap();
    checks.verify(&metadata(keys), &token, now())
}

fn verify(token: &str, keys: &[Value]) -> Result<Told, Refusal> {
    verify_as(Some("n"), "access", token, keys)
}

fn claims() -> Value {
    let seconds = now().timestamp();
    json!({
        "iss": ISSUER, "aud": "parvis", "sub": "ada", "sid": "s1", "nonce": "n", "iat": seconds, "exp": seconds + 300,
    })
}

/// What comes of a token with one claim that is otherwise.
fn with(name: &str, value: Value) -> Result<Told, Refusal> {
    let key = Key::new();
    let mut claims = claims();
    claims[name] = value;
    let token = key.sign(&json!({ "alg": "ES256" }), &claims);
    verify(&token, &[key.published(&json!({}))])
}

/// The code under which a token is refused; nothing when it is not.
fn code(result: Result<Told, Refusal>) -> Option<Code> {
    result.err().map(|refusal| refusal.code)
}

#[test]
fn a_right_token_tells_who_it_is_and_in_which_session() {
    let told = with("groups", json!(["porters"])).unwrap();
    assert_eq!(
        (told.subject.as_str(), told.sid.as_deref()),
        ("ada", Some("s1"))
    );
    assert_eq!(told.claims["groups"], json!(["porters"]));
    assert_eq!(with("sid", json!(7)).unwrap().sid, None);
}

#[test]
fn each_wrong_claim_has_a_code_of_its_own() {
    let seconds = now().timestamp();
    for (name, value, wanted) in [
        ("iss", json!("https://evil.example"), Some(Code::Issuer)),
        ("iss", json!(format!("{ISSUER}/")), Some(Code::Issuer)),
        ("aud", json!("other"), Some(Code::Audience)),
        ("aud", json!(["parvis", "other"]), Some(Code::Audience)),
        ("aud", json!(["parvis", "portal"]), None),
        ("azp", json!("parvis"), None),
        ("azp", json!("other"), Some(Code::Audience)),
        ("nonce", json!("m"), Some(Code::Nonce)),
        ("exp", json!(seconds - 59), None),
        ("exp", json!(seconds - 61), Some(Code::Time)),
        ("iat", json!(seconds + 61), Some(Code::Time)),
        ("sub", json!("é"), Some(Code::Subject)),
    ] {
        assert_eq!(code(with(name, value.clone())), wanted, "{name} {value}");
    }
}

#[test]
fn the_nonce_is_the_one_of_this_sign_in() {
    let key = Key::new();
    let keys = [key.published(&json!({}))];
    let mut nameless = claims();
    nameless.as_object_mut().unwrap().remove("nonce");
    let [named, nameless] =
        [claims(), nameless].map(|claims| key.sign(&json!({ "alg": "ES256" }), &claims));
    let come = |nonce, token| code(verify_as(nonce, "access", token, &keys));
    assert_eq!(come(Some("n"), &named), None);
    assert_eq!(come(Some("other"), &named), Some(Code::Nonce));
    assert_eq!(come(Some("n"), &nameless), Some(Code::Nonce));
    // Looked at again later, it need not have one.
    assert_eq!(come(None, &named), None);
    assert_eq!(come(None, &nameless), None);
}

#[test]
fn a_hash_of_the_access_token_is_that_of_the_one_that_came() {
    let digest = openssl::sha::sha256(b"access");
    let half = encode(digest.get(..16).unwrap());
    let key = Key::new();
    let keys = [key.published(&json!({}))];
    let mut claims = claims();
    claims["at_hash"] = json!(half);
    let token = key.sign(&json!({ "alg": "ES256" }), &claims);
    assert_eq!(code(verify_as(Some("n"), "access", &token, &keys)), None);
    let other = verify_as(Some("n"), "another", &token, &keys);
    assert_eq!(code(other), Some(Code::Hash));
}

#[test]
fn the_key_that_signed_is_found_among_several_and_no_other_counts() {
    let (first, second) = (Key::new(), Key::new());
    let ours = |kid: &str| second.published(&json!({ "kid": kid }));
    let theirs = |kid: &str| first.published(&json!({ "kid": kid }));
    let signed = |header: Value| second.sign(&header, &claims());
    let nameless = signed(json!({ "alg": "ES256" }));
    let named = signed(json!({ "alg": "ES256", "kid": "b" }));
    for (token, keys, wanted) in [
        (&named, vec![theirs("a"), ours("b")], None),
        (&named, vec![theirs("b"), ours("b")], None),
        (&nameless, vec![theirs("a"), ours("b")], None),
        (&nameless, vec![ours("b"), theirs("a")], None),
        (&named, vec![theirs("a"), ours("a")], Some(Code::Signature)),
        (&named, vec![theirs("b")], Some(Code::Signature)),
        (
            &nameless,
            vec![theirs("a"), theirs("b")],
            Some(Code::Signature),
        ),
        (&nameless, vec![], Some(Code::Signature)),
    ] {
        assert_eq!(code(verify(token, &keys)), wanted, "{token} {keys:?}");
    }
    // Of keys that did not sign, the one that did tells what is wrong.
    let mut wrong = claims();
    wrong["nonce"] = json!("m");
    let wrong = second.sign(&json!({ "alg": "ES256" }), &wrong);
    let refused = verify(&wrong, &[theirs("a"), ours("b")]);
    assert_eq!(code(refused), Some(Code::Nonce));
}

#[test]
fn what_everybody_could_have_made_is_no_signature() {
    let key = Key::new();
    let keys = [key.published(&json!({}))];
    let part = |value: Value| encode(value.to_string().as_bytes());
    let unsigned = format!("{}.{}.", part(json!({ "alg": "none" })), part(claims()));
    assert_eq!(code(verify(&unsigned, &keys)), Some(Code::Signature));
    let token = key.sign(&json!({ "alg": "HS256" }), &claims());
    assert_eq!(code(verify(&token, &keys)), Some(Code::Signature));
    let token = key.sign(&json!({ "alg": "ES384" }), &claims());
    assert_eq!(code(verify(&token, &keys)), Some(Code::Signature));
}

#[test]
fn a_token_is_issued_now_give_or_take_what_clocks_are_allowed() {
    let now = Moment::from_timestamp(1_800_000_000, 0).unwrap();
    let skew = TimeDelta::seconds(60);
    let at = |seconds| check_issued(now + TimeDelta::seconds(seconds), now, skew);
    for good in [60, 0, -600, -660] {
        assert_eq!(at(good), Ok(()), "{good}");
    }
    for bad in [61, 3600, -661, -30 * 86_400] {
        assert_eq!(at(bad).unwrap_err().code, Code::Time, "{bad}");
    }
}

#[test]
fn an_account_has_a_name_of_ascii() {
    for good in ["a", "248289761001", "a b", &"x".repeat(255)] {
        assert_eq!(check_subject(good), Ok(()), "{good}");
    }
    for bad in ["", " ", "é", "a\u{0}", "a\n", &"x".repeat(256)] {
        assert_eq!(
            check_subject(bad).unwrap_err().code,
            Code::Subject,
            "{bad:?}"
        );
    }
}
