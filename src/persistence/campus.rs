//! Reading the campus back: as a description to compare with, and resolved for the service.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveTime;
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::database::View;
use super::schema::{
    capacities, channels, gateway_secrets, gateways, institutions, passages, sensors, sites, spaces,
};
use super::{notices, pictures};
use crate::domain::campus::{
    Campus, Channel, Description, Device, Direction, Institution, KnownChannel, KnownGateway,
    KnownSensor, KnownSpace, Location, Passage, Purpose, SecretDigest, Sensor, Site, SiteKind,
    Space,
};
use crate::domain::capacity::Capacity;
use crate::domain::counter::Counter;
use crate::domain::gateway::{Family, Gateway};
use crate::domain::hours::Hours;
use crate::domain::ids::{ChannelId, GatewayId, SensorId, SpaceId};
use crate::domain::reading::Moment;
use crate::domain::zones::{Edge, Zones};
use crate::error::Error;

#[derive(Queryable, Selectable)]
#[diesel(table_name = institutions)]
struct InstitutionRow {
    name: Value,
    time_zone: String,
    holidays: Option<String>,
    data_licence: Option<String>,
    security_officer: Option<String>,
    security_contact: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sites)]
struct SiteRow {
    id: i32,
    slug: String,
    name: Value,
    kind: String,
    address: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    phone: Option<String>,
    email: Option<String>,
    website: Option<String>,
    description: Value,
    services: Value,
    access: Value,
    opening_hours: Option<String>,
    exceptional_days: Value,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = spaces)]
struct SpaceRow {
    id: i32,
    slug: String,
    site_id: i32,
    parent_id: Option<i32>,
    name: Value,
    description: Value,
    is_draft: bool,
    day_starts: NaiveTime,
    empty_at_day_start: bool,
    drift_correction: bool,
    opening_hours: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = capacities)]
struct CapacityRow {
    space_id: i32,
    since: chrono::NaiveDate,
    comfort: i32,
    safety: Option<i32>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = passages)]
struct PassageRow {
    id: i32,
    name: String,
    from_space_id: Option<i32>,
    to_space_id: Option<i32>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = gateways)]
struct GatewayRow {
    id: i32,
    name: String,
    family: String,
    proof: Value,
    mapping: Option<Value>,
    stale_after_minutes: i32,
    site_id: Option<i32>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = gateway_secrets)]
struct SecretRow {
    gateway_id: i32,
    digest: Vec<u8>,
    until: Option<Moment>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sensors)]
struct SensorRow {
    id: i32,
    gateway_id: i32,
    device: String,
    name: Option<String>,
    model: Option<String>,
    stale_after_minutes: Option<i32>,
    is_described: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = channels)]
struct ChannelRow {
    id: i32,
    sensor_id: i32,
    key: String,
    passage_id: Option<i32>,
    is_reversed: bool,
    space_id: Option<i32>,
    wrap: Option<i64>,
    resets_to_zero: bool,
    max_per_minute: i64,
    is_described: bool,
}

/// All rows of the description that are not retired.
struct Rows {
    institution: Option<InstitutionRow>,
    sites: Vec<SiteRow>,
    spaces: Vec<SpaceRow>,
    capacities: Vec<CapacityRow>,
    passages: Vec<PassageRow>,
    gateways: Vec<GatewayRow>,
    sensors: Vec<SensorRow>,
    channels: Vec<ChannelRow>,
}

impl Rows {
    fn load(view: &mut View<'_>) -> Result<Self, Error> {
        let connection = view.connection();
        Ok(Self {
            institution: institutions::table
                .select(InstitutionRow::as_select())
                .first(connection)
                .optional()?,
            sites: sites::table
                .filter(sites::retired_at.is_null())
                .order(sites::place)
                .select(SiteRow::as_select())
                .load(connection)?,
            spaces: spaces::table
                .filter(spaces::retired_at.is_null())
                .order(spaces::place)
                .select(SpaceRow::as_select())
                .load(connection)?,
            capacities: capacities::table
                .order((capacities::space_id, capacities::since))
                .select(CapacityRow::as_select())
                .load(connection)?,
            passages: passages::table
                .filter(passages::retired_at.is_null())
                .order(passages::id)
                .select(PassageRow::as_select())
                .load(connection)?,
            gateways: gateways::table
                .filter(gateways::retired_at.is_null())
                .order(gateways::id)
                .select(GatewayRow::as_select())
                .load(connection)?,
            sensors: sensors::table
                .filter(sensors::retired_at.is_null())
                .order(sensors::id)
                .select(SensorRow::as_select())
                .load(connection)?,
            channels: channels::table
                .filter(channels::retired_at.is_null())
                .order(channels::id)
                .select(ChannelRow::as_select())
                .load(connection)?,
        })
    }
}

