//! Choosing a password: with the old one, or with a one-time link.

use chrono::TimeDelta;

use super::begin_session::{Begun, Browser, Letterhead, Proof, begin, go_on, invitation};
use super::second_step::has_second_factor;
use super::sign_in_locally::{account, note_throttled, source};
use crate::auth::local::Local;
use crate::auth::local::rules::{About, Weakness};
use crate::auth::secret;
use crate::auth::sessions::SignedIn;
use crate::domain::actor::Actor;
use crate::domain::audit::Event;
use crate::domain::ids::PersonId;
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::domain::session::{INVITATION, has_short_password};
use crate::domain::throttle::Patience;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::failures::{self, Admission};
use crate::persistence::sessions::Ending;
use crate::persistence::{
    Transaction, View, audit, credentials, devices, invitations, issuers, people, sessions,
};

/// Whether a person's roles reach so far that more is asked of their password and sign-in.
///
/// # Errors
/// When the database is not available.
pub fn is_administrator(view: &mut View<'_>, person: PersonId) -> Result<bool, Error> {
    let grants = people::grants_of(view, person)?;
    Ok(grants.iter().any(|grant| grant.role.needs_strong_sign_in()))
}

/// Why a password was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not now: too much was tried.
    Wait(TimeDelta),
    /// The old one is wrong.
    Wrong,
    /// The new one is not good enough.
    Weak(Weakness),
}

/// Changes one's own password. All other sessions end; so does this one where the old one was too short, since only a sign-in
/// with the new one makes it strong.
///
/// # Errors
/// When the person has no password here, or the database is not available.
pub async fn change(
    parvis: &Parvis,
    local: &Local,
    who: &SignedIn,
    (old, new): (String, String),
    browser: Browser,
) -> Result<Result<(), Refusal>, Error> {
    let now = parvis.clock.now();
    let person = who.person.clone();
    let login = person.login.clone().unwrap_or_default();
    let account = account(&login);
    let session = who.session.as_ref();
    let own = session.map_or(0, |session| session.id);
    let was_short = session.is_some_and(|session| has_short_password(&session.method));
    let actor = who.actor.clone();
    if actor.only_looks || who.session.is_none() {
        return Err(Error::Unauthenticated);
    }
    let admitted = parvis
        .database
        .write(move |tx| {
            let hash = credentials::password(tx, person.id)?
                .ok_or_else(|| Error::NotFound("password of yours is kept here".to_owned()))?;
            let is_administrator = is_administrator(tx, person.id)?;
            let source = source(tx, Some(person.id), &browser)?;
            let patience = Patience::WITH_PASSWORDS;
            Ok(
                match failures::admit(tx, &account, &source, patience, now)? {
                    Admission::Admitted(made) => Ok((made, source, hash, is_administrator)),
                    Admission::Wait(wait) => {
                        note_throttled(tx, Some(&person), &source, &browser, now)?;
                        Err(wait)
                    }
                },
            )
        })
        .await?;
    let (made, source, hash, is_administrator) = match admitted {
        Ok(admitted) => admitted,
        Err(wait) => return Ok(Err(Refusal::Wait(wait))),
    };
    if !local.passwords.is_right(&old, Some(hash)).await? {
        return Ok(Err(Refusal::Wrong));
    }
    let letterhead = Letterhead::of(parvis, &local.seal);
    let about = about(&who.person, letterhead.institution());
    let hashed = local
        .passwords
        .hash_if_good(&new, about, is_administrator)
        .await?;
    let person = who.person.clone();
    parvis
        .database
        .write(move |tx| {
            failures::forgive(tx, made, &account, &source)?;
            let hash = match hashed {
                Ok(hash) => hash,
                Err(weakness) => return Ok(Err(Refusal::Weak(weakness))),
            };
            credentials::set_password(tx, person.id, &hash, now)?;
            let ending = if was_short {
                Ending::All(person.id)
            } else {
                Ending::AllBut(person.id, own)
            };
            sessions::end(tx, ending, now)?;
            invitations::end_all(tx, person.id, now)?;
            let event = Event::done(&actor, "change-password", person.object());
            audit::note(tx, event, now)?;
            let subject = ("mot de passe changé", "password changed");
            letterhead.write(tx, &person, subject, CHANGED, now)?;
            Ok(Ok(()))
        })
        .await
}

const CHANGED: &str = "Bonjour,\n\nLe mot de passe de votre compte vient d’être changé. Si ce n’était pas vous, demandez tout \
    de suite un nouveau lien à l’administration de l’établissement.\n\n----\n\nHello,\n\nThe password of your account was \
    just changed. If this was not you, ask the administration of your institution for a new link at once.\n";

/// Somebody who holds an invitation.
#[derive(Debug, Clone)]
pub struct Invited {
    /// Who.
    pub person: Person,
    /// Whether their password must be longer.
    pub is_administrator: bool,
}

/// For whom an invitation is; `None` when it was used or is too old.
///
/// # Errors
/// When the database is not available.
pub async fn invited(parvis: &Parvis, link: String) -> Result<Option<Invited>, Error> {
    let now = parvis.clock.now();
    parvis
        .database
        .read(move |view| {
            let Some(id) = invitations::find(view, &secret::digest(&link), now)? else {
                return Ok(None);
            };
            let person = people::person(view, id)?;
            if person.deactivated_at.is_some() {
                return Ok(None);
            }
            Ok(Some(Invited {
                is_administrator: is_administrator(view, id)?,
                person,
            }))
        })
        .await
}

/// What came of an invitation.
#[derive(Debug)]
pub enum Accepted {
    /// It was used or is too old.
    Gone,
    /// The password is not good enough; the invitation is still good.
    Weak(Weakness),
    /// A session.
    SignedIn(Begun),
    /// The password is chosen; the second factor is asked for at the sign-in.
    SignIn,
}

