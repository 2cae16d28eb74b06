//! Taking a Milesight frame apart: a cursor over its bytes, and the observations that build up while reading.

use chrono::DateTime;
use serde_json::{Value, json};

use crate::domain::reading::{Crossings, Moment};
use crate::gateways::observation::{Message, Observation, Status};

/// Why reading stopped before the end of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The channel is not in the device's table, so its length is unknown.
    Unknown {
        /// Channel id.
        id: u8,
        /// Channel type.
        kind: u8,
    },
    /// The frame ends inside the channel.
    Short {
        /// Channel id.
        id: u8,
        /// Channel type.
        kind: u8,
    },
}

impl Stop {
    pub(super) fn note(self, at: usize) -> String {
        match self {
            Self::Unknown { id, kind } => {
                format!(
                    "unknown channel 0x{id:02x} type 0x{kind:02x} at byte {at}: the rest of the frame is left out"
                )
            }
            Self::Short { id: 0, kind: 0 } => format!("a single byte is left over at byte {at}"),
            Self::Short { id, kind } => {
                format!("the frame ends inside channel 0x{id:02x} type 0x{kind:02x} at byte {at}")
            }
        }
    }
}

/// A cursor over bytes; every read either has all its bytes or takes none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// Leaves out a value that no figure needs, if its length is known.
    pub(super) fn leave_out(
        &mut self,
        id: u8,
        kind: u8,
        length: Option<usize>,
    ) -> Result<(), Stop> {
        let length = length.ok_or(Stop::Unknown { id, kind })?;
        self.take(length).ok_or(Stop::Short { id, kind }).map(drop)
    }

    /// The id and type of the next channel.
    pub(super) fn channel(&mut self) -> Option<(u8, u8)> {
        self.array().map(|[id, kind]| (id, kind))
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn i16(&mut self) -> Option<i16> {
        self.array().map(i16::from_le_bytes)
    }

    pub(super) fn u16_be(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// In and out of 16 bits each.
    pub(super) fn crossings(&mut self) -> Option<Crossings> {
        let mut rest = *self;
        let crossings = Crossings::both(i64::from(rest.u16()?), i64::from(rest.u16()?));
        *self = rest;
        Some(crossings)
    }

    /// Seconds since 1970.
    pub(super) fn time(&mut self) -> Option<Moment> {
        self.u32()
            .and_then(|seconds| DateTime::from_timestamp(i64::from(seconds), 0))
    }
}

/// The length of a setting that a device repeats when it was changed from afar: plain (0xfe, 0xff), or of the extended
/// command set (0xf9), which 0xf8 follows with a byte that says whether it was taken.
pub(super) fn repeated_setting(
    id: u8,
    kind: u8,
    plain: fn(u8) -> Option<usize>,
    extended: fn(u8) -> Option<usize>,
) -> Option<usize> {
    match id {
        0xfe | 0xff => plain(kind),
        0xf9 => extended(kind),
        0xf8 => extended(kind).map(|length| length + 1),
        _ => None,
    }
}

/// What has been read of a frame so far.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// The time the frame gives itself.
    pub(super) at: Option<Moment>,
    observations: Vec<Observation>,
    status: Status,
    history: Vec<Value>,
    /// How many bytes made sense.
    pub(super) understood: usize,
}

impl Frame {
    /// The observation of a channel at a time (history) or of the frame itself, begun if need be.
    pub(super) fn observe(&mut self, channel: &str, at: Option<Moment>) -> &mut Observation {
        let known = self
            .observations
            .iter()
            .position(|known| known.channel == channel && known.at == at);
        let index = known.unwrap_or_else(|| {
            let from_history = at.is_some();
            self.observations.push(Observation {
                channel: channel.to_owned(),
                at,
                from_history,
                ..Observation::default()
            });
            self.observations.len() - 1
        });
        // The index is that of an element found or pushed just above.
        #[expect(clippy::indexing_slicing, reason = "in bounds by construction")]
        &mut self.observations[index]
    }

    pub(super) fn total(&mut self, channel: &str, at: Option<Moment>, total: Crossings) {
        self.observe(channel, at).total = Some(total);
    }

    pub(super) fn period(&mut self, channel: &str, at: Option<Moment>, period: Crossings) {
        self.observe(channel, at).period = Some(period);
    }

    pub(super) fn level(&mut self, channel: &str, at: Option<Moment>, level: u8) {
        self.observe(channel, at).level = Some(i64::from(level));
    }

    pub(super) fn detail(&mut self, name: &str, value: Value) {
        self.status.details.insert(name.to_owned(), value);
    }

    /// A detail that a frame may hold several times.
    pub(super) fn listed(&mut self, name: &str, item: Value) {
        let list = self
            .status
            .details
            .entry(name.to_owned())
            .or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(item);
        }
    }

    /// An event whose value byte says nothing.
    pub(super) fn happened(&mut self, name: &str, word: &str, _value: u8) {
        self.detail(name, json!(word));
    }

    pub(super) fn battery(&mut self, percent: u8) {
        let percent = i32::from(percent);
        self.status.battery = Some(
            self.status
                .battery
                .map_or(percent, |other| other.min(percent)),
        );
    }

    /// Dwell times of the past, which no figure is made of.
    pub(super) fn history_detail(&mut self, at: Moment, name: &str, value: Value) {
        let detail = [("timestamp", json!(at.timestamp())), (name, value)];
        let detail = detail.map(|(name, value)| (name.to_owned(), value));
        self.history
            .push(Value::Object(detail.into_iter().collect()));
    }

    pub(super) fn into_message(mut self) -> Message {
        if !self.history.is_empty() {
            self.status
                .details
                .insert("history".to_owned(), Value::Array(self.history));
        }
        Message {
            device: None,
            at: self.at,
            readings: self.observations,
            status: self.status,
            ..Message::default()
        }
    }
}
