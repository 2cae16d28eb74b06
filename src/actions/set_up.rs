//! Setting the machine up, once: the code that the console shows, the answers so far, and the end.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::begin_session::Browser;
use super::choose_password::invite_within;
use super::decide::decide_mail;
use super::edit_campus::note;
use super::manage_issuers::save_within;
use super::manage_people::{Change, add_within, change_within};
use super::sign_in_locally::source;
use crate::appliance::files;
use crate::auth::sealing::Seal;
use crate::auth::secret;
use crate::domain::actor::{Actor, Grant};
use crate::domain::audit::Event;
use crate::domain::campus::Description;
use crate::domain::edit::Edit;
use crate::domain::role::Role;
use crate::domain::set_up::{ALPHABET, Answers, CODE_LENGTH, WRONG_CODES, normalized, readable};
use crate::domain::throttle::Patience;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::failures::{self, Admission};
use crate::persistence::{Transaction, audit, campus, describe, set_up};

/// What the audit calls the machine.
const MACHINE: &str = "machine";

/// The code is for whoever reads the console: the service, and the group of the console.
const CODE_MODE: u32 = 0o640;

/// Whether the machine waits for its set-up.
///
/// # Errors
/// When the database is not available.
pub async fn is_open(parvis: &Parvis) -> Result<bool, Error> {
    if !parvis.settings.appliance.set_up {
        return Ok(false);
    }
    let state = parvis.database.read(set_up::state).await?;
    Ok(state.finished_at.is_none())
}

/// Makes a new code and shows it to the console.
///
/// # Errors
/// When the database is not available, or the file of the code cannot be written.
pub async fn renew_code(parvis: &Arc<Parvis>) -> Result<(), Error> {
    let own = Arc::clone(parvis);
    parvis
        .database
        .write(move |tx| {
            set_up::held(tx)?;
            renew_within(tx, &own)
        })
        .await
}

fn renew_within(tx: &mut Transaction<'_>, parvis: &Parvis) -> Result<(), Error> {
    let code = secret::typed(ALPHABET, CODE_LENGTH)?;
    set_up::renew_code(tx, &secret::digest(&code))?;
    let file = &parvis.settings.appliance.code_file;
    let text = format!("{}\n", readable(&code));
    files::replace(file, text.as_bytes(), CODE_MODE).map_err(|error| {
        Error::Conflict(format!(
            "the code of the set-up cannot be written to {}: {error}; see appliance.code_file",
            file.display()
        ))
    })
}

/// What came of a code.
#[derive(Debug)]
pub enum Entered {
    /// It is right: the secret of the browser that carries on.
    Right(String),
    /// It is wrong.
    Wrong,
    /// Not now: too much was tried.
    Wait(TimeDelta),
}

/// Tries a code. The browser that knew it last carries on; another one that did is told so.
///
/// # Errors
/// When the machine is set up already, or the database is not available.
pub async fn enter(parvis: &Arc<Parvis>, code: String, browser: Browser) -> Result<Entered, Error> {
    let (own, now) = (Arc::clone(parvis), parvis.clock.now());
    let account = secret::digest("set-up code");
    parvis
        .database
        .write(move |tx| {
            let source = source(tx, None, &browser)?;
            let patience = Patience::WITH_PASSWORDS;
            let made = match failures::admit(tx, &account, &source, patience, now)? {
                Admission::Admitted(made) => made,
                Admission::Wait(wait) => return Ok(Entered::Wait(wait)),
            };
            let state = open(tx)?;
            let digest = secret::digest(&normalized(&code));
            let is_right = state
                .code_digest
                .is_some_and(|known| openssl::memcmp::eq(&known, &digest));
            let event = Event::by_nobody("set-up", Some(browser.address), "enter-code", MACHINE);
            if is_right {
                failures::forgive(tx, made, &account, &source)?;
                let session = secret::random()?;
                set_up::hand_over(tx, &secret::digest(&session))?;
                audit::note(tx, event, now)?;
                return Ok(Entered::Right(session));
            }
            set_up::count_wrong_code(tx)?;
            audit::note(tx, event.refused("wrong code"), now)?;
            if state.wrong_codes + 1 >= WRONG_CODES {
                renew_within(tx, &own)?;
            }
            Ok(Entered::Wrong)
        })
        .await
}

/// Who carries on.
#[derive(Debug, Clone)]
pub enum Seat {
    /// A browser, with the secret it was given.
    Browser(String),
    /// A command on the machine itself.
    Console,
}

impl Seat {
    fn is_taken_by_another(&self, state: &set_up::State) -> bool {
        match self {
            Self::Console => false,
            Self::Browser(session) => {
                let digest = secret::digest(session);
                let known = state.session_digest.as_deref();
                !known.is_some_and(|known| openssl::memcmp::eq(known, &digest))
            }
        }
    }
}