/// Chooses a password with an invitation: all sessions end and no browser is known any more.
///
/// # Errors
/// When the database is not available.
pub async fn accept(
    parvis: &Parvis,
    local: &Local,
    link: String,
    password: String,
    browser: Browser,
) -> Result<Accepted, Error> {
    let now = parvis.clock.now();
    let letterhead = Letterhead::of(parvis, &local.seal);
    let Some(invited) = invited(parvis, link.clone()).await? else {
        return Ok(Accepted::Gone);
    };
    let about = about(&invited.person, letterhead.institution());
    let hashed = local
        .passwords
        .hash_if_good(&password, about, invited.is_administrator)
        .await?;
    let hash = match hashed {
        Ok(hash) => hash,
        Err(weakness) => return Ok(Accepted::Weak(weakness)),
    };
    parvis
        .database
        .write(move |tx| {
            let Some(id) = invitations::take(tx, &secret::digest(&link), now)? else {
                return Ok(Accepted::Gone);
            };
            let person = people::person(tx, id)?;
            if person.deactivated_at.is_some() || person.login.is_none() {
                return Ok(Accepted::Gone);
            }
            credentials::set_password(tx, id, &hash, now)?;
            sessions::end(tx, Ending::All(id), now)?;
            devices::forget_all(tx, id)?;
            let event = Event {
                person: Some(id),
                ..Event::by_nobody(
                    &person.name,
                    Some(browser.address.clone()),
                    "choose-password",
                    &person.object(),
                )
            };
            audit::note(tx, event, now)?;
            if has_second_factor(tx, id)? {
                return Ok(Accepted::SignIn);
            }
            let proof = Proof {
                is_invited: true,
                ..Proof::of(INVITATION, false)
            };
            let begun = begin(tx, &letterhead, &person, &proof, &browser, now)?;
            Ok(Accepted::SignedIn(begun))
        })
        .await
}

/// Takes an invitation of somebody who signs in with a provider only: the session of theirs that the browser is in goes on as an
/// invited one. `None` when the invitation was used or is too old.
///
/// # Errors
/// When they are not signed in in this browser, or the database is not available.
pub async fn accept_signed_in(
    parvis: &Parvis,
    local: &Local,
    link: String,
    browser: Browser,
) -> Result<Option<Begun>, Error> {
    let now = parvis.clock.now();
    let letterhead = Letterhead::of(parvis, &local.seal);
    parvis
        .database
        .write(move |tx| {
            let Some(id) = invitations::take(tx, &secret::digest(&link), now)? else {
                return Ok(None);
            };
            let person = people::person(tx, id)?;
            if person.deactivated_at.is_some() || person.login.is_some() {
                return Ok(None);
            }
            let begun = go_on(tx, &letterhead, &person, (INVITATION, false), &browser, now)?;
            Ok(Some(begun))
        })
        .await
}

/// [`invite_within`], as a unit of work.
///
/// # Errors
/// See [`invite_within`].
pub async fn invite(parvis: &Parvis, actor: &Actor, id: PersonId) -> Result<String, Error> {
    let (actor, now) = (actor.clone(), parvis.clock.now());
    parvis
        .database
        .write(move |tx| invite_within(tx, &actor, id, now))
        .await
}

/// [`reset_second_factor_within`], as a unit of work.
///
/// # Errors
/// See [`reset_second_factor_within`].
pub async fn reset_second_factor(
    parvis: &Parvis,
    actor: &Actor,
    id: PersonId,
) -> Result<(), Error> {
    let (actor, now) = (actor.clone(), parvis.clock.now());
    parvis
        .database
        .write(move |tx| reset_second_factor_within(tx, &actor, id, now))
        .await
}

/// Makes a one-time link with which a person chooses a password, or, where they sign in with a provider only, may set up a
/// second factor; returns its secret: the only time it is seen.
///
/// # Errors
/// When the actor may not, the person has nothing to sign in with or is deactivated, or the database is not available.
pub fn invite_within(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    id: PersonId,
    now: Moment,
) -> Result<String, Error> {
    let person = people::person(tx, id)?;
    let person = actor.allowed(Act::ManagePeople, person)?.into_thing();
    if person.login.is_none() && issuers::of_person(tx, id)?.is_empty() {
        return Err(Error::Conflict(format!(
            "\"{}\" has neither a name to sign in with nor a linked account; give them a login first",
            person.name
        )));
    }
    if person.deactivated_at.is_some() {
        return Err(Error::Conflict(format!(
            "{} is deactivated; reactivate them first",
            person.name
        )));
    }
    let link = invitation(tx, &person, now)?;
    let event = Event::done(actor, "invite-person", person.object());
    audit::note(tx, event, now)?;
    Ok(link)
}

/// Takes a person's second factors away, for when they lost them; their sessions end.
///
/// # Errors
/// When the actor may not, or the database is not available.
pub fn reset_second_factor_within(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    id: PersonId,
    now: Moment,
) -> Result<(), Error> {
    let person = people::person(tx, id)?;
    let person = actor.allowed(Act::ManagePeople, person)?.into_thing();
    credentials::remove_second_factors(tx, id)?;
    sessions::end(tx, Ending::All(id), now)?;
    let event = Event::done(actor, "reset-second-factor", person.object());
    audit::note(tx, event, now)
}

fn about<'a>(person: &'a Person, institution: &'a str) -> About<'a> {
    About {
        name: &person.name,
        login: person.login.as_deref().unwrap_or_default(),
        email: person.email.as_deref().unwrap_or_default(),
        institution,
    }
}
