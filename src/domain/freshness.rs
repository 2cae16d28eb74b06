//! How much a figure can be trusted: whether its sources still speak.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::reading::Moment;

/// How good a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// All its sources speak.
    Good,
    /// Some of its sources are silent: the figure may be off.
    Degraded,
    /// All its sources are silent: the figure is old.
    Stale,
    /// No source ever spoke, or there is none.
    Unknown,
}

impl Quality {
    /// The word as in the API, the database and keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Degraded => "degraded",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the public must be told that the figure is old.
    #[must_use]
    pub const fn is_stale(self) -> bool {
        matches!(self, Self::Stale)
    }
}

/// A source of a figure: when it last spoke, and how long it may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// When it was last heard.
    pub heard_at: Option<Moment>,
    /// How long its silence is normal.
    pub stale_after: TimeDelta,
}

impl Source {
    /// Whether it has been silent for too long.
    #[must_use]
    pub fn is_silent(&self, now: Moment) -> bool {
        self.heard_at
            .is_none_or(|heard_at| now - heard_at > self.stale_after)
    }
}

/// The quality of a figure that needs all of these sources.
#[must_use]
pub fn quality(sources: &[Source], now: Moment) -> Quality {
    let silent = sources
        .iter()
        .filter(|source| source.is_silent(now))
        .count();
    if sources.iter().all(|source| source.heard_at.is_none()) {
        Quality::Unknown
    } else if silent == 0 {
        Quality::Good
    } else if silent == sources.len() {
        Quality::Stale
    } else {
        Quality::Degraded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_turns_good_into_degraded_and_then_stale() {
        let now: Moment = "2026-11-24T10:00:00Z".parse().unwrap();
        let heard = |minutes| Source {
            heard_at: Some(now - TimeDelta::minutes(minutes)),
            stale_after: TimeDelta::minutes(15),
        };
        let never = Source {
            heard_at: None,
            stale_after: TimeDelta::minutes(15),
        };
        assert_eq!(quality(&[heard(1), heard(15)], now), Quality::Good);
        assert_eq!(quality(&[heard(1), heard(16)], now), Quality::Degraded);
        assert_eq!(quality(&[heard(1), never], now), Quality::Degraded);
        assert_eq!(quality(&[heard(16), heard(90)], now), Quality::Stale);
        assert_eq!(quality(&[never], now), Quality::Unknown);
        assert_eq!(quality(&[], now), Quality::Unknown);
    }
}
