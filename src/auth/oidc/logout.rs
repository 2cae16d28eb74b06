//! Signing out: at the provider after signing out here, and here after the provider said so.

use chrono::{DateTime, TimeDelta};
use serde_json::Value;
use url::Url;

use super::Client;
use super::jws::{self, Jws};
use super::metadata::{Metadata, algorithms};
use super::providers::Providers;
use crate::domain::claims::Set;
use crate::domain::reading::Moment;

/// The event that a logout token tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old a logout token may be that does not say when it expires.
const YOUNG: TimeDelta = TimeDelta::minutes(2);
/// How old one may be at all.
const RECENT: TimeDelta = TimeDelta::minutes(10);

/// Where to send the browser to sign out at the provider too; nowhere when it has no such place.
#[must_use]
pub fn address(
    metadata: &Metadata,
    client_id: &str,
    id_token: Option<&str>,
    come_back_to: &str,
    state: &str,
) -> Option<Url> {
    let endpoint = metadata
        .additional_metadata()
        .end_session_endpoint
        .as_deref()?;
    let mut url = Url::parse(endpoint).ok()?;
    {
        let mut query = url.query_pairs_mut();
        if let Some(id_token) = id_token {
            query.append_pair("id_token_hint", id_token);
        }
        query
            .append_pair("client_id", client_id)
            .append_pair("post_logout_redirect_uri", come_back_to)
            .append_pair("state", state);
    }
    Some(url)
}

/// Whose sessions ended at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The account; with it alone, all its sessions.
    pub subject: Option<String>,
    /// The session, as the provider names it.
    pub sid: Option<String>,
}

/// Reads a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6).
///
/// # Errors
/// Why it is none.
pub async fn read(
    providers: &Providers,
    client: &Client<'_>,
    token: &str,
) -> Result<Ended, String> {
    let issuer = &client.configuration.issuer;
    let metadata = providers
        .metadata(issuer)
        .await
        .map_err(|refusal| format!("can not be verified: {refusal}"))?;
    let message = Jws::parse(token, &algorithms(&metadata))?;
    let is_signed = message.is_signed_by(metadata.jwks())
        || match providers.discovered_anew(issuer).await {
            Some(metadata) => message.is_signed_by(metadata.jwks()),
            None => false,
        };
    if !is_signed {
        return Err("is not signed by the provider".to_owned());
    }
    let now = providers.now();
    let said = check(&message, client, now)?;
    if providers.is_new(issuer, &said.id, said.until) {
        Ok(said.ended)
    } else {
        Err("was seen before (jti)".to_owned())
    }
}

#[derive(Debug)]
struct Said {
    ended: Ended,
    id: String,
    /// Until when it could be used again.
    until: Moment,
}

fn check(message: &Jws, client: &Client<'_>, now: Moment) -> Result<Said, String> {
    let (claims, skew) = (&message.claims, client.skew);
    if let Some(kind) = &message.kind
        && !["logout+jwt", "jwt"].contains(&kind.as_str())
    {
        return Err(format!("is of the type {kind}"));
    }
    if claims.get("iss").and_then(Value::as_str) != Some(&client.configuration.issuer) {
        return Err("is from somebody else (iss)".to_owned());
    }
    let trusted = &client.configuration.trusted_audiences;
    if !jws::is_for(claims, &client.configuration.client_id, trusted) {
        return Err("is for somebody else (aud)".to_owned());
    }
    let until = check_times(claims, now, skew)?;
    let event = claims.get("events").and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) {
        return Err("does not tell of a logout (events)".to_owned());
    }
    if claims.contains_key("nonce") {
        return Err("has a nonce, as ID tokens do".to_owned());
    }
    let text = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(format!("has a {name} that is no text")),
    };
    let ended = Ended {
        subject: text("sub")?,
        sid: text("sid")?,
    };
    if ended.subject.is_none() && ended.sid.is_none() {
        return Err("names neither an account nor a session (sub, sid)".to_owned());
    }
    let id = text("jti")?.ok_or("has no name of its own (jti)")?;
    Ok(Said { ended, id, until })
}

fn check_times(claims: &Set, now: Moment, skew: TimeDelta) -> Result<Moment, String> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .map(Some)
            .ok_or_else(|| format!("has a {name} that is no time")),
    };
    let issued = time("iat")?.ok_or("does not say when it was issued (iat)")?;
    if issued > now + skew {
        return Err("was issued in the future (iat)".to_owned());
    }
    if issued < now - RECENT - skew {
        return Err("was issued long ago (iat)".to_owned());
    }
    match time("exp")? {
        Some(expires) if now >= expires + skew => Err("has expired (exp)".to_owned()),
        // It is refused as old after that, whatever it says.
        Some(expires) => Ok((expires + skew).min(issued + RECENT + skew + skew)),
        // Older providers do not say when it expires.
        None if issued < now - YOUNG - skew => {
            Err("does not say when it expires (exp), and is not fresh".to_owned())
        }
        None => Ok(issued + YOUNG + skew + skew),
    }
}

#[cfg(test)]
mod tests {
    use openidconnect::core::CoreJwsSigningAlgorithm;
    use serde_json::json;

    use super::*;
    use crate::domain::issuer::Configuration;

