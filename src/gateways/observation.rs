//! What decoders return: the messages of a payload, and what each says of a device's channels.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::gateway::Family;
use crate::domain::reading::{Crossings, LARGEST_COUNT, Moment};
use crate::domain::values::is_label;

/// What a decoder made of a payload.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Payload {
    /// One for each device and moment that spoke.
    pub messages: Vec<Message>,
    /// Whether the sender only tried whether the door is there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_test: bool,
    /// What an installer should know: parts that were skipped, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What one device said at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    /// Its serial number or device EUI; `None` when the payload does not say.
    pub device: Option<String>,
    /// Which device it is, as far as a network server's envelope gives it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Family>,
    /// The time the payload gives to the whole message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// What its channels said.
    pub readings: Vec<Observation>,
    /// How the device is.
    #[serde(skip_serializing_if = "Status::is_empty")]
    pub status: Status,
}

/// What one channel said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Observation {
    /// The channel's key within its device.
    pub channel: String,
    /// What the installer called it on the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The time of this observation, where it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Moment>,
    /// When its interval began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// The counter's standing.
    #[serde(skip_serializing_if = "Option::is_none", with = "in_out")]
    pub total: Option<Crossings>,
    /// The people of the interval.
    #[serde(skip_serializing_if = "Option::is_none", with = "in_out")]
    pub period: Option<Crossings>,
    /// A state: people there, or milliseconds of waiting for a channel whose key ends in `queueing-time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<i64>,
    /// The sender's own mark of this observation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// Whether the device kept it while it could not send.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub from_history: bool,
}

/// Crossings as installers read them: in and out, and nothing for a direction that was not told.
mod in_out {
    use super::{Crossings, Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct InOut {
        #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
        forward: Option<i64>,
        #[serde(rename = "out", default, skip_serializing_if = "Option::is_none")]
        backward: Option<i64>,
    }

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(super) fn serialize<S: serde::Serializer>(
        told: &Option<Crossings>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        told.map(|told| InOut {
            forward: told.forward,
            backward: told.backward,
        })
        .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        source: D,
    ) -> Result<Option<Crossings>, D::Error> {
        let told = Option::<InOut>::deserialize(source)?;
        Ok(told.map(|told| Crossings {
            forward: told.forward,
            backward: told.backward,
        }))
    }
}

/// How a device is, as far as it said: battery in percent, and everything else under its published name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// Battery, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery: Option<i32>,
    /// Serial number, versions, temperature, alarms, dwell times, by the name the vendor publishes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Value>,
}

impl Status {
    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.battery.is_none() && self.details.is_empty()
    }
}

/// Why a payload cannot be read: where, and which rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {rule}")]
pub struct Unreadable {
    /// The field, as a JSON Pointer or in words.
    pub place: String,
    /// The rule it breaks.
    pub rule: String,
    /// Whether the payload is not even of the format, rather than of the format and wrong.
    pub is_malformed: bool,
}

impl Unreadable {
    /// A payload that is not of the format at all.
    pub(super) fn malformed(place: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            rule: rule.into(),
            is_malformed: true,
        }
    }

    /// A payload of the format with a value that breaks a rule.
    pub(super) fn invalid(place: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            rule: rule.into(),
            is_malformed: false,
        }
    }
}

/// A name that a device gives, which must look like one.
pub(super) fn label(place: &str, text: &str) -> Result<String, Unreadable> {
    if is_label(text) {
        return Ok(text.trim().to_owned());
    }
    let rule = "is not a name of a device or line: at most 80 letters, digits, spaces and . : , _ - / ( ) # + & '";
    Err(Unreadable::invalid(place, rule))
}

/// A moment in milliseconds or seconds since 1970: sensors write either, and no campus counts in 1973.
pub(super) fn epoch(place: &str, value: f64) -> Result<Moment, Unreadable> {
    const SMALLEST_MILLISECONDS: f64 = 100_000_000_000.0;
    let milliseconds = if value < SMALLEST_MILLISECONDS {
        value * 1000.0
    } else {
        value
    };
    if !(0.0..=32_503_680_000_000.0).contains(&milliseconds) {
        return Err(Unreadable::invalid(
            place,
            "is not a time between 1970 and 3000",
        ));
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "checked just above"
    )]
    let milliseconds = milliseconds as i64;
    DateTime::from_timestamp_millis(milliseconds)
        .ok_or_else(|| Unreadable::invalid(place, "is not a time"))
}

/// A moment in RFC 3339, with an offset.
pub(super) fn rfc3339(place: &str, text: &str) -> Result<Moment, Unreadable> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.with_timezone(&Utc))
        .map_err(|_| {
            let rule = "is not a time of RFC 3339, such as 2026-11-24T09:00:00+01:00";
            Unreadable::invalid(place, rule)
        })
}

/// A count as devices write it: a whole number, or a float that is one. Negative and absurd ones are refused.
pub(super) fn count(place: &str, value: f64) -> Result<i64, Unreadable> {
    // LARGEST_COUNT is far below 2^53, so the comparison and the conversion are exact.
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "10^12 is exact in a double"
    )]
    let largest = LARGEST_COUNT as f64;
    if !(0.0..=largest).contains(&value) {
        return Err(Unreadable::invalid(
            place,
            format!("is not a count from 0 to {LARGEST_COUNT}"),
        ));
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "checked just above"
    )]
    let whole = value.round() as i64;
    Ok(whole)
}
