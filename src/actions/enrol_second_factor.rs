//! Setting up a second factor, and taking one away. Who has one already must have used it in this session, so that a
//! stolen password alone cannot add another; and where roles reach far, the word of a provider alone sets up no first one.

use chrono::TimeDelta;
use serde_json::Value;

use super::begin_session::{Begun, Browser, Letterhead, strengthen};
use super::second_step::has_second_factor;
use super::sign_in_with_passkey::{Ceremony, keys};
use crate::auth::local::Local;
use crate::auth::local::totp::Generator;
use crate::auth::secret;
use crate::auth::sessions::SignedIn;
use crate::domain::audit::Event;
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::domain::session::{Session, has_invitation};
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::credentials::Passkey;
use crate::persistence::devices::Device;
use crate::persistence::{Transaction, View, audit, ceremonies, credentials, devices};

/// How long setting one up may take.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// What somebody signs in with.
#[derive(Debug)]
pub struct Factors {
    /// Whether they have a password here.
    pub has_password: bool,
    /// Since when they have a generator of codes.
    pub codes_since: Option<Moment>,
    /// Their passkeys.
    pub passkeys: Vec<Passkey>,
    /// The browsers they are known to use.
    pub devices: Vec<Device>,
    /// Whether their roles need a second factor.
    pub is_administrator: bool,
    /// Whether they need an invitation before they set one up.
    pub needs_invitation: bool,
}

/// What somebody signs in with.
///
/// # Errors
/// When the database is not available.
pub async fn show(parvis: &Parvis, who: &SignedIn) -> Result<Factors, Error> {
    let (person, session) = (who.person.id, who.session.clone());
    parvis
        .database
        .read(move |view| {
            let needs_invitation = match &session {
                Some(session) => needs_invitation(view, session)?,
                None => false,
            };
            Ok(Factors {
                needs_invitation,
                has_password: credentials::password(view, person)?.is_some(),
                codes_since: credentials::authenticator(view, person)?
                    .and_then(|known| known.confirmed_at),
                passkeys: credentials::passkeys(view, person)?,
                devices: devices::of_person(view, person)?,
                is_administrator: super::choose_password::is_administrator(view, person)?,
            })
        })
        .await
}

/// A generator that waits for its first code.
#[derive(Debug)]
pub struct Proposed {
    /// The ceremony, by its name.
    pub ceremony: String,
    /// The address for a QR code.
    pub address: String,
    /// The secret, to be typed.
    pub typed: String,
}

/// Proposes a generator of codes.
///
/// # Errors
/// When the session does not allow it, or the database is not available.
pub async fn propose_codes(
    parvis: &Parvis,
    local: &Local,
    who: &SignedIn,
) -> Result<Proposed, Error> {
    let now = parvis.clock.now();
    let letterhead = Letterhead::of(parvis, &local.seal);
    let generator = Generator::new(&label(&who.person), letterhead.institution())?;
    let (address, typed) = (generator.address()?, generator.typed());
    let sealed = letterhead.seal().seal(generator.secret())?;
    let name = secret::random()?;
    let (digest, who) = (secret::digest(&name), who.clone());
    parvis
        .database
        .write(move |tx| {
            may_change(tx, &who)?;
            ceremonies::begin(tx, &digest, Some(who.person.id), &sealed, now)
        })
        .await?;
    Ok(Proposed {
        ceremony: name,
        address,
        typed,
    })
}

/// What was proposed, once more: after a wrong first code.
///
/// # Errors
/// When it was too long ago, or the database is not available.
pub async fn proposed(
    parvis: &Parvis,
    local: &Local,
    who: &SignedIn,
    ceremony: String,
) -> Result<Proposed, Error> {
    let now = parvis.clock.now();
    let letterhead = Letterhead::of(parvis, &local.seal);
    let (digest, person) = (secret::digest(&ceremony), who.person.clone());
    parvis
        .database
        .read(move |view| {
            let sealed = sealed_of(view, &digest, &person, now)?.ok_or_else(gone)?;
            let clear = letterhead.seal().open(&sealed)?;
            let generator =
                Generator::with_secret(&clear, &label(&person), letterhead.institution())?;
            Ok(Proposed {
                ceremony,
                address: generator.address()?,
                typed: generator.typed(),
            })
        })
        .await
}