/// The description as it stands; `None` before the first one.
///
/// # Errors
/// When the database is not available.
pub fn description(view: &mut View<'_>) -> Result<Option<Description>, Error> {
    let rows = Rows::load(view)?;
    let names = Names::of(&rows);
    let Some(institution) = &rows.institution else {
        return Ok(None);
    };
    let described = |sensor: &&SensorRow| sensor.is_described;
    Ok(Some(Description {
        institution: institution_of(institution)?,
        sites: rows.sites.iter().map(site_of).collect::<Result<_, _>>()?,
        spaces: rows
            .spaces
            .iter()
            .map(|row| space_of(row, &rows, &names))
            .collect::<Result<_, _>>()?,
        passages: rows
            .passages
            .iter()
            .map(|row| names.passage_of(row))
            .collect(),
        gateways: rows
            .gateways
            .iter()
            .map(|row| names.gateway_of(row))
            .collect::<Result<_, _>>()?,
        sensors: rows
            .sensors
            .iter()
            .filter(described)
            .map(|row| names.sensor_of(row))
            .collect::<Result<_, _>>()?,
        channels: rows
            .channels
            .iter()
            .filter(|row| row.is_described)
            .map(|row| names.channel_of(row))
            .collect(),
    }))
}

/// The campus, resolved; `None` before it is first described.
///
/// # Errors
/// When the database is not available.
pub fn campus(view: &mut View<'_>) -> Result<Option<Campus>, Error> {
    let rows = Rows::load(view)?;
    let secrets: Vec<SecretRow> = gateway_secrets::table
        .select(SecretRow::as_select())
        .load(view.connection())?;
    let names = Names::of(&rows);
    let Some(institution) = &rows.institution else {
        return Ok(None);
    };
    let institution = institution_of(institution)?;
    let sites: Vec<Site> = rows.sites.iter().map(site_of).collect::<Result<_, _>>()?;
    let mut known_spaces = Vec::new();
    for row in &rows.spaces {
        let space = space_of(row, &rows, &names)?;
        let Some(site) = rows.sites.iter().position(|site| site.id == row.site_id) else {
            continue;
        };
        let hours = sites
            .get(site)
            .and_then(|site| hours_of(&space, site, &institution));
        known_spaces.push(KnownSpace {
            id: SpaceId(row.id),
            space,
            site,
            parent: row.parent_id.map(SpaceId),
            hours,
        });
    }
    let gateways = gateways_of(&rows, &names, &secrets)?;
    let sensors = rows
        .sensors
        .iter()
        .filter(|row| names.gateways.contains_key(&row.gateway_id))
        .map(|row| {
            let gateway = rows
                .gateways
                .iter()
                .find(|gateway| gateway.id == row.gateway_id);
            let stale_after_minutes = row
                .stale_after_minutes
                .or(gateway.map(|gateway| gateway.stale_after_minutes))
                .unwrap_or(15);
            let id = SensorId(row.id);
            Ok((
                id,
                KnownSensor {
                    id,
                    sensor: names.sensor_of(row)?,
                    stale_after_minutes,
                },
            ))
        })
        .collect::<Result<BTreeMap<_, _>, Error>>()?;
    let channels: BTreeMap<ChannelId, KnownChannel> = rows
        .channels
        .iter()
        .filter(|row| sensors.contains_key(&SensorId(row.sensor_id)))
        .map(|row| {
            let id = ChannelId(row.id);
            (
                id,
                KnownChannel {
                    id,
                    sensor: SensorId(row.sensor_id),
                    channel: names.channel_of(row),
                },
            )
        })
        .collect();
    let zones = zones_of(&rows, &channels);
    let devices = devices_of(&rows, &sensors, &channels);
    Ok(Some(Campus {
        institution,
        sites,
        spaces: known_spaces,
        gateways,
        sensors,
        channels,
        zones,
        devices,
        notices: notices::current(view)?,
        pictures: pictures::current(view)?,
    }))
}

/// The identifier of a site that is in use.
///
/// # Errors
/// When there is none of that slug, or the database is not available.
pub(super) fn site_id(view: &mut View<'_>, slug: &str) -> Result<i32, Error> {
    sites::table
        .filter(sites::slug.eq(slug))
        .filter(sites::retired_at.is_null())
        .select(sites::id)
        .first(view.connection())
        .optional()?
        .ok_or_else(|| Error::NotFound(format!("site is called \"{slug}\"")))
}

