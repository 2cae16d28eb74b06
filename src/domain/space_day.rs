//! One accounting day of a space: its flows and corrections, and the number of people they add up to.
//!
//! Three layers stay apart: what was counted (entries and exits, never altered), what was corrected and why (the opening,
//! the drift ratio, recounts), and what is published (the sum). The state is clamped at zero, the counts never. All sums
//! are whole millionths of a person, so a figure can be computed again to the last digit, in any order of arrival.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reading::{Moment, Second};

/// Millionths of a person, or of one: the unit of all sums.
pub const MILLION: i64 = 1_000_000;

/// An instant of the day in microseconds, and what happens then: flows come before a recount of the same microsecond.
type Instant = (i64, u8);
const FLOW: u8 = 0;
const RECOUNT: u8 = 1;

#[derive(Debug, Clone, Copy, Default)]
struct Step {
    entries: i64,
    exits: i64,
    /// People seen by a person, absolute.
    seen: i64,
    /// The sum after this step.
    after: Sum,
}

/// The sum that makes a figure, term by term. `present` is `opening + entries - exits + drift + lifted + recounted`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// People present when the day started, in millionths.
    pub opening: i64,
    /// People counted in, in millionths.
    pub entries: i64,
    /// People counted out, in millionths.
    pub exits: i64,
    /// What the drift ratio gives back of the exits (or takes), in millionths.
    pub drift: i64,
    /// What the clamp at zero added, in millionths.
    pub lifted: i64,
    /// What recounts added or took, in millionths.
    pub recounted: i64,
    /// The result, in millionths; never negative.
    pub present: i64,
}

impl Sum {
    /// Whole people, half up: the published figure.
    #[must_use]
    pub const fn people(self) -> i64 {
        (self.present + MILLION / 2).div_euclid(MILLION)
    }
}

/// One accounting day of a space.
#[derive(Debug, Clone)]
pub struct SpaceDay {
    opening: Sum,
    in_ratio: i64,
    out_ratio: i64,
    steps: BTreeMap<Instant, Step>,
    /// The instant from which on the sums are out of date.
    changed_from: Option<Instant>,
}

impl SpaceDay {
    /// A day that opens with `opening` millionths of people.
    #[must_use]
    pub fn new(opening: i64) -> Self {
        Self {
            opening: Sum {
                opening,
                present: opening.max(0),
                lifted: (-opening).max(0),
                ..Sum::default()
            },
            in_ratio: MILLION,
            out_ratio: MILLION,
            steps: BTreeMap::new(),
            changed_from: None,
        }
    }

    /// Counts each entry and each exit as so many millionths of a person: the drift correction.
    pub fn set_ratios(&mut self, entries: i64, exits: i64) {
        (self.in_ratio, self.out_ratio) = (entries, exits);
        self.changed_from = self.steps.keys().next().copied();
    }

    /// Adds people that went in and out within a second; negative numbers take back what was added before.
    pub fn flow(&mut self, second: Second, entries: i64, exits: i64) {
        let step = self.step((second.0.saturating_mul(MILLION), FLOW));
        step.entries += entries;
        step.exits += exits;
    }

    /// Sets the number of people a person saw at a moment.
    pub fn recount(&mut self, at: Moment, people: i64) {
        self.step((at.timestamp_micros(), RECOUNT)).seen = people;
    }

    /// Takes a recount back.
    pub fn revoke_recount(&mut self, at: Moment) {
        let instant = (at.timestamp_micros(), RECOUNT);
        if self.steps.remove(&instant).is_some() {
            self.changed(instant);
        }
    }

    fn step(&mut self, instant: Instant) -> &mut Step {
        self.changed(instant);
        self.steps.entry(instant).or_default()
    }

    fn changed(&mut self, instant: Instant) {
        self.changed_from = Some(self.changed_from.map_or(instant, |from| from.min(instant)));
    }

    /// The sum of the whole day so far.
    pub fn sum(&mut self) -> Sum {
        if let Some(from) = self.changed_from.take() {
            let mut sum = self
                .steps
                .range(..from)
                .next_back()
                .map_or(self.opening, |(_, step)| step.after);
            let (in_ratio, out_ratio) = (self.in_ratio, self.out_ratio);
            for ((_, kind), step) in self.steps.range_mut(from..) {
                sum = if *kind == RECOUNT {
                    recounted(sum, step)
                } else {
                    flowed(sum, step, in_ratio, out_ratio)
                };
                step.after = sum;
            }
        }
        self.steps
            .values()
            .next_back()
            .map_or(self.opening, |step| step.after)
    }

