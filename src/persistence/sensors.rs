//! What is known of sensors beyond their description: when they were heard, how they are, and devices nobody described.

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Timestamptz};
use serde_json::Value;

use super::announcements::Announcement;
use super::database::{Transaction, View};
use super::schema::{channels, gateways, passages, sensors, spaces};
use crate::domain::counter::Counter;
use crate::domain::ids::{ChannelId, GatewayId, SensorId};
use crate::domain::reading::Moment;
use crate::error::Error;

/// The most devices a gateway may bring that nobody described.
pub const UNASSIGNED_AT_MOST: i64 = 1000;

/// A channel that spoke and is not known yet.
#[derive(Debug, Clone)]
pub struct Stranger {
    /// The gateway it spoke through.
    pub gateway: GatewayId,
    /// Its device.
    pub device: String,
    /// The channel's key; `None` when the device only said how it is.
    pub channel: Option<(String, Option<String>)>,
    /// How such counters behave.
    pub counter: Counter,
}

/// Keeps devices and channels nobody described, as unassigned, so that what they say is not lost.
///
/// # Errors
/// When the gateway has brought too many, or the database is not available.
pub fn keep_strangers(tx: &mut Transaction<'_>, strangers: &[Stranger]) -> Result<(), Error> {
    for stranger in strangers {
        let sensor = stranger_sensor(tx, stranger)?;
        let Some((key, name)) = &stranger.channel else {
            continue;
        };
        diesel::insert_into(channels::table)
            .values((
                channels::sensor_id.eq(sensor),
                channels::key.eq(key),
                channels::name.eq(name),
                channels::wrap.eq(stranger.counter.wrap),
                channels::resets_to_zero.eq(stranger.counter.resets_to_zero),
                channels::max_per_minute.eq(stranger.counter.max_per_minute),
                channels::is_described.eq(false),
            ))
            .on_conflict((channels::sensor_id, channels::key))
            .do_update()
            .set((
                channels::name.eq(name),
                channels::retired_at.eq(None::<Moment>),
            ))
            .execute(tx.connection())?;
    }
    tx.announce(Announcement::Campus)
}

fn stranger_sensor(tx: &mut Transaction<'_>, stranger: &Stranger) -> Result<i32, Error> {
    let known: Option<i32> = sensors::table
        .filter(sensors::gateway_id.eq(stranger.gateway.0))
        .filter(sensors::device.eq(&stranger.device))
        .filter(sensors::retired_at.is_null())
        .select(sensors::id)
        .first(tx.connection())
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    let undescribed: i64 = sensors::table
        .filter(sensors::gateway_id.eq(stranger.gateway.0))
        .filter(sensors::is_described.eq(false))
        .count()
        .get_result(tx.connection())?;
    if undescribed >= UNASSIGNED_AT_MOST {
        return Err(Error::Invalid {
            field: "device".to_owned(),
            rule: format!(
                "the gateway has already brought {UNASSIGNED_AT_MOST} devices that nobody described"
            ),
        });
    }
    Ok(diesel::insert_into(sensors::table)
        .values((
            sensors::gateway_id.eq(stranger.gateway.0),
            sensors::device.eq(&stranger.device),
            sensors::is_described.eq(false),
        ))
        .on_conflict((sensors::gateway_id, sensors::device))
        .do_update()
        .set((
            sensors::retired_at.eq(None::<Moment>),
            sensors::is_described.eq(false),
        ))
        .returning(sensors::id)
        .get_result(tx.connection())?)
}

/// What a sensor said of itself since it was last noted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// When it was last heard.
    pub at: Moment,
    /// Battery, percent.
    pub battery: Option<i32>,
    /// Everything else.
    pub details: Option<Value>,
}

