//! The campus as it is described: sites, spaces, passages, gateways, sensors and channels, and how they belong together.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::capacity::{self, Capacity};
use super::counter::Counter;
use super::gateway::{Family, Gateway};
use super::hours::{ExceptionalDay, Hours};
use super::ids::{ChannelId, GatewayId, SensorId, SpaceId};
use super::notice::Notice;
use super::picture::Picture;
use super::reading::Moment;
use super::words::Words;
use super::zones::Zones;

/// The university that owns the appliance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Institution {
    /// Its name.
    pub name: Words,
    /// The zone of everything people see.
    pub time_zone: Tz,
    /// The country whose public holidays opening hours may name with `PH` (`FR`).
    pub holidays: Option<String>,
    /// The licence of its open data, as an address.
    pub data_licence: Option<String>,
    /// Who answers for security: a name.
    #[serde(default)]
    pub security_officer: Option<String>,
    /// Where flaws are reported: `mailto:`, `https:` or `tel:` (RFC 9116).
    #[serde(default)]
    pub security_contact: Option<String>,
}

/// What kind of place a site is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteKind {
    /// A library or learning centre.
    Library,
    /// A canteen or cafeteria.
    Canteen,
    /// A gym or sports hall.
    Gym,
    /// A front desk or office.
    Desk,
    /// Anything else.
    Other,
}

impl SiteKind {
    /// All kinds, in the order people read them.
    pub const ALL: [Self; 5] = [
        Self::Library,
        Self::Canteen,
        Self::Gym,
        Self::Desk,
        Self::Other,
    ];

    /// The word as in settings, the database and keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Library => "library",
            Self::Canteen => "canteen",
            Self::Gym => "gym",
            Self::Desk => "desk",
            Self::Other => "other",
        }
    }
}

/// A place on the map, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// A building or establishment the public knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// The name in addresses.
    pub slug: String,
    /// The name people know.
    pub name: Words,
    /// What it is.
    pub kind: SiteKind,
    /// Where the post goes.
    pub address: Option<String>,
    /// Where it is.
    pub location: Option<Location>,
    /// A telephone number.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// Its own pages.
    pub website: Option<String>,
    /// What it is, in a few sentences.
    #[serde(default)]
    pub description: Words,
    /// What one finds there.
    pub services: Vec<Words>,
    /// How to get in: entrance, lift, ramp.
    pub access: Words,
    /// When it is open, as OpenStreetMap writes it.
    pub opening_hours: Option<String>,
    /// Days with hours of their own.
    pub exceptional_days: Vec<ExceptionalDay>,
}

/// An area with an occupancy of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// The name in addresses.
    pub slug: String,
    /// The site it belongs to, by slug.
    pub site: String,
    /// The space it is part of, by slug.
    pub parent: Option<String>,
    /// The name people know.
    pub name: Words,
    /// What one finds there, in a few sentences.
    #[serde(default)]
    pub description: Words,
    /// Whether it is still being prepared: counted, but shown to staff only, with all that is part of it.
    #[serde(default)]
    pub is_draft: bool,
    /// Its gauges, dated.
    pub capacities: Vec<Capacity>,
    /// The local time its accounting day starts.
    pub day_starts: NaiveTime,
    /// Whether it is truly empty then. If not, the day opens with the people who stayed.
    pub empty_at_day_start: bool,
    /// Whether live drift correction is applied.
    pub drift_correction: bool,
    /// Hours of its own, where they differ from the site's.
    pub opening_hours: Option<String>,
}

/// A counting line between two spaces; outside is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Its name.
    pub name: String,
    /// Where one comes from when moving forward, by slug.
    pub from: Option<String>,
    /// Where one gets to when moving forward, by slug.
    pub to: Option<String>,
}

/// A device behind a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensor {
    /// The gateway it speaks through, by name.
    pub gateway: String,
    /// How the payload names it: serial number or device EUI.
    pub device: String,
    /// What people call it.
    pub name: Option<String>,
    /// Which device it is, when it speaks through a network server.
    pub model: Option<Family>,
    /// Its silence that is normal, where it differs from the gateway's.
    pub stale_after_minutes: Option<i32>,
}

