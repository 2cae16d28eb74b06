//! Identity providers, the accounts of people at them, and the accounts that are expected.

use diesel::prelude::*;
use serde_json::Value;

use super::database::{Transaction, View};
use super::schema::{expected_identities, identities, issuers, people};
use crate::domain::actor::Allowed;
use crate::domain::claims::Delivered;
use crate::domain::ids::PersonId;
use crate::domain::issuer::{Expectation, ExpectationOf, Identity, Issuer, Linking};
use crate::domain::reading::Moment;
use crate::error::Error;

/// A provider as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its identifier.
    pub id: i32,
    /// What an administrator said about it.
    pub issuer: Issuer,
    /// The client secret, sealed.
    pub sealed_secret: Option<Vec<u8>>,
}

fn kept(
    (id, key, configuration, sealed_secret): (i32, String, Value, Option<Vec<u8>>),
) -> Result<Kept, Error> {
    Ok(Kept {
        id,
        issuer: Issuer {
            key,
            configuration: serde_json::from_value(configuration).map_err(Error::internal)?,
        },
        sealed_secret,
    })
}

/// The providers in use, by their names in addresses.
///
/// # Errors
/// When the database is not available.
pub fn all(view: &mut View<'_>) -> Result<Vec<Kept>, Error> {
    issuers::table
        .filter(issuers::retired_at.is_null())
        .order(issuers::key)
        .select((
            issuers::id,
            issuers::key,
            issuers::configuration,
            issuers::secret,
        ))
        .load(view.connection())?
        .into_iter()
        .map(kept)
        .collect()
}

/// A provider in use.
///
/// # Errors
/// When there is none of that name, or the database is not available.
pub fn named(view: &mut View<'_>, key: &str) -> Result<Kept, Error> {
    let row = issuers::table
        .filter(issuers::key.eq(key))
        .filter(issuers::retired_at.is_null())
        .select((
            issuers::id,
            issuers::key,
            issuers::configuration,
            issuers::secret,
        ))
        .first(view.connection())
        .optional()?;
    kept(row.ok_or_else(|| Error::NotFound(format!("identity provider is called \"{key}\"")))?)
}

/// Adds a provider, or changes the one of that name; its secret stays when no new one is given.
///
/// # Errors
/// When the database is not available.
pub fn save(
    tx: &mut Transaction<'_>,
    issuer: &Allowed<Issuer>,
    sealed_secret: Option<&[u8]>,
) -> Result<(), Error> {
    let Issuer { key, configuration } = issuer.thing();
    let configuration = serde_json::to_value(configuration).map_err(Error::internal)?;
    diesel::insert_into(issuers::table)
        .values((
            issuers::key.eq(key),
            issuers::configuration.eq(&configuration),
            issuers::secret.eq(sealed_secret),
        ))
        .on_conflict(issuers::key)
        .do_update()
        .set((
            issuers::configuration.eq(&configuration),
            issuers::retired_at.eq(None::<Moment>),
        ))
        .execute(tx.connection())?;
    if let Some(secret) = sealed_secret {
        diesel::update(issuers::table.filter(issuers::key.eq(key)))
            .set(issuers::secret.eq(secret))
            .execute(tx.connection())?;
    }
    Ok(())
}

