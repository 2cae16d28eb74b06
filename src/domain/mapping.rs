//! How an installer says what a payload of plain JSON means: a pointer to each field, and the semantics of each count.

use serde::{Deserialize, Serialize};

use super::counter::Counter;

/// The description of a JSON payload. All pointers are JSON Pointers (RFC 6901); inside `items` they start at the item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The array whose items are one message each; without it the whole body is one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// Which device speaks.
    pub device: Source,
    /// When; without it the time of receipt stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeField>,
    /// When the interval of a delta began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<TimeField>,
    /// The sender's own identifier of the message, which tells a repetition from a second event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedup: Option<String>,
    /// What is counted.
    #[serde(rename = "channel")]
    pub channels: Vec<MappedChannel>,
}

impl Mapping {
    /// What keeps it from reading anything: each fault with what to do.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.channels.is_empty() {
            faults.push("needs at least one [[gateway.mapping.channel]]".to_owned());
        }
        for channel in &self.channels {
            let is_counted = channel.forward.is_some() || channel.backward.is_some();
            match channel.semantics {
                Semantics::Snapshot if channel.level.is_none() || is_counted => {
                    faults.push(
                        "a snapshot has a level, and neither forward nor backward".to_owned(),
                    );
                }
                Semantics::Cumulative | Semantics::Delta
                    if !is_counted || channel.level.is_some() =>
                {
                    faults.push(
                        "cumulative and delta have forward or backward, and no level".to_owned(),
                    );
                }
                Semantics::Cumulative | Semantics::Delta | Semantics::Snapshot => {}
            }
        }
        faults.extend(
            self.time
                .iter()
                .chain(&self.since)
                .filter_map(TimeField::fault),
        );
        faults
    }
}

/// A value that is either in the payload or fixed by the installer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// A JSON Pointer.
    Pointer(String),
    /// A fixed value.
    Fixed {
        /// The value.
        value: String,
    },
}

/// A time in the payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeField {
    /// Where it stands.
    pub pointer: String,
    /// How it is written.
    pub format: TimeFormat,
    /// The zone of a local time: an IANA name. Needed when the format holds no offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

impl TimeField {
    fn fault(&self) -> Option<String> {
        let is_known = |zone: &String| zone.parse::<chrono_tz::Tz>().is_ok();
        match (&self.format, &self.zone) {
            (_, Some(zone)) if !is_known(zone) => Some(format!(
                "\"{zone}\" is not an IANA time zone such as Europe/Paris"
            )),
            (TimeFormat::Pattern(pattern), None)
                if !pattern.contains('z') && !pattern.contains("%s") =>
            {
                Some(format!(
                    "the format \"{pattern}\" holds no offset: say the zone"
                ))
            }
            _ => None,
        }
    }
}

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum TimeFormat {
    /// Milliseconds since 1970 (`epoch_ms`).
    EpochMilliseconds,
    /// Seconds since 1970 (`epoch_s`).
    EpochSeconds,
    /// RFC 3339 with an offset (`rfc3339`).
    Rfc3339,
    /// A pattern as of `strftime`, such as `%d/%m/%Y - %H:%M`.
    Pattern(String),
}

impl From<String> for TimeFormat {
    fn from(text: String) -> Self {
        match text.as_str() {
            "epoch_ms" => Self::EpochMilliseconds,
            "epoch_s" => Self::EpochSeconds,
            "rfc3339" => Self::Rfc3339,
            _ => Self::Pattern(text),
        }
    }
}

impl From<TimeFormat> for String {
    fn from(format: TimeFormat) -> Self {
        match format {
            TimeFormat::EpochMilliseconds => "epoch_ms".to_owned(),
            TimeFormat::EpochSeconds => "epoch_s".to_owned(),
            TimeFormat::Rfc3339 => "rfc3339".to_owned(),
            TimeFormat::Pattern(pattern) => pattern,
        }
    }
}

/// What a count means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Semantics {
    /// A total since some moment.
    Cumulative,
    /// People since the last message, or in the interval told.
    Delta,
    /// People there now.
    Snapshot,
}

/// One thing the payload counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedChannel {
    /// The channel's key.
    pub key: Source,
    /// What the counts mean.
    pub semantics: Semantics,
    /// People forward (in), for cumulative and delta.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward: Option<String>,
    /// People backward (out), for cumulative and delta.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backward: Option<String>,
    /// People there, for snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The number of values a total has before it starts at zero again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap: Option<i64>,
    /// Whether a total that went down restarted at zero.
    #[serde(default)]
    pub resets_to_zero: bool,
}

impl MappedChannel {
    /// How its totals behave.
    #[must_use]
    pub fn counter(&self) -> Counter {
        Counter {
            wrap: self.wrap,
            resets_to_zero: self.resets_to_zero,
            ..Counter::default()
        }
    }
}
