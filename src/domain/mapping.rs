//! How an installer says what a payload of plain JSON means: a pointer to each field, and the semantics of each count.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use super::counter::Counter;
use super::values::is_label;

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
        let mut keys = BTreeSet::new();
        for channel in &self.channels {
            faults.extend(channel.faults());
            if !keys.insert(&channel.key) {
                faults.push(format!(
                    "two channels have the key {}: put forward and backward into one",
                    channel.key
                ));
            }
        }
        let times = || self.time.iter().chain(&self.since);
        faults.extend(times().filter_map(TimeField::fault));
        let sources = self.channels.iter().map(|channel| &channel.key);
        faults.extend(sources.chain([&self.device]).filter_map(Source::fault));
        let counts = self.channels.iter().flat_map(MappedChannel::pointers);
        let pointers = counts
            .chain(&self.items)
            .chain(&self.dedup)
            .chain(times().map(|field| &field.pointer));
        faults.extend(pointers.filter_map(|pointer| pointer_fault(pointer)));
        faults
    }
}

/// What keeps a text from being a JSON Pointer (RFC 6901).
fn pointer_fault(text: &str) -> Option<String> {
    let begins = text.is_empty() || text.starts_with('/');
    let mut escapes = text.split('~').skip(1);
    let is_pointer = begins && escapes.all(|rest| rest.starts_with(['0', '1']));
    (!is_pointer).then(|| {
        format!(
            "{text:?} is no JSON Pointer (RFC 6901): begin with /, and write ~0 for ~, ~1 for /"
        )
    })
}

/// A value that is either in the payload or fixed by the installer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "neither a JSON Pointer (\"/device\") nor a fixed value ({ value = \"door\" })"
)]
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

impl Source {
    fn fault(&self) -> Option<String> {
        match self {
            Self::Pointer(pointer) => pointer_fault(pointer),
            Self::Fixed { value } => (!is_label(value)).then(|| {
                format!("{value:?} is no name of a device or channel: at most 80 letters, digits, spaces and . : , _ - / ( ) # + & '")
            }),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointer(text) | Self::Fixed { value: text } => write!(formatter, "{text:?}"),
        }
    }
}

impl TimeField {
    fn fault(&self) -> Option<String> {
        if let Some(zone) = &self.zone
            && zone.parse::<chrono_tz::Tz>().is_err()
        {
            return Some(format!(
                "{zone:?} is not an IANA time zone such as Europe/Paris"
            ));
        }
        let TimeFormat::Pattern(pattern) = &self.format else {
            return None;
        };
        match Told::by(pattern) {
            None => Some(format!(
                "{pattern:?} is no format of a time: write epoch_s, epoch_ms, rfc3339, or a strftime pattern such as %d/%m/%Y %H:%M"
            )),
            Some(Told::Date) => Some(format!(
                "the format {pattern:?} holds no time of day: write one with %H:%M"
            )),
            Some(Told::LocalTime) if self.zone.is_none() => Some(format!(
                "the format {pattern:?} holds no offset: say the zone"
            )),
            Some(Told::LocalTime | Told::Moment) => None,
        }
    }
}

/// What a pattern of `strftime` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// A day, without a time.
    Date,
    /// A day and a time, of a zone that it does not tell.
    LocalTime,
    /// A moment.
    Moment,
}

impl Told {
    /// What a pattern tells, found by reading what it writes; `None` when that cannot be read, or holds no whole date.
    #[must_use]
    pub fn by(pattern: &str) -> Option<Self> {
        let mut written = String::new();
        write!(written, "{}", SAMPLE.format(pattern)).ok()?;
        if DateTime::parse_from_str(&written, pattern).is_ok() {
            Some(Self::Moment)
        } else if NaiveDateTime::parse_from_str(&written, pattern).is_ok() {
            Some(Self::LocalTime)
        } else {
            let date = NaiveDate::parse_from_str(&written, pattern);
            date.is_ok().then_some(Self::Date)
        }
    }
}

/// Any moment whose day is not a month, and whose hour is not a minute.
const SAMPLE: DateTime<Utc> = DateTime::from_timestamp(1_795_512_645, 0).unwrap();

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
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut note = |fault: &str| faults.push(fault.to_owned());
        let is_counted = self.forward.is_some() || self.backward.is_some();
        match self.semantics {
            Semantics::Snapshot if self.level.is_none() || is_counted => {
                note("a snapshot has a level, and neither forward nor backward");
            }
            Semantics::Cumulative | Semantics::Delta if !is_counted || self.level.is_some() => {
                note("cumulative and delta have forward or backward, and no level");
            }
            Semantics::Cumulative | Semantics::Delta | Semantics::Snapshot => {}
        }
        if self.semantics != Semantics::Cumulative && (self.wrap.is_some() || self.resets_to_zero) {
            note("wrap and resets_to_zero are of totals: only cumulative has them");
        }
        if self.wrap.is_some_and(|wrap| wrap < 2) {
            note("wrap is the number of values of a total, 65536 for 16 bits");
        }
        faults
    }

    fn pointers(&self) -> impl Iterator<Item = &String> {
        self.forward.iter().chain(&self.backward).chain(&self.level)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_tells_what_can_be_read_from_what_it_writes() {
        for (pattern, told) in [
            ("%d/%m/%Y %H:%M:%S", Some(Told::LocalTime)),
            ("%d/%m/%Y - %H:%M", Some(Told::LocalTime)),
            ("%m/%d/%y %I:%M %p", Some(Told::LocalTime)),
            ("%Y-%m-%dT%H:%M:%S%:z", Some(Told::Moment)),
            ("%s", Some(Told::Moment)),
            ("%d-%b-%y", Some(Told::Date)),
            ("%H:%M", None),
            ("%Q", None),
            ("iso", None),
            ("", None),
        ] {
            assert_eq!(Told::by(pattern), told, "{pattern}");
        }
    }

    #[test]
    fn pointers_have_the_form_of_rfc_6901() {
        for good in ["", "/", "/a/0/b", "/a~1b/~0", "/ "] {
            assert_eq!(pointer_fault(good), None, "{good}");
        }
        for bad in ["a", "a/b", "/a~2", "/~", "#/a"] {
            assert!(pointer_fault(bad).is_some(), "{bad}");
        }
    }
}