fn gateways_of(
    rows: &Rows,
    names: &Names,
    secrets: &[SecretRow],
) -> Result<HashMap<String, KnownGateway>, Error> {
    rows.gateways
        .iter()
        .map(|row| {
            let accepted = secrets.iter().filter(|secret| secret.gateway_id == row.id);
            let secrets = accepted
                .map(|secret| SecretDigest {
                    digest: secret.digest.clone(),
                    until: secret.until,
                })
                .collect();
            Ok((
                row.name.clone(),
                KnownGateway {
                    id: GatewayId(row.id),
                    gateway: names.gateway_of(row)?,
                    secrets,
                },
            ))
        })
        .collect()
}

fn devices_of(
    rows: &Rows,
    sensors: &BTreeMap<SensorId, KnownSensor>,
    channels: &BTreeMap<ChannelId, KnownChannel>,
) -> HashMap<GatewayId, HashMap<String, Device>> {
    let mut devices: HashMap<GatewayId, HashMap<String, Device>> = HashMap::new();
    for row in &rows.sensors {
        let id = SensorId(row.id);
        let Some(known) = sensors.get(&id) else {
            continue;
        };
        let own = channels.values().filter(|channel| channel.sensor == id);
        let device = Device {
            sensor: id,
            model: known.sensor.model,
            channels: own
                .map(|known| (known.channel.key.clone(), known.id))
                .collect(),
        };
        devices
            .entry(GatewayId(row.gateway_id))
            .or_default()
            .insert(row.device.clone(), device);
    }
    devices
}

fn hours_of(space: &Space, site: &Site, institution: &Institution) -> Option<Hours> {
    let text = space
        .opening_hours
        .as_ref()
        .or(site.opening_hours.as_ref())?;
    let (zone, country) = (institution.time_zone, institution.holidays.as_deref());
    // Hours were checked when they were described; should a holiday calendar lose a country, the place has no hours.
    Hours::parse(text, &site.exceptional_days, zone, country).ok()
}

fn zones_of(rows: &Rows, channels: &BTreeMap<ChannelId, KnownChannel>) -> Zones {
    let parents = rows
        .spaces
        .iter()
        .map(|row| (SpaceId(row.id), row.parent_id.map(SpaceId)))
        .collect();
    let passage = |id: i32| rows.passages.iter().find(|passage| passage.id == id);
    let mut edges = Vec::new();
    let mut levels = Vec::new();
    for row in rows
        .channels
        .iter()
        .filter(|row| channels.contains_key(&ChannelId(row.id)))
    {
        let channel = ChannelId(row.id);
        if let Some(passage) = row.passage_id.and_then(passage) {
            let (from, to) = (
                passage.from_space_id.map(SpaceId),
                passage.to_space_id.map(SpaceId),
            );
            let (from, to) = if row.is_reversed {
                (to, from)
            } else {
                (from, to)
            };
            edges.push(Edge { channel, from, to });
        }
        if let Some(space) = row.space_id {
            levels.push((channel, SpaceId(space)));
        }
    }
    Zones::resolve(&parents, &edges, &levels)
}

/// Names by identifier, since descriptions refer by name.
struct Names {
    sites: HashMap<i32, String>,
    spaces: HashMap<i32, String>,
    passages: HashMap<i32, String>,
    gateways: HashMap<i32, String>,
    /// Gateway and device of each sensor.
    sensors: HashMap<i32, (String, String)>,
}

impl Names {
    fn of(rows: &Rows) -> Self {
        let gateways: HashMap<i32, String> = rows
            .gateways
            .iter()
            .map(|row| (row.id, row.name.clone()))
            .collect();
        let sensors = rows
            .sensors
            .iter()
            .filter_map(|row| {
                Some((
                    row.id,
                    (gateways.get(&row.gateway_id)?.clone(), row.device.clone()),
                ))
            })
            .collect();
        Self {
            sites: rows
                .sites
                .iter()
                .map(|row| (row.id, row.slug.clone()))
                .collect(),
            spaces: rows
                .spaces
                .iter()
                .map(|row| (row.id, row.slug.clone()))
                .collect(),
            passages: rows
                .passages
                .iter()
                .map(|row| (row.id, row.name.clone()))
                .collect(),
            gateways,
            sensors,
        }
    }

    fn passage_of(&self, row: &PassageRow) -> Passage {
        let side = |id: Option<i32>| id.and_then(|id| self.spaces.get(&id).cloned());
        Passage {
            name: row.name.clone(),
            from: side(row.from_space_id),
            to: side(row.to_space_id),
        }
    }

