//! Threads that store batches, each on a connection of its own, so that one batch forms while others reach the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use chrono::NaiveDate;

use super::recorder::Event;
use crate::domain::counter::CounterState;
use crate::domain::ids::ChannelId;
use crate::domain::reading::{Moment, Reading};
use crate::error::Error;
use crate::persistence::{Recording, Transaction, readings};

/// How long to wait before asking a lost database again.
const PAUSE: Duration = Duration::from_millis(200);

/// Work for a committer.
#[derive(Debug)]
pub(super) enum Work {
    /// Store readings that are known to be new.
    Store {
        /// The number of the batch.
        batch: i64,
        /// The readings.
        readings: Vec<Reading>,
    },
    /// Store readings older than what the recorder remembers, as far as they are new, and return the records around.
    StoreOlder {
        /// The number of the batch.
        batch: i64,
        /// The readings.
        readings: Vec<Reading>,
    },
}

/// What a committer has done.
#[derive(Debug)]
pub(super) enum Stored {
    /// These readings are stored.
    New {
        /// The readings.
        readings: Vec<Reading>,
        /// Days that are closed: readings of them were left out.
        closed: BTreeSet<NaiveDate>,
    },
    /// The records of the channels since the day of their oldest new reading.
    Older {
        /// For each channel: its counter's state when that day began, what was stored before, and what is new.
        channels: BTreeMap<ChannelId, Reopened>,
        /// Days that are closed: readings of them were left out.
        closed: BTreeSet<NaiveDate>,
    },
}

/// The records of one channel from a day on.
#[derive(Debug)]
pub(super) struct Reopened {
    pub(super) opening: CounterState,
    pub(super) known: Vec<Reading>,
    pub(super) fresh: Vec<Reading>,
}

/// A committer's connection and the days it knows to be open.
pub(super) struct Committer {
    recording: Recording,
    open: BTreeSet<NaiveDate>,
}

impl Committer {
    /// Works until the recorder hangs up: `tell` says whether it still hears.
    pub(super) fn run(url: &str, work: &Receiver<Work>, tell: impl Fn(Event) -> bool) {
        let mut committer = Self {
            recording: Recording::new(url, "parvis recording"),
            open: BTreeSet::new(),
        };
        // A first connection costs ten milliseconds that no sensor need wait for.
        let _ = committer.recording.each(|_| Ok(()));
        while let Ok(work) = work.recv() {
            let (batch, outcome) = match work {
                Work::Store { batch, readings } => (batch, committer.store(batch, readings)),
                Work::StoreOlder { batch, readings } => {
                    (batch, committer.store_older(batch, readings))
                }
            };
            if outcome.is_err() {
                // Whatever failed, days may have been closed meanwhile.
                committer.open.clear();
            }
            if !tell(Event::Stored { batch, outcome }) {
                return;
            }
        }
    }

    fn store(&mut self, batch: i64, mut readings: Vec<Reading>) -> Result<Stored, Error> {
        let closed = self.open_days(&readings)?;
        if !closed.is_empty() {
            readings.retain(|reading| !closed.contains(&reading.identity.at.date_naive()));
        }
        if !readings.is_empty() {
            // One statement is one commit; a transaction would cost two more round trips.
            let outcome = self
                .recording
                .each(|tx| readings::append(tx, batch, &readings));
            self.is_stored_after_all(batch, outcome)?;
        }
        Ok(Stored::New { readings, closed })
    }

    fn store_older(&mut self, batch: i64, mut readings: Vec<Reading>) -> Result<Stored, Error> {
        let closed = self.open_days(&readings)?;
        readings.retain(|reading| !closed.contains(&reading.identity.at.date_naive()));
        let mut by_channel: BTreeMap<ChannelId, Vec<Reading>> = BTreeMap::new();
        for reading in readings {
            by_channel.entry(reading.channel).or_default().push(reading);
        }
        let mut channels = BTreeMap::new();
        let outcome = self.recording.write(|tx| {
            for (channel, told) in by_channel {
                if let Some(reopened) = reopen(tx, channel, told)? {
                    readings::append(tx, batch, &reopened.fresh)?;
                    channels.insert(channel, reopened);
                }
            }
            Ok(())
        });
        self.is_stored_after_all(batch, outcome)?;
        Ok(Stored::Older { channels, closed })
    }

    /// Finds out what became of a batch whose answer was lost: the connection may have broken after the commit. Until the
    /// database says so, the batch is neither stored nor lost, and nothing that follows it can be booked.
    fn is_stored_after_all(&mut self, batch: i64, outcome: Result<(), Error>) -> Result<(), Error> {
        let Err(error) = outcome else { return Ok(()) };
        loop {
            match self.recording.each(|tx| readings::is_stored(tx, batch)) {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(error),
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }

    /// Makes room for the days of readings; returns those that are closed.
    fn open_days(&mut self, told: &[Reading]) -> Result<BTreeSet<NaiveDate>, Error> {
        let mut closed = BTreeSet::new();
        let mut last = None;
        for day in told.iter().map(|reading| reading.identity.at.date_naive()) {
            if last == Some(day) || self.open.contains(&day) || closed.contains(&day) {
                continue;
            }
            last = Some(day);
            if self.recording.each(|tx| readings::open_day(tx, day))? {
                self.open.insert(day);
            } else {
                closed.insert(day);
            }
        }
        Ok(closed)
    }
}

/// The records of a channel since the day of the oldest told reading; `None` when nothing told is new.
fn reopen(
    tx: &mut Transaction<'_>,
    channel: ChannelId,
    mut told: Vec<Reading>,
) -> Result<Option<Reopened>, Error> {
    told.sort_by_key(|reading| reading.identity);
    told.dedup_by_key(|reading| reading.identity);
    let Some(oldest) = told.first().map(|reading| reading.identity.at) else {
        return Ok(None);
    };
    let (day, opening) = readings::opening_before(tx, channel, oldest.date_naive())?
        .unwrap_or((oldest.date_naive(), CounterState::default()));
    let from: Moment = day.and_time(chrono::NaiveTime::MIN).and_utc();
    let known = readings::since(tx, &[channel], from, i64::MAX)?;
    let is_new = |reading: &Reading| {
        known
            .binary_search_by_key(&reading.identity, |known| known.identity)
            .is_err()
    };
    told.retain(is_new);
    Ok((!told.is_empty()).then_some(Reopened {
        opening,
        known,
        fresh: told,
    }))
}