/// Confirms a generator with its first code; `None` when the code is wrong. The session becomes a strong one.
///
/// # Errors
/// When it was proposed too long ago, the session does not allow it, or the database is not available.
pub async fn confirm_codes(
    parvis: &Parvis,
    local: &Local,
    who: &SignedIn,
    (ceremony, code): (String, String),
    browser: Browser,
) -> Result<Option<Begun>, Error> {
    let now = parvis.clock.now();
    let letterhead = Letterhead::of(parvis, &local.seal);
    let (digest, who) = (secret::digest(&ceremony), who.clone());
    parvis
        .database
        .write(move |tx| {
            may_change(tx, &who)?;
            let person = &who.person;
            let sealed = sealed_of(tx, &digest, person, now)?.ok_or_else(gone)?;
            let clear = letterhead.seal().open(&sealed)?;
            let generator = Generator::with_secret(&clear, "", "")?;
            let Some(step) = generator.step_of(&code, now) else {
                return Ok(None);
            };
            ceremonies::take(tx, &digest, now - PATIENCE)?.ok_or_else(gone)?;
            credentials::set_authenticator(tx, person.id, &sealed, step, now)?;
            added(tx, &letterhead, &who, "add-code-generator", now)?;
            strengthen(tx, &letterhead, person, "totp", &browser, now).map(Some)
        })
        .await
}

/// Begins to register a passkey.
///
/// # Errors
/// When there are none here, the session does not allow it, or the database is not available.
pub async fn begin_passkey(
    parvis: &Parvis,
    local: &Local,
    who: &SignedIn,
) -> Result<Ceremony, Error> {
    let now = parvis.clock.now();
    let (passkeys, letterhead) = (keys(parvis)?, Letterhead::of(parvis, &local.seal));
    let who = who.clone();
    parvis
        .database
        .write(move |tx| {
            may_change(tx, &who)?;
            let person = &who.person;
            let own = credentials::passkeys(tx, person.id)?;
            let states: Vec<Value> = own.into_iter().map(|key| key.state).collect();
            let begun =
                passkeys.begin_registration(person.id, &label(person), &person.name, &states)?;
            let name = secret::random()?;
            let sealed = letterhead.seal().seal(&begun.state)?;
            ceremonies::begin(tx, &secret::digest(&name), Some(person.id), &sealed, now)?;
            Ok(Ceremony {
                name,
                challenge: begun.challenge,
            })
        })
        .await
}

/// An answer to the registration of a passkey.
#[derive(Debug, Clone)]
pub struct NewPasskey {
    /// The ceremony, by its name.
    pub ceremony: String,
    /// What the browser said.
    pub answer: Value,
    /// What its owner calls it.
    pub name: String,
}

/// Registers a passkey; the session becomes a strong one.
///
/// # Errors
/// When the answer is not accepted, the session does not allow it, or the database is not available.
pub async fn add_passkey(
    parvis: &Parvis,
    local: &Local,
    who: &SignedIn,
    new: NewPasskey,
    browser: Browser,
) -> Result<Begun, Error> {
    let now = parvis.clock.now();
    let (passkeys, letterhead) = (keys(parvis)?, Letterhead::of(parvis, &local.seal));
    let who = who.clone();
    parvis
        .database
        .write(move |tx| {
            may_change(tx, &who)?;
            let person = &who.person;
            let digest = secret::digest(&new.ceremony);
            let (owner, sealed) =
                ceremonies::take(tx, &digest, now - PATIENCE)?.ok_or_else(gone)?;
            if owner != Some(person.id) {
                return Err(gone());
            }
            let state = letterhead.seal().open(&sealed)?;
            let refuse = |rule: String| Error::Invalid {
                field: "passkey".to_owned(),
                rule,
            };
            let made = passkeys
                .end_registration(new.answer, &state)
                .map_err(|refused| refuse(refused.to_string()))?;
            let name: String = new.name.chars().take(80).collect();
            if !credentials::add_passkey(tx, person.id, &made.credential, &name, &made.state, now)?
            {
                return Err(refuse("this passkey is registered already".to_owned()));
            }
            added(tx, &letterhead, &who, "add-passkey", now)?;
            strengthen(tx, &letterhead, person, "passkey", &browser, now)
        })
        .await
}

