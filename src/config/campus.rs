//! The description of a campus, `campus.toml`: parsed, checked against the rules, and refused whole with file, line and rule.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveTime};
use serde::Deserialize;

use super::lines::{line_at, line_of};
use crate::domain::campus::{
    Channel, Description, Direction, Institution, Location, Passage, Purpose, Sensor, Site,
    SiteKind, Space,
};
use crate::domain::capacity::Capacity;
use crate::domain::counter::Counter;
use crate::domain::description::violations;
use crate::domain::gateway::{Family, Gateway, Proof};
use crate::domain::hours::ExceptionalDay;
use crate::domain::mapping::{Mapping, Source};
use crate::domain::words::Words;

/// What is wrong with a description, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The rule, by its name in `docs/campus.md`.
    pub rule: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// A description that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file.
    pub path: PathBuf,
    /// All that is wrong.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            let Problem {
                line,
                rule,
                message,
            } = problem;
            write!(
                formatter,
                "{end}{}:{line}: {rule}: {message}",
                self.path.display()
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Reads and checks a description.
///
/// # Errors
/// When the file cannot be read or breaks any rule; then all broken rules are told at once.
pub fn read_campus(path: &Path) -> Result<Description, Problems> {
    let refused = |problems| Problems {
        path: path.to_owned(),
        problems,
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        refused(vec![Problem {
            line: 1,
            rule: "readable".to_owned(),
            message: error.to_string(),
        }])
    })?;
    describe(&text).map_err(refused)
}