/// Takes a provider away; its secret is forgotten.
///
/// # Errors
/// When the database is not available.
pub fn retire(
    tx: &mut Transaction<'_>,
    issuer: &Allowed<Issuer>,
    now: Moment,
) -> Result<(), Error> {
    diesel::update(issuers::table.filter(issuers::key.eq(&issuer.thing().key)))
        .set((
            issuers::retired_at.eq(now),
            issuers::secret.eq(None::<Vec<u8>>),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Waits until nobody else signs in with an account, until the end of the transaction: two first sign-ins at once would
/// else make two people of one.
///
/// # Errors
/// When the database is not available.
pub fn hold(tx: &mut Transaction<'_>, issuer: &str, subject: &str) -> Result<(), Error> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))")
        .bind::<diesel::sql_types::Text, _>(issuer)
        .bind::<diesel::sql_types::Text, _>(subject)
        .execute(tx.connection())?;
    Ok(())
}

/// Whose account it is, if anybody's here.
///
/// # Errors
/// When the database is not available.
pub fn person_of(
    view: &mut View<'_>,
    issuer: &str,
    subject: &str,
) -> Result<Option<PersonId>, Error> {
    let person = identities::table
        .filter(identities::issuer.eq(issuer))
        .filter(identities::subject.eq(subject))
        .select(identities::person_id)
        .first(view.connection())
        .optional()?;
    Ok(person.map(PersonId))
}

/// Links an account to a person. Of two that link it at once, one does.
///
/// # Errors
/// When it is linked already, or the database is not available.
pub fn link(tx: &mut Transaction<'_>, linking: &Linking, now: Moment) -> Result<(), Error> {
    let linked = diesel::insert_into(identities::table)
        .values((
            identities::person_id.eq(linking.person.0),
            identities::issuer.eq(&linking.issuer),
            identities::subject.eq(&linking.subject),
            identities::linked_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx.connection())?;
    if linked == 0 {
        let rule = "this account is linked already";
        return Err(Error::Conflict(rule.to_owned()));
    }
    Ok(())
}

/// Unlinks an account, by its number.
///
/// # Errors
/// When the database is not available.
pub fn unlink(tx: &mut Transaction<'_>, id: i32) -> Result<(), Error> {
    diesel::delete(identities::table.find(id)).execute(tx.connection())?;
    Ok(())
}

/// Notes what a sign-in with an account delivered.
///
/// # Errors
/// When the database is not available.
pub fn note_sign_in(
    tx: &mut Transaction<'_>,
    issuer: &str,
    subject: &str,
    delivered: &Delivered,
    now: Moment,
) -> Result<(), Error> {
    let claims = serde_json::to_value(delivered).map_err(Error::internal)?;
    diesel::update(identities::table)
        .filter(identities::issuer.eq(issuer))
        .filter(identities::subject.eq(subject))
        .set((
            identities::signed_in_at.eq(now),
            identities::claims.eq(claims),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// The accounts of a person.
///
/// # Errors
/// When the database is not available.
pub fn of_person(view: &mut View<'_>, person: PersonId) -> Result<Vec<Identity>, Error> {
    let rows: Vec<(i32, String, String, Moment, Option<Moment>)> = identities::table
        .filter(identities::person_id.eq(person.0))
        .order(identities::linked_at)
        .select((
            identities::id,
            identities::issuer,
            identities::subject,
            identities::linked_at,
            identities::signed_in_at,
        ))
        .load(view.connection())?;
    Ok(rows
        .into_iter()
        .map(|(id, issuer, subject, linked_at, signed_in_at)| Identity {
            id,
            issuer,
            subject,
            linked_at,
            signed_in_at,
        })
        .collect())
}

/// The last sign-in with a provider: who, when, and what it delivered.
///
/// # Errors
/// When the database is not available.
pub fn last_sign_in(
    view: &mut View<'_>,
    issuer: &str,
) -> Result<Option<(String, Moment, Delivered)>, Error> {
    let row: Option<(String, Option<Moment>, Value)> = identities::table
        .inner_join(people::table)
        .filter(identities::issuer.eq(issuer))
        .filter(identities::signed_in_at.is_not_null())
        .order(identities::signed_in_at.desc())
        .select((people::name, identities::signed_in_at, identities::claims))
        .first(view.connection())
        .optional()?;
    let Some((name, Some(at), claims)) = row else {
        return Ok(None);
    };
    let delivered = serde_json::from_value(claims).map_err(Error::internal)?;
    Ok(Some((name, at, delivered)))
}

/// The accounts that are expected of a provider and did not come yet.
///
/// # Errors
/// When the database is not available.
pub fn expected(view: &mut View<'_>, issuer_id: i32) -> Result<Vec<Expectation>, Error> {
    let rows: Vec<(i32, i32, String, String)> = expected_identities::table
        .filter(expected_identities::issuer_id.eq(issuer_id))
        .filter(expected_identities::used_at.is_null())
        .order(expected_identities::id)
        .select((
            expected_identities::id,
            expected_identities::person_id,
            expected_identities::claim,
            expected_identities::value,
        ))
        .load(view.connection())?;
    Ok(rows
        .into_iter()
        .map(|(id, person, claim, value)| Expectation {
            id,
            person: PersonId(person),
            claim,
            value,
        })
        .collect())
}

/// Expects an account: also once more, as after it was unlinked.
///
/// # Errors
/// When the same is expected already, or the database is not available.
pub fn expect(
    tx: &mut Transaction<'_>,
    issuer_id: i32,
    expectation: &Allowed<ExpectationOf>,
    now: Moment,
) -> Result<(), Error> {
    let ExpectationOf {
        person,
        claim,
        value,
    } = expectation.thing();
    let came_before = expected_identities::table
        .filter(expected_identities::issuer_id.eq(issuer_id))
        .filter(expected_identities::claim.eq(claim))
        .filter(expected_identities::value.eq(value))
        .filter(expected_identities::used_at.is_not_null());
    diesel::delete(came_before).execute(tx.connection())?;
    let added = diesel::insert_into(expected_identities::table)
        .values((
            expected_identities::person_id.eq(person.0),
            expected_identities::issuer_id.eq(issuer_id),
            expected_identities::claim.eq(claim),
            expected_identities::value.eq(value),
            expected_identities::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx.connection())?;
    if added == 0 {
        let rule = format!("an account with \"{claim}\" = \"{value}\" is expected already");
        return Err(Error::Conflict(rule));
    }
    Ok(())
}

/// Notes that an expected account came. Whether it was still expected.
///
/// # Errors
/// When the database is not available.
pub fn fulfil(tx: &mut Transaction<'_>, id: i32, now: Moment) -> Result<bool, Error> {
    let used = diesel::update(expected_identities::table.find(id))
        .filter(expected_identities::used_at.is_null())
        .set(expected_identities::used_at.eq(now))
        .execute(tx.connection())?;
    Ok(used > 0)
}
