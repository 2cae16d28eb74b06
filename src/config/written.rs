//! The shape of `campus.toml`, and how what is written there becomes a description.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use serde::Deserialize;

use crate::domain::campus::{
    Channel, Description, Direction, Institution, Location, Passage, Purpose, Sensor, Site,
    SiteKind, Space,
};
use crate::domain::capacity::Capacity;
use crate::domain::counter::Counter;
use crate::domain::description::{Place, Violation};
use crate::domain::gateway::{Family, Gateway, Proof};
use crate::domain::hours::ExceptionalDay;
use crate::domain::mapping::{MappedChannel, Mapping, Source};
use crate::domain::words::Words;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Campus {
    institution: WrittenInstitution,
    #[serde(default)]
    site: Vec<WrittenSite>,
    #[serde(default)]
    space: Vec<WrittenSpace>,
    #[serde(default)]
    passage: Vec<WrittenPassage>,
    #[serde(default)]
    gateway: Vec<WrittenGateway>,
    #[serde(default)]
    sensor: Vec<WrittenSensor>,
}

#[derive(Deserialize, Default)]
#[serde(
    untagged,
    expecting = "neither a text nor a table of language = text, such as { fr = \"Bibliothèque\", en = \"Library\" }"
)]
enum Text {
    #[default]
    None,
    Plain(String),
    Languages(BTreeMap<String, String>),
}

