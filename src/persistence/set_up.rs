//! How far the set-up of the machine is.

use diesel::prelude::*;

use super::database::{Transaction, View};
use super::schema::set_up;
use crate::domain::reading::Moment;
use crate::error::Error;

/// The one row.
const ONLY: i32 = 1;

/// How far it is.
#[derive(Debug, Default, Queryable, Selectable)]
#[diesel(table_name = set_up)]
pub struct State {
    /// SHA-256 of the code that the console shows.
    pub code_digest: Option<Vec<u8>>,
    /// Wrong codes since this one was made.
    pub wrong_codes: i32,
    /// SHA-256 of the secret of the browser that carries on.
    pub session_digest: Option<Vec<u8>>,
    /// What was answered so far, sealed.
    pub draft: Option<Vec<u8>>,
    /// When it was finished.
    pub finished_at: Option<Moment>,
}

/// How far it is; nothing is answered where nobody has begun.
///
/// # Errors
/// When the database is not available.
pub fn state(view: &mut View<'_>) -> Result<State, Error> {
    let found = set_up::table
        .find(ONLY)
        .select(State::as_select())
        .first(view.connection())
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// The same, held: of two that go on at once one waits for the other.
///
/// # Errors
/// When the database is not available.
pub fn held(tx: &mut Transaction<'_>) -> Result<State, Error> {
    diesel::insert_into(set_up::table)
        .values(set_up::id.eq(ONLY))
        .on_conflict_do_nothing()
        .execute(tx.connection())?;
    Ok(set_up::table
        .find(ONLY)
        .for_update()
        .select(State::as_select())
        .first(tx.connection())?)
}

/// A new code takes the place of the one there was.
///
/// # Errors
/// When the database is not available.
pub fn renew_code(tx: &mut Transaction<'_>, digest: &[u8; 32]) -> Result<(), Error> {
    let new = (
        set_up::code_digest.eq(digest.as_slice()),
        set_up::wrong_codes.eq(0),
    );
    diesel::update(set_up::table)
        .set(new)
        .execute(tx.connection())?;
    Ok(())
}

/// Counts a wrong code.
///
/// # Errors
/// When the database is not available.
pub fn count_wrong_code(tx: &mut Transaction<'_>) -> Result<(), Error> {
    diesel::update(set_up::table)
        .set(set_up::wrong_codes.eq(set_up::wrong_codes + 1))
        .execute(tx.connection())?;
    Ok(())
}

/// Another browser carries on.
///
/// # Errors
/// When the database is not available.
pub fn hand_over(tx: &mut Transaction<'_>, session: &[u8; 32]) -> Result<(), Error> {
    diesel::update(set_up::table)
        .set(set_up::session_digest.eq(session.as_slice()))
        .execute(tx.connection())?;
    Ok(())
}

/// Keeps what was answered so far.
///
/// # Errors
/// When the database is not available.
pub fn keep(tx: &mut Transaction<'_>, draft: &[u8]) -> Result<(), Error> {
    diesel::update(set_up::table)
        .set(set_up::draft.eq(draft))
        .execute(tx.connection())?;
    Ok(())
}

/// Finishes it for ever; what was answered stands elsewhere now.
///
/// # Errors
/// When the database is not available.
pub fn finish(tx: &mut Transaction<'_>, now: Moment) -> Result<(), Error> {
    let done = (
        set_up::code_digest.eq(None::<Vec<u8>>),
        set_up::session_digest.eq(None::<Vec<u8>>),
        set_up::draft.eq(None::<Vec<u8>>),
        set_up::finished_at.eq(now),
    );
    diesel::update(set_up::table)
        .set(done)
        .execute(tx.connection())?;
    Ok(())
}
