//! Connecting identity providers, setting their rules, and seeing how they do.

use serde_json::{Value, json};

use super::sign_in_with_provider::SignOn;
use crate::auth::oidc::{Metadata, Refusal, Report};
use crate::domain::actor::{Actor, Place};
use crate::domain::audit::Event;
use crate::domain::claims::{Claims, Delivered, Judgement, judge};
use crate::domain::issuer::{Expectation, ExpectationOf, Issuer};
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::error::Error;
use crate::persistence::{Transaction, audit, issuers, people};

/// A provider, and how it does.
#[derive(Debug)]
pub struct Shown {
    /// What an administrator said about it.
    pub issuer: Issuer,
    /// Whether it has a secret.
    pub has_secret: bool,
    /// How it does.
    pub report: Report,
    /// Who last signed in with it, when, and what it delivered.
    pub last: Option<(String, Moment, Delivered)>,
    /// Accounts that are expected of it.
    pub expected: Vec<(Expectation, String)>,
}

/// The providers in use.
///
/// # Errors
/// When the actor may not see them, or the database is not available.
pub async fn list(sign_on: &SignOn, actor: &Actor) -> Result<Vec<(Issuer, Report)>, Error> {
    actor.permit(Act::ManageIssuers, Place::Institution)?;
    let issuers = sign_on.offered().await?.into_iter();
    Ok(issuers
        .map(|issuer| {
            let report = sign_on.providers().report(&issuer.configuration.issuer);
            (issuer, report)
        })
        .collect())
}

/// One provider.
///
/// # Errors
/// When there is none of that name, the actor may not see it, or the database is not available.
pub async fn show(sign_on: &SignOn, actor: &Actor, key: &str) -> Result<Shown, Error> {
    actor.permit(Act::ManageIssuers, Place::Institution)?;
    let wanted = key.to_owned();
    let (kept, last, expected) = sign_on
        .parvis()
        .database
        .read(move |view| {
            let kept = issuers::named(view, &wanted)?;
            let last = issuers::last_sign_in(view, &kept.issuer.configuration.issuer)?;
            let mut expected = Vec::new();
            for expectation in issuers::expected(view, kept.id)? {
                let name = people::person(view, expectation.person)?.name;
                expected.push((expectation, name));
            }
            Ok((kept, last, expected))
        })
        .await?;
    Ok(Shown {
        report: sign_on
            .providers()
            .report(&kept.issuer.configuration.issuer),
        has_secret: kept.sealed_secret.is_some(),
        last,
        expected,
        issuer: kept.issuer,
    })
}

/// Adds a provider, or changes the one of that name; its secret stays when none is given.
///
/// # Errors
/// When a value breaks a rule, the actor may not, or the database is not available.
pub async fn save(
    sign_on: &SignOn,
    actor: &Actor,
    issuer: Issuer,
    secret: Option<&str>,
) -> Result<(), Error> {
    let parvis = sign_on.parvis();
    issuer.check(parvis.settings.auth.plain_loopback_issuers)?;
    let sealed = secret.map(|secret| sign_on.seal().seal(secret.as_bytes()));
    let (sealed, actor, now) = (sealed.transpose()?, actor.clone(), parvis.clock.now());
    let address = issuer.configuration.issuer.clone();
    parvis
        .database
        .write(move |tx| save_within(tx, &actor, issuer, sealed.as_deref(), now))
        .await?;
    sign_on.providers().forget(&address).await;
    sign_on.announce().await
}

