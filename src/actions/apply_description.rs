//! Applying a description of the campus: the plan first, then all of it or nothing.

use std::collections::BTreeSet;

use super::edit_campus::note;
use crate::domain::actor::Actor;
use crate::domain::campus::Description;
use crate::domain::edit::Edit;
use crate::domain::item::{Item, Key};
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
/// When the actor may not, or the database is not available; then nothing is changed.
pub fn apply(
    database: &Database,
    actor: &Actor,
    description: &Description,
    others: Others,
    now: Moment,
) -> Result<(), Error> {
    database.write_blocking(|tx| {
        describe::alone(tx)?;
        let before = campus::description(tx)?;
        let mut after = description.clone();
        if others == Others::Keep {
            let named: BTreeSet<Key> = description.items().iter().map(Item::key).collect();
            for item in before.iter().flat_map(Description::items) {
                if !named.contains(&item.key()) {
                    after.put(None, item);
                }
            }
        }
        let edit = actor.entitled(Edit { before, after })?;
        describe::edit(tx, &edit, now)?;
        note(tx, actor, edit.thing(), now)
    })
}