    fn now() -> Moment {
        Moment::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn judge(change: impl FnOnce(&mut Value, &mut Value)) -> Result<Ended, String> {
        use base64::Engine as _;
        let seconds = now().timestamp();
        let mut header = json!({ "alg": "RS256", "typ": "logout+jwt" });
        let mut claims = json!({
            "iss": "https://idp.uni.example", "aud": "parvis", "iat": seconds, "exp": seconds + 120, "jti": "1",
            "events": { EVENT: {} }, "sub": "ada", "sid": "s1",
        });
        change(&mut header, &mut claims);
        let encode = |value: &Value| {
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
        };
        let text = format!("{}.{}.c2ln", encode(&header), encode(&claims));
        let message = Jws::parse(&text, &[CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256])?;
        let text =
            "name = \"Campus\"\nissuer = \"https://idp.uni.example\"\nclient_id = \"parvis\"";
        let configuration: Configuration = toml::from_str(text).unwrap();
        let client = Client {
            configuration: &configuration,
            secret: None,
            redirect: "https://parvis.uni.example/sign-in/campus/callback",
            skew: TimeDelta::seconds(60),
        };
        check(&message, &client, now()).map(|said| said.ended)
    }

    fn without(name: &'static str) -> Result<Ended, String> {
        judge(|_, claims| {
            claims.as_object_mut().unwrap().remove(name);
        })
    }

    fn with(name: &'static str, value: Value) -> Result<Ended, String> {
        judge(|_, claims| claims[name] = value)
    }

    #[test]
    fn a_logout_token_names_an_account_or_a_session_or_both() {
        let ended = |subject: Option<&str>, sid: Option<&str>| {
            Ok(Ended {
                subject: subject.map(str::to_owned),
                sid: sid.map(str::to_owned),
            })
        };
        assert_eq!(judge(|_, _| {}), ended(Some("ada"), Some("s1")));
        assert_eq!(without("sid"), ended(Some("ada"), None));
        assert_eq!(without("sub"), ended(None, Some("s1")));
        assert!(
            judge(|_, claims| {
                claims
                    .as_object_mut()
                    .unwrap()
                    .retain(|name, _| name != "sub" && name != "sid");
            })
            .is_err()
        );
        assert!(with("sid", json!(7)).is_err());
        assert!(with("sub", json!("")).is_err());
    }

    #[test]
    fn what_is_not_a_logout_token_is_refused_with_the_reason() {
        let told = |result: Result<Ended, String>| result.unwrap_err();
        assert!(told(with("iss", json!("https://evil.example"))).contains("iss"));
        assert!(told(with("aud", json!("other"))).contains("aud"));
        assert!(told(with("aud", json!(["parvis", "other"]))).contains("aud"));
        assert!(told(without("aud")).contains("aud"));
        assert!(told(without("events")).contains("events"));
        assert!(told(with("events", json!({ "other": {} }))).contains("events"));
        assert!(told(with("events", json!({ EVENT: true }))).contains("events"));
        assert!(told(with("nonce", json!("n"))).contains("nonce"));
        assert!(told(without("jti")).contains("jti"));
        assert!(told(without("iat")).contains("iat"));
        assert!(told(judge(|header, _| header["alg"] = json!("none"))).contains("none"));
        assert!(told(judge(|header, _| header["alg"] = json!("HS256"))).contains("HS256"));
        assert!(told(judge(|header, _| header["typ"] = json!("at+jwt"))).contains("at+jwt"));
        assert!(told(judge(|header, _| header["crit"] = json!(["x"]))).contains("crit"));
        assert!(judge(|header, _| header["typ"] = json!("JWT")).is_ok());
        assert!(
            judge(|header, _| {
                header.as_object_mut().unwrap().remove("typ");
            })
            .is_ok()
        );
    }

    #[test]
    fn a_logout_token_without_an_end_must_be_fresh() {
        let seconds = now().timestamp();
        let issued = |ago: i64, expires: Option<i64>| {
            judge(|_, claims| {
                claims["iat"] = json!(seconds - ago);
                match expires {
                    Some(at) => claims["exp"] = json!(seconds + at),
                    None => {
                        claims.as_object_mut().unwrap().remove("exp");
                    }
                }
            })
            .is_ok()
        };
        assert!(issued(0, None) && issued(180, None) && !issued(181, None));
        assert!(issued(-60, Some(60)) && !issued(-61, Some(60)));
        assert!(issued(660, Some(60)) && !issued(661, Some(60)));
        assert!(issued(10, Some(-59)) && !issued(10, Some(-60)));
    }

    /// A token that is forgotten while it would still be taken could be used twice.
    #[test]
    fn a_logout_token_is_remembered_for_as_long_as_it_would_be_taken() {
        let skew = TimeDelta::seconds(60);
        let seconds = now().timestamp();
        let until = |claims: Value| {
            let set: Set = serde_json::from_value(claims).unwrap();
            check_times(&set, now(), skew).map(|until| (until - now()).num_seconds())
        };
        // With an end: until then, on the slower of two clocks.
        let soon = json!({ "iat": seconds, "exp": seconds + 120 });
        assert_eq!(until(soon), Ok(120 + 60));
        // An end far away counts for no more than the age at which every token is refused.
        let late = json!({ "iat": seconds, "exp": seconds + 86_400 });
        assert_eq!(until(late), Ok(600 + 60 + 60));
        let endless = json!({ "iat": seconds });
        assert_eq!(until(endless), Ok(120 + 60 + 60));
    }
}
