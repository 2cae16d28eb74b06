//! What people prove with who they are: hashes of passwords, sealed secrets of code generators, public keys of passkeys.

use diesel::prelude::*;
use diesel::upsert::excluded;
use serde_json::Value;

use super::database::{Transaction, View};
use super::schema::{authenticators, passkeys, passwords};
use crate::domain::ids::PersonId;
use crate::domain::reading::Moment;
use crate::error::Error;

/// The hash of a person's password.
///
/// # Errors
/// When the database is not available.
pub fn password(view: &mut View<'_>, person: PersonId) -> Result<Option<String>, Error> {
    Ok(passwords::table
        .find(person.0)
        .select(passwords::hash)
        .first(view.connection())
        .optional()?)
}

/// Gives a person a password, by its hash.
///
/// # Errors
/// When the database is not available.
pub fn set_password(
    tx: &mut Transaction<'_>,
    person: PersonId,
    hash: &str,
    now: Moment,
) -> Result<(), Error> {
    diesel::insert_into(passwords::table)
        .values((
            passwords::person_id.eq(person.0),
            passwords::hash.eq(hash),
            passwords::changed_at.eq(now),
        ))
        .on_conflict(passwords::person_id)
        .do_update()
        .set((
            passwords::hash.eq(excluded(passwords::hash)),
            passwords::changed_at.eq(excluded(passwords::changed_at)),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Takes a person's password away. Whether there was one.
///
/// # Errors
/// When the database is not available.
pub fn remove_password(tx: &mut Transaction<'_>, person: PersonId) -> Result<bool, Error> {
    let removed = diesel::delete(passwords::table.find(person.0)).execute(tx.connection())?;
    Ok(removed > 0)
}

/// A generator of one-time codes.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = authenticators)]
pub struct Authenticator {
    /// The shared secret, sealed.
    pub secret: Vec<u8>,
    /// When a first code proved that it works.
    pub confirmed_at: Option<Moment>,
}

/// The code generator of a person, confirmed or not.
///
/// # Errors
/// When the database is not available.
pub fn authenticator(
    view: &mut View<'_>,
    person: PersonId,
) -> Result<Option<Authenticator>, Error> {
    Ok(authenticators::table
        .find(person.0)
        .select(Authenticator::as_select())
        .first(view.connection())
        .optional()?)
}

/// Keeps a code generator that proved by a first code that it works, in place of the one there was.
///
/// # Errors
/// When the database is not available.
pub fn set_authenticator(
    tx: &mut Transaction<'_>,
    person: PersonId,
    sealed: &[u8],
    step: i64,
    now: Moment,
) -> Result<(), Error> {
    diesel::insert_into(authenticators::table)
        .values((
            authenticators::person_id.eq(person.0),
            authenticators::secret.eq(sealed),
            authenticators::confirmed_at.eq(now),
            authenticators::last_step.eq(step),
        ))
        .on_conflict(authenticators::person_id)
        .do_update()
        .set((
            authenticators::secret.eq(excluded(authenticators::secret)),
            authenticators::confirmed_at.eq(excluded(authenticators::confirmed_at)),
            authenticators::last_step.eq(excluded(authenticators::last_step)),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Uses the code of a time step up; `false` when it, or a later one, was used before. Of two at once one is told so.
///
/// # Errors
/// When the database is not available.
pub fn use_step(tx: &mut Transaction<'_>, person: PersonId, step: i64) -> Result<bool, Error> {
    let unused = authenticators::table
        .find(person.0)
        .filter(authenticators::confirmed_at.is_not_null())
        .filter(authenticators::last_step.lt(step));
    let used = diesel::update(unused)
        .set(authenticators::last_step.eq(step))
        .execute(tx.connection())?;
    Ok(used == 1)
}

/// Takes a person's code generator away.
///
/// # Errors
/// When the database is not available.
pub fn remove_authenticator(tx: &mut Transaction<'_>, person: PersonId) -> Result<bool, Error> {
    let removed = diesel::delete(authenticators::table.find(person.0)).execute(tx.connection())?;
    Ok(removed > 0)
}

/// A passkey.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = passkeys)]
pub struct Passkey {
    /// Its identifier here.
    pub id: i32,
    /// Whose it is.
    person_id: i32,
    /// What its owner calls it.
    pub name: String,
    /// Public key, counter and flags.
    pub state: Value,
    /// When it was registered.
    pub created_at: Moment,
    /// When it was last used.
    pub used_at: Option<Moment>,
}

impl Passkey {
    /// Whose it is.
    #[must_use]
    pub const fn person(&self) -> PersonId {
        PersonId(self.person_id)
    }
}

/// The passkeys of a person, oldest first.
///
/// # Errors
/// When the database is not available.
pub fn passkeys(view: &mut View<'_>, person: PersonId) -> Result<Vec<Passkey>, Error> {
    Ok(passkeys::table
        .filter(passkeys::person_id.eq(person.0))
        .order(passkeys::id)
        .select(Passkey::as_select())
        .load(view.connection())?)
}

/// The passkey with a credential; held until the transaction ends, so that its counter moves once.
///
/// # Errors
/// When the database is not available.
pub fn passkey(tx: &mut Transaction<'_>, credential: &[u8]) -> Result<Option<Passkey>, Error> {
    Ok(passkeys::table
        .filter(passkeys::credential.eq(credential))
        .select(Passkey::as_select())
        .for_update()
        .first(tx.connection())
        .optional()?)
}

/// Adds a passkey; `false` when the credential is registered already.
///
/// # Errors
/// When the database is not available.
pub fn add_passkey(
    tx: &mut Transaction<'_>,
    person: PersonId,
    credential: &[u8],
    name: &str,
    state: &Value,
    now: Moment,
) -> Result<bool, Error> {
    let added = diesel::insert_into(passkeys::table)
        .values((
            passkeys::person_id.eq(person.0),
            passkeys::credential.eq(credential),
            passkeys::name.eq(name),
            passkeys::state.eq(state),
            passkeys::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx.connection())?;
    Ok(added == 1)
}

/// Notes that a passkey was used, and what its counter and flags are now.
///
/// # Errors
/// When the database is not available.
pub fn use_passkey(
    tx: &mut Transaction<'_>,
    id: i32,
    state: &Value,
    now: Moment,
) -> Result<(), Error> {
    diesel::update(passkeys::table.find(id))
        .set((passkeys::state.eq(state), passkeys::used_at.eq(now)))
        .execute(tx.connection())?;
    Ok(())
}

/// Takes a passkey of a person away.
///
/// # Errors
/// When the database is not available.
pub fn remove_passkey(tx: &mut Transaction<'_>, person: PersonId, id: i32) -> Result<bool, Error> {
    let own = passkeys::table
        .find(id)
        .filter(passkeys::person_id.eq(person.0));
    Ok(diesel::delete(own).execute(tx.connection())? > 0)
}

/// Takes the second factors of a person away that are younger than a moment.
///
/// # Errors
/// When the database is not available.
pub fn remove_second_factors_since(
    tx: &mut Transaction<'_>,
    person: PersonId,
    since: Moment,
) -> Result<(), Error> {
    let young = authenticators::table
        .find(person.0)
        .filter(authenticators::confirmed_at.gt(since));
    diesel::delete(young).execute(tx.connection())?;
    let young = passkeys::table
        .filter(passkeys::person_id.eq(person.0))
        .filter(passkeys::created_at.gt(since));
    diesel::delete(young).execute(tx.connection())?;
    Ok(())
}

/// Takes all second factors of a person away: what is left is the password.
///
/// # Errors
/// When the database is not available.
pub fn remove_second_factors(tx: &mut Transaction<'_>, person: PersonId) -> Result<(), Error> {
    remove_authenticator(tx, person)?;
    diesel::delete(passkeys::table.filter(passkeys::person_id.eq(person.0)))
        .execute(tx.connection())?;
    Ok(())
}
