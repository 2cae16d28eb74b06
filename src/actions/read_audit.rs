//! Reading the audit: by staff a page at a time, and whole to see whether it holds.

use crate::domain::actor::Actor;
use crate::domain::audit::{Broken, Filter, Record, Records};
use crate::domain::role::Act;
use crate::error::Error;
use crate::persistence::{Database, audit};

/// The newest records of a site, or of everything, that pass a filter.
///
/// # Errors
/// When the actor may not, or the database is not available.
pub async fn newest(
    database: &Database,
    actor: &Actor,
    site: Option<String>,
    filter: Filter,
    count: i64,
) -> Result<Vec<Record>, Error> {
    let records = actor.allowed(Act::ReadAudit, Records { site })?;
    database
        .read(move |view| audit::newest(view, &records, &filter, count))
        .await
}

/// [`newest`], for a command.
///
/// # Errors
/// When the actor may not, or the database is not available.
pub fn newest_blocking(
    database: &Database,
    actor: &Actor,
    filter: &Filter,
    count: i64,
) -> Result<Vec<Record>, Error> {
    let records = actor.allowed(Act::ReadAudit, Records { site: None })?;
    database.read_blocking(|view| audit::newest(view, &records, filter, count))
}

/// Follows the chain from its beginning: how many records hold, or where it is broken.
///
/// # Errors
/// When the database is not available.
pub fn verify(database: &Database) -> Result<Result<i64, Broken>, Error> {
    database.read_blocking(audit::verify)
}
