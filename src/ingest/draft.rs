//! What the recorder did since the ledger was last written: the next booking.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use crate::domain::channel_book::Changes;
use crate::domain::counter::{CounterState, Doubt};
use crate::domain::ids::{ChannelId, SensorId, SpaceId};
use crate::domain::reading::{Identity, Moment, Reading, Second};
use crate::domain::zones::Crossing;
use crate::persistence::ledger::{Checkpoint, Entry};
use crate::persistence::publications::Publication;
use crate::persistence::sensors::Heard;

/// A new accounting day of a space.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) space: SpaceId,
    /// When it starts.
    pub(super) start: Moment,
    /// How many people it opens with, in millionths.
    pub(super) opening: i64,
    /// Why so many.
    pub(super) reason: String,
    /// The starts of the days to learn the drift from, and of this one; none when drift is not corrected.
    pub(super) learn_from: Vec<Moment>,
}

/// What the recorder did since the last booking.
#[derive(Debug, Default)]
pub(super) struct Draft {
    moved: HashMap<(SpaceId, ChannelId, Second), (i64, i64)>,
    levels: BTreeMap<(SpaceId, ChannelId, Second), i64>,
    openings: BTreeMap<(ChannelId, NaiveDate), CounterState>,
    doubts: Vec<Quarantine>,
    heard: HashMap<SensorId, Heard>,
    channels_heard: HashMap<ChannelId, Moment>,
    pub(super) turns: Vec<Turn>,
}

/// A change of the quarantine, in order.
#[derive(Debug)]
pub(super) enum Quarantine {
    In(Reading, Doubt),
    Out(ChannelId, Identity),
}

/// A draft that is complete: what one booking writes.
#[derive(Debug)]
pub(super) struct Booking {
    pub(super) entries: Vec<Entry>,
    pub(super) openings: Vec<(ChannelId, NaiveDate, CounterState)>,
    pub(super) doubts: Vec<Quarantine>,
    pub(super) heard: Vec<(SensorId, Heard)>,
    pub(super) channels_heard: Vec<(ChannelId, Moment)>,
    pub(super) turns: Vec<Turn>,
    pub(super) publications: Vec<Publication>,
    pub(super) checkpoint: Checkpoint,
    pub(super) at: Moment,
}

impl Draft {
    pub(super) fn is_empty(&self) -> bool {
        self.moved.is_empty()
            && self.levels.is_empty()
            && self.openings.is_empty()
            && self.doubts.is_empty()
            && self.heard.is_empty()
            && self.turns.is_empty()
    }

    /// Notes what readings of a channel changed.
    pub(super) fn note(&mut self, channel: ChannelId, crossings: &[Crossing], changes: Changes) {
        for adjustment in changes.moved {
            for crossing in crossings {
                let (entries, exits) = crossing.flow(adjustment.forward, adjustment.backward);
                let sums = self
                    .moved
                    .entry((crossing.space, channel, adjustment.second))
                    .or_default();
                sums.0 += entries;
                sums.1 += exits;
            }
        }
        self.doubts.extend(
            changes
                .cleared
                .into_iter()
                .map(|identity| Quarantine::Out(channel, identity)),
        );
        self.doubts.extend(
            changes
                .doubted
                .into_iter()
                .map(|(reading, doubt)| Quarantine::In(reading, doubt)),
        );
        self.openings.extend(
            changes
                .openings
                .into_iter()
                .map(|(day, state)| ((channel, day), state)),
        );
    }

    pub(super) fn level(&mut self, space: SpaceId, channel: ChannelId, second: Second, level: i64) {
        self.levels.insert((space, channel, second), level);
    }

    pub(super) fn heard(&mut self, sensor: SensorId, heard: Heard) {
        let known = self.heard.entry(sensor).or_insert_with(|| heard.clone());
        known.at = known.at.max(heard.at);
        known.battery = heard.battery.or(known.battery);
        known.details = heard.details.or(known.details.take());
    }

    pub(super) fn channel_heard(&mut self, channel: ChannelId, at: Moment) {
        let known = self.channels_heard.entry(channel).or_insert(at);
        *known = at.max(*known);
    }

    /// Completes the draft: entries get their positions after `checkpoint.position`, which moves on.
    pub(super) fn complete(self, checkpoint: &mut Checkpoint, batch: i64, at: Moment) -> Booking {
        let mut moved: Vec<_> = self
            .moved
            .into_iter()
            .filter(|(_, sums)| *sums != (0, 0))
            .collect();
        moved.sort_unstable_by_key(|((space, channel, second), _)| (*second, *space, *channel));
        let moved = moved
            .into_iter()
            .map(|(key, (entries, exits))| (key, entries, exits, None));
        let levels = self
            .levels
            .into_iter()
            .map(|(key, level)| (key, 0, 0, Some(level)));
        let mut entries = Vec::new();
        for ((space, channel, second), people_in, people_out, level) in moved.chain(levels) {
            checkpoint.position += 1;
            let position = checkpoint.position;
            entries.push(Entry {
                position,
                space,
                channel,
                second,
                entries: people_in,
                exits: people_out,
                level,
            });
        }
        checkpoint.batch = batch;
        Booking {
            entries,
            openings: self
                .openings
                .into_iter()
                .map(|((channel, day), state)| (channel, day, state))
                .collect(),
            doubts: self.doubts,
            heard: self.heard.into_iter().collect(),
            channels_heard: self.channels_heard.into_iter().collect(),
            turns: self.turns,
            publications: Vec::new(),
            checkpoint: *checkpoint,
            at,
        }
    }
}
