//! The things that a description is made of, one by one: found by name, replaced, added and taken out.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::campus::{Channel, Description, Institution, Passage, Purpose, Sensor, Site, Space};
use super::gateway::Gateway;

/// What names a thing of a description.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The institution.
    Institution,
    /// A site, by slug.
    Site(String),
    /// A space, by slug.
    Space(String),
    /// A passage, by name.
    Passage(String),
    /// A gateway, by name.
    Gateway(String),
    /// A sensor, by gateway and device.
    Sensor(String, String),
    /// A channel, by gateway, device and key.
    Channel(String, String, String),
}

impl Key {
    /// The list it stands in, as [`super::description::Place`] and `campus.toml` call it.
    #[must_use]
    pub const fn list(&self) -> &'static str {
        match self {
            Self::Institution => "institution",
            Self::Site(_) => "site",
            Self::Space(_) => "space",
            Self::Passage(_) => "passage",
            Self::Gateway(_) => "gateway",
            Self::Sensor(..) => "sensor",
            Self::Channel(..) => "channel",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.list())?;
        match self {
            Self::Institution => Ok(()),
            Self::Site(name) | Self::Space(name) | Self::Passage(name) | Self::Gateway(name) => {
                write!(formatter, " {name}")
            }
            Self::Sensor(gateway, device) => write!(formatter, " {gateway} {device}"),
            Self::Channel(gateway, device, key) => {
                write!(formatter, " {gateway} {device} {key}")
            }
        }
    }
}

/// A thing of a description.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Item {
    /// The institution.
    Institution(Institution),
    /// A site.
    Site(Site),
    /// A space.
    Space(Space),
    /// A passage.
    Passage(Passage),
    /// A gateway.
    Gateway(Gateway),
    /// A sensor.
    Sensor(Sensor),
    /// A channel.
    Channel(Channel),
}

impl Item {
    /// Its name.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Institution(_) => Key::Institution,
            Self::Site(site) => Key::Site(site.slug.clone()),
            Self::Space(space) => Key::Space(space.slug.clone()),
            Self::Passage(passage) => Key::Passage(passage.name.clone()),
            Self::Gateway(gateway) => Key::Gateway(gateway.name.clone()),
            Self::Sensor(sensor) => Key::Sensor(sensor.gateway.clone(), sensor.device.clone()),
            Self::Channel(channel) => Key::Channel(
                channel.gateway.clone(),
                channel.device.clone(),
                channel.key.clone(),
            ),
        }
    }

    /// All of it, by field.
    #[must_use]
    pub fn value(&self) -> Value {
        // Plain data with names for fields always has this form.
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    /// A thing of a list, from its fields.
    ///
    /// # Errors
    /// When a field is lacking or is of the wrong kind.
    pub fn parse(list: &str, value: Value) -> Result<Self, serde_json::Error> {
        match list {
            "institution" => serde_json::from_value(value).map(Self::Institution),
            "site" => serde_json::from_value(value).map(Self::Site),
            "space" => serde_json::from_value(value).map(Self::Space),
            "passage" => serde_json::from_value(value).map(Self::Passage),
            "gateway" => serde_json::from_value(value).map(Self::Gateway),
            "sensor" => serde_json::from_value(value).map(Self::Sensor),
            _ => serde_json::from_value(value).map(Self::Channel),
        }
    }
}

impl Description {
    /// Every thing described, list by list.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let mut items = vec![Item::Institution(self.institution.clone())];
        items.extend(self.sites.iter().cloned().map(Item::Site));
        items.extend(self.spaces.iter().cloned().map(Item::Space));
        items.extend(self.passages.iter().cloned().map(Item::Passage));
        items.extend(self.gateways.iter().cloned().map(Item::Gateway));
        items.extend(self.sensors.iter().cloned().map(Item::Sensor));
        items.extend(self.channels.iter().cloned().map(Item::Channel));
        items
    }

    /// The thing of a name, and its position in its list.
    #[must_use]
    pub fn find(&self, key: &Key) -> Option<(usize, Item)> {
        let listed = self.items();
        let mut list = listed
            .into_iter()
            .filter(|item| item.key().list() == key.list())
            .enumerate();
        list.find(|(_, item)| item.key() == *key)
    }

    /// The space with a slug.
    #[must_use]
    pub fn space(&self, slug: &str) -> Option<&Space> {
        self.spaces.iter().find(|space| space.slug == slug)
    }

    /// Whether the public sees a space: neither it nor what it is part of is a draft.
    #[must_use]
    pub fn is_public(&self, slug: &str) -> bool {
        let parent = |space: &&Space| self.space(space.parent.as_deref()?);
        let Some(space) = self.space(slug) else {
            return false;
        };
        let mut above = std::iter::successors(Some(space), parent).take(self.spaces.len());
        !above.any(|space| space.is_draft)
    }

    /// Puts a thing in the place of the one that was called `instead_of`, else at the end. What refers to a passage by
    /// the name it had follows.
    pub fn put(&mut self, instead_of: Option<&Key>, item: Item) {
        let position = instead_of.and_then(|key| Some(self.find(key)?.0));
        match item {
            Item::Institution(institution) => self.institution = institution,
            Item::Site(site) => place(&mut self.sites, position, site),
            Item::Space(space) => place(&mut self.spaces, position, space),
            Item::Passage(passage) => {
                if let Some(Key::Passage(old)) = instead_of {
                    self.rename_passage(old, &passage.name);
                }
                place(&mut self.passages, position, passage);
            }
            Item::Gateway(gateway) => place(&mut self.gateways, position, gateway),
            Item::Sensor(sensor) => place(&mut self.sensors, position, sensor),
            Item::Channel(channel) => place(&mut self.channels, position, channel),
        }
    }

    fn rename_passage(&mut self, old: &str, new: &str) {
        for channel in &mut self.channels {
            if let Purpose::Passage { passage, .. } = &mut channel.purpose
                && passage == old
            {
                new.clone_into(passage);
            }
        }
    }

    /// Takes a thing out, with what cannot be without it: the sensors of a gateway, the channels of a sensor. Channels at
    /// a passage count nothing from then on.
    pub fn take(&mut self, key: &Key) {
        match key {
            Key::Institution => {}
            Key::Site(slug) => self.sites.retain(|site| site.slug != *slug),
            Key::Space(slug) => self.spaces.retain(|space| space.slug != *slug),
            Key::Passage(name) => {
                self.passages.retain(|passage| passage.name != *name);
                for channel in &mut self.channels {
                    if matches!(&channel.purpose, Purpose::Passage { passage, .. } if passage == name)
                    {
                        channel.purpose = Purpose::Unassigned;
                    }
                }
            }
            Key::Gateway(name) => {
                self.gateways.retain(|gateway| gateway.name != *name);
                self.sensors.retain(|sensor| sensor.gateway != *name);
                self.channels.retain(|channel| channel.gateway != *name);
            }
            Key::Sensor(gateway, device) => {
                self.sensors
                    .retain(|sensor| sensor.gateway != *gateway || sensor.device != *device);
                self.channels
                    .retain(|channel| channel.gateway != *gateway || channel.device != *device);
            }
            Key::Channel(gateway, device, name) => self.channels.retain(|channel| {
                channel.gateway != *gateway || channel.device != *device || channel.key != *name
            }),
        }
    }
}

fn place<T>(list: &mut Vec<T>, position: Option<usize>, thing: T) {
    match position.and_then(|position| list.get_mut(position)) {
        Some(there) => *there = thing,
        None => list.push(thing),
    }
}
