//! The browsers people have signed in from, known by a cookie of their own.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::database::{Transaction, View};
use super::schema::devices;
use crate::domain::ids::PersonId;
use crate::domain::reading::Moment;
use crate::error::Error;

/// A browser.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = devices)]
pub struct Device {
    /// Its identifier.
    pub id: i64,
    /// What it calls itself.
    pub agent: String,
    /// From where it was last seen.
    pub address: String,
    /// When it was first seen.
    pub first_seen_at: Moment,
    /// When it was last seen.
    pub last_seen_at: Moment,
}

/// A browser that signs in.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// SHA-256 of the name in its cookie.
    pub digest: &'a [u8; 32],
    /// What it calls itself.
    pub agent: &'a str,
    /// From where.
    pub address: &'a str,
}

/// The browser with a cookie, if a person knows it.
///
/// # Errors
/// When the database is not available.
pub fn known_to(
    view: &mut View<'_>,
    person: PersonId,
    digest: &[u8; 32],
) -> Result<Option<i64>, Error> {
    Ok(devices::table
        .filter(devices::person_id.eq(person.0))
        .filter(devices::digest.eq(digest.as_slice()))
        .select(devices::id)
        .first(view.connection())
        .optional()?)
}

/// Remembers that a person signed in from a browser; tells whether it is new to them.
///
/// # Errors
/// When the database is not available.
pub fn remember(
    tx: &mut Transaction<'_>,
    person: PersonId,
    seen: &Seen<'_>,
    now: Moment,
) -> Result<bool, Error> {
    let first_seen: Moment = diesel::insert_into(devices::table)
        .values((
            devices::person_id.eq(person.0),
            devices::digest.eq(seen.digest.as_slice()),
            devices::agent.eq(seen.agent),
            devices::address.eq(seen.address),
            devices::first_seen_at.eq(now),
            devices::last_seen_at.eq(now),
        ))
        .on_conflict((devices::person_id, devices::digest))
        .do_update()
        .set((
            devices::agent.eq(excluded(devices::agent)),
            devices::address.eq(excluded(devices::address)),
            devices::last_seen_at.eq(now),
        ))
        .returning(devices::first_seen_at)
        .get_result(tx.connection())?;
    Ok(first_seen == now)
}

/// The browsers of a person, last seen first.
///
/// # Errors
/// When the database is not available.
pub fn of_person(view: &mut View<'_>, person: PersonId) -> Result<Vec<Device>, Error> {
    Ok(devices::table
        .filter(devices::person_id.eq(person.0))
        .order(devices::last_seen_at.desc())
        .select(Device::as_select())
        .load(view.connection())?)
}

/// Forgets all browsers of a person.
///
/// # Errors
/// When the database is not available.
pub fn forget_all(tx: &mut Transaction<'_>, person: PersonId) -> Result<(), Error> {
    diesel::delete(devices::table.filter(devices::person_id.eq(person.0)))
        .execute(tx.connection())?;
    Ok(())
}
