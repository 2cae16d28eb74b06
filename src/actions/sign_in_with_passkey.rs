//! Signing in with a passkey: alone, as it is two factors, or as the second step after a password.

use serde_json::Value;

use super::begin_session::{Browser, Letterhead, Proof, begin};
use super::second_step::{PATIENCE, Second, Step, opened, second};
use super::sign_in_locally::{Outcome, refuse};
use crate::auth::local::Local;
use crate::auth::local::passkeys::Passkeys;
use crate::auth::secret;
use crate::domain::ids::PersonId;
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::{Transaction, ceremonies, credentials, people};

/// A ceremony of a passkey that has begun.
#[derive(Debug)]
pub struct Ceremony {
    /// Its name.
    pub name: String,
    /// What the browser is told.
    pub challenge: Value,
}

/// Begins a sign-in with a passkey: as a second step, or of whoever has one.
///
/// # Errors
/// When there are no passkeys here, the first step was too long ago, or the database is not available.
pub async fn begin_passkey(
    parvis: &Parvis,
    local: &Local,
    step: Option<String>,
) -> Result<Ceremony, Error> {
    let now = parvis.clock.now();
    let (passkeys, letterhead) = (keys(parvis)?, Letterhead::of(parvis, &local.seal));
    parvis
        .database
        .write(move |tx| {
            let person = match &step {
                None => None,
                Some(step) => {
                    ceremonies::find(tx, &secret::digest(step), now - PATIENCE)?
                        .ok_or_else(|| Error::NotFound("sign-in is under way".to_owned()))?
                        .0
                }
            };
            let begun = match person {
                None => passkeys.begin_for_anybody()?,
                Some(person) => {
                    let own = credentials::passkeys(tx, person)?;
                    let states: Vec<Value> = own.into_iter().map(|key| key.state).collect();
                    passkeys.begin_for(&states)?
                }
            };
            let name = secret::random()?;
            let sealed = letterhead.seal().seal(&begun.state)?;
            ceremonies::begin(tx, &secret::digest(&name), person, &sealed, now)?;
            Ok(Ceremony {
                name,
                challenge: begun.challenge,
            })
        })
        .await
}

/// An answer of a passkey.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The ceremony, by its name.
    pub ceremony: String,
    /// The first step that came before, by its name.
    pub step: Option<String>,
    /// What the browser said.
    pub answer: Value,
    /// Where the person wanted to go, where no first step says so.
    pub back: String,
}

/// Ends a sign-in with a passkey.
///
/// # Errors
/// When there are no passkeys here, or the database is not available.
pub async fn with_passkey(
    parvis: &Parvis,
    local: &Local,
    answer: Answer,
    browser: Browser,
) -> Result<Second, Error> {
    let now = parvis.clock.now();
    let (passkeys, letterhead) = (keys(parvis)?, Letterhead::of(parvis, &local.seal));
    parvis
        .database
        .write(move |tx| {
            let name = secret::digest(&answer.ceremony);
            let Some((expected, state)) = ceremonies::take(tx, &name, now - PATIENCE)? else {
                return Ok(Second::Gone);
            };
            let state = letterhead.seal().open(&state)?;
            let person = used_by(tx, &passkeys, &answer.answer, &state, expected, now)?;
            let Some(person) = person else {
                // Without a first step anybody can send anything, as often as they like: that is not worth a record.
                if let Some(expected) = expected {
                    let person = people::person(tx, expected)?;
                    refuse(tx, Some(&person), &browser, "passkey not accepted", now)?;
                }
                return Ok(Second::Outcome(Outcome::Wrong));
            };
            let step = match (&answer.step, expected) {
                (Some(step), Some(_)) => {
                    match ceremonies::take(tx, &secret::digest(step), now - PATIENCE)? {
                        Some((first, state)) if first == expected => {
                            Some(opened::<Step>(&letterhead, &state)?)
                        }
                        _ => return Ok(Second::Gone),
                    }
                }
                _ => None,
            };
            let (begun, back) = if let Some(step) = step {
                let back = step.back.clone();
                let begun = second(tx, &letterhead, &person, (step, "passkey"), &browser, now)?;
                (begun, back)
            } else {
                let proof = Proof::of("passkey", true);
                let begun = begin(tx, &letterhead, &person, &proof, &browser, now)?;
                (begun, answer.back)
            };
            Ok(Second::Outcome(Outcome::SignedIn(begun, back)))
        })
        .await
}

/// The person whose passkey gave an answer, if it is a good one.
fn used_by(
    tx: &mut Transaction<'_>,
    passkeys: &Passkeys,
    answer: &Value,
    state: &[u8],
    expected: Option<PersonId>,
    now: Moment,
) -> Result<Option<Person>, Error> {
    let Ok(credential) = Passkeys::credential(answer) else {
        return Ok(None);
    };
    let Some(known) = credentials::passkey(tx, &credential)? else {
        return Ok(None);
    };
    if expected.is_some_and(|expected| expected != known.person()) {
        return Ok(None);
    }
    let used = match passkeys.end(answer.clone(), state, known.state.clone()) {
        Ok(used) => used,
        Err(refused) => {
            log::info!("sign-in: {refused}");
            return Ok(None);
        }
    };
    let person = people::person(tx, known.person())?;
    if person.deactivated_at.is_some() {
        return Ok(None);
    }
    credentials::use_passkey(tx, known.id, &used, now)?;
    Ok(Some(person))
}

/// What registers and checks passkeys here.
///
/// # Errors
/// Where people reach the service by an address, not by a name.
pub(super) fn keys(parvis: &Parvis) -> Result<Passkeys, Error> {
    let settings = &parvis.settings.web;
    let campus = parvis.campus();
    let institution = campus.institution.name.in_language("fr");
    Passkeys::new(
        &settings.public_name,
        &settings.public_address(),
        institution,
    )
    .ok_or_else(|| {
        Error::NotFound(
            "passkeys: people reach this service by an address, not by a name".to_owned(),
        )
    })
}
