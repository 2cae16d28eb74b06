//! What was begun in a browser and is to be finished there: each is good once, for a while.

use diesel::prelude::*;

use super::database::{Transaction, View};
use super::schema::ceremonies;
use crate::domain::ids::PersonId;
use crate::domain::reading::Moment;
use crate::error::Error;

/// Who began a ceremony, where that is known, and what was sealed.
pub type Remembered = (Option<PersonId>, Vec<u8>);

/// Remembers a ceremony under the digest of a random name.
///
/// # Errors
/// When the database is not available.
pub fn begin(
    tx: &mut Transaction<'_>,
    digest: &[u8],
    person: Option<PersonId>,
    sealed_state: &[u8],
    now: Moment,
) -> Result<(), Error> {
    diesel::insert_into(ceremonies::table)
        .values((
            ceremonies::digest.eq(digest),
            ceremonies::person_id.eq(person.map(|person| person.0)),
            ceremonies::state.eq(sealed_state),
            ceremonies::begun_at.eq(now),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// A ceremony begun after a moment, left where it is: whoever was wrong may try again.
///
/// # Errors
/// When the database is not available.
pub fn find(
    view: &mut View<'_>,
    digest: &[u8],
    begun_after: Moment,
) -> Result<Option<Remembered>, Error> {
    let found: Option<(Option<i32>, Vec<u8>)> = ceremonies::table
        .find(digest)
        .filter(ceremonies::begun_at.gt(begun_after))
        .select((ceremonies::person_id, ceremonies::state))
        .first(view.connection())
        .optional()?;
    Ok(found.map(|(person, state)| (person.map(PersonId), state)))
}

/// Takes a ceremony begun after a moment, for good: of two that ask, one gets it.
///
/// # Errors
/// When the database is not available.
pub fn take(
    tx: &mut Transaction<'_>,
    digest: &[u8],
    begun_after: Moment,
) -> Result<Option<Remembered>, Error> {
    let taken: Option<(Option<i32>, Vec<u8>, Moment)> =
        diesel::delete(ceremonies::table.find(digest))
            .returning((
                ceremonies::person_id,
                ceremonies::state,
                ceremonies::begun_at,
            ))
            .get_result(tx.connection())
            .optional()?;
    let fresh = taken.filter(|(_, _, begun_at)| *begun_at > begun_after);
    Ok(fresh.map(|(person, state, _)| (person.map(PersonId), state)))
}

/// Forgets those of a person: what they proved at the beginning may not be theirs any more.
///
/// # Errors
/// When the database is not available.
pub fn forget_of(tx: &mut Transaction<'_>, person: PersonId) -> Result<(), Error> {
    let theirs = ceremonies::table.filter(ceremonies::person_id.eq(person.0));
    diesel::delete(theirs).execute(tx.connection())?;
    Ok(())
}

/// Forgets those begun before a moment.
///
/// # Errors
/// When the database is not available.
pub fn forget(tx: &mut Transaction<'_>, before: Moment) -> Result<usize, Error> {
    let old = ceremonies::table.filter(ceremonies::begun_at.lt(before));
    Ok(diesel::delete(old).execute(tx.connection())?)
}
