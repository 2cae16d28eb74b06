//! The error log: what a visitor's reference leads to.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::database::{Transaction, View};
use super::schema::errors;
use crate::domain::reading::Moment;
use crate::error::Error;

/// An unexpected error.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = errors)]
pub struct Noted {
    /// What the visitor was shown.
    pub reference: String,
    /// When.
    pub at: Moment,
    /// Method and route, or the task.
    pub place: String,
    /// The chain of causes.
    pub cause: String,
}

/// Notes an error.
///
/// # Errors
/// When the database is not available.
pub fn note(tx: &mut Transaction<'_>, noted: &Noted) -> Result<(), Error> {
    diesel::insert_into(errors::table)
        .values(noted)
        .on_conflict_do_nothing()
        .execute(tx.connection())?;
    Ok(())
}

/// The newest errors.
///
/// # Errors
/// When the database is not available.
pub fn newest(view: &mut View<'_>, count: i64) -> Result<Vec<Noted>, Error> {
    Ok(errors::table
        .order(errors::at.desc())
        .limit(count)
        .select(Noted::as_select())
        .load(view.connection())?)
}

/// Forgets errors older than ninety days.
///
/// # Errors
/// When the database is not available.
pub fn forget_old(tx: &mut Transaction<'_>, now: Moment) -> Result<usize, Error> {
    let old = errors::table.filter(errors::at.lt(now - TimeDelta::days(90)));
    Ok(diesel::delete(old).execute(tx.connection())?)
}
