//! Giving a gateway a new secret; the old one stays good for a while, so that sensors can be changed one by one.

use chrono::TimeDelta;
use serde_json::json;

use crate::auth::secret;
use crate::domain::actor::{Actor, Place, Placed};
use crate::domain::audit::Event;
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::error::Error;
use crate::persistence::{Database, Transaction, audit, secrets};

/// A gateway that gets a new secret.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Opened {
    site: Option<String>,
}

impl Placed for Opened {
    fn place(&self) -> Place<'_> {
        self.site.as_deref().map_or(Place::Institution, Place::Site)
    }
}

/// Makes a secret of 256 random bits, keeps its digest, and returns it: the only time it is seen.
///
/// # Errors
/// When there is no such gateway, the actor may not, or the database is not available.
pub async fn replace(
    database: &Database,
    actor: &Actor,
    gateway: String,
    overlap: TimeDelta,
    now: Moment,
) -> Result<String, Error> {
    let actor = actor.clone();
    database
        .write(move |tx| replace_within(tx, &actor, &gateway, overlap, now))
        .await
}

/// [`replace`], for a command.
///
/// # Errors
/// See [`replace`].
pub fn replace_blocking(
    database: &Database,
    actor: &Actor,
    gateway: &str,
    overlap: TimeDelta,
    now: Moment,
) -> Result<String, Error> {
    database.write_blocking(|tx| replace_within(tx, actor, gateway, overlap, now))
}

fn replace_within(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    name: &str,
    overlap: TimeDelta,
    now: Moment,
) -> Result<String, Error> {
    let secret = secret::random()?;
    let (gateway, site) = secrets::gateway(tx, name)?;
    let allowed = actor.allowed(Act::ConnectSensors, Opened { site })?;
    let others_until = now + overlap;
    secrets::replace(tx, gateway, &secret::digest(&secret), now, others_until)?;
    let event = Event::done(actor, "replace-secret", format!("gateway {name}"))
        .at(allowed.thing().site.as_deref())
        .changing(None, Some(json!({ "others_until": others_until })));
    audit::note(tx, event, now)?;
    Ok(secret)
}
