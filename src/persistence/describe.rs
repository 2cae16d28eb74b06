//! Writing a description of the campus: what is named is created or changed, what is no longer named may be retired.

#![expect(
    clippy::ref_option_ref,
    reason = "Diesel derives AsChangeset with references to options of references"
)]

use std::collections::HashMap;

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::upsert::excluded;
use serde::Serialize;
use serde_json::Value;

use super::announcements::Announcement;
use super::database::Transaction;
use super::schema::{
    capacities, channels, gateways, institutions, passages, sensors, sites, spaces,
};
use crate::domain::actor::Allowed;
use crate::domain::campus::{Channel, Description, Direction, Passage, Purpose, Sensor, Space};
use crate::domain::edit::Edit;
use crate::domain::gateway::Gateway;
use crate::domain::reading::Moment;
use crate::error::Error;

/// Identifiers by name, as they are found or given while writing.
#[derive(Default)]
struct Ids {
    sites: HashMap<String, i32>,
    spaces: HashMap<String, i32>,
    passages: HashMap<String, i32>,
    gateways: HashMap<String, i32>,
    sensors: HashMap<(String, String), i32>,
}

impl Ids {
    /// Those of everything that keeps its identifier when it is not written.
    fn load(tx: &mut Transaction<'_>) -> Result<Self, Error> {
        let connection = tx.connection();
        let sensors: Vec<(i32, String, String)> = sensors::table
            .inner_join(gateways::table)
            .select((sensors::id, gateways::name, sensors::device))
            .load(connection)?;
        let named = |rows: Vec<(String, i32)>| rows.into_iter().collect();
        Ok(Self {
            passages: named(
                passages::table
                    .select((passages::name, passages::id))
                    .load(connection)?,
            ),
            gateways: named(
                gateways::table
                    .select((gateways::name, gateways::id))
                    .load(connection)?,
            ),
            sensors: sensors
                .into_iter()
                .map(|(id, gateway, device)| ((gateway, device), id))
                .collect(),
            ..Self::default()
        })
    }
}

/// Waits until nobody else describes the campus, so that what is read in this transaction is still so when it is written.
///
/// # Errors
/// When the database is not available.
pub fn alone(tx: &mut Transaction<'_>) -> Result<(), Error> {
    diesel::sql_query("LOCK TABLE institutions IN SHARE ROW EXCLUSIVE MODE")
        .execute(tx.connection())?;
    Ok(())
}

/// Makes an edit: creates and changes what differs, retires what is no more. The description keeps all rules, so names
/// resolve. What did not change is not written, above all no sensor that is just being heard.
///
/// # Errors
/// When the database is not available.
pub fn edit(tx: &mut Transaction<'_>, edit: &Allowed<Edit>, now: Moment) -> Result<(), Error> {
    let Edit { before, after } = edit.thing();
    let mut ids = Ids::load(tx)?;
    write_institution(tx, after)?;
    write_sites(tx, after, &mut ids)?;
    write_spaces(tx, after, &mut ids)?;
    let before = before.as_ref();
    for passage in &after.passages {
        if !before.is_some_and(|before| before.passages.contains(passage)) {
            let id = write_passage(tx, passage, &ids)?;
            ids.passages.insert(passage.name.clone(), id);
        }
    }
    for gateway in &after.gateways {
        if !before.is_some_and(|before| before.gateways.contains(gateway)) {
            let id = write_gateway(tx, gateway, &ids)?;
            ids.gateways.insert(gateway.name.clone(), id);
        }
    }
    for sensor in &after.sensors {
        if !before.is_some_and(|before| before.sensors.contains(sensor)) {
            let id = write_sensor(tx, sensor, &ids)?;
            ids.sensors
                .insert((sensor.gateway.clone(), sensor.device.clone()), id);
        }
    }
    for channel in &after.channels {
        if !before.is_some_and(|before| before.channels.contains(channel)) {
            write_channel(tx, channel, &ids)?;
        }
    }
    if edit
        .thing()
        .changed()
        .iter()
        .any(|changed| changed.after.is_none())
    {
        retire_others(tx, after, now)?;
    }
    tx.announce(Announcement::Campus)
}

