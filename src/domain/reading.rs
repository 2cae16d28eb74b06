//! A reading: what one channel said at one moment, as it was said.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ids::ChannelId;

/// A moment in UTC.
pub type Moment = DateTime<Utc>;

/// The largest count any field of a reading may hold: far above every counter known, far below overflow.
pub const LARGEST_COUNT: i64 = 1_000_000_000_000;

/// People counted in the two directions of a line; a direction the device did not speak of is `None`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Crossings {
    /// In the direction the device calls forward or in.
    pub forward: Option<i64>,
    /// In the direction the device calls backward or out.
    pub backward: Option<i64>,
}

impl Crossings {
    /// Both directions known.
    #[must_use]
    pub const fn both(forward: i64, backward: i64) -> Self {
        Self {
            forward: Some(forward),
            backward: Some(backward),
        }
    }

    /// Whether the device said anything at all.
    #[must_use]
    pub const fn is_silent(self) -> bool {
        self.forward.is_none() && self.backward.is_none()
    }

    /// The same people seen from the other side of the line.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self {
            forward: self.backward,
            backward: self.forward,
        }
    }
}

/// What Parvis thinks of the time a device gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockVerdict {
    /// Within two minutes of the time of receipt.
    InStep,
    /// Older: a buffered reading, or a slow clock. It counts when the device says it happened.
    Late,
    /// Newer than the receipt: a wrong clock. It counts when it was received.
    Ahead,
    /// The device gave no time; the time of receipt stands in.
    Untold,
}

/// How far a device's clock may differ from ours and still be believed.
pub const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(2);

impl ClockVerdict {
    /// The verdict on a device time, given the time of receipt.
    #[must_use]
    pub fn on(device: Option<Moment>, received: Moment) -> Self {
        match device {
            None => Self::Untold,
            Some(at) if at > received + CLOCK_TOLERANCE => Self::Ahead,
            Some(at) if at < received - CLOCK_TOLERANCE => Self::Late,
            Some(_) => Self::InStep,
        }
    }
}

/// What makes two readings of one channel the same reading, and the order in which they are told.
///
/// The time of receipt is not part of it: a retry, a replay and the first delivery have the same identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The device's time, or the time of receipt where it gave none.
    pub at: Moment,
    /// The start of the interval the period counts cover, where the device says so.
    pub since: Option<Moment>,
    /// The counter's standing, where the device keeps one.
    pub total: Crossings,
    /// The people counted in the interval that ends at `at`.
    pub period: Crossings,
    /// A state at `at`: people in a zone or a queue, or milliseconds of waiting.
    pub level: Option<i64>,
    /// The sender's own mark of the message, hashed, where it is needed to tell two equal messages apart.
    pub mark: Option<i64>,
}

/// One observation of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What spoke.
    pub channel: ChannelId,
    /// What it said.
    pub identity: Identity,
    /// When it was received.
    pub received_at: Moment,
    /// What is thought of its clock.
    pub clock: ClockVerdict,
}

impl Reading {
    /// When the people of this reading are taken to have moved: a clock that runs ahead must not move the future.
    #[must_use]
    pub fn effective_at(&self) -> Moment {
        match self.clock {
            ClockVerdict::Ahead => self.received_at,
            ClockVerdict::InStep | ClockVerdict::Late | ClockVerdict::Untold => self.identity.at,
        }
    }

    /// The whole second at whose end the movement is booked.
    #[must_use]
    pub fn second(&self) -> Second {
        Second::ending(self.effective_at())
    }
}

/// A whole second since the Unix epoch; movements within it are booked at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Second(pub i64);

impl Second {
    /// The second that ends at or right after a moment.
    #[must_use]
    pub fn ending(moment: Moment) -> Self {
        let whole = moment.timestamp();
        Self(if moment.timestamp_subsec_nanos() == 0 {
            whole
        } else {
            whole + 1
        })
    }

    /// The moment it ends.
    #[must_use]
    pub fn moment(self) -> Moment {
        DateTime::from_timestamp(self.0, 0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn a_clock_is_judged_by_the_time_of_receipt() {
        let received = moment("2026-11-24T10:00:00Z");
        let verdict = |text: &str| ClockVerdict::on(Some(moment(text)), received);
        assert_eq!(verdict("2026-11-24T10:01:59Z"), ClockVerdict::InStep);
        assert_eq!(verdict("2026-11-24T10:02:01Z"), ClockVerdict::Ahead);
        assert_eq!(verdict("2026-11-24T09:57:59Z"), ClockVerdict::Late);
        assert_eq!(ClockVerdict::on(None, received), ClockVerdict::Untold);
    }

    #[test]
    fn a_movement_is_booked_at_the_end_of_its_second() {
        assert_eq!(
            Second::ending(moment("2026-11-24T10:00:00Z")).moment(),
            moment("2026-11-24T10:00:00Z")
        );
        assert_eq!(
            Second::ending(moment("2026-11-24T10:00:00.001Z")).moment(),
            moment("2026-11-24T10:00:01Z")
        );
    }
}
