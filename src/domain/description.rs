//! The rules a description of a campus must keep.

use std::collections::{BTreeMap, BTreeSet};

use super::campus::{Description, Purpose};
use super::gateway::Family;
use super::hours::{self, Hours};
use super::values::{self, Fault};

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
    let institution = values::of_institution(&description.institution);
    inspection.note_all("institution", 0, institution);
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

    fn note_all(&mut self, list: &'static str, index: usize, faults: Vec<Fault>) {
        for fault in faults {
            self.note(list, index, fault.field, fault.rule, fault.message);
        }
    }

    /// Names that are there twice; each as people read it.
    fn unique(
        &mut self,
        list: &'static str,
        field: &'static str,
        rule: &'static str,
        names: impl Iterator<Item = String>,
    ) {
        let mut seen = BTreeSet::new();
        for (index, name) in names.enumerate() {
            if seen.contains(&name) {
                self.note(list, index, field, rule, format!("{name} is there twice"));
            }
            seen.insert(name);
        }
    }

    fn sites(&mut self) {
        let description = self.description;
        let slugs = description.sites.iter().map(|site| quoted(&site.slug));
        self.unique("site", "slug", "unique-slug", slugs);
        for (index, site) in description.sites.iter().enumerate() {
            self.note_all("site", index, values::of_site(site));
            let zone = description.institution.time_zone;
            let regular = site.opening_hours.as_deref();
            self.hours("site", index, regular);
            let days = Hours::parse("24/7", &site.exceptional_days, zone, None);
            if let Err(error) = days {
                self.note("site", index, "exceptional_days", "opening-hours", error.0);
            }
            let own = description
                .spaces
                .iter()
                .filter(|space| space.site == site.slug)
                .filter_map(|space| space.opening_hours.as_deref());
            if !site.exceptional_days.is_empty() && regular.into_iter().chain(own).next().is_none()
            {
                let message = "an exceptional day replaces opening_hours, and neither this site nor a space of it has any";
                self.note(
                    "site",
                    index,
                    "exceptional_days",
                    "hours-to-replace",
                    message.to_owned(),
                );
            }
        }
    }

    /// Regular hours of a site or space.
    fn hours(&mut self, list: &'static str, index: usize, text: Option<&str>) {
        let Some(text) = text else { return };
        let institution = &self.description.institution;
        // A country that is not known is told where it stands.
        if let Err(error) = Hours::parse(text, &[], institution.time_zone, None) {
            self.note(list, index, "opening_hours", "opening-hours", error.0);
        } else if institution.holidays.is_none() && hours::names_holidays(text) {
            let message = "PH stands for the public holidays of a country: write it as holidays under [institution]";
            self.note(list, index, "opening_hours", "holidays", message.to_owned());
        }
    }

    fn spaces(&mut self) {
        let description = self.description;
        let slugs = description.spaces.iter().map(|space| quoted(&space.slug));
        self.unique("space", "slug", "unique-slug", slugs);
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
            self.note_all("space", index, values::of_space(space));
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
            self.hours("space", index, space.opening_hours.as_deref());
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
        let names = description.passages.iter();
        let names = names.map(|passage| quoted(&passage.name));
        self.unique("passage", "name", "unique-name", names);
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
            self.note_all("passage", index, values::of_passage(passage));
        }
    }

    fn gateways(&mut self) {
        let description = self.description;
        let names = description.gateways.iter();
        let names = names.map(|gateway| quoted(&gateway.name));
        self.unique("gateway", "name", "unique-name", names);
        for (index, gateway) in description.gateways.iter().enumerate() {
            self.note_all("gateway", index, values::of_gateway(gateway));
            if let Some(site) = &gateway.site
                && !description.sites.iter().any(|known| known.slug == *site)
            {
                let message = format!("no site is called \"{site}\"");
                self.note("gateway", index, "site", "known-name", message);
            }
            if (gateway.family == Family::Json) != gateway.mapping.is_some() {
                let message =
                    "family \"json\" needs a mapping, and only it can have one".to_owned();
                self.note("gateway", index, "mapping", "mapping", message);
            }
        }
    }

    fn sensors(&mut self) {
        let description = self.description;
        let names = description.sensors.iter().map(|sensor| {
            format!(
                "device \"{}\" of gateway \"{}\"",
                sensor.device, sensor.gateway
            )
        });
        self.unique("sensor", "device", "unique-device", names);
        for (index, sensor) in description.sensors.iter().enumerate() {
            self.note_all("sensor", index, values::of_sensor(sensor));
            let Some(gateway) = description
                .gateways
                .iter()
                .find(|gateway| gateway.name == sensor.gateway)
            else {
                let message = format!("no gateway is called \"{}\"", sensor.gateway);
                self.note("sensor", index, "gateway", "known-name", message);
                continue;
            };
            if gateway.family.is_network_server() && !values::is_eui(&sensor.device) {
                let message = format!(
                    "{:?} is no device of gateway \"{}\": {} names devices by the 16 hexadecimal digits of their DevEUI",
                    sensor.device, gateway.name, gateway.family
                );
                self.note("sensor", index, "device", "device-eui", message);
            }
            // A gateway that is a device itself is told by its own rule.
            let takes_models = gateway.family.is_network_server()
                || gateway.family.is_device()
                || gateway.family == Family::Json;
            if let Some(model) = sensor
                .model
                .filter(|model| model.is_device() && !takes_models)
            {
                let message = format!(
                    "{model} speaks through a network server, and gateway \"{}\" is of family {}",
                    gateway.name, gateway.family
                );
                self.note("sensor", index, "model", "model-behind-server", message);
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

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
