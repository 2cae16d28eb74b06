//! Looking at sensors: all channels that somebody may see, with when they were heard.

use crate::domain::actor::{Actor, Place};
use crate::domain::campus::Campus;
use crate::domain::role::Act;
use crate::error::Error;
use crate::persistence::Database;
use crate::persistence::sensors;
pub use crate::persistence::sensors::Overview;

/// The channels behind the gateways that an actor may do something at, described ones first.
///
/// # Errors
/// When the actor may do it nowhere, or the database is not available.
pub async fn at_gateways(
    database: &Database,
    campus: &Campus,
    actor: &Actor,
    act: Act,
) -> Result<Vec<Overview>, Error> {
    actor.permit(act, Place::AnySite)?;
    let mut all = database.read(sensors::overview).await?;
    all.retain(|channel| {
        let gateway = campus.gateways.get(&channel.gateway);
        gateway.is_some_and(|known| {
            let site = known.gateway.site.as_deref();
            actor.may(act, site.map_or(Place::Institution, Place::Site))
        })
    });
    Ok(all)
}