/// Retires everything that a description no longer names. Devices that were only heard stay.
fn retire_others(
    tx: &mut Transaction<'_>,
    description: &Description,
    now: Moment,
) -> Result<(), Error> {
    let slugs: Vec<&str> = description
        .sites
        .iter()
        .map(|site| site.slug.as_str())
        .collect();
    diesel::update(
        sites::table
            .filter(not(sites::slug.eq_any(slugs)))
            .filter(sites::retired_at.is_null()),
    )
    .set(sites::retired_at.eq(now))
    .execute(tx.connection())?;
    let slugs: Vec<&str> = description
        .spaces
        .iter()
        .map(|space| space.slug.as_str())
        .collect();
    diesel::update(
        spaces::table
            .filter(not(spaces::slug.eq_any(slugs)))
            .filter(spaces::retired_at.is_null()),
    )
    .set(spaces::retired_at.eq(now))
    .execute(tx.connection())?;
    let names: Vec<&str> = description
        .passages
        .iter()
        .map(|passage| passage.name.as_str())
        .collect();
    diesel::update(
        passages::table
            .filter(not(passages::name.eq_any(names)))
            .filter(passages::retired_at.is_null()),
    )
    .set(passages::retired_at.eq(now))
    .execute(tx.connection())?;
    let names: Vec<&str> = description
        .gateways
        .iter()
        .map(|gateway| gateway.name.as_str())
        .collect();
    diesel::update(
        gateways::table
            .filter(not(gateways::name.eq_any(names)))
            .filter(gateways::retired_at.is_null()),
    )
    .set(gateways::retired_at.eq(now))
    .execute(tx.connection())?;
    let sensors_kept = described_sensors(tx, description)?;
    diesel::update(
        sensors::table
            .filter(sensors::is_described)
            .filter(not(sensors::id.eq_any(&sensors_kept))),
    )
    .filter(sensors::retired_at.is_null())
    .set(sensors::retired_at.eq(now))
    .execute(tx.connection())?;
    let mut channels_kept = Vec::new();
    let known: Vec<(i32, String, String, String)> = channels::table
        .inner_join(sensors::table.inner_join(gateways::table))
        .filter(channels::is_described)
        .select((channels::id, gateways::name, sensors::device, channels::key))
        .load(tx.connection())?;
    for (id, gateway, device, key) in known {
        let names = |channel: &Channel| {
            channel.gateway == gateway && channel.device == device && channel.key == key
        };
        if description.channels.iter().any(names) {
            channels_kept.push(id);
        }
    }
    diesel::update(
        channels::table
            .filter(channels::is_described)
            .filter(not(channels::id.eq_any(channels_kept))),
    )
    .filter(channels::retired_at.is_null())
    .set(channels::retired_at.eq(now))
    .execute(tx.connection())?;
    Ok(())
}

fn described_sensors(
    tx: &mut Transaction<'_>,
    description: &Description,
) -> Result<Vec<i32>, Error> {
    let known: Vec<(i32, String, String)> = sensors::table
        .inner_join(gateways::table)
        .select((sensors::id, gateways::name, sensors::device))
        .load(tx.connection())?;
    let names = |gateway: &str, device: &str| {
        description
            .sensors
            .iter()
            .any(|sensor| sensor.gateway == gateway && sensor.device == device)
    };
    Ok(known
        .into_iter()
        .filter(|(_, gateway, device)| names(gateway, device))
        .map(|(id, _, _)| id)
        .collect())
}

fn write_institution(tx: &mut Transaction<'_>, description: &Description) -> Result<(), Error> {
    let institution = &description.institution;
    diesel::insert_into(institutions::table)
        .values((
            institutions::id.eq(1),
            institutions::name.eq(json(&institution.name)?),
            institutions::time_zone.eq(institution.time_zone.name()),
            institutions::holidays.eq(&institution.holidays),
            institutions::data_licence.eq(&institution.data_licence),
            institutions::security_officer.eq(&institution.security_officer),
            institutions::security_contact.eq(&institution.security_contact),
        ))
        .on_conflict(institutions::id)
        .do_update()
        .set((
            institutions::name.eq(excluded(institutions::name)),
            institutions::time_zone.eq(excluded(institutions::time_zone)),
            institutions::holidays.eq(excluded(institutions::holidays)),
            institutions::data_licence.eq(excluded(institutions::data_licence)),
            institutions::security_officer.eq(excluded(institutions::security_officer)),
            institutions::security_contact.eq(excluded(institutions::security_contact)),
        ))
        .execute(tx.connection())?;
    Ok(())
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = sites, treat_none_as_null = true)]
struct NewSite<'a> {
    slug: &'a str,
    place: i32,
    name: Value,
    kind: &'a str,
    address: Option<&'a str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    phone: Option<&'a str>,
    email: Option<&'a str>,
    website: Option<&'a str>,
    description: Value,
    services: Value,
    access: Value,
    opening_hours: Option<&'a str>,
    exceptional_days: Value,
    retired_at: Option<Moment>,
}

