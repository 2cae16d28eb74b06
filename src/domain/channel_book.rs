//! The newest readings of one channel and what each of them did, so that late ones fall into place.
//!
//! The book is a pure function of the set of readings it was given: order of arrival, duplicates and replays leave no
//! trace. It keeps the last two minutes, at least [`KEPT`] readings; an older reading reopens the book from the records.

use std::collections::VecDeque;

use chrono::{NaiveDate, TimeDelta};

use super::counter::{Counter, CounterState, Doubt, Outcome};
use super::reading::{ClockVerdict, Identity, Moment, Reading, Second};

/// The readings a book keeps however old they are.
pub const KEPT: usize = 16;

/// The readings a book keeps at the most.
pub const KEPT_AT_MOST: usize = 4096;

/// The marks a book remembers of messages without a time: a sender that repeats one does so within minutes or hours.
const MARKS_KEPT: usize = 4096;

/// How far back a book keeps readings beyond [`KEPT`].
const KEPT_FOR: TimeDelta = TimeDelta::minutes(2);

/// Where a reading belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among the kept readings, and not there yet.
    New,
    /// It is there already.
    Known,
    /// Before the kept readings: only the records can tell.
    Older,
}

/// People added to, or taken back from, one second of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjustment {
    /// When they moved.
    pub second: Second,
    /// People forward.
    pub forward: i64,
    /// People backward.
    pub backward: i64,
}

/// What adding readings changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Movements to add to the ledger.
    pub moved: Vec<Adjustment>,
    /// Readings that are now doubted, and why.
    pub doubted: Vec<(Reading, Doubt)>,
    /// Readings that no longer are.
    pub cleared: Vec<Identity>,
    /// The state before the first reading of each day (UTC) that is new or changed.
    pub openings: Vec<(NaiveDate, CounterState)>,
}

#[derive(Debug, Clone)]
struct Entry {
    reading: Reading,
    after: CounterState,
    outcome: Outcome,
}

/// The newest readings of one channel.
#[derive(Debug, Clone)]
pub struct ChannelBook {
    counter: Counter,
    /// The state before the first entry.
    base: CounterState,
    /// When the last reading that left the book was taken; `None` when the book holds all there ever was.
    forgotten: Option<Moment>,
    /// In the order of identities; the oldest leave one by one, so the others must not move.
    entries: VecDeque<Entry>,
    /// Marks of readings that came without a time: only they can tell a repetition.
    marks: VecDeque<i64>,
}

/// The mark of a reading without a time of its own.
#[must_use]
pub fn only_mark(reading: &Reading) -> Option<i64> {
    match reading.clock {
        ClockVerdict::Untold => reading.identity.mark,
        ClockVerdict::InStep | ClockVerdict::Late | ClockVerdict::Ahead => None,
    }
}

impl ChannelBook {
    /// An empty book of a channel that never spoke.
    #[must_use]
    pub fn new(counter: Counter) -> Self {
        Self::reopened(counter, CounterState::default(), Vec::new())
    }

    /// A book reopened from the records: the state before the first of `readings`, and all readings since, in order.
    #[must_use]
    pub fn reopened(counter: Counter, base: CounterState, readings: Vec<Reading>) -> Self {
        let mut book = Self {
            counter,
            base,
            forgotten: base.last_at(),
            entries: VecDeque::with_capacity(readings.len()),
            marks: VecDeque::new(),
        };
        let mut already = Changes::default();
        for reading in readings {
            book.append(reading, None, &mut already);
        }
        book
    }

    /// Where a reading belongs.
    #[must_use]
    pub fn place(&self, reading: &Reading) -> Place {
        let identity = &reading.identity;
        let is_marked = only_mark(reading).is_some_and(|mark| self.marks.contains(&mark));
        let kept = self.entries.get(self.position(identity));
        let is_kept = kept.is_some_and(|entry| entry.reading.identity == *identity);
        if is_marked || is_kept {
            Place::Known
        } else if self
            .forgotten
            .is_some_and(|forgotten| identity.at <= forgotten)
        {
            Place::Older
        } else {
            Place::New
        }
    }

    /// Where a reading stands, or would stand. Most come after all others; to look for their place would cost the most.
    fn position(&self, identity: &Identity) -> usize {
        let is_before = |entry: &Entry| entry.reading.identity < *identity;
        if self.entries.back().is_none_or(is_before) {
            return self.entries.len();
        }
        self.entries.partition_point(is_before)
    }

