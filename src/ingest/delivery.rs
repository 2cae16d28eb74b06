//! A delivery on its way through the recorder, and what its sender is told.

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::domain::ids::SensorId;
use crate::domain::reading::Reading;
use crate::error::Error;
use crate::persistence::sensors::Heard;

/// What became of the readings of a delivery. All of them are safe when the sender gets it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Stored now.
    pub stored: usize,
    /// Known already.
    pub duplicates: usize,
    /// Stored, but in quarantine: implausible.
    pub doubted: usize,
    /// Left out: the readings of their day were dropped long ago.
    pub closed: usize,
}

impl Receipt {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            stored: self.stored + other.stored,
            duplicates: self.duplicates + other.duplicates,
            doubted: self.doubted + other.doubted,
            closed: self.closed + other.closed,
        }
    }
}

/// Readings and what devices said of themselves, waiting to be recorded.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) readings: Vec<Reading>,
    pub(super) heard: Vec<(SensorId, Heard)>,
    pub(super) reply: oneshot::Sender<Result<Receipt, Error>>,
}