fn write_sites(
    tx: &mut Transaction<'_>,
    description: &Description,
    ids: &mut Ids,
) -> Result<(), Error> {
    for (place, site) in (0..).zip(&description.sites) {
        let row = NewSite {
            slug: &site.slug,
            place,
            name: json(&site.name)?,
            kind: site.kind.name(),
            address: site.address.as_deref(),
            latitude: site.location.map(|location| location.latitude),
            longitude: site.location.map(|location| location.longitude),
            phone: site.phone.as_deref(),
            email: site.email.as_deref(),
            website: site.website.as_deref(),
            description: json(&site.description)?,
            services: json(&site.services)?,
            access: json(&site.access)?,
            opening_hours: site.opening_hours.as_deref(),
            exceptional_days: json(&site.exceptional_days)?,
            retired_at: None,
        };
        let id = diesel::insert_into(sites::table)
            .values(&row)
            .on_conflict(sites::slug)
            .do_update()
            .set(&row)
            .returning(sites::id)
            .get_result(tx.connection())?;
        ids.sites.insert(site.slug.clone(), id);
    }
    Ok(())
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = spaces, treat_none_as_null = true)]
struct NewSpace<'a> {
    slug: &'a str,
    place: i32,
    site_id: i32,
    name: Value,
    description: Value,
    is_draft: bool,
    day_starts: chrono::NaiveTime,
    empty_at_day_start: bool,
    drift_correction: bool,
    opening_hours: Option<&'a str>,
    retired_at: Option<Moment>,
}

fn write_spaces(
    tx: &mut Transaction<'_>,
    description: &Description,
    ids: &mut Ids,
) -> Result<(), Error> {
    for (place, space) in (0..).zip(&description.spaces) {
        let row = NewSpace {
            slug: &space.slug,
            place,
            site_id: found(&ids.sites, &space.site)?,
            name: json(&space.name)?,
            description: json(&space.description)?,
            is_draft: space.is_draft,
            day_starts: space.day_starts,
            empty_at_day_start: space.empty_at_day_start,
            drift_correction: space.drift_correction,
            opening_hours: space.opening_hours.as_deref(),
            retired_at: None,
        };
        let id = diesel::insert_into(spaces::table)
            .values(&row)
            .on_conflict(spaces::slug)
            .do_update()
            .set(&row)
            .returning(spaces::id)
            .get_result(tx.connection())?;
        ids.spaces.insert(space.slug.clone(), id);
        write_capacities(tx, id, space)?;
    }
    // A parent may stand after its children in the file.
    for space in &description.spaces {
        let parent = space
            .parent
            .as_ref()
            .map(|parent| found(&ids.spaces, parent))
            .transpose()?;
        diesel::update(spaces::table.find(found(&ids.spaces, &space.slug)?))
            .set(spaces::parent_id.eq(parent))
            .execute(tx.connection())?;
    }
    Ok(())
}

fn write_capacities(tx: &mut Transaction<'_>, space_id: i32, space: &Space) -> Result<(), Error> {
    diesel::delete(capacities::table.filter(capacities::space_id.eq(space_id)))
        .execute(tx.connection())?;
    for capacity in &space.capacities {
        diesel::insert_into(capacities::table)
            .values((
                capacities::space_id.eq(space_id),
                capacities::since.eq(capacity.since),
                capacities::comfort.eq(capacity.comfort),
                capacities::safety.eq(capacity.safety),
            ))
            .execute(tx.connection())?;
    }
    Ok(())
}