    /// Adds new readings, each of which has [`Place::New`], and says what changed.
    pub fn add(&mut self, mut readings: Vec<Reading>) -> Changes {
        let mut changes = Changes::default();
        readings.sort_by_key(|reading| reading.identity);
        let Some(first) = readings.first() else {
            return changes;
        };
        let mut old = self
            .entries
            .split_off(self.position(&first.identity))
            .into_iter()
            .peekable();
        let mut new = readings.into_iter().peekable();
        loop {
            let next_old = old.next_if(|entry| {
                new.peek()
                    .is_none_or(|new| entry.reading.identity < new.identity)
            });
            if let Some(entry) = next_old {
                let same_state = self.append(entry.reading, Some(&entry), &mut changes);
                if same_state && new.peek().is_none() {
                    self.entries.extend(old);
                    return changes;
                }
            } else if let Some(reading) = new.next() {
                self.append(reading, None, &mut changes);
            } else {
                return changes;
            }
        }
    }

    /// Appends one reading, reports how that differs from what it did before, and says whether it leaves the same state.
    fn append(&mut self, reading: Reading, before: Option<&Entry>, changes: &mut Changes) -> bool {
        let state = self.state();
        let (after, outcome) = state.after(&reading, self.counter);
        let was = before.map(|entry| entry.outcome).unwrap_or_default();
        if (outcome.forward, outcome.backward) != (was.forward, was.backward) {
            changes.moved.push(Adjustment {
                second: reading.second(),
                forward: outcome.forward - was.forward,
                backward: outcome.backward - was.backward,
            });
        }
        match (outcome.doubt, was.doubt) {
            (Some(doubt), before) if before != Some(doubt) => {
                changes.doubted.push((reading, doubt));
            }
            (None, Some(_)) => changes.cleared.push(reading.identity),
            _ => {}
        }
        let day = reading.identity.at.date_naive();
        if state.last_at().is_none_or(|last| last.date_naive() < day) {
            changes.openings.push((day, state));
        }
        if before.is_none() {
            self.marks.extend(only_mark(&reading));
            let spare = self.marks.len().saturating_sub(MARKS_KEPT);
            self.marks.drain(..spare);
        }
        self.entries.push_back(Entry {
            reading,
            after,
            outcome,
        });
        before.is_some_and(|entry| entry.after == after)
    }

    /// Forgets what need not be kept. Readings that are on their way to the book were told that they are new; from the
    /// oldest of them on nothing is forgotten.
    pub fn trim(&mut self, oldest_on_its_way: Option<Moment>) {
        let Some(newest) = self.newest().map(|reading| reading.identity.at) else {
            return;
        };
        let count = self.entries.len();
        let leaves = |(index, entry): &(usize, &Entry)| {
            let (at, left) = (entry.reading.identity.at, count - index);
            let is_spare = left > KEPT && at < newest - KEPT_FOR || left > KEPT_AT_MOST;
            is_spare && oldest_on_its_way.is_none_or(|oldest| at < oldest)
        };
        let leaving = self.entries.iter().enumerate().take_while(leaves).count();
        if let Some(last) = self.entries.drain(..leaving).next_back() {
            self.base = last.after;
            self.forgotten = Some(last.reading.identity.at);
        }
    }

    /// The state after the newest reading.
    #[must_use]
    pub fn state(&self) -> CounterState {
        self.entries.back().map_or(self.base, |entry| entry.after)
    }

    /// Takes another description of the counter, for the readings to come.
    pub fn set_counter(&mut self, counter: Counter) {
        self.counter = counter;
    }

    /// The newest reading, if the book holds any.
    #[must_use]
    pub fn newest(&self) -> Option<&Reading> {
        self.entries.back().map(|entry| &entry.reading)
    }

