//! What time it is, really or in a test. The only place that asks; everything else is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// A clock.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that stands still until it is moved, in microseconds since 1970.
    Test(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at a moment.
    #[must_use]
    pub fn standing_at(moment: DateTime<Utc>) -> Self {
        Self::Test(Arc::new(AtomicI64::new(moment.timestamp_micros())))
    }

    /// The time, to the microsecond that PostgreSQL keeps.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the door that the lint points to"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            Self::System => Utc::now().timestamp_micros(),
            Self::Test(micros) => micros.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Moves a test's clock; the machine's cannot be moved.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Test(micros) = self {
            micros.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}
