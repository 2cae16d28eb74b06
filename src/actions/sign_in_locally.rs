//! Signing in with an account of this service: a name and a password, then a second factor where there is one; or a
//! passkey, which is both.
//!
//! Whether an account exists is not told: a wrong name, a wrong password and a deactivated account get the same answer
//! after the same work.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::begin_session::{self, Begun, Browser, Letterhead, Proof, begin};
use crate::auth::local::Local;
use crate::auth::local::passkeys::Passkeys;
use crate::auth::local::totp::Generator;
use crate::auth::secret;
use crate::domain::audit::Event;
use crate::domain::ids::PersonId;
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::domain::throttle::{Patience, Source};
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::failures::{self, Admission, Try};
use crate::persistence::{
    Transaction, View, audit, ceremonies, credentials, devices, people, sessions,
};

/// How long a sign-in that has begun may take.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// A name and a password.
#[derive(Clone)]
pub struct Attempt {
    /// The name of the account, as it was typed.
    pub login: String,
    /// The password, as it was typed.
    pub password: String,
    /// Where the person wanted to go.
    pub back: String,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum Outcome {
    /// Not now: too much was tried.
    Wait(TimeDelta),
    /// Wrong.
    Wrong,
    /// Right so far; the secret names what goes on.
    SecondStep(String),
    /// A session, and where to go.
    SignedIn(Begun, String),
}

/// What is remembered between two steps.
#[derive(Debug, Serialize, Deserialize)]
struct Step {
    method: String,
    back: String,
}

/// What an account is counted under: what was typed may be a password, so it is not kept.
pub(super) fn account(login: &str) -> [u8; 32] {
    secret::digest(&format!("login {login}"))
}

fn second_factor(person: PersonId) -> [u8; 32] {
    secret::digest(&format!("second factor {person}"))
}

/// The source of a try at an account: a browser it knows, else the network.
pub(super) fn source(
    view: &mut View<'_>,
    person: Option<PersonId>,
    browser: &Browser,
) -> Result<Source, Error> {
    if let (Some(person), Some(device)) = (person, &browser.device)
        && let Some(known) = devices::known_to(view, person, &secret::digest(device))?
    {
        return Ok(Source::Device(known));
    }
    let unknown = std::net::IpAddr::from([0, 0, 0, 0]);
    Ok(Source::of(browser.address.parse().unwrap_or(unknown)))
}

/// A try that may be made.
struct Admitted {
    made: Try,
    source: Source,
    person: Option<Person>,
    hash: Option<String>,
}

/// Tries a name and a password.
///
/// # Errors
/// When the database is not available, or too many passwords wait to be compared.
pub async fn with_password(
    parvis: &Parvis,
    local: &Local,
    attempt: Attempt,
    browser: Browser,
) -> Result<Outcome, Error> {
    let now = parvis.clock.now();
    let login = attempt.login.trim().to_lowercase();
    let account = account(&login);
    let asking = browser.clone();
    let admitted = parvis
        .database
        .write(move |tx| {
            let person = people::by_login(tx, &login)?;
            let source = source(tx, person.as_ref().map(|person| person.id), &asking)?;
            let made = match failures::admit(tx, &account, &source, Patience::WITH_PASSWORDS, now)?
            {
                Admission::Admitted(made) => made,
                Admission::Wait(wait) => return Ok(Err(wait)),
            };
            let hash = match &person {
                Some(person) => credentials::password(tx, person.id)?,
                None => None,
            };
            Ok(Ok(Admitted {
                made,
                source,
                person,
                hash,
            }))
        })
        .await?;
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(wait) => return Ok(Outcome::Wait(wait)),
    };
    let is_right = local
        .passwords
        .is_right(&attempt.password, admitted.hash.clone())
        .await?;
    let letterhead = Letterhead::of(parvis, &local.seal);
    parvis
        .database
        .write(move |tx| {
            let person = match &admitted.person {
                Some(person) if is_right => standing(tx, person.id, admitted.hash.as_deref())?,
                _ => None,
            };
            let Some(person) = person else {
                refuse(
                    tx,
                    admitted.person.as_ref(),
                    &browser,
                    "wrong password",
                    now,
                )?;
                return Ok(Outcome::Wrong);
            };
            failures::forgive(tx, admitted.made, &account, &admitted.source)?;
            if has_second_factor(tx, person.id)? {
                let step = Step {
                    method: "password".to_owned(),
                    back: attempt.back,
                };
                return Ok(Outcome::SecondStep(begin_step(
                    tx,
                    &letterhead,
                    person.id,
                    &step,
                    now,
                )?));
            }
            let proof = Proof::of("password", false);
            let begun = begin(tx, &letterhead, &person, &proof, &browser, now)?;
            Ok(Outcome::SignedIn(begun, attempt.back))
        })
        .await
}

