//! Ways in for readings: the families of senders Parvis understands, and how each proves itself at the door.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::counter::Counter;
use super::mapping::Mapping;

/// A family of payloads: a network server's envelope, a device's bytes, or a mapping the installer wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Family {
    /// Xovis sensors with firmware 5.
    Xovis5,
    /// Xovis sensors with firmware 3 or 4.
    Xovis4,
    /// Uplinks of LoRaWAN devices from a ChirpStack v4 HTTP integration.
    ChirpStack,
    /// Uplinks of LoRaWAN devices from a The Things Stack v3 webhook.
    TheThingsStack,
    /// Milesight VS121 workplace sensor.
    MilesightVs121,
    /// Milesight VS132 time-of-flight counter.
    MilesightVs132,
    /// Milesight VS133 time-of-flight counter.
    MilesightVs133,
    /// Milesight VS135 time-of-flight counter.
    MilesightVs135,
    /// Milesight VS350 passage counter.
    MilesightVs350,
    /// Milesight VS351 passage counter.
    MilesightVs351,
    /// Milesight VS360 break-beam counter.
    MilesightVs360,
    /// Any JSON, read by a [`Mapping`].
    Json,
}

impl Family {
    /// All families, in the order they are listed to people.
    pub const ALL: [Self; 12] = [
        Self::Xovis5,
        Self::Xovis4,
        Self::ChirpStack,
        Self::TheThingsStack,
        Self::MilesightVs121,
        Self::MilesightVs132,
        Self::MilesightVs133,
        Self::MilesightVs135,
        Self::MilesightVs350,
        Self::MilesightVs351,
        Self::MilesightVs360,
        Self::Json,
    ];

    /// The name in settings and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xovis5 => "xovis-5",
            Self::Xovis4 => "xovis-4",
            Self::ChirpStack => "chirpstack",
            Self::TheThingsStack => "things-stack",
            Self::MilesightVs121 => "milesight-vs121",
            Self::MilesightVs132 => "milesight-vs132",
            Self::MilesightVs133 => "milesight-vs133",
            Self::MilesightVs135 => "milesight-vs135",
            Self::MilesightVs350 => "milesight-vs350",
            Self::MilesightVs351 => "milesight-vs351",
            Self::MilesightVs360 => "milesight-vs360",
            Self::Json => "json",
        }
    }

    /// Whether it is the bytes of a LoRaWAN device, which arrive inside a network server's envelope.
    #[must_use]
    pub const fn is_device(self) -> bool {
        match self {
            Self::MilesightVs121
            | Self::MilesightVs132
            | Self::MilesightVs133
            | Self::MilesightVs135
            | Self::MilesightVs350
            | Self::MilesightVs351
            | Self::MilesightVs360 => true,
            Self::Xovis5 | Self::Xovis4 | Self::ChirpStack | Self::TheThingsStack | Self::Json => {
                false
            }
        }
    }

    /// Whether it is a LoRaWAN network server, which speaks for devices.
    #[must_use]
    pub const fn is_network_server(self) -> bool {
        matches!(self, Self::ChirpStack | Self::TheThingsStack)
    }

    /// How the counters of such a device behave: their width, and that they restart at zero when told to.
    ///
    /// Widths: Milesight's published payload tables (VS121, VS350, VS351 and VS360 totals have 16 bits, VS132, VS133 and
    /// VS135 totals 32).
    #[must_use]
    pub fn counter(self) -> Counter {
        match self {
            Self::MilesightVs121
            | Self::MilesightVs350
            | Self::MilesightVs351
            | Self::MilesightVs360 => Counter {
                wrap: Some(1 << 16),
                resets_to_zero: true,
                ..Counter::default()
            },
            Self::MilesightVs132 | Self::MilesightVs133 | Self::MilesightVs135 => Counter {
                wrap: Some(1 << 32),
                resets_to_zero: true,
                ..Counter::default()
            },
            Self::Xovis5 | Self::Xovis4 => Counter {
                resets_to_zero: true,
                ..Counter::default()
            },
            Self::ChirpStack | Self::TheThingsStack | Self::Json => Counter::default(),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A name that no family has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAFamily(String);

impl fmt::Display for NotAFamily {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Family::ALL.into_iter().map(Family::name).collect();
        write!(
            formatter,
            "\"{}\" is not a family; there are {}",
            self.0,
            names.join(", ")
        )
    }
}

impl std::error::Error for NotAFamily {}

impl FromStr for Family {
    type Err = NotAFamily;

    fn from_str(name: &str) -> Result<Self, NotAFamily> {
        Self::ALL
            .into_iter()
            .find(|family| family.name() == name)
            .ok_or_else(|| NotAFamily(name.to_owned()))
    }
}

impl TryFrom<String> for Family {
    type Error = NotAFamily;

    fn try_from(name: String) -> Result<Self, NotAFamily> {
        name.parse()
    }
}

impl From<Family> for String {
    fn from(family: Family) -> Self {
        family.name().to_owned()
    }
}

/// Where a sender puts its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "scheme")]
pub enum Proof {
    /// `Authorization: Bearer SECRET`
    Bearer,
    /// `Authorization: Basic`, with this user name and the secret as password
    Basic {
        /// The user name.
        user: String,
    },
    /// A header of the installer's choice that holds the secret alone.
    Header {
        /// The header's name, in lower case.
        name: String,
    },
    /// `/ingest/GATEWAY/SECRET`, for devices that can do nothing else.
    Path,
}

/// An authenticated way in for readings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// The name in the address: `/ingest/NAME`.
    pub name: String,
    /// What it speaks.
    pub family: Family,
    /// How it proves itself.
    pub proof: Proof,
    /// How its JSON is read, for [`Family::Json`].
    pub mapping: Option<Mapping>,
    /// After how many minutes of silence the figures of its sensors are stale.
    pub stale_after_minutes: i32,
    /// The site whose people look after it, by slug; those of the whole institution when `None`.
    #[serde(default)]
    pub site: Option<String>,
}
