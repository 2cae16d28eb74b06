//! Unlinking an account at an identity provider from a person: nobody signs in with it as them any more.

use serde_json::{Value, json};

use super::enrol_second_factor::may_change;
use super::make_roles_anew::make_roles_anew;
use crate::auth::sessions::SignedIn;
use crate::domain::audit::Event;
use crate::domain::ids::PersonId;
use crate::domain::issuer::Identity;
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::persistence::sessions::Ending;
use crate::persistence::{
    Database, Transaction, View, audit, ceremonies, credentials, issuers, sessions,
};

/// Unlinks an account of one's own, unless nothing else is left to sign in with.
///
/// # Errors
/// When they have no such account or no other way in, the session does not allow it, or the database is not available.
pub async fn unlink_own(
    database: &Database,
    who: &SignedIn,
    id: i32,
    now: Moment,
) -> Result<(), Error> {
    let who = who.clone();
    database
        .write(move |tx| {
            may_change(tx, &who)?;
            let person = who.person.id;
            let account = account_of(tx, person, id)?;
            let was = unlink(tx, person, &account, now)?;
            if !has_way_in(tx, person)? {
                let rule =
                    "you sign in with this account only; link another or choose a password first";
                return Err(Error::Conflict(rule.to_owned()));
            }
            let event = Event::done(&who.actor, "unlink-account", who.person.object());
            audit::note(tx, event.changing(Some(was), None), now)
        })
        .await
}

/// The account of a person with a number.
pub(super) fn account_of(
    view: &mut View<'_>,
    person: PersonId,
    id: i32,
) -> Result<Identity, Error> {
    let mut accounts = issuers::of_person(view, person)?.into_iter();
    accounts
        .find(|account| account.id == id)
        .ok_or_else(|| Error::NotFound(format!("linked account of theirs has the number {id}")))
}

/// Unlinks an account, and returns what that took: its sessions and sign-ins under way end, and the roles that its provider
/// gave go with the last account there.
pub(super) fn unlink(
    tx: &mut Transaction<'_>,
    person: PersonId,
    account: &Identity,
    now: Moment,
) -> Result<Value, Error> {
    let Identity {
        issuer, subject, ..
    } = account;
    issuers::unlink(tx, account.id)?;
    sessions::end(tx, Ending::Subject(issuer, subject), now)?;
    ceremonies::forget_of(tx, person)?;
    let rest = issuers::of_person(tx, person)?;
    let taken = if rest.iter().any(|other| other.issuer == *issuer) {
        None
    } else {
        make_roles_anew(tx, person, issuer, &[], now)?
    };
    let roles = taken.map_or_else(|| json!([]), |(before, _)| before);
    Ok(json!({
        "issuer": issuer, "subject": subject, "linked_at": account.linked_at, "roles": roles,
    }))
}

/// Whether there is anything to sign in with.
fn has_way_in(view: &mut View<'_>, person: PersonId) -> Result<bool, Error> {
    Ok(credentials::password(view, person)?.is_some()
        || !credentials::passkeys(view, person)?.is_empty()
        || !issuers::of_person(view, person)?.is_empty())
}