    /// The sum as it stood at a moment.
    pub fn sum_at(&mut self, at: Moment) -> Sum {
        self.moved_by(at).unwrap_or(self.opening)
    }

    /// The sum as it stood at a moment, if anybody had moved or been counted by then.
    pub fn moved_by(&mut self, at: Moment) -> Option<Sum> {
        self.sum();
        let until = (at.timestamp_micros(), u8::MAX);
        let last = self.steps.range(..=until).next_back();
        last.map(|(_, step)| step.after)
    }

    /// People counted in and out so far, uncorrected.
    #[must_use]
    pub fn counted(&self) -> (i64, i64) {
        self.steps.values().fold((0, 0), |(entries, exits), step| {
            (entries + step.entries, exits + step.exits)
        })
    }
}

fn flowed(sum: Sum, step: &Step, in_ratio: i64, out_ratio: i64) -> Sum {
    let (entries, exits) = (step.entries * MILLION, step.exits * MILLION);
    let drift = step.entries * in_ratio - entries + exits - step.exits * out_ratio;
    let present = sum.present + entries - exits + drift;
    Sum {
        entries: sum.entries + entries,
        exits: sum.exits + exits,
        drift: sum.drift + drift,
        lifted: sum.lifted + (-present).max(0),
        present: present.max(0),
        ..sum
    }
}

fn recounted(sum: Sum, step: &Step) -> Sum {
    let present = step.seen * MILLION;
    Sum {
        recounted: sum.recounted + present - sum.present,
        present,
        ..sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_are_entries_less_exits() {
        let mut day = SpaceDay::new(0);
        day.flow(Second(60), 42, 0);
        day.flow(Second(120), 0, 17);
        assert_eq!(day.sum().people(), 25);
        assert_eq!(day.sum_at(Second(60).moment()).people(), 42);
    }

    #[test]
    fn the_state_is_clamped_at_zero_and_the_counts_are_not() {
        let mut day = SpaceDay::new(0);
        day.flow(Second(60), 0, 3);
        day.flow(Second(120), 5, 0);
        assert_eq!(day.sum().people(), 5);
        assert_eq!(day.sum().lifted, 3 * MILLION);
        assert_eq!(day.counted(), (5, 3));
    }

    #[test]
    fn a_recount_stands_from_its_moment_on() {
        let mut day = SpaceDay::new(0);
        day.flow(Second(60), 40, 0);
        day.recount("1970-01-01T00:01:30Z".parse().unwrap(), 43);
        day.flow(Second(120), 1, 0);
        assert_eq!(day.sum().people(), 44);
        assert_eq!(day.sum().recounted, 3 * MILLION);
        day.revoke_recount("1970-01-01T00:01:30Z".parse().unwrap());
        assert_eq!(day.sum().people(), 41);
    }

    #[test]
    fn the_drift_ratio_weighs_the_exits() {
        let mut day = SpaceDay::new(0);
        day.set_ratios(MILLION, 980_000);
        day.flow(Second(60), 500, 0);
        day.flow(Second(120), 0, 500);
        let sum = day.sum();
        assert_eq!((sum.people(), sum.drift), (10, 10 * MILLION));
    }

    proptest! {
        #[test]
        fn the_sum_is_never_negative_adds_up_and_does_not_depend_on_order(
            opening in 0i64..50,
            ratio in 900_000i64..1_100_000,
            steps in prop::collection::vec((0i64..600, 0i64..30, 0i64..30), 0..60),
            recounts in prop::collection::btree_map(0i64..600, 0i64..400, 0..4),
            order in prop::collection::vec(any::<u32>(), 64),
        ) {
            let build = |shuffled: &[usize]| {
                let mut day = SpaceDay::new(opening * MILLION);
                day.set_ratios(MILLION, ratio);
                for index in shuffled {
                    let (second, entries, exits) = steps[*index];
                    day.flow(Second(second), entries, exits);
                    day.sum();
                }
                for (second, people) in &recounts {
                    day.recount(Second(*second).moment(), *people);
                    day.sum();
                }
                day.sum()
            };
            let straight: Vec<usize> = (0..steps.len()).collect();
            let mut shuffled = straight.clone();
            shuffled.sort_by_key(|index| order[*index % order.len()]);
            let sum = build(&straight);
            prop_assert_eq!(build(&shuffled), sum);
            prop_assert!(sum.present >= 0);
            prop_assert_eq!(
                sum.present,
                sum.opening + sum.entries - sum.exits + sum.drift + sum.lifted + sum.recounted
            );
        }
    }
}
