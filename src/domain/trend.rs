//! Where a space is heading: the change of the last half hour, in points of its percentage.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// How far back the trend looks.
pub const LOOKS_BACK: TimeDelta = TimeDelta::minutes(30);

/// The direction of the last half hour. Steady is less than 5 points; fast is more than 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// More than 10 points up.
    RisingFast,
    /// 5 to 10 points up.
    Rising,
    /// Less than 5 points either way.
    Steady,
    /// 5 to 10 points down.
    Falling,
    /// More than 10 points down.
    FallingFast,
}

impl Trend {
    /// The trend from the percentage half an hour ago to the one now.
    #[must_use]
    pub const fn between(before: i64, now: i64) -> Self {
        match now - before {
            11.. => Self::RisingFast,
            5..=10 => Self::Rising,
            -4..=4 => Self::Steady,
            -10..=-5 => Self::Falling,
            ..=-11 => Self::FallingFast,
        }
    }

    /// The word as in the API and in keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RisingFast => "rising_fast",
            Self::Rising => "rising",
            Self::Steady => "steady",
            Self::Falling => "falling",
            Self::FallingFast => "falling_fast",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_points_make_a_trend_and_more_than_ten_a_fast_one() {
        let trends = [-11, -10, -5, -4, 0, 4, 5, 10, 11]
            .map(|change| Trend::between(50, 50 + change).name());
        assert_eq!(
            trends,
            [
                "falling_fast",
                "falling",
                "falling",
                "steady",
                "steady",
                "steady",
                "rising",
                "rising",
                "rising_fast"
            ]
        );
    }
}
