//! The secrets of gateways: digests only, several at once while one is being replaced.

use diesel::prelude::*;

use super::announcements::Announcement;
use super::database::{Transaction, View};
use super::schema::{gateway_secrets, gateways, sites};
use crate::domain::ids::GatewayId;
use crate::domain::reading::Moment;
use crate::error::Error;

/// A secret, as far as it is known: not itself.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = gateway_secrets)]
pub struct Secret {
    /// Its identifier.
    pub id: i32,
    /// When it was made.
    pub created_at: Moment,
    /// Until when it is good.
    pub until: Option<Moment>,
}

/// The identifier of a gateway that is in use, and the site whose people look after it.
///
/// # Errors
/// When there is none of that name, or the database is not available.
pub fn gateway(view: &mut View<'_>, name: &str) -> Result<(GatewayId, Option<String>), Error> {
    gateways::table
        .left_join(sites::table)
        .filter(gateways::name.eq(name))
        .filter(gateways::retired_at.is_null())
        .select((gateways::id, sites::slug.nullable()))
        .first(view.connection())
        .optional()?
        .map(|(id, site): (i32, Option<String>)| (GatewayId(id), site))
        .ok_or_else(|| Error::NotFound(format!("gateway is called \"{name}\"")))
}

/// Adds a secret; those there were are good until a moment.
///
/// # Errors
/// When the database is not available.
pub fn replace(
    tx: &mut Transaction<'_>,
    gateway: GatewayId,
    digest: &[u8],
    now: Moment,
    others_until: Moment,
) -> Result<(), Error> {
    let ending_later = gateway_secrets::until
        .is_null()
        .or(gateway_secrets::until.gt(others_until));
    diesel::update(
        gateway_secrets::table
            .filter(gateway_secrets::gateway_id.eq(gateway.0))
            .filter(ending_later),
    )
    .set(gateway_secrets::until.eq(others_until))
    .execute(tx.connection())?;
    diesel::delete(gateway_secrets::table.filter(gateway_secrets::until.le(now)))
        .execute(tx.connection())?;
    diesel::insert_into(gateway_secrets::table)
        .values((
            gateway_secrets::gateway_id.eq(gateway.0),
            gateway_secrets::digest.eq(digest),
            gateway_secrets::created_at.eq(now),
        ))
        .execute(tx.connection())?;
    tx.announce(Announcement::Campus)
}

/// The secrets of a gateway, newest first.
///
/// # Errors
/// When the database is not available.
pub fn of_gateway(view: &mut View<'_>, gateway: GatewayId) -> Result<Vec<Secret>, Error> {
    Ok(gateway_secrets::table
        .filter(gateway_secrets::gateway_id.eq(gateway.0))
        .order(gateway_secrets::created_at.desc())
        .select(Secret::as_select())
        .load(view.connection())?)
}