/// Which way a channel's forward goes through its passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Forward is forward.
    Forward,
    /// The sensor is mounted the other way round.
    Backward,
}

/// What a channel's counts are used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// It counts people through a passage.
    Passage {
        /// The passage, by name.
        passage: String,
        /// Which way is forward.
        direction: Direction,
    },
    /// It sees how many people a space holds.
    Space {
        /// The space, by slug.
        space: String,
    },
    /// Nothing yet.
    Unassigned,
}

/// One thing a sensor measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// The gateway its sensor speaks through, by name.
    pub gateway: String,
    /// Its sensor, by device.
    pub device: String,
    /// How the decoder names it.
    pub key: String,
    /// What it is used for.
    pub purpose: Purpose,
    /// How its counter behaves.
    pub counter: Counter,
}

/// All that is described, as people wrote it: names refer to names.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The institution.
    pub institution: Institution,
    /// Sites.
    pub sites: Vec<Site>,
    /// Spaces.
    pub spaces: Vec<Space>,
    /// Passages.
    pub passages: Vec<Passage>,
    /// Gateways.
    pub gateways: Vec<Gateway>,
    /// Sensors.
    pub sensors: Vec<Sensor>,
    /// Channels.
    pub channels: Vec<Channel>,
}

impl Description {
    /// An institution of which nothing else is described yet.
    #[must_use]
    pub const fn of(institution: Institution) -> Self {
        Self {
            institution,
            sites: Vec::new(),
            spaces: Vec::new(),
            passages: Vec::new(),
            gateways: Vec::new(),
            sensors: Vec::new(),
            channels: Vec::new(),
        }
    }
}

/// A digest of a secret that a gateway's sender may use until a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretDigest {
    /// SHA-256 of the secret.
    pub digest: Vec<u8>,
    /// Until when it is good.
    pub until: Option<super::reading::Moment>,
}

/// A gateway with what only the running service needs.
#[derive(Debug, Clone)]
pub struct KnownGateway {
    /// Its identifier.
    pub id: GatewayId,
    /// Its description.
    pub gateway: Gateway,
    /// The secrets it accepts.
    pub secrets: Vec<SecretDigest>,
}

/// A sensor with its identifier.
#[derive(Debug, Clone)]
pub struct KnownSensor {
    /// Its identifier.
    pub id: SensorId,
    /// Its description.
    pub sensor: Sensor,
    /// How long its silence is normal, in minutes.
    pub stale_after_minutes: i32,
}

/// A channel with its identifier.
#[derive(Debug, Clone)]
pub struct KnownChannel {
    /// Its identifier.
    pub id: ChannelId,
    /// Its sensor.
    pub sensor: SensorId,
    /// Its description.
    pub channel: Channel,
}

/// A space with its identifier, its site and its hours.
#[derive(Debug, Clone)]
pub struct KnownSpace {
    /// Its identifier.
    pub id: SpaceId,
    /// Its description.
    pub space: Space,
    /// The index of its site in [`Campus::sites`].
    pub site: usize,
    /// Its parent, if any.
    pub parent: Option<SpaceId>,
    /// When it is open; `None` when nobody said.
    pub hours: Option<Hours>,
}

impl KnownSpace {
    /// The gauges that hold on a day.
    #[must_use]
    pub fn capacity_on(&self, day: NaiveDate) -> Option<Capacity> {
        capacity::on(&self.space.capacities, day)
    }
}

/// A device and its channels, as payloads name them.
#[derive(Debug, Clone)]
pub struct Device {
    /// Its sensor.
    pub sensor: SensorId,
    /// Which device it is, behind a network server.
    pub model: Option<Family>,
    /// Its channels by key.
    pub channels: HashMap<String, ChannelId>,
}