/// A second factor to take away.
#[derive(Debug, Clone, Copy)]
pub enum Removal {
    /// The generator of codes.
    Codes,
    /// A passkey.
    Passkey(i32),
}

/// Takes a second factor away.
///
/// # Errors
/// When there is no such one, the session does not allow it, or the database is not available.
pub async fn remove(parvis: &Parvis, who: &SignedIn, removal: Removal) -> Result<(), Error> {
    let now = parvis.clock.now();
    let who = who.clone();
    parvis
        .database
        .write(move |tx| {
            may_change(tx, &who)?;
            let id = who.person.id;
            let (was_there, act) = match removal {
                Removal::Codes => (
                    credentials::remove_authenticator(tx, id)?,
                    "remove-code-generator",
                ),
                Removal::Passkey(key) => {
                    (credentials::remove_passkey(tx, id, key)?, "remove-passkey")
                }
            };
            if !was_there {
                return Err(Error::NotFound("such second factor is yours".to_owned()));
            }
            let event = Event::done(&who.actor, act, who.person.object());
            audit::note(tx, event, now)
        })
        .await
}

/// Whether the session may change what its person signs in with, as a unit of work.
///
/// # Errors
/// When the session does not allow it, or the database is not available.
pub async fn check_change(parvis: &Parvis, who: &SignedIn) -> Result<(), Error> {
    let who = who.clone();
    parvis
        .database
        .read(move |view| may_change(view, &who))
        .await
}

/// Whether the session may change what its person signs in with: it is their own, strong as soon as they have a second factor,
/// and begun with more than the word of a provider where their roles reach far.
pub(super) fn may_change(view: &mut View<'_>, who: &SignedIn) -> Result<(), Error> {
    let Some(session) = who.session.as_ref().filter(|_| !who.actor.only_looks) else {
        return Err(Error::Unauthenticated);
    };
    if who.actor.is_strong {
        return Ok(());
    }
    let rule = if has_second_factor(view, who.person.id)? {
        "use the second factor that you have first"
    } else if needs_invitation(view, session)? {
        "your roles reach far, and the provider did not tell of a second factor: ask the administration of your institution \
         for an invitation, and open it while you are signed in"
    } else {
        return Ok(());
    };
    Err(Error::Conflict(rule.to_owned()))
}

/// Whether somebody else must vouch for the person first: who has their password at a provider, and nothing else, could set
/// up the very second factor that is to keep them out.
fn needs_invitation(view: &mut View<'_>, session: &Session) -> Result<bool, Error> {
    Ok(session.vouched.is_some()
        && !session.is_strong
        && !has_invitation(&session.method)
        && super::choose_password::is_administrator(view, session.person)?)
}

fn added(
    tx: &mut Transaction<'_>,
    letterhead: &Letterhead,
    who: &SignedIn,
    act: &str,
    now: Moment,
) -> Result<(), Error> {
    let event = Event::done(&who.actor, act, who.person.object());
    audit::note(tx, event, now)?;
    let subject = ("second facteur ajouté", "second factor added");
    letterhead.write(tx, &who.person, subject, ADDED, now)?;
    Ok(())
}

const ADDED: &str = "Bonjour,\n\nUn second facteur vient d’être ajouté à votre compte. Si ce n’était pas vous, signalez-le sur \
    la page de votre compte, ou à l’administration de l’établissement.\n\n----\n\nHello,\n\nA second factor was just added to \
    your account. If this was not you, say so on the page of your account, or to the administration of your institution.\n";

/// What devices call an account.
fn label(person: &Person) -> String {
    let named = person.login.as_ref().or(person.email.as_ref());
    named.unwrap_or(&person.name).clone()
}

fn sealed_of(
    view: &mut View<'_>,
    digest: &[u8; 32],
    person: &Person,
    now: Moment,
) -> Result<Option<Vec<u8>>, Error> {
    let found = ceremonies::find(view, digest, now - PATIENCE)?;
    Ok(found
        .filter(|(owner, _)| *owner == Some(person.id))
        .map(|(_, sealed)| sealed))
}

fn gone() -> Error {
    Error::NotFound("such set-up is under way; begin again".to_owned())
}