fn describe(text: &str) -> Result<Description, Vec<Problem>> {
    let written: Campus = toml::from_str(text).map_err(|error| {
        let line = line_at(text, error.span().map_or(0, |span| span.start));
        vec![Problem {
            line,
            rule: "form".to_owned(),
            message: error.message().replace('\n', "; "),
        }]
    })?;
    let description = written.into_description();
    let problems: Vec<Problem> = violations(&description)
        .into_iter()
        .map(|violation| {
            let place = violation.place;
            let header = if place.list == "channel" {
                "[[sensor.channel]]"
            } else {
                &format!("[[{}]]", place.list)
            };
            Problem {
                line: line_of(text, header, place.index, place.field),
                rule: violation.rule.to_owned(),
                message: violation.message,
            }
        })
        .collect();
    if problems.is_empty() {
        Ok(description)
    } else {
        Err(problems)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Campus {
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
#[serde(untagged)]
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
    family: Family,
    #[serde(default)]
    auth: WrittenProof,
    user: Option<String>,
    header: Option<String>,
    mapping: Option<Mapping>,
    #[serde(default = "a_quarter_of_an_hour")]
    stale_after_minutes: i32,
}

fn a_quarter_of_an_hour() -> i32 {
    15
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
    model: Option<Family>,
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
    fn into_description(self) -> Description {
        let gateways: Vec<Gateway> = self
            .gateway
            .into_iter()
            .map(WrittenGateway::into_gateway)
            .collect();
        let mut sensors = Vec::new();
        let mut channels = Vec::new();
        for written in self.sensor {
            let gateway = gateways
                .iter()
                .find(|gateway| gateway.name == written.gateway);
            let device = written.device.trim().to_uppercase();
            for channel in written.channel {
                let counter = counter_of(&channel, written.model, gateway);
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
                model: written.model,
                stale_after_minutes: written.stale_after_minutes,
            });
        }
        Description {
            institution: Institution {
                name: self.institution.name.into(),
                time_zone: self.institution.time_zone,
                holidays: self.institution.holidays,
                data_licence: self.institution.data_licence,
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
        crate::domain::mapping::MappedChannel::counter,
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
            family: self.family,
            proof,
            mapping: self.mapping,
            stale_after_minutes: self.stale_after_minutes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"[institution]
name = { fr = "Université", en = "University" }
time_zone = "Europe/Paris"
holidays = "FR"

[[site]]
slug = "library"
name = "Library"
kind = "library"
opening_hours = "Mo-Fr 08:00-22:00; PH off"
exceptional_days = [{ day = 2026-12-24, hours = "off", reason = "Christmas Eve" }]

[[space]]
slug = "library"
site = "library"
name = "Library"
capacity = [{ since = 2026-01-01, comfort = 320, safety = 400 }]

[[space]]
slug = "upper"
site = "library"
parent = "library"
name = "Upper floor"

[[passage]]
name = "Main door"
from = "outside"
to = "library"

[[passage]]
name = "Stairs"
from = "library"
to = "upper"

[[gateway]]
name = "lora"
family = "chirpstack"

[[sensor]]
gateway = "lora"
device = "24e124136d151234"
model = "milesight-vs350"

[[sensor.channel]]
key = "line_1"
passage = "Main door"

[[sensor.channel]]
key = "line_2"
passage = "Stairs"
"#;

    fn problems(text: &str) -> Vec<(usize, String)> {
        describe(text).map_or_else(
            |found| found.into_iter().map(|p| (p.line, p.rule)).collect(),
            |_| Vec::new(),
        )
    }

    fn with(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replacen(from, to, 1)
    }

    #[test]
    fn a_good_description_is_read() {
        let description = describe(GOOD).unwrap();
        assert_eq!(description.passages[0].from, None);
        assert_eq!(description.channels[0].counter.wrap, Some(65_536));
        assert_eq!(description.sensors[0].device, "24E124136D151234");
        assert_eq!(description.spaces[0].capacities[0].comfort, 320);
    }

    #[test]
    fn each_broken_rule_is_named_with_its_line() {
        let broken = |from: &str, to: &str| problems(&with(from, to));
        let one = |line: usize, rule: &str| vec![(line, rule.to_owned())];
        assert_eq!(
            broken(
                "to = \"library\"\n\n[[passage]]",
                "to = \"outside\"\n\n[[passage]]"
            ),
            one(28, "two-sides")
        );
        assert_eq!(
            broken("key = \"line_2\"", "key = \"line_1\""),
            one(49, "one-passage")
        );
        assert_eq!(
            broken("passage = \"Stairs\"", "passage = \"Ladder\""),
            one(50, "known-name")
        );
        assert_eq!(
            broken("parent = \"library\"", "parent = \"upper\""),
            one(22, "tree")
        );
        assert_eq!(
            broken("Mo-Fr 08:00-22:00", "Mon to Fri"),
            one(10, "opening-hours")
        );
        assert_eq!(
            broken("site = \"library\"\nname", "site = \"museum\"\nname")[0],
            (15, "known-name".to_owned())
        );
        assert_eq!(
            broken("comfort = 320", "comfort = 0"),
            one(17, "capacity-positive")
        );
        assert_eq!(
            broken("slug = \"upper\"", "slug = \"Upper floor\"")[0],
            (20, "slug-form".to_owned())
        );
        assert_eq!(
            broken(
                "name = \"Upper floor\"",
                "name = \"Upper\"\nday_starts = \"5 am\""
            )[0]
            .1,
            "form"
        );
        assert_eq!(
            broken("family = \"chirpstack\"", "family = \"milesight-vs350\""),
            one(37, "family-speaks-https")
        );
        assert_eq!(
            broken("family = \"chirpstack\"", "family = \"lora\""),
            one(37, "form")
        );
        assert_eq!(
            broken("gateway = \"lora\"", "gateway = \"laura\"")[0].1,
            "known-name"
        );
        assert_eq!(
            broken("key = \"line_2\"", "kee = \"line_2\""),
            one(49, "form")
        );
    }

    #[test]
    fn a_cycle_through_several_spaces_is_found() {
        let text = with(
            "slug = \"library\"\nsite = \"library\"\n",
            "slug = \"library\"\nsite = \"library\"\nparent = \"upper\"\n",
        );
        assert!(problems(&text).iter().any(|(_, rule)| rule == "tree"));
    }
}
