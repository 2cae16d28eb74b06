//! One-time links with which a person chooses a password: at the beginning, after a loss, or after somebody else got in.

use diesel::prelude::*;

use super::database::{Transaction, View};
use super::schema::invitations;
use crate::domain::ids::PersonId;
use crate::domain::reading::Moment;
use crate::error::Error;

/// Adds an invitation and ends those there were.
///
/// # Errors
/// When the database is not available.
pub fn add(
    tx: &mut Transaction<'_>,
    person: PersonId,
    digest: &[u8; 32],
    now: Moment,
    until: Moment,
) -> Result<(), Error> {
    end_all(tx, person, now)?;
    diesel::insert_into(invitations::table)
        .values((
            invitations::person_id.eq(person.0),
            invitations::digest.eq(digest.as_slice()),
            invitations::created_at.eq(now),
            invitations::until.eq(until),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Ends the invitations of a person.
///
/// # Errors
/// When the database is not available.
pub fn end_all(tx: &mut Transaction<'_>, person: PersonId, now: Moment) -> Result<(), Error> {
    let open = invitations::table
        .filter(invitations::person_id.eq(person.0))
        .filter(invitations::used_at.is_null());
    diesel::update(open)
        .set(invitations::used_at.eq(now))
        .execute(tx.connection())?;
    Ok(())
}

/// For whom an invitation is, while it is good.
///
/// # Errors
/// When the database is not available.
pub fn find(
    view: &mut View<'_>,
    digest: &[u8; 32],
    now: Moment,
) -> Result<Option<PersonId>, Error> {
    let person: Option<i32> = invitations::table
        .filter(invitations::digest.eq(digest.as_slice()))
        .filter(invitations::used_at.is_null())
        .filter(invitations::until.gt(now))
        .select(invitations::person_id)
        .first(view.connection())
        .optional()?;
    Ok(person.map(PersonId))
}

/// Uses an invitation up; of two at once one finds it gone.
///
/// # Errors
/// When the database is not available.
pub fn take(
    tx: &mut Transaction<'_>,
    digest: &[u8; 32],
    now: Moment,
) -> Result<Option<PersonId>, Error> {
    let good = invitations::table
        .filter(invitations::digest.eq(digest.as_slice()))
        .filter(invitations::used_at.is_null())
        .filter(invitations::until.gt(now));
    let person: Option<i32> = diesel::update(good)
        .set(invitations::used_at.eq(now))
        .returning(invitations::person_id)
        .get_result(tx.connection())
        .optional()?;
    Ok(person.map(PersonId))
}
