//! The published figure of a space: how many people, how good the number is, and as of when.

use serde::{Deserialize, Serialize};

use super::freshness::Quality;
use super::reading::Moment;

/// What is said of a space in public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// People present; `None` when nothing is known.
    pub present: Option<i64>,
    /// How good the number is.
    pub quality: Quality,
    /// The newest reading in it.
    pub as_of: Option<Moment>,
    /// People present half an hour ago, when that was known.
    pub before: Option<i64>,
}

impl Figure {
    /// What is said of a space that never had a figure.
    pub const UNKNOWN: Self = Self {
        present: None,
        quality: Quality::Unknown,
        as_of: None,
        before: None,
    };
}
