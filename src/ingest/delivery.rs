//! A delivery on its way through the recorder, and what its sender is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    pub(super) room: Room,
}

/// The room that the readings of a delivery take up until they are answered, or until their sender has gone.
#[derive(Debug)]
pub(super) struct Room {
    taken: Arc<AtomicUsize>,
    count: usize,
}

impl Room {
    /// Takes up room; `None` when there is not enough. One delivery always fits.
    pub(super) fn take(taken: &Arc<AtomicUsize>, count: usize, at_most: usize) -> Option<Self> {
        let before = taken.fetch_add(count, Ordering::Relaxed);
        let room = Self {
            taken: Arc::clone(taken),
            count,
        };
        (before == 0 || before + count <= at_most).then_some(room)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.count, Ordering::Relaxed);
    }
}
