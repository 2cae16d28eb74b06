//! The second step of a sign-in, with a code: after a password or a provider's answer, or later, by whoever is signed in
//! without it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::begin_session::{self, Begun, Browser, Letterhead, Proof, begin};
use super::sign_in_locally::{Outcome, note_throttled, refuse, source};
use crate::auth::local::Local;
use crate::auth::local::totp::Generator;
use crate::auth::secret;
use crate::domain::ids::PersonId;
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::domain::session::{PASSWORD, SHORT_PASSWORD, Vouched};
use crate::domain::throttle::Patience;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::failures::{self, Admission};
use crate::persistence::{Transaction, View, ceremonies, credentials, people, sessions};

/// How long a sign-in that has begun may take.
pub(super) const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// What is remembered between two steps.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Step {
    /// What was proved so far.
    pub(super) method: String,
    /// The provider that vouched, where one did.
    #[serde(default)]
    pub(super) vouched: Option<Vouched>,
    /// Where the person wanted to go.
    pub(super) back: String,
}

fn second_factor(person: PersonId) -> [u8; 32] {
    secret::digest(&format!("second factor {person}"))
}

/// Begins the second step of somebody who is signed in without the second factor they have.
///
/// # Errors
/// When they have none, or the database is not available.
pub async fn step_up(
    parvis: &Parvis,
    local: &Local,
    person: PersonId,
    method: String,
    back: String,
) -> Result<String, Error> {
    let now = parvis.clock.now();
    let letterhead = Letterhead::of(parvis, &local.seal);
    parvis
        .database
        .write(move |tx| {
            if !has_second_factor(tx, person)? {
                return Err(Error::NotFound("second factor is set up".to_owned()));
            }
            let step = Step {
                method,
                vouched: None,
                back,
            };
            begin_step(tx, &letterhead, person, &step, now)
        })
        .await
}

pub(super) fn begin_step(
    tx: &mut Transaction<'_>,
    letterhead: &Letterhead,
    person: PersonId,
    step: &Step,
    now: Moment,
) -> Result<String, Error> {
    let name = secret::random()?;
    let state = serde_json::to_vec(step).map_err(Error::internal)?;
    let sealed = letterhead.seal().seal(&state)?;
    ceremonies::begin(tx, &secret::digest(&name), Some(person), &sealed, now)?;
    Ok(name)
}

/// The ways to go on from a first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// With a code.
    pub has_codes: bool,
    /// With a passkey.
    pub has_passkeys: bool,
}

/// The ways to go on from a first step; `None` when it was too long ago.
///
/// # Errors
/// When the database is not available.
pub async fn ways(parvis: &Parvis, step: String) -> Result<Option<Ways>, Error> {
    let now = parvis.clock.now();
    parvis
        .database
        .read(move |view| {
            let found = ceremonies::find(view, &secret::digest(&step), now - PATIENCE)?;
            let Some((Some(person), _)) = found else {
                return Ok(None);
            };
            Ok(Some(Ways {
                has_codes: credentials::authenticator(view, person)?.is_some(),
                has_passkeys: !credentials::passkeys(view, person)?.is_empty(),
            }))
        })
        .await
}

/// What came of a second step.
#[derive(Debug)]
pub enum Second {
    /// The first step was too long ago, or is done.
    Gone,
    /// Anything else.
    Outcome(Outcome),
}

/// Tries a code as the second step.
///
/// # Errors
/// When the database is not available.
pub async fn with_code(
    parvis: &Parvis,
    local: &Local,
    step: String,
    code: String,
    browser: Browser,
) -> Result<Second, Error> {
    let now = parvis.clock.now();
    let letterhead = Letterhead::of(parvis, &local.seal);
    let digest = secret::digest(&step);
    parvis
        .database
        .write(move |tx| {
            let found = ceremonies::find(tx, &digest, now - PATIENCE)?;
            let Some((Some(id), state)) = found else {
                return Ok(Second::Gone);
            };
            let Ok(step) = opened::<Step>(&letterhead, &state) else {
                return Ok(Second::Gone);
            };
            let account = second_factor(id);
            let source = source(tx, Some(id), &browser)?;
            let person = people::person(tx, id)?;
            let made = match failures::admit(tx, &account, &source, Patience::WITH_CODES, now)? {
                Admission::Admitted(made) => made,
                Admission::Wait(wait) => {
                    note_throttled(tx, Some(&person), &source, &browser, now)?;
                    return Ok(Second::Outcome(Outcome::Wait(wait)));
                }
            };
            if person.deactivated_at.is_some() || !use_code(tx, &letterhead, id, &code, now)? {
                refuse(tx, Some(&person), &browser, "wrong code", now)?;
                return Ok(Second::Outcome(Outcome::Wrong));
            }
            failures::forgive(tx, made, &account, &source)?;
            ceremonies::take(tx, &digest, now - PATIENCE)?;
            let back = step.back.clone();
            let begun = second(tx, &letterhead, &person, (step, "totp"), &browser, now)?;
            Ok(Second::Outcome(Outcome::SignedIn(begun, back)))
        })
        .await
}

/// Begins the session of a second step. Who was signed in already keeps what a provider vouched for.
pub(super) fn second(
    tx: &mut Transaction<'_>,
    letterhead: &Letterhead,
    person: &Person,
    (step, by): (Step, &str),
    browser: &Browser,
    now: Moment,
) -> Result<Begun, Error> {
    let digest = browser.session.as_deref().map(secret::digest);
    let is_own = match digest {
        Some(digest) => sessions::find(tx, &digest)?.is_some_and(|old| old.person == person.id),
        None => false,
    };
    let begins = step.vouched.is_some() || [PASSWORD, SHORT_PASSWORD].contains(&&*step.method);
    if is_own && !begins {
        return begin_session::strengthen(tx, letterhead, person, by, browser, now);
    }
    let proof = Proof {
        vouched: step.vouched,
        ..Proof::of(&format!("{}+{by}", step.method), true)
    };
    begin(tx, letterhead, person, &proof, browser, now)
}

/// Uses a code of a person's generator up, if it is one.
fn use_code(
    tx: &mut Transaction<'_>,
    letterhead: &Letterhead,
    person: PersonId,
    code: &str,
    now: Moment,
) -> Result<bool, Error> {
    let Some(known) = credentials::authenticator(tx, person)? else {
        return Ok(false);
    };
    let clear = letterhead.seal().open(&known.secret)?;
    let generator = Generator::with_secret(&clear, "", "")?;
    match generator.step_of(code, now) {
        Some(step) => credentials::use_step(tx, person, step),
        None => Ok(false),
    }
}

/// Whether a person has a second factor.
pub(super) fn has_second_factor(view: &mut View<'_>, person: PersonId) -> Result<bool, Error> {
    Ok(credentials::authenticator(view, person)?.is_some()
        || !credentials::passkeys(view, person)?.is_empty())
}

pub(super) fn opened<T: serde::de::DeserializeOwned>(
    letterhead: &Letterhead,
    sealed: &[u8],
) -> Result<T, Error> {
    serde_json::from_slice(&letterhead.seal().open(sealed)?).map_err(Error::internal)
}