/// The campus the service works with: a description whose names are resolved.
#[derive(Debug, Clone)]
pub struct Campus {
    /// The institution.
    pub institution: Institution,
    /// The sites, in the order of their description.
    pub sites: Vec<Site>,
    /// The spaces, in the order of their description.
    pub spaces: Vec<KnownSpace>,
    /// The gateways by name.
    pub gateways: HashMap<String, KnownGateway>,
    /// The sensors.
    pub sensors: BTreeMap<SensorId, KnownSensor>,
    /// The channels.
    pub channels: BTreeMap<ChannelId, KnownChannel>,
    /// Which channels each space's figure is made of.
    pub zones: Zones,
    /// The devices of each gateway, by name.
    pub devices: HashMap<GatewayId, HashMap<String, Device>>,
    /// What staff tell the public: all notices that are not over, or were not when the campus was read.
    pub notices: Vec<Notice>,
    /// The pictures of its sites.
    pub pictures: Vec<Picture>,
}

impl Campus {
    /// A campus of which nothing is described yet.
    #[must_use]
    pub fn undescribed() -> Self {
        Self {
            institution: Institution {
                name: Words::plain("Parvis"),
                time_zone: Tz::UTC,
                holidays: None,
                data_licence: None,
                security_officer: Some("Security team".to_owned()),
                security_contact: Some("mailto:security@test.example".to_owned()),
            },
            sites: Vec::new(),
            spaces: Vec::new(),
            gateways: HashMap::new(),
            sensors: BTreeMap::new(),
            channels: BTreeMap::new(),
            zones: Zones::default(),
            devices: HashMap::new(),
            notices: Vec::new(),
            pictures: Vec::new(),
        }
    }

    /// The device of a gateway that a payload names.
    #[must_use]
    pub fn device(&self, gateway: GatewayId, device: &str) -> Option<&Device> {
        self.devices.get(&gateway)?.get(device)
    }

    /// The space with a slug.
    #[must_use]
    pub fn space(&self, slug: &str) -> Option<&KnownSpace> {
        self.spaces.iter().find(|known| known.space.slug == slug)
    }

    /// The space with an identifier.
    #[must_use]
    pub fn space_by_id(&self, id: SpaceId) -> Option<&KnownSpace> {
        self.spaces.iter().find(|known| known.id == id)
    }

    /// The site of a space.
    #[must_use]
    pub fn site_of(&self, space: &KnownSpace) -> Option<&Site> {
        self.sites.get(space.site)
    }

    /// The zone of everything people see.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.institution.time_zone
    }

    /// The campus as the public sees it: without spaces that are being prepared, and without what is part of them.
    #[must_use]
    pub fn published(&self) -> Self {
        let mut published = self.clone();
        published.spaces.retain(|known| !self.is_hidden(known));
        published
    }

    /// Whether a space, or one that it is part of, is being prepared.
    #[must_use]
    pub fn is_hidden(&self, known: &KnownSpace) -> bool {
        let above = std::iter::successors(Some(known), |known| self.space_by_id(known.parent?));
        above
            .take(self.spaces.len())
            .any(|known| known.space.is_draft)
    }

    /// Whether anything of it is being prepared.
    #[must_use]
    pub fn has_drafts(&self) -> bool {
        self.spaces.iter().any(|known| known.space.is_draft)
    }

    /// The notices of a site that the public sees now; of all sites when `None`.
    pub fn notices_now(&self, site: Option<&str>, now: Moment) -> impl Iterator<Item = &Notice> {
        self.notices.iter().filter(move |notice| {
            notice.is_shown(now) && site.is_none_or(|site| notice.notice.site == site)
        })
    }

    /// The site with a slug.
    #[must_use]
    pub fn site(&self, slug: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.slug == slug)
    }

    /// The spaces that are part of a space, one level down.
    pub fn children(&self, id: SpaceId) -> impl Iterator<Item = &KnownSpace> {
        self.spaces
            .iter()
            .filter(move |known| known.parent == Some(id))
    }
}
