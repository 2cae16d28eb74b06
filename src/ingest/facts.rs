//! What is known: the newest readings of every channel, the figures of every space, and what the ledger lacks of both.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;

use super::committer::{Reopened, Stored};
use super::draft::Draft;
use super::spaces::Spaces;
use crate::domain::campus::Campus;
use crate::domain::channel_book::{Changes, ChannelBook, Place, only_mark};
use crate::domain::counter::Counter;
use crate::domain::ids::ChannelId;
use crate::domain::reading::{Identity, Moment, Reading, Second};
use crate::persistence::sensors::Heard;

/// A channel's newest readings, and those on their way to the disk, each with its batch.
#[derive(Debug)]
struct Slot {
    book: ChannelBook,
    pending: BTreeMap<Identity, i64>,
}

impl Slot {
    /// The batch in which the same reading is on its way.
    fn pending_as(&self, reading: &Reading) -> Option<i64> {
        let same = only_mark(reading).and_then(|mark| {
            let mut pending = self.pending.iter();
            pending.find(|(identity, _)| identity.mark == Some(mark))
        });
        same.map(|(_, batch)| *batch)
            .or_else(|| self.pending.get(&reading.identity).copied())
    }
}

/// Where a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// Nowhere yet.
    New,
    /// On disk.
    Known,
    /// On its way to the disk, in a batch.
    Pending(i64),
    /// Too old to say without the records.
    Older,
}

/// What became of the readings of a batch.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// The readings that were stored now; `None` when all that were sent were, but for closed days.
    pub(super) kept: Option<HashSet<(ChannelId, Identity)>>,
    /// Those in quarantine.
    pub(super) doubted: HashSet<(ChannelId, Identity)>,
    /// Days that are closed.
    pub(super) closed: BTreeSet<NaiveDate>,
}

/// What is known.
#[derive(Debug)]
pub(super) struct Facts {
    campus: Arc<Campus>,
    slots: HashMap<ChannelId, Slot>,
    pub(super) spaces: Spaces,
    pub(super) draft: Draft,
}

impl Facts {
    pub(super) fn new(
        campus: Arc<Campus>,
        books: HashMap<ChannelId, ChannelBook>,
        spaces: Spaces,
    ) -> Self {
        let slot = |(channel, book)| {
            (
                channel,
                Slot {
                    book,
                    pending: BTreeMap::new(),
                },
            )
        };
        Self {
            campus,
            slots: books.into_iter().map(slot).collect(),
            spaces,
            draft: Draft::default(),
        }
    }

    pub(super) fn set_campus(&mut self, campus: Arc<Campus>, now: Moment) {
        for (channel, slot) in &mut self.slots {
            if let Some(known) = campus.channels.get(channel) {
                slot.book.set_counter(known.channel.counter);
            }
        }
        self.campus = Arc::clone(&campus);
        let turns = self.spaces.set_campus(campus, now);
        self.draft.turns.extend(turns);
    }

    fn slot(&mut self, channel: ChannelId) -> &mut Slot {
        let campus = &self.campus;
        self.slots.entry(channel).or_insert_with(|| Slot {
            book: ChannelBook::new(counter_of(campus, channel)),
            pending: BTreeMap::new(),
        })
    }

    /// Where a reading is.
    pub(super) fn whereabouts(&mut self, reading: &Reading) -> Whereabouts {
        let slot = self.slot(reading.channel);
        match slot.book.place(reading) {
            Place::Known => Whereabouts::Known,
            Place::Older => Whereabouts::Older,
            Place::New => slot
                .pending_as(reading)
                .map_or(Whereabouts::New, Whereabouts::Pending),
        }
    }

    /// A new reading goes to the disk with a batch.
    pub(super) fn expect(&mut self, reading: &Reading, batch: i64) {
        self.slot(reading.channel)
            .pending
            .insert(reading.identity, batch);
    }

