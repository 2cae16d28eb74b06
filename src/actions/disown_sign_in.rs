//! Saying that a sign-in was somebody else's: what they may have got or brought is taken away, and the way back is a link.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::begin_session::{Letterhead, invitation};
use super::unlink_account::unlink;
use crate::auth::local::Local;
use crate::auth::sessions::SignedIn;
use crate::domain::audit::Event;
use crate::domain::person::Person;
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::sessions::Ending;
use crate::persistence::{
    Transaction, audit, ceremonies, credentials, devices, issuers, sessions, tokens,
};

/// What is this young when somebody says that it was not them may be somebody else's.
const SUSPECT: TimeDelta = TimeDelta::days(7);

/// How who said so gets in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayBack {
    /// A link to choose a password is on its way by mail.
    Mail,
    /// The administration lets them in: no mail reaches them, or nothing of theirs is left to sign in with.
    Administration,
    /// With the account of their provider, once its password is another.
    Provider,
}

/// Says that a sign-in was somebody else's: all sessions end, no browser is known any more, the password is gone, and so are
/// the second factors, linked accounts and tokens of the last days. A link to choose a new password goes out by mail.
///
/// The provider that a person first came with stays theirs. Whoever has the password there can still sign in, but sets up no
/// second factor for roles that reach far ([`super::enrol_second_factor`]), so that taking young ones away opens nothing.
///
/// # Errors
/// When the database is not available.
pub async fn disown(parvis: &Parvis, local: &Local, who: &SignedIn) -> Result<WayBack, Error> {
    let now = parvis.clock.now();
    let letterhead = Letterhead::of(parvis, &local.seal);
    let (person, actor) = (who.person.clone(), who.actor.clone());
    if actor.only_looks {
        return Err(Error::Unauthenticated);
    }
    parvis
        .database
        .write(move |tx| {
            sessions::end(tx, Ending::All(person.id), now)?;
            ceremonies::forget_of(tx, person.id)?;
            devices::forget_all(tx, person.id)?;
            let taken = take_suspects(tx, &person, now)?;
            let event = Event::done(&actor, "disown-sign-in", person.object());
            audit::note(tx, event.changing(Some(taken), None), now)?;
            if person.login.is_none() {
                let accounts = issuers::of_person(tx, person.id)?;
                return Ok(if accounts.is_empty() {
                    WayBack::Administration
                } else {
                    WayBack::Provider
                });
            }
            let link = letterhead.invitation(&invitation(tx, &person, now)?);
            let subject = (
                "choisissez un nouveau mot de passe",
                "choose a new password",
            );
            let is_sent = letterhead.write(tx, &person, subject, &body(&link), now)?;
            Ok(if is_sent {
                WayBack::Mail
            } else {
                WayBack::Administration
            })
        })
        .await
}

/// Takes away what may be somebody else's, and returns what that was.
fn take_suspects(tx: &mut Transaction<'_>, person: &Person, now: Moment) -> Result<Value, Error> {
    let (id, since) = (person.id, now - SUSPECT);
    let had_password = credentials::remove_password(tx, id)?;
    let codes_since = credentials::authenticator(tx, id)?
        .and_then(|known| known.confirmed_at)
        .filter(|confirmed_at| *confirmed_at > since);
    let mut passkeys = credentials::passkeys(tx, id)?;
    passkeys.retain(|key| key.created_at > since);
    credentials::remove_second_factors_since(tx, id, since)?;
    let mut accounts = Vec::new();
    for account in issuers::of_person(tx, id)? {
        // Without the account they first came with they would be somebody else at their next sign-in.
        let is_their_first = account.linked_at <= person.created_at;
        if account.linked_at > since && !is_their_first {
            accounts.push(unlink(tx, id, &account, now)?);
        }
    }
    let mut programs = tokens::of_person(tx, id)?;
    programs.retain(|token| token.created_at > since);
    for token in &programs {
        tokens::revoke(tx, id, token.id, now)?;
    }
    let passkeys: Vec<String> = passkeys.into_iter().map(|key| key.name).collect();
    let programs: Vec<String> = programs.into_iter().map(|token| token.name).collect();
    Ok(json!({
        "password": had_password, "code_generator_since": codes_since, "passkeys": passkeys,
        "accounts": accounts, "tokens": programs,
    }))
}

fn body(link: &str) -> String {
    format!(
        "Bonjour,\n\nVous avez signalé une connexion qui n’était pas la vôtre. Toutes vos sessions sont fermées. \
         Choisissez un nouveau mot de passe dans les 48 heures :\n{link}\n\nSi vous vous connectez aussi avec un compte \
         universitaire, changez-en le mot de passe.\n\n----\n\nHello,\n\nYou reported a sign-in that was not yours. All your \
         sessions are ended. Choose a new password within 48 hours:\n{link}\n\nIf you also sign in with a university account, \
         change its password.\n"
    )
}