impl From<Text> for Words {
    fn from(text: Text) -> Self {
        match text {
            Text::None => Self::default(),
            Text::Plain(text) => Self::plain(&text),
            Text::Languages(texts) => Self(texts),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenInstitution {
    name: Text,
    time_zone: chrono_tz::Tz,
    holidays: Option<String>,
    data_licence: Option<String>,
    security_officer: Option<String>,
    security_contact: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSite {
    slug: String,
    name: Text,
    #[serde(default = "other")]
    kind: SiteKind,
    address: Option<String>,
    location: Option<Location>,
    phone: Option<String>,
    email: Option<String>,
    website: Option<String>,
    #[serde(default)]
    description: Text,
    #[serde(default)]
    services: Vec<Text>,
    #[serde(default)]
    access: Text,
    opening_hours: Option<String>,
    #[serde(default)]
    exceptional_days: Vec<WrittenDay>,
}

fn other() -> SiteKind {
    SiteKind::Other
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDay {
    day: NaiveDateText,
    hours: String,
    #[serde(default)]
    reason: Text,
}

/// A date as TOML writes it, with or without quotes.
#[derive(Deserialize)]
#[serde(try_from = "toml::Value")]
struct NaiveDateText(NaiveDate);

impl TryFrom<toml::Value> for NaiveDateText {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let text = match &value {
            toml::Value::Datetime(date) => date.to_string(),
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Array(_)
            | toml::Value::Table(_) => value.to_string(),
        };
        text.parse()
            .map(Self)
            .map_err(|_| format!("{text} is not a date; write 2026-12-24"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSpace {
    slug: String,
    site: String,
    parent: Option<String>,
    name: Text,
    #[serde(default)]
    description: Text,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    capacity: Vec<WrittenCapacity>,
    #[serde(default = "five_o_clock")]
    day_starts: TimeText,
    #[serde(default = "yes")]
    empty_at_day_start: bool,
    #[serde(default = "yes")]
    drift_correction: bool,
    opening_hours: Option<String>,
}

fn five_o_clock() -> TimeText {
    TimeText(NaiveTime::from_hms_opt(5, 0, 0).unwrap_or(NaiveTime::MIN))
}

/// A time of day as TOML writes it, or in quotes.
#[derive(Deserialize)]
#[serde(try_from = "toml::Value")]
struct TimeText(NaiveTime);

impl TryFrom<toml::Value> for TimeText {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let parsed = NaiveTime::parse_from_str(&text, "%H:%M").or_else(|_| text.parse());
        parsed
            .map(Self)
            .map_err(|_| format!("{text} is not a time of day; write \"05:00\""))
    }
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCapacity {
    since: NaiveDateText,
    comfort: i32,
    safety: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPassage {
    name: String,
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGateway {
    name: String,
    family: WrittenFamily,
    #[serde(default)]
    auth: WrittenProof,
    user: Option<String>,
    header: Option<String>,
    mapping: Option<Mapping>,
    #[serde(default = "a_quarter_of_an_hour")]
    stale_after_minutes: i32,
    site: Option<String>,
}

fn a_quarter_of_an_hour() -> i32 {
    15
}

/// What a gateway speaks. A device is told apart from a word that nobody knows, so that its own rule can be named.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct WrittenFamily(Family);

impl TryFrom<String> for WrittenFamily {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let family = name.parse().map(Self);
        family.map_err(|_| unknown(&name, "family", |family| !family.is_device()))
    }
}

/// Which device a sensor is.
#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "String")]
struct WrittenModel(Family);

impl TryFrom<String> for WrittenModel {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let model = name.parse().map(Self);
        model.map_err(|_| unknown(&name, "model", Family::is_device))
    }
}

fn unknown(name: &str, what: &str, fits: impl Fn(Family) -> bool) -> String {
    let known = Family::ALL.into_iter().filter(|family| fits(*family));
    let known: Vec<&str> = known.map(Family::name).collect();
    format!("{name:?} is no {what}; there are {}", known.join(", "))
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum WrittenProof {
    #[default]
    Bearer,
    Basic,
    Header,
    Path,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSensor {
    gateway: String,
    device: String,
    name: Option<String>,
    model: Option<WrittenModel>,
    stale_after_minutes: Option<i32>,
    #[serde(default)]
    channel: Vec<WrittenChannel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenChannel {
    key: String,
    passage: Option<String>,
    #[serde(default = "forward")]
    direction: Direction,
    space: Option<String>,
    wrap: Option<i64>,
    resets_to_zero: Option<bool>,
    max_per_minute: Option<i64>,
}

fn forward() -> Direction {
    Direction::Forward
}

impl Campus {
    /// Keys that say two things at once, or say something where nobody asks: the later forms could no longer tell.
    pub(super) fn contradictions(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut note = |list, index, field, rule, message: &str| {
            let place = Place { list, index, field };
            found.push(Violation {
                place,
                rule,
                message: message.to_owned(),
            });
        };
        for (index, gateway) in self.gateway.iter().enumerate() {
            if gateway.user.is_some() && !matches!(gateway.auth, WrittenProof::Basic) {
                note(
                    "gateway",
                    index,
                    "user",
                    "auth",
                    "a user name goes with auth = \"basic\" only",
                );
            }
            if gateway.header.is_some() && !matches!(gateway.auth, WrittenProof::Header) {
                note(
                    "gateway",
                    index,
                    "header",
                    "auth",
                    "a header goes with auth = \"header\" only",
                );
            }
        }
        let channels = self.sensor.iter().flat_map(|sensor| &sensor.channel);
        for (index, channel) in channels.enumerate() {
            if channel.passage.is_some() && channel.space.is_some() {
                let message = "a channel counts a passage or sees a space, never both";
                note("channel", index, "space", "one-purpose", message);
            }
        }
        found
    }

    pub(super) fn into_description(self) -> Description {
        let gateways: Vec<Gateway> = self
            .gateway
            .into_iter()
            .map(WrittenGateway::into_gateway)
            .collect();
        let mut sensors = Vec::new();
        let mut channels = Vec::new();
        for written in self.sensor {
            let model = written.model.map(|WrittenModel(model)| model);
            let gateway = gateways
                .iter()
                .find(|gateway| gateway.name == written.gateway);
            let device = written.device.trim().to_uppercase();
            for channel in written.channel {
                let counter = counter_of(&channel, model, gateway);
                let purpose = match (channel.passage, channel.space) {
                    (Some(passage), _) => Purpose::Passage {
                        passage,
                        direction: channel.direction,
                    },
                    (None, Some(space)) => Purpose::Space { space },
                    (None, None) => Purpose::Unassigned,
                };
                let (gateway, device) = (written.gateway.clone(), device.clone());
                channels.push(Channel {
                    gateway,
                    device,
                    key: channel.key,
                    purpose,
                    counter,
                });
            }
            sensors.push(Sensor {
                gateway: written.gateway,
                device,
                name: written.name,
                model,
                stale_after_minutes: written.stale_after_minutes,
            });
        }
        Description {
            institution: Institution {
                name: self.institution.name.into(),
                time_zone: self.institution.time_zone,
                holidays: self.institution.holidays,
                data_licence: self.institution.data_licence,
                security_officer: self.institution.security_officer,
                security_contact: self.institution.security_contact,
            },
            sites: self.site.into_iter().map(WrittenSite::into_site).collect(),
            spaces: self
                .space
                .into_iter()
                .map(WrittenSpace::into_space)
                .collect(),
            passages: self
                .passage
                .into_iter()
                .map(WrittenPassage::into_passage)
                .collect(),
            gateways,
            sensors,
            channels,
        }
    }
}

/// What the file says of a counter, else what the installer's mapping says, else what is known of the device.
fn counter_of(
    written: &WrittenChannel,
    model: Option<Family>,
    gateway: Option<&Gateway>,
) -> Counter {
    let mapped = gateway.and_then(|gateway| gateway.mapping.as_ref()).and_then(|mapping| {
        let key = |source: &Source| matches!(source, Source::Fixed { value } if *value == written.key);
        mapping.channels.iter().find(|channel| key(&channel.key) || mapping.channels.len() == 1)
    });
    let known = mapped.map_or_else(
        || {
            model
                .or(gateway.map(|gateway| gateway.family))
                .map_or_else(Counter::default, Family::counter)
        },
        MappedChannel::counter,
    );
    Counter {
        wrap: written.wrap.or(known.wrap),
        resets_to_zero: written.resets_to_zero.unwrap_or(known.resets_to_zero),
        max_per_minute: written.max_per_minute.unwrap_or(known.max_per_minute),
    }
}

impl WrittenSite {
    fn into_site(self) -> Site {
        let day = |written: WrittenDay| ExceptionalDay {
            day: written.day.0,
            hours: written.hours,
            reason: written.reason.into(),
        };
        Site {
            slug: self.slug,
            name: self.name.into(),
            kind: self.kind,
            address: self.address,
            location: self.location,
            phone: self.phone,
            email: self.email,
            website: self.website,
            description: self.description.into(),
            services: self.services.into_iter().map(Words::from).collect(),
            access: self.access.into(),
            opening_hours: self.opening_hours,
            exceptional_days: self.exceptional_days.into_iter().map(day).collect(),
        }
    }
}

impl WrittenSpace {
    fn into_space(self) -> Space {
        let capacity = |written: WrittenCapacity| Capacity {
            since: written.since.0,
            comfort: written.comfort,
            safety: written.safety,
        };
        Space {
            slug: self.slug,
            site: self.site,
            parent: self.parent,
            name: self.name.into(),
            description: self.description.into(),
            is_draft: self.draft,
            capacities: self.capacity.into_iter().map(capacity).collect(),
            day_starts: self.day_starts.0,
            empty_at_day_start: self.empty_at_day_start,
            drift_correction: self.drift_correction,
            opening_hours: self.opening_hours,
        }
    }
}

impl WrittenPassage {
    fn into_passage(self) -> Passage {
        let side = |slug: String| (slug != "outside").then_some(slug);
        Passage {
            name: self.name,
            from: side(self.from),
            to: side(self.to),
        }
    }
}

impl WrittenGateway {
    fn into_gateway(self) -> Gateway {
        let proof = match self.auth {
            WrittenProof::Bearer => Proof::Bearer,
            WrittenProof::Basic => Proof::Basic {
                user: self.user.unwrap_or_else(|| self.name.clone()),
            },
            WrittenProof::Header => Proof::Header {
                name: self
                    .header
                    .unwrap_or_else(|| "x-parvis-secret".to_owned())
                    .to_lowercase(),
            },
            WrittenProof::Path => Proof::Path,
        };
        Gateway {
            name: self.name,
            family: self.family.0,
            proof,
            mapping: self.mapping,
            stale_after_minutes: self.stale_after_minutes,
            site: self.site,
        }
    }
}