    /// It has arrived there, or not.
    pub(super) fn expect_no_more(&mut self, channel: ChannelId, identity: &Identity) {
        self.slot(channel).pending.remove(identity);
    }

    /// Readings are on disk: moves counters and figures.
    pub(super) fn apply(&mut self, stored: Stored) -> Verdict {
        let mut verdict = Verdict::default();
        match stored {
            Stored::New {
                mut readings,
                closed,
            } => {
                readings.sort_by_key(|reading| reading.channel);
                for fresh in readings.chunk_by(|one, other| one.channel == other.channel) {
                    if let Some(first) = fresh.first() {
                        let changes = self.slot(first.channel).book.add(fresh.to_vec());
                        self.applied(first.channel, fresh, changes, &mut verdict);
                    }
                }
                verdict.closed = closed;
            }
            Stored::Older { channels, closed } => {
                let mut kept = HashSet::new();
                for (
                    channel,
                    Reopened {
                        opening,
                        known,
                        fresh,
                    },
                ) in channels
                {
                    let counter = counter_of(&self.campus, channel);
                    let slot = self.slot(channel);
                    slot.book = ChannelBook::reopened(counter, opening, known);
                    let changes = slot.book.add(fresh.clone());
                    self.applied(channel, &fresh, changes, &mut verdict);
                    kept.extend(fresh.iter().map(|reading| (channel, reading.identity)));
                }
                verdict.kept = Some(kept);
                verdict.closed = closed;
            }
        }
        verdict
    }

    fn applied(
        &mut self,
        channel: ChannelId,
        fresh: &[Reading],
        changes: Changes,
        verdict: &mut Verdict,
    ) {
        let doubted = changes
            .doubted
            .iter()
            .map(|(reading, _)| (channel, reading.identity));
        verdict.doubted.extend(doubted);
        let slot = self.slot(channel);
        let oldest_on_its_way = slot.pending.keys().next().map(|identity| identity.at);
        slot.book.trim(oldest_on_its_way);
        self.note(channel, changes);
        let seen = self.campus.zones.seen_by(channel);
        for reading in fresh {
            let at = reading.effective_at();
            self.spaces.channel_heard(channel, at);
            if let (Some(space), Some(level)) = (seen, reading.identity.level)
                && self.spaces.level(space, channel, at, level)
            {
                self.draft.level(space, channel, Second::ending(at), level);
            }
        }
        if let Some(at) = fresh.iter().map(Reading::effective_at).max() {
            self.draft.channel_heard(channel, at);
        }
    }

    /// Readings that were stored before a restart and that the ledger lacks: what they changed is told once more.
    pub(super) fn tell_again(&mut self, channel: ChannelId, fresh: &[Reading], changes: Changes) {
        self.applied(channel, fresh, changes, &mut Verdict::default());
        // When it was heard went with the lost ledger; that it had something to say of a moment is certain.
        let spoke_at = fresh.iter().map(Reading::effective_at).max();
        let sensor = self.campus.channels.get(&channel).map(|known| known.sensor);
        if let (Some(at), Some(sensor)) = (spoke_at, sensor) {
            self.spaces.sensor_heard(sensor, at);
            self.draft.heard(
                sensor,
                Heard {
                    at,
                    battery: None,
                    details: None,
                },
            );
        }
    }

    /// Notes what readings of a channel changed, in the figures and in the draft.
    fn note(&mut self, channel: ChannelId, changes: Changes) {
        let crossings = self.campus.zones.crossings(channel);
        for adjustment in &changes.moved {
            for crossing in crossings {
                self.spaces.flow(
                    *crossing,
                    adjustment.second,
                    adjustment.forward,
                    adjustment.backward,
                );
            }
        }
        self.draft.note(channel, crossings, changes);
    }
}

fn counter_of(campus: &Campus, channel: ChannelId) -> Counter {
    campus
        .channels
        .get(&channel)
        .map_or_else(Counter::default, |known| known.channel.counter)
}
