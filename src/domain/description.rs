//! The rules a description of a campus must keep.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::campus::{Description, Purpose};
use super::gateway::Family;
use super::hours::Hours;
use super::mapping::Mapping;

/// Where in a description something stands: the list, the position in it, and the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// `institution`, `site`, `space`, `passage`, `gateway`, `sensor` or `channel`.
    pub list: &'static str,
    /// The position in the list, from 0.
    pub index: usize,
    /// The field.
    pub field: &'static str,
}

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub place: Place,
    /// Which rule, by its name in `docs/campus.md`.
    pub rule: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// Longest name or slug.
const LONGEST: usize = 80;

struct Inspection<'a> {
    description: &'a Description,
    violations: Vec<Violation>,
}

/// All rules a description breaks, in the order of its lists.
#[must_use]
pub fn violations(description: &Description) -> Vec<Violation> {
    let mut inspection = Inspection {
        description,
        violations: Vec::new(),
    };
    if description.institution.name.is_empty() {
        let message = "the institution needs a name".to_owned();
        inspection.note("institution", 0, "name", "named", message);
    }
    inspection.security_contact();
    inspection.sites();
    inspection.spaces();
    inspection.passages();
    inspection.gateways();
    inspection.sensors();
    inspection.channels();
    inspection.violations
}