/// The answers so far; `None` when another browser carried on since.
///
/// # Errors
/// When the machine is set up already, or the database is not available.
pub async fn answers(parvis: &Parvis, seal: &Arc<Seal>, who: Seat) -> Result<Option<Value>, Error> {
    let seal = Arc::clone(seal);
    parvis
        .database
        .read(move |view| {
            let state = set_up::state(view)?;
            if state.finished_at.is_some() {
                return Err(finished());
            }
            if who.is_taken_by_another(&state) {
                return Ok(None);
            }
            let draft = state.draft.map(|sealed| seal.open(&sealed)).transpose()?;
            let draft = draft.map(|clear| serde_json::from_slice(&clear).map_err(Error::internal));
            Ok(Some(draft.transpose()?.unwrap_or_default()))
        })
        .await
}

/// Keeps the answers so far, right or wrong; `false` when another browser carried on since.
///
/// # Errors
/// When the machine is set up already, or the database is not available.
pub async fn keep(
    parvis: &Parvis,
    seal: &Arc<Seal>,
    who: Seat,
    answers: &Value,
) -> Result<bool, Error> {
    let sealed = seal.seal(answers.to_string().as_bytes())?;
    parvis
        .database
        .write(move |tx| {
            let state = open(tx)?;
            if who.is_taken_by_another(&state) {
                return Ok(false);
            }
            set_up::keep(tx, &sealed)?;
            Ok(true)
        })
        .await
}

/// Finishes the set-up: all of it or nothing. Returns the secret of the link with which the administrator chooses a
/// password; `None` when another browser carried on since.
///
/// # Errors
/// When an answer breaks a rule, the machine is set up already, or the database is not available.
pub async fn finish(
    parvis: &Arc<Parvis>,
    seal: &Arc<Seal>,
    who: Seat,
    actor: Actor,
    answers: Answers,
) -> Result<Option<String>, Error> {
    let (own, seal, now) = (Arc::clone(parvis), Arc::clone(seal), parvis.clock.now());
    parvis
        .database
        .write(move |tx| {
            let state = open(tx)?;
            if who.is_taken_by_another(&state) {
                return Ok(None);
            }
            if let Some(wrong) = answers.wrongs().into_iter().next() {
                return Err(Error::Invalid {
                    field: wrong.field,
                    rule: wrong.message,
                });
            }
            describe::alone(tx)?;
            let before = campus::description(tx)?;
            let institution = before.as_ref().map(|before| &before.institution);
            let institution = answers.institution(institution);
            let after = match &before {
                Some(before) => Description {
                    institution,
                    ..before.clone()
                },
                None => Description::of(institution),
            };
            let edit = actor.entitled(Edit { before, after })?;
            describe::edit(tx, &edit, now)?;
            note(tx, &actor, edit.thing(), now)?;

            let administrator = add_within(tx, &actor, answers.administrator(), now)?;
            let grant = Grant {
                role: Role::InstitutionAdministrator,
                site: None,
            };
            change_within(tx, &actor, administrator, Change::Give(grant), now)?;
            let link = invite_within(tx, &actor, administrator, now)?;

            if let Some(issuer) = answers.issuer.issuer() {
                let secret = answers.issuer.client_secret.as_ref();
                let sealed = secret
                    .map(|secret| seal.seal(secret.as_bytes()))
                    .transpose()?;
                save_within(tx, &actor, issuer, sealed.as_deref(), now)?;
            }

            set_up::finish(tx, now)?;
            let event = Event::done(&actor, "set-up", MACHINE);
            let told = answers.clone().without_secrets();
            audit::note(tx, event.changing(None, Some(told)), now)?;
            // Last: files are not part of the transaction, and whoever begins again writes them again.
            decide_mail(&own, &answers.mail)?;
            own.decide(|decisions| {
                decisions.decide("web.public_name", Some(answers.web.public_name.as_str()));
            })?;
            let appliance = &own.settings.appliance;
            let key = answers.administrator.ssh_key.unwrap_or_default();
            // Also when there is none: after the set-up nobody hands in a first key any more.
            files::replace(&appliance.operator_file, key.as_bytes(), 0o600)
                .map_err(Error::internal)?;
            files::remove(&appliance.code_file).map_err(Error::internal)?;
            Ok(Some(link))
        })
        .await
}

/// How far it is, held, while it is not finished.
fn open(tx: &mut Transaction<'_>) -> Result<set_up::State, Error> {
    let state = set_up::held(tx)?;
    if state.finished_at.is_some() {
        return Err(finished());
    }
    Ok(state)
}

fn finished() -> Error {
    Error::Conflict("this machine is set up already".to_owned())
}