    fn gateway_of(&self, row: &GatewayRow) -> Result<Gateway, Error> {
        Ok(Gateway {
            name: row.name.clone(),
            family: family_of(&row.family)?,
            proof: parsed(&row.proof)?,
            mapping: row.mapping.as_ref().map(parsed).transpose()?,
            stale_after_minutes: row.stale_after_minutes,
            site: row.site_id.and_then(|id| self.sites.get(&id).cloned()),
        })
    }

    fn sensor_of(&self, row: &SensorRow) -> Result<Sensor, Error> {
        Ok(Sensor {
            gateway: self
                .gateways
                .get(&row.gateway_id)
                .cloned()
                .unwrap_or_default(),
            device: row.device.clone(),
            name: row.name.clone(),
            model: row.model.as_deref().map(family_of).transpose()?,
            stale_after_minutes: row.stale_after_minutes,
        })
    }

    fn channel_of(&self, row: &ChannelRow) -> Channel {
        let (gateway, device) = self
            .sensors
            .get(&row.sensor_id)
            .cloned()
            .unwrap_or_default();
        let passage = row.passage_id.and_then(|id| self.passages.get(&id));
        let space = row.space_id.and_then(|id| self.spaces.get(&id));
        let direction = if row.is_reversed {
            Direction::Backward
        } else {
            Direction::Forward
        };
        let purpose = match (passage, space) {
            (Some(passage), _) => Purpose::Passage {
                passage: passage.clone(),
                direction,
            },
            (None, Some(space)) => Purpose::Space {
                space: space.clone(),
            },
            (None, None) => Purpose::Unassigned,
        };
        let counter = Counter {
            wrap: row.wrap,
            resets_to_zero: row.resets_to_zero,
            max_per_minute: row.max_per_minute,
        };
        Channel {
            gateway,
            device,
            key: row.key.clone(),
            purpose,
            counter,
        }
    }
}

fn institution_of(row: &InstitutionRow) -> Result<Institution, Error> {
    Ok(Institution {
        name: parsed(&row.name)?,
        time_zone: row
            .time_zone
            .parse()
            .map_err(|error: chrono_tz::ParseError| Error::internal(error))?,
        holidays: row.holidays.clone(),
        data_licence: row.data_licence.clone(),
        security_officer: row.security_officer.clone(),
        security_contact: row.security_contact.clone(),
    })
}

fn site_of(row: &SiteRow) -> Result<Site, Error> {
    Ok(Site {
        slug: row.slug.clone(),
        name: parsed(&row.name)?,
        kind: SiteKind::ALL
            .into_iter()
            .find(|kind| kind.name() == row.kind)
            .unwrap_or(SiteKind::Other),
        address: row.address.clone(),
        location: row
            .latitude
            .zip(row.longitude)
            .map(|(latitude, longitude)| Location {
                latitude,
                longitude,
            }),
        phone: row.phone.clone(),
        email: row.email.clone(),
        website: row.website.clone(),
        description: parsed(&row.description)?,
        services: parsed(&row.services)?,
        access: parsed(&row.access)?,
        opening_hours: row.opening_hours.clone(),
        exceptional_days: parsed(&row.exceptional_days)?,
    })
}

fn space_of(row: &SpaceRow, rows: &Rows, names: &Names) -> Result<Space, Error> {
    let own = rows
        .capacities
        .iter()
        .filter(|capacity| capacity.space_id == row.id);
    let capacity = |row: &CapacityRow| Capacity {
        since: row.since,
        comfort: row.comfort,
        safety: row.safety,
    };
    Ok(Space {
        slug: row.slug.clone(),
        site: names.sites.get(&row.site_id).cloned().unwrap_or_default(),
        parent: row.parent_id.and_then(|id| names.spaces.get(&id).cloned()),
        name: parsed(&row.name)?,
        description: parsed(&row.description)?,
        is_draft: row.is_draft,
        capacities: own.map(capacity).collect(),
        day_starts: row.day_starts,
        empty_at_day_start: row.empty_at_day_start,
        drift_correction: row.drift_correction,
        opening_hours: row.opening_hours.clone(),
    })
}

fn family_of(name: &str) -> Result<Family, Error> {
    name.parse()
        .map_err(|error: crate::domain::gateway::NotAFamily| Error::internal(error))
}

fn parsed<T: DeserializeOwned>(value: &Value) -> Result<T, Error> {
    serde_json::from_value(value.clone()).map_err(Error::internal)
}
