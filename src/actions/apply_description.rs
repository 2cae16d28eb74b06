//! Applying a description of the campus: the plan first, then all of it or nothing.

use crate::domain::campus::Description;
use crate::domain::plan::{Change, difference};
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::persistence::{Database, campus, describe};

/// What to do with what the description no longer names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Leave it alone.
    Keep,
    /// Retire it.
    Retire,
}

/// What applying would change.
///
/// # Errors
/// When the database is not available.
pub fn plan(database: &Database, description: &Description) -> Result<Vec<Change>, Error> {
    let before = database.read_blocking(campus::description)?;
    Ok(difference(before.as_ref(), description))
}

/// Applies the description.
///
/// # Errors
/// When the database is not available; then nothing is changed.
pub fn apply(
    database: &Database,
    description: &Description,
    others: Others,
    now: Moment,
) -> Result<(), Error> {
    database.write_blocking(|tx| {
        describe::describe(tx, description)?;
        if others == Others::Retire {
            describe::retire_others(tx, description, now)?;
        }
        Ok(())
    })
}