/// [`save`], within a transaction of more, with the secret sealed.
pub(super) fn save_within(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    issuer: Issuer,
    sealed: Option<&[u8]>,
    now: Moment,
) -> Result<(), Error> {
    let issuer = actor.allowed(Act::ManageIssuers, issuer)?;
    let key = issuer.thing().key.clone();
    let before = match issuers::named(tx, &key) {
        Ok(kept) => Some(json!(kept.issuer.configuration)),
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    let mut after = json!(issuer.thing().configuration);
    if let (Some(after), Some(_)) = (after.as_object_mut(), sealed) {
        after.insert("secret".to_owned(), json!("a new one"));
    }
    issuers::save(tx, &issuer, sealed)?;
    let act = if before.is_some() {
        "change-issuer"
    } else {
        "add-issuer"
    };
    let event = Event::done(actor, act, format!("issuer {key}")).changing(before, Some(after));
    audit::note(tx, event, now)
}

/// Takes a provider away. Sessions that it vouched for go on until they end; nobody can begin one.
///
/// # Errors
/// When there is none of that name, the actor may not, or the database is not available.
pub async fn retire(sign_on: &SignOn, actor: &Actor, key: &str) -> Result<(), Error> {
    let (actor, key, now) = (actor.clone(), key.to_owned(), sign_on.parvis().clock.now());
    sign_on
        .parvis()
        .database
        .write(move |tx| {
            let issuer = issuers::named(tx, &key)?.issuer;
            let before = json!(issuer.configuration);
            let issuer = actor.allowed(Act::ManageIssuers, issuer)?;
            issuers::retire(tx, &issuer, now)?;
            let event = Event::done(&actor, "retire-issuer", format!("issuer {key}"));
            audit::note(tx, event.changing(Some(before), None), now)
        })
        .await?;
    sign_on.announce().await
}

/// Expects an account: whoever signs in first with such a claim is this person.
///
/// # Errors
/// When the claim ends in a domain that the provider may not speak for, the actor may not, or the database is not available.
pub async fn expect(
    sign_on: &SignOn,
    actor: &Actor,
    key: &str,
    expectation: ExpectationOf,
) -> Result<(), Error> {
    let empty = [("claim", &expectation.claim), ("value", &expectation.value)];
    if let Some((field, _)) = empty.into_iter().find(|(_, value)| value.trim().is_empty()) {
        return Err(Error::Invalid {
            field: field.to_owned(),
            rule: "must not be empty".to_owned(),
        });
    }
    let (actor, key, now) = (actor.clone(), key.to_owned(), sign_on.parvis().clock.now());
    sign_on
        .parvis()
        .database
        .write(move |tx| {
            let kept = issuers::named(tx, &key)?;
            let person = people::person(tx, expectation.person)
                .map_err(|error| error.not_found_at("person", "nobody has this number"))?;
            kept.issuer.configuration.check_expectation(&expectation)?;
            let how =
                json!({ "issuer": key, "claim": expectation.claim, "value": expectation.value });
            let expectation = actor.allowed(Act::ManagePeople, expectation)?;
            issuers::expect(tx, kept.id, &expectation, now)?;
            let event = Event::done(&actor, "expect-account", person.object());
            audit::note(tx, event.changing(None, Some(how)), now)
        })
        .await
}

/// Asks a provider what it is, now.
///
/// # Errors
/// When there is none of that name, the actor may not, or the database is not available. That the provider does not answer
/// is no error here but the answer.
pub async fn check(
    sign_on: &SignOn,
    actor: &Actor,
    key: &str,
) -> Result<Result<std::sync::Arc<Metadata>, Refusal>, Error> {
    actor.permit(Act::ManageIssuers, Place::Institution)?;
    let ready = sign_on.ready(key).await?;
    let issuer = &ready.kept.issuer.configuration.issuer;
    sign_on.providers().forget(issuer).await;
    Ok(sign_on.providers().metadata(issuer).await)
}

/// Tries the rules of a provider on claims: an ID token or userinfo as somebody has it, or both under their names.
///
/// # Errors
/// When the text is no JSON object, there is no such provider, the actor may not, or the database is not available.
pub async fn try_rules(
    sign_on: &SignOn,
    actor: &Actor,
    key: &str,
    text: &str,
) -> Result<(Issuer, Judgement), Error> {
    actor.permit(Act::ManageIssuers, Place::Institution)?;
    let ready = sign_on.ready(key).await?;
    let claims = pasted(text)?;
    let issuer = ready.kept.issuer;
    let judgement = judge(
        &issuer.configuration.rules,
        &issuer.configuration.reading(&claims),
    );
    Ok((issuer, judgement))
}

/// Claims as people paste them: an object of claims, an object of `id_token` and `userinfo`, or an encoded token.
fn pasted(text: &str) -> Result<Claims, Error> {
    use base64::Engine as _;
    let invalid = |rule: String| Error::Invalid {
        field: "claims".to_owned(),
        rule,
    };
    let text = text.trim();
    let decoded;
    let json = match text.split('.').nth(1) {
        Some(payload) if text.starts_with("eyJ") => {
            decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(payload)
                .map_err(|error| invalid(format!("looks like a token, and is none: {error}")))?;
            decoded.as_slice()
        }
        _ => text.as_bytes(),
    };
    let set: crate::domain::claims::Set = serde_json::from_slice(json)
        .map_err(|error| invalid(format!("is not a JSON object: {error}")))?;
    let part = |name: &str| set.get(name).and_then(Value::as_object).cloned();
    Ok(match (part("id_token"), part("userinfo")) {
        (None, None) => Claims {
            id_token: set,
            ..Claims::default()
        },
        (id_token, userinfo) => Claims {
            id_token: id_token.unwrap_or_default(),
            userinfo: userinfo.unwrap_or_default(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_pasted_as_people_have_them() {
        let groups = |text: &str| {
            let claims = pasted(text).unwrap();
            (
                claims.id_token.contains_key("groups"),
                claims.userinfo.contains_key("groups"),
            )
        };
        assert_eq!(groups("{\"groups\": []}"), (true, false));
        assert_eq!(groups("{\"userinfo\": {\"groups\": []}}"), (false, true));
        // {"alg":"none"} and {"groups":[]}
        assert_eq!(
            groups("eyJhbGciOiJub25lIn0.eyJncm91cHMiOltdfQ."),
            (true, false)
        );
        for wrong in ["", "[]", "groups", "eyJhbGciOiJub25lIn0.!."] {
            assert!(pasted(wrong).is_err(), "{wrong}");
        }
    }
}