    /// The newest state the channel told, and when: people in a zone or a queue.
    #[must_use]
    pub fn newest_level(&self) -> Option<(Moment, i64)> {
        self.entries.iter().rev().find_map(|entry| {
            entry
                .reading
                .identity
                .level
                .map(|level| (entry.reading.effective_at(), level))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::ChannelId;
    use crate::domain::reading::{ClockVerdict, Crossings};

    fn moment(seconds: i64) -> Moment {
        "2026-11-23T22:30:00Z".parse::<Moment>().unwrap() + TimeDelta::seconds(seconds)
    }

    fn reading(seconds: i64, total: Crossings, period: Crossings, since: Option<i64>) -> Reading {
        let identity = Identity {
            at: moment(seconds),
            since: since.map(moment),
            total,
            period,
            level: None,
            mark: None,
        };
        Reading {
            channel: ChannelId(1),
            identity,
            received_at: moment(seconds),
            clock: ClockVerdict::InStep,
        }
    }

    /// What a channel's ledger and quarantine hold after all changes.
    #[derive(Debug, Default, PartialEq)]
    struct Ledger {
        moved: BTreeMap<Second, (i64, i64)>,
        doubted: BTreeMap<Identity, Doubt>,
        openings: BTreeMap<NaiveDate, CounterState>,
    }

    impl Ledger {
        fn note(&mut self, changes: Changes) {
            for adjustment in changes.moved {
                let sums = self.moved.entry(adjustment.second).or_default();
                sums.0 += adjustment.forward;
                sums.1 += adjustment.backward;
                if *sums == (0, 0) {
                    self.moved.remove(&adjustment.second);
                }
            }
            for identity in changes.cleared {
                self.doubted.remove(&identity);
            }
            self.doubted.extend(
                changes
                    .doubted
                    .into_iter()
                    .map(|(reading, doubt)| (reading.identity, doubt)),
            );
            self.openings.extend(changes.openings);
        }
    }

    /// Delivers readings in batches as the recorder does: known ones are dropped, older ones reopen the book.
    fn deliver(counter: Counter, batches: &[Vec<Reading>]) -> Ledger {
        let mut book = ChannelBook::new(counter);
        let mut records: BTreeMap<Identity, Reading> = BTreeMap::new();
        let mut ledger = Ledger::default();
        for batch in batches {
            let mut fresh: BTreeMap<Identity, Reading> = BTreeMap::new();
            for reading in batch {
                if !records.contains_key(&reading.identity) {
                    fresh.insert(reading.identity, *reading);
                }
            }
            let older = fresh
                .values()
                .any(|reading| book.place(reading) == Place::Older);
            if older {
                let oldest = fresh.keys().next().unwrap().at.date_naive();
                let opening = ledger
                    .openings
                    .range(..=oldest)
                    .next_back()
                    .map(|(day, state)| (*day, *state));
                let (day, opening) = opening.unwrap_or((oldest, CounterState::default()));
                let kept = records
                    .values()
                    .filter(|r| r.identity.at.date_naive() >= day)
                    .copied()
                    .collect();
                book = ChannelBook::reopened(counter, opening, kept);
            }
            records.extend(
                fresh
                    .iter()
                    .map(|(identity, reading)| (*identity, *reading)),
            );
            ledger.note(book.add(fresh.into_values().collect()));
            book.trim(None);
        }
        ledger
    }

    fn counter_of(kind: u8) -> Counter {
        match kind {
            0 => Counter {
                wrap: Some(65_536),
                resets_to_zero: true,
                ..Counter::default()
            },
            1 => Counter {
                wrap: Some(1_000_000),
                ..Counter::default()
            },
            _ => Counter::default(),
        }
    }

    prop_compose! {
        /// A day and a half of a counter: totals that may wrap, reset and glitch, or plain intervals.
        fn history()(
            kind in 0u8..3,
            start in 0i64..70_000,
            steps in prop::collection::vec((1i64..4_000, 0i64..300, 0i64..300, 0u8..40), 1..60),
        ) -> (Counter, Vec<Reading>) {
            let counter = counter_of(kind);
            let (mut at, mut forward, mut backward) = (0, start, start / 2);
            let mut readings = Vec::new();
            for (pause, ins, outs, oddity) in steps {
                let since = at;
                at += pause;
                forward += ins;
                backward += outs;
                if let Some(wrap) = counter.wrap {
                    forward %= wrap;
                    backward %= wrap;
                }
                if oddity == 0 {
                    forward = 0;
                }
                let told = if oddity == 1 { forward + 500_000 } else { forward };
                readings.push(if kind == 2 {
                    reading(at, Crossings::default(), Crossings::both(ins, outs), Some(since))
                } else {
                    reading(at, Crossings::both(told, backward), Crossings::default(), None)
                });
            }
            (counter, readings)
        }
    }

    proptest! {
        #[test]
        fn any_order_with_duplicates_leaves_the_same_ledger(
            (counter, readings) in history(),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
            size in 1usize..9,
        ) {
            let clean = deliver(counter, &readings.iter().map(|reading| vec![*reading]).collect::<Vec<_>>());
            let mut shuffled: Vec<Reading> = order.iter().map(|index| *index.get(&readings)).collect();
            shuffled.extend(readings.iter().rev());
            let batches: Vec<Vec<Reading>> = shuffled.chunks(size).map(<[Reading]>::to_vec).collect();
            prop_assert_eq!(deliver(counter, &batches), clean);
        }

        #[test]
        fn lost_totals_are_healed_by_those_that_arrive(
            (pauses, lost) in (2usize..80).prop_flat_map(|n| (
                prop::collection::vec((60i64..900, 0i64..100, 0i64..100), n),
                prop::collection::vec(any::<bool>(), n),
            )),
        ) {
            let counter = Counter { wrap: Some(65_536), ..Counter::default() };
            let (mut at, mut forward, mut backward) = (0, 65_000, 65_500);
            let mut all = vec![reading(0, Crossings::both(forward, backward), Crossings::default(), None)];
            for (pause, ins, outs) in pauses {
                at += pause;
                forward = (forward + ins) % 65_536;
                backward = (backward + outs) % 65_536;
                all.push(reading(at, Crossings::both(forward, backward), Crossings::default(), None));
            }
            let last = all.len() - 1;
            let some: Vec<Vec<Reading>> = all.iter().enumerate()
                .filter(|(index, _)| *index == 0 || *index == last || !lost[*index - 1])
                .map(|(_, reading)| vec![*reading]).collect();
            let sum = |ledger: &Ledger| ledger.moved.values().fold((0, 0), |sum, moved| (sum.0 + moved.0, sum.1 + moved.1));
            let clean = deliver(counter, &all.iter().map(|reading| vec![*reading]).collect::<Vec<_>>());
            prop_assert_eq!(sum(&deliver(counter, &some)), sum(&clean));
        }
    }

    #[test]
    fn a_book_forgets_what_is_old_and_says_so() {
        let mut book = ChannelBook::new(Counter::default());
        for minute in 0..100 {
            book.add(vec![reading(
                minute * 60,
                Crossings::both(minute, 0),
                Crossings::default(),
                None,
            )]);
            book.trim(None);
        }
        assert_eq!(book.entries.len(), KEPT);
        assert_eq!(
            book.place(&reading(
                60,
                Crossings::both(1, 0),
                Crossings::default(),
                None
            )),
            Place::Older
        );
        let newest = *book.newest().unwrap();
        assert_eq!(book.place(&newest), Place::Known);
    }

    #[test]
    fn without_a_time_the_mark_alone_tells_a_repetition() {
        let untold = |seconds: i64, mark: i64| Reading {
            clock: ClockVerdict::Untold,
            identity: Identity {
                mark: Some(mark),
                ..reading(seconds, Crossings::default(), Crossings::both(3, 0), None).identity
            },
            ..reading(seconds, Crossings::default(), Crossings::default(), None)
        };
        let mut book = ChannelBook::new(Counter::default());
        for minute in 0..100 {
            book.add(vec![untold(minute * 60, minute)]);
            book.trim(None);
        }
        assert_eq!(book.place(&untold(100 * 60, 5)), Place::Known);
        assert_eq!(book.place(&untold(100 * 60, 500)), Place::New);
    }

    #[test]
    fn a_reading_on_its_way_finds_the_book_as_it_was_promised() {
        let interval = |minute: i64| {
            let since = Some((minute - 1) * 60);
            reading(
                minute * 60,
                Crossings::default(),
                Crossings::both(1, 0),
                since,
            )
        };
        let mut book = ChannelBook::new(Counter::default());
        book.add(vec![interval(1)]);
        // Minute 2 is on its way when a hundred newer ones arrive.
        assert_eq!(book.place(&interval(2)), Place::New);
        book.add((3..103).map(interval).collect());
        book.trim(Some(interval(2).identity.at));
        let changes = book.add(vec![interval(2)]);
        assert_eq!((changes.moved.len(), changes.doubted), (1, Vec::new()));
        book.trim(None);
        assert_eq!(book.entries.len(), KEPT);
    }
}