/// Begins the second step of somebody who is signed in with a password alone and has a second factor.
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
            begin_step(tx, &letterhead, person, &Step { method, back }, now)
        })
        .await
}

fn begin_step(
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
            let made = match failures::admit(tx, &account, &source, Patience::WITH_CODES, now)? {
                Admission::Admitted(made) => made,
                Admission::Wait(wait) => return Ok(Second::Outcome(Outcome::Wait(wait))),
            };
            let person = people::person(tx, id)?;
            if person.deactivated_at.is_some() || !use_code(tx, &letterhead, id, &code, now)? {
                refuse(tx, Some(&person), &browser, "wrong code", now)?;
                return Ok(Second::Outcome(Outcome::Wrong));
            }
            failures::forgive(tx, made, &account, &source)?;
            ceremonies::take(tx, &digest, now - PATIENCE)?;
            let begun = second(
                tx,
                &letterhead,
                &person,
                &step.method,
                "totp",
                &browser,
                now,
            )?;
            Ok(Second::Outcome(Outcome::SignedIn(begun, step.back)))
        })
        .await
}

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
                let begun = second(
                    tx,
                    &letterhead,
                    &person,
                    &step.method,
                    "passkey",
                    &browser,
                    now,
                )?;
                (begun, step.back)
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

/// Begins the session of a second step. Who was signed in already keeps what a provider vouched for.
fn second(
    tx: &mut Transaction<'_>,
    letterhead: &Letterhead,
    person: &Person,
    method: &str,
    by: &str,
    browser: &Browser,
    now: Moment,
) -> Result<Begun, Error> {
    let digest = browser.session.as_deref().map(secret::digest);
    let is_own = match digest {
        Some(digest) => sessions::find(tx, &digest)?.is_some_and(|old| old.person == person.id),
        None => false,
    };
    if is_own && method != "password" {
        return begin_session::strengthen(tx, letterhead, person, by, browser, now);
    }
    let proof = Proof::of(&format!("{method}+{by}"), true);
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

/// The person, if they may still sign in and their password is still the one that was compared.
fn standing(
    tx: &mut Transaction<'_>,
    id: PersonId,
    hash: Option<&str>,
) -> Result<Option<Person>, Error> {
    let person = people::person(tx, id)?;
    let is_same = credentials::password(tx, id)?.as_deref() == hash;
    Ok(Some(person).filter(|person| person.deactivated_at.is_none() && is_same))
}

/// Records a sign-in that was refused. A name that nobody has is not recorded: people type passwords there.
fn refuse(
    tx: &mut Transaction<'_>,
    person: Option<&Person>,
    browser: &Browser,
    why: &str,
    now: Moment,
) -> Result<(), Error> {
    let (name, object) = person.map_or_else(
        || ("unknown".to_owned(), "unknown account".to_owned()),
        |person| (person.name.clone(), person.object()),
    );
    let event = Event {
        person: person.map(|person| person.id),
        ..Event::by_nobody(&name, Some(browser.address.clone()), "sign-in", &object)
    };
    audit::note(tx, event.refused(why), now)
}

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

fn opened<T: serde::de::DeserializeOwned>(
    letterhead: &Letterhead,
    sealed: &[u8],
) -> Result<T, Error> {
    serde_json::from_slice(&letterhead.seal().open(sealed)?).map_err(Error::internal)
}
