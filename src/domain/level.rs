//! Five words for how full a space is.

use serde::{Deserialize, Serialize};

/// How full a space is, from its percentage of comfort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Under 5 %.
    Empty,
    /// Under 40 %.
    Quiet,
    /// Under 70 %.
    Moderate,
    /// Under 95 %.
    Busy,
    /// 95 % or more.
    Full,
    /// No figure, no capacity, or no fresh data.
    Unknown,
}

impl Level {
    /// The word for a percentage.
    #[must_use]
    pub const fn of(percentage: i64) -> Self {
        match percentage {
            ..5 => Self::Empty,
            5..40 => Self::Quiet,
            40..70 => Self::Moderate,
            70..95 => Self::Busy,
            95.. => Self::Full,
        }
    }

    /// The word as in the API and in keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Quiet => "quiet",
            Self::Moderate => "moderate",
            Self::Busy => "busy",
            Self::Full => "full",
            Self::Unknown => "unknown",
        }
    }
}