/// Notes what sensors said of themselves and when channels were heard.
///
/// # Errors
/// When the database is not available.
pub fn note_heard(
    tx: &mut Transaction<'_>,
    heard: &[(SensorId, Heard)],
    channels_heard: &[(ChannelId, Moment)],
) -> Result<(), Error> {
    if !heard.is_empty() {
        diesel::sql_query(
            "UPDATE sensors SET heard_at = greatest(sensors.heard_at, heard.at), battery = coalesce(heard.battery, sensors.battery), \
                details = sensors.details || coalesce(heard.details, '{}') \
             FROM unnest($1, $2, $3, $4) AS heard (id, at, battery, details) WHERE sensors.id = heard.id",
        )
        .bind::<Array<Integer>, _>(heard.iter().map(|(sensor, _)| sensor.0).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(heard.iter().map(|(_, heard)| heard.at).collect::<Vec<_>>())
        .bind::<Array<Nullable<Integer>>, _>(heard.iter().map(|(_, heard)| heard.battery).collect::<Vec<_>>())
        .bind::<Array<Nullable<Jsonb>>, _>(heard.iter().map(|(_, heard)| heard.details.clone()).collect::<Vec<_>>())
        .execute(tx.connection())?;
    }
    if !channels_heard.is_empty() {
        diesel::sql_query(
            "UPDATE channels SET heard_at = greatest(channels.heard_at, heard.at) FROM unnest($1, $2) AS heard (id, at) WHERE channels.id = heard.id",
        )
        .bind::<Array<Integer>, _>(channels_heard.iter().map(|(channel, _)| channel.0).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(channels_heard.iter().map(|(_, at)| *at).collect::<Vec<_>>())
        .execute(tx.connection())?;
    }
    Ok(())
}

/// When each sensor was last heard.
///
/// # Errors
/// When the database is not available.
pub fn last_heard(view: &mut View<'_>) -> Result<Vec<(SensorId, Moment)>, Error> {
    let rows: Vec<(i32, Option<Moment>)> = sensors::table
        .select((sensors::id, sensors::heard_at))
        .load(view.connection())?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, at)| Some((SensorId(id), at?)))
        .collect())
}

/// The newest moment each channel had something to say of.
///
/// # Errors
/// When the database is not available.
pub fn channels_last_heard(view: &mut View<'_>) -> Result<Vec<(ChannelId, Moment)>, Error> {
    let rows: Vec<(i32, Option<Moment>)> = channels::table
        .select((channels::id, channels::heard_at))
        .load(view.connection())?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, at)| Some((ChannelId(id), at?)))
        .collect())
}

/// A channel as the operator sees it.
#[derive(Debug, Clone, Queryable)]
pub struct Overview {
    /// Its gateway.
    pub gateway: String,
    /// Its device.
    pub device: String,
    /// What people call the device.
    pub sensor_name: Option<String>,
    /// When the device was last heard.
    pub heard_at: Option<Moment>,
    /// The device's battery, percent.
    pub battery: Option<i32>,
    /// Its key and the name the device gives it; `None` for a device without channels.
    pub channel: Option<(String, Option<String>)>,
    /// Its identifier.
    pub channel_id: Option<i32>,
    /// The passage it counts.
    pub passage: Option<String>,
    /// The space it sees.
    pub space: Option<String>,
    /// Minutes of silence that are normal.
    pub stale_after_minutes: i32,
}

/// All sensors and their channels, unassigned ones last.
///
/// # Errors
/// When the database is not available.
pub fn overview(view: &mut View<'_>) -> Result<Vec<Overview>, Error> {
    Ok(sensors::table
        .inner_join(gateways::table)
        .left_join(
            channels::table.on(channels::sensor_id
                .eq(sensors::id)
                .and(channels::retired_at.is_null())),
        )
        .left_join(passages::table.on(channels::passage_id.eq(passages::id.nullable())))
        .left_join(spaces::table.on(channels::space_id.eq(spaces::id.nullable())))
        .filter(sensors::retired_at.is_null())
        .order((
            sensors::is_described.desc(),
            gateways::name,
            sensors::device,
            channels::key,
        ))
        .select((
            gateways::name,
            sensors::device,
            sensors::name,
            sensors::heard_at,
            sensors::battery,
            (channels::key, channels::name).nullable(),
            channels::id.nullable(),
            passages::name.nullable(),
            spaces::slug.nullable(),
            diesel::dsl::sql::<Integer>(
                "coalesce(sensors.stale_after_minutes, gateways.stale_after_minutes)",
            ),
        ))
        .load(view.connection())?)
}