impl Inspection<'_> {
    fn note(
        &mut self,
        list: &'static str,
        index: usize,
        field: &'static str,
        rule: &'static str,
        message: String,
    ) {
        self.violations.push(Violation {
            place: Place { list, index, field },
            rule,
            message,
        });
    }

    /// Whoever finds a flaw must know whom to tell.
    fn security_contact(&mut self) {
        let institution = &self.description.institution;
        let is_lacking =
            |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        if is_lacking(&institution.security_officer) {
            let message = "name the person or team that answers for security".to_owned();
            self.note(
                "institution",
                0,
                "security_officer",
                "security-officer",
                message,
            );
        }
        let message = match &institution.security_contact {
            contact if is_lacking(contact) => {
                "say where flaws are reported: mailto:, https: or tel: (RFC 9116)".to_owned()
            }
            Some(contact) if !is_contact(contact) => format!(
                "\"{contact}\" is no address to write to: begin with mailto:, https: or tel: (RFC 9116)"
            ),
            _ => return,
        };
        self.note(
            "institution",
            0,
            "security_contact",
            "contact-form",
            message,
        );
    }

    fn slug(&mut self, list: &'static str, index: usize, slug: &str) {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if slug.is_empty() || slug.len() > LONGEST || !slug.bytes().all(fits) {
            let field = if list == "gateway" { "name" } else { "slug" };
            let message = format!(
                "\"{slug}\" goes into addresses: use a-z, 0-9 and -, at most {LONGEST} characters"
            );
            self.note(list, index, field, "slug-form", message);
        }
    }

    fn unique<'k, K: Ord + fmt::Debug + 'k>(
        &mut self,
        list: &'static str,
        field: &'static str,
        rule: &'static str,
        keys: impl Iterator<Item = K>,
    ) {
        let mut seen = BTreeSet::new();
        for (index, key) in keys.enumerate() {
            if seen.contains(&key) {
                self.note(list, index, field, rule, format!("{key:?} is there twice"));
            }
            seen.insert(key);
        }
    }

    fn sites(&mut self) {
        let description = self.description;
        let institution = &description.institution;
        self.unique(
            "site",
            "slug",
            "unique-slug",
            description.sites.iter().map(|site| &site.slug),
        );
        for (index, site) in description.sites.iter().enumerate() {
            self.slug("site", index, &site.slug);
            if site.name.is_empty() {
                self.note(
                    "site",
                    index,
                    "name",
                    "named",
                    "a site needs a name".to_owned(),
                );
            }
            if let Some(location) = site.location
                && !((-90.0..=90.0).contains(&location.latitude)
                    && (-180.0..=180.0).contains(&location.longitude))
            {
                let message = format!(
                    "{}, {} is not on this planet",
                    location.latitude, location.longitude
                );
                self.note("site", index, "location", "location-range", message);
            }
            let regular = site.opening_hours.as_deref().unwrap_or("24/7");
            let (zone, country) = (institution.time_zone, institution.holidays.as_deref());
            if let Err(error) = Hours::parse(regular, &[], zone, country) {
                self.note("site", index, "opening_hours", "opening-hours", error.0);
            } else if let Err(error) = Hours::parse(regular, &site.exceptional_days, zone, country)
            {
                self.note("site", index, "exceptional_days", "opening-hours", error.0);
            }
        }
    }

    fn spaces(&mut self) {
        let description = self.description;
        self.unique(
            "space",
            "slug",
            "unique-slug",
            description.spaces.iter().map(|space| &space.slug),
        );
        let sites: BTreeSet<&str> = description
            .sites
            .iter()
            .map(|site| site.slug.as_str())
            .collect();
        let spaces: BTreeMap<&str, _> = description
            .spaces
            .iter()
            .map(|space| (space.slug.as_str(), space))
            .collect();
        for (index, space) in description.spaces.iter().enumerate() {
            self.slug("space", index, &space.slug);
            if space.name.is_empty() {
                self.note(
                    "space",
                    index,
                    "name",
                    "named",
                    "a space needs a name".to_owned(),
                );
            }
            if !sites.contains(space.site.as_str()) {
                self.note(
                    "space",
                    index,
                    "site",
                    "known-name",
                    format!("no site is called \"{}\"", space.site),
                );
            }
            match space
                .parent
                .as_deref()
                .map(|parent| (parent, spaces.get(parent)))
            {
                Some((parent, None)) => {
                    self.note(
                        "space",
                        index,
                        "parent",
                        "known-name",
                        format!("no space is called \"{parent}\""),
                    );
                }
                Some((parent, Some(found))) if found.site != space.site => {
                    let message = format!("\"{parent}\" belongs to site \"{}\"", found.site);
                    self.note("space", index, "parent", "one-site", message);
                }
                Some(_) | None => {}
            }
            if self.leads_to_itself(&space.slug) {
                let message = format!("\"{}\" is part of itself", space.slug);
                self.note("space", index, "parent", "tree", message);
            }
            self.capacities(index);
            if let Some(hours) = &space.opening_hours {
                let institution = &description.institution;
                if let Err(error) = Hours::parse(
                    hours,
                    &[],
                    institution.time_zone,
                    institution.holidays.as_deref(),
                ) {
                    self.note("space", index, "opening_hours", "opening-hours", error.0);
                }
            }
        }
    }

    fn capacities(&mut self, index: usize) {
        let Some(space) = self.description.spaces.get(index) else {
            return;
        };
        let mut dates = BTreeSet::new();
        for capacity in &space.capacities {
            if capacity.comfort < 1 || capacity.safety.is_some_and(|safety| safety < 1) {
                let message = "a capacity is at least one person".to_owned();
                self.note("space", index, "capacity", "capacity-positive", message);
            }
            if !dates.insert(capacity.since) {
                let message = format!("two capacities begin on {}", capacity.since);
                self.note("space", index, "capacity", "capacity-dates", message);
            }
        }
    }

    fn leads_to_itself(&self, slug: &str) -> bool {
        let parent_of = |slug: &str| {
            self.description
                .spaces
                .iter()
                .find(|space| space.slug == slug)
                .and_then(|space| space.parent.as_deref())
        };
        let mut next = parent_of(slug);
        for _ in 0..self.description.spaces.len() {
            match next {
                Some(parent) if parent == slug => return true,
                Some(parent) => next = parent_of(parent),
                None => return false,
            }
        }
        false
    }

    fn passages(&mut self) {
        let description = self.description;
        self.unique(
            "passage",
            "name",
            "unique-name",
            description.passages.iter().map(|passage| &passage.name),
        );
        for (index, passage) in description.passages.iter().enumerate() {
            for (field, side) in [("from", &passage.from), ("to", &passage.to)] {
                if let Some(slug) = side
                    && !description.spaces.iter().any(|space| space.slug == *slug)
                {
                    let message =
                        format!("no space is called \"{slug}\"; write \"outside\" for the outside");
                    self.note("passage", index, field, "known-name", message);
                }
            }
            if passage.from == passage.to {
                let message = format!("\"{}\" leads from a space to itself", passage.name);
                self.note("passage", index, "to", "two-sides", message);
            }
        }
    }

    fn gateways(&mut self) {
        let description = self.description;
        self.unique(
            "gateway",
            "name",
            "unique-name",
            description.gateways.iter().map(|gateway| &gateway.name),
        );
        for (index, gateway) in description.gateways.iter().enumerate() {
            self.slug("gateway", index, &gateway.name);
            if let Some(site) = &gateway.site
                && !description.sites.iter().any(|known| known.slug == *site)
            {
                let message = format!("no site is called \"{site}\"");
                self.note("gateway", index, "site", "known-name", message);
            }
            if gateway.family.is_device() {
                let message = format!(
                    "{} is a device behind a network server: choose chirpstack or things-stack here and put the model on \
                     the sensor",
                    gateway.family
                );
                self.note("gateway", index, "family", "family-speaks-https", message);
            }
            if (gateway.family == Family::Json) != gateway.mapping.is_some() {
                let message =
                    "family \"json\" needs a mapping, and only it can have one".to_owned();
                self.note("gateway", index, "mapping", "mapping", message);
            }
            for fault in gateway.mapping.iter().flat_map(Mapping::faults) {
                self.note("gateway", index, "mapping", "mapping", fault);
            }
            if gateway.stale_after_minutes < 1 {
                let message = "silence is at least one minute".to_owned();
                self.note(
                    "gateway",
                    index,
                    "stale_after_minutes",
                    "stale-positive",
                    message,
                );
            }
        }
    }

    fn sensors(&mut self) {
        let description = self.description;
        let keys = description
            .sensors
            .iter()
            .map(|sensor| (&sensor.gateway, &sensor.device));
        self.unique("sensor", "device", "unique-device", keys);
        for (index, sensor) in description.sensors.iter().enumerate() {
            if !description
                .gateways
                .iter()
                .any(|gateway| gateway.name == sensor.gateway)
            {
                let message = format!("no gateway is called \"{}\"", sensor.gateway);
                self.note("sensor", index, "gateway", "known-name", message);
            }
            if !is_label(&sensor.device) {
                let message = format!("\"{}\" is not a device identifier", sensor.device);
                self.note("sensor", index, "device", "device-form", message);
            }
            if sensor
                .stale_after_minutes
                .is_some_and(|minutes| minutes < 1)
            {
                let message = "silence is at least one minute".to_owned();
                self.note(
                    "sensor",
                    index,
                    "stale_after_minutes",
                    "stale-positive",
                    message,
                );
            }
            if let Some(model) = sensor.model.filter(|model| !model.is_device()) {
                let message = format!("{model} is not a device behind a network server");
                self.note("sensor", index, "model", "model-is-device", message);
            }
        }
    }

    fn channels(&mut self) {
        let description = self.description;
        let mut seen: BTreeMap<(&str, &str, &str), &Purpose> = BTreeMap::new();
        for (index, channel) in description.channels.iter().enumerate() {
            let key = (
                channel.gateway.as_str(),
                channel.device.as_str(),
                channel.key.as_str(),
            );
            if let Some(first) = seen.insert(key, &channel.purpose) {
                let (rule, what) = if *first == channel.purpose {
                    ("unique-channel", "is there twice")
                } else {
                    ("one-passage", "would count two passages; a line counts one")
                };
                let message = format!("channel \"{}\" of {} {what}", channel.key, channel.device);
                self.note("channel", index, "key", rule, message);
            }
            match &channel.purpose {
                Purpose::Passage { passage, .. }
                    if !description
                        .passages
                        .iter()
                        .any(|known| known.name == *passage) =>
                {
                    let message = format!("no passage is called \"{passage}\"");
                    self.note("channel", index, "passage", "known-name", message);
                }
                Purpose::Space { space }
                    if !description.spaces.iter().any(|known| known.slug == *space) =>
                {
                    let message = format!("no space is called \"{space}\"");
                    self.note("channel", index, "space", "known-name", message);
                }
                Purpose::Passage { .. } | Purpose::Space { .. } | Purpose::Unassigned => {}
            }
            if channel.counter.wrap.is_some_and(|wrap| wrap < 2)
                || channel.counter.max_per_minute < 1
            {
                let message =
                    "wrap is the number of values of the counter, max_per_minute at least 1"
                        .to_owned();
                self.note("channel", index, "wrap", "counter", message);
            }
        }
    }
}

/// Whether a text can stand in a line of `security.txt` as where to report flaws.
#[must_use]
pub fn is_contact(text: &str) -> bool {
    let rest = ["mailto:", "https://", "tel:"]
        .into_iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| (0x21..0x7f).contains(&byte))
    })
}

/// Whether a text can name a device or one of its channels: letters, digits, spaces and what real devices use.
///
/// Quotes, semicolons, angle brackets and the like never occur in a name that a sensor sends in good faith.
#[must_use]
pub fn is_label(text: &str) -> bool {
    let fits = |letter: char| letter.is_alphanumeric() || " .:,_-/()#+&'’°".contains(letter);
    !text.trim().is_empty() && text.chars().count() <= LONGEST && text.chars().all(fits)
}