fn write_passage(tx: &mut Transaction<'_>, passage: &Passage, ids: &Ids) -> Result<i32, Error> {
    let side = |slug: &Option<String>| {
        slug.as_ref()
            .map(|slug| found(&ids.spaces, slug))
            .transpose()
    };
    let (from, to) = (side(&passage.from)?, side(&passage.to)?);
    let sides = (
        passages::from_space_id.eq(from),
        passages::to_space_id.eq(to),
        passages::retired_at.eq(None::<Moment>),
    );
    Ok(diesel::insert_into(passages::table)
        .values((passages::name.eq(&passage.name), sides))
        .on_conflict(passages::name)
        .do_update()
        .set(sides)
        .returning(passages::id)
        .get_result(tx.connection())?)
}

fn write_gateway(tx: &mut Transaction<'_>, gateway: &Gateway, ids: &Ids) -> Result<i32, Error> {
    let site = gateway
        .site
        .as_ref()
        .map(|site| found(&ids.sites, site))
        .transpose()?;
    let fields = (
        gateways::family.eq(gateway.family.name()),
        gateways::proof.eq(json(&gateway.proof)?),
        gateways::mapping.eq(gateway.mapping.as_ref().map(json).transpose()?),
        gateways::stale_after_minutes.eq(gateway.stale_after_minutes),
        gateways::site_id.eq(site),
        gateways::retired_at.eq(None::<Moment>),
    );
    Ok(diesel::insert_into(gateways::table)
        .values((gateways::name.eq(&gateway.name), fields.clone()))
        .on_conflict(gateways::name)
        .do_update()
        .set(fields)
        .returning(gateways::id)
        .get_result(tx.connection())?)
}

fn write_sensor(tx: &mut Transaction<'_>, sensor: &Sensor, ids: &Ids) -> Result<i32, Error> {
    let fields = (
        sensors::name.eq(sensor.name.as_deref()),
        sensors::model.eq(sensor.model.map(crate::domain::gateway::Family::name)),
        sensors::stale_after_minutes.eq(sensor.stale_after_minutes),
        sensors::is_described.eq(true),
        sensors::retired_at.eq(None::<Moment>),
    );
    let key = (
        sensors::gateway_id.eq(found(&ids.gateways, &sensor.gateway)?),
        sensors::device.eq(&sensor.device),
    );
    Ok(diesel::insert_into(sensors::table)
        .values((key, fields))
        .on_conflict((sensors::gateway_id, sensors::device))
        .do_update()
        .set(fields)
        .returning(sensors::id)
        .get_result(tx.connection())?)
}

fn write_channel(tx: &mut Transaction<'_>, channel: &Channel, ids: &Ids) -> Result<(), Error> {
    let (passage, reversed, space) = match &channel.purpose {
        Purpose::Passage { passage, direction } => (
            Some(found(&ids.passages, passage)?),
            *direction == Direction::Backward,
            None,
        ),
        Purpose::Space { space } => (None, false, Some(found(&ids.spaces, space)?)),
        Purpose::Unassigned => (None, false, None),
    };
    let fields = (
        channels::passage_id.eq(passage),
        channels::is_reversed.eq(reversed),
        channels::space_id.eq(space),
        channels::wrap.eq(channel.counter.wrap),
        channels::resets_to_zero.eq(channel.counter.resets_to_zero),
        channels::max_per_minute.eq(channel.counter.max_per_minute),
        channels::is_described.eq(true),
        channels::retired_at.eq(None::<Moment>),
    );
    let sensor = (channel.gateway.clone(), channel.device.clone());
    let sensor_id = ids
        .sensors
        .get(&sensor)
        .copied()
        .ok_or_else(|| unresolved(&channel.device))?;
    diesel::insert_into(channels::table)
        .values((
            channels::sensor_id.eq(sensor_id),
            channels::key.eq(&channel.key),
            fields,
        ))
        .on_conflict((channels::sensor_id, channels::key))
        .do_update()
        .set(fields)
        .execute(tx.connection())?;
    Ok(())
}

fn found(ids: &HashMap<String, i32>, name: &str) -> Result<i32, Error> {
    ids.get(name).copied().ok_or_else(|| unresolved(name))
}

fn unresolved(name: &str) -> Error {
    Error::Invalid {
        field: name.to_owned(),
        rule: "is not described".to_owned(),
    }
}

fn json<T: Serialize>(value: &T) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(Error::internal)
}
