//! How a counter's readings become movements: wraps, resets, intervals and implausible jumps.
//!
//! A fold over the readings of one channel in the order of their identities. The rules follow what real counters do:
//! totals of 16 or 32 bits and of 999,999 that wrap, totals that restart at zero, interval counts that are re-sent with
//! another resolution, and glitches that no door could produce. What is implausible is doubted, never applied; a doubted
//! total becomes the new base once a second reading agrees with it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::reading::{Crossings, Moment, Reading};

/// How a channel's counter behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// The number of values a total has before it starts again at zero: 65,536 for 16 bits, 1,000,000 for 999,999.
    pub wrap: Option<i64>,
    /// Whether a total that went down is known to have restarted at zero (power-up, a scheduled or ordered reset).
    pub resets_to_zero: bool,
    /// The most people a minute that can pass in one direction.
    pub max_per_minute: i64,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            wrap: None,
            resets_to_zero: false,
            max_per_minute: Self::DEFAULT_MAX_PER_MINUTE,
        }
    }
}

impl Counter {
    /// Two people a second, what one metre of an open door lets through.
    pub const DEFAULT_MAX_PER_MINUTE: i64 = 120;

    /// A full door stays full for an hour at the most; over longer times a sixth of that passes. Without this a total that
    /// is read once a day could wrap or jump by a hundred thousand people unnoticed.
    const RUSH: i64 = 60;
    const AFTER_RUSH: i64 = 6;

    /// The most people that can have passed between two moments.
    fn allowance(self, since: Moment, until: Moment) -> i64 {
        let minutes = (until - since)
            .num_seconds()
            .max(0)
            .div_euclid(60)
            .saturating_add(1);
        let rush = minutes.min(Self::RUSH).saturating_mul(self.max_per_minute);
        let rest = (minutes - Self::RUSH)
            .max(0)
            .saturating_mul(self.max_per_minute);
        rush.saturating_add(rest / Self::AFTER_RUSH)
    }
}

/// Period-only readings are ignored while a total was heard within this time: the total already holds them.
const TOTAL_SPEAKS_FOR: TimeDelta = TimeDelta::hours(24);

/// How long an interval count is taken to cover when nothing says so.
const UNTOLD_INTERVAL: TimeDelta = TimeDelta::minutes(60);

/// One direction of a total: its last believed standing, and one that is doubted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Register {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    believed: Option<(i64, Moment)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doubted: Option<(i64, Moment)>,
}

/// An interval that was counted, kept to recognise the same interval told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Interval {
    since: Moment,
    until: Moment,
    counted: Crossings,
}

/// What a channel's past readings leave behind: all that the next reading needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterState {
    forward: Register,
    backward: Register,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<Interval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_at: Option<Moment>,
}

/// Why a reading was not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Doubt {
    /// The total moved by more than could pass in the time.
    Jump {
        /// The believed standing.
        from: i64,
        /// The standing told.
        to: i64,
        /// What could have passed.
        at_most: i64,
    },
    /// The total went down, and neither a wrap nor a reset explains it.
    WentDown {
        /// The believed standing.
        from: i64,
        /// The standing told.
        to: i64,
    },
    /// The interval holds more people than could pass in it.
    TooMany {
        /// The people told.
        told: i64,
        /// What could have passed.
        at_most: i64,
    },
    /// The interval overlaps one that is already counted.
    Overlap {
        /// Until when it is counted.
        counted_until: Moment,
    },
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Jump { from, to, at_most } => {
                write!(
                    formatter,
                    "total jumped from {from} to {to}; at most {at_most} could pass"
                )
            }
            Self::WentDown { from, to } => write!(formatter, "total went down from {from} to {to}"),
            Self::TooMany { told, at_most } => {
                write!(
                    formatter,
                    "{told} people in one interval; at most {at_most} could pass"
                )
            }
            Self::Overlap { counted_until } => {
                write!(
                    formatter,
                    "interval overlaps what is counted until {}",
                    counted_until.to_rfc3339()
                )
            }
        }
    }
}

/// Something worth knowing about a counter that does not keep its reading from counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// The total passed its largest value.
    Wrapped,
    /// The total restarted at zero.
    Reset,
    /// A doubted total was confirmed and is the new base; the jump itself is not counted.
    Rebased,
    /// The device counted more in the interval than its total moved.
    Disagrees,
}

/// What one reading did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// People that moved forward. Negative only when an interval told again takes back part of what it said before.
    pub forward: i64,
    /// People that moved backward.
    pub backward: i64,
    /// Why it, or a direction of it, was not applied.
    pub doubt: Option<Doubt>,
    /// What is worth knowing.
    pub remark: Option<Remark>,
}

impl CounterState {
    /// The state and the outcome after one more reading, which must follow the earlier ones in the order of identities.
    #[must_use]
    pub fn after(self, reading: &Reading, counter: Counter) -> (Self, Outcome) {
        let identity = &reading.identity;
        let mut state = Self {
            last_at: Some(identity.at),
            ..self
        };
        let mut outcome = Outcome::default();
        if !identity.total.is_silent() {
            let (forward, moved) = self.forward.after(
                identity.total.forward,
                identity.period.forward,
                identity.at,
                counter,
            );
            moved.note(&mut outcome, |outcome| &mut outcome.forward);
            let (backward, moved) = self.backward.after(
                identity.total.backward,
                identity.period.backward,
                identity.at,
                counter,
            );
            moved.note(&mut outcome, |outcome| &mut outcome.backward);
            state.forward = forward;
            state.backward = backward;
        } else if !identity.period.is_silent() && !self.total_speaks(identity.at) {
            self.count_interval(
                identity.since,
                identity.at,
                identity.period,
                counter,
                &mut state,
                &mut outcome,
            );
        }
        (state, outcome)
    }

    /// When the newest reading was taken.
    #[must_use]
    pub fn last_at(&self) -> Option<Moment> {
        self.last_at
    }

    fn total_speaks(&self, at: Moment) -> bool {
        let recent = |register: &Register| {
            register
                .believed
                .is_some_and(|(_, believed_at)| at - believed_at < TOTAL_SPEAKS_FOR)
        };
        recent(&self.forward) || recent(&self.backward)
    }

    fn count_interval(
        &self,
        since: Option<Moment>,
        until: Moment,
        told: Crossings,
        counter: Counter,
        state: &mut Self,
        outcome: &mut Outcome,
    ) {
        let start = since.or(self.last_at).unwrap_or(until - UNTOLD_INTERVAL);
        let at_most = counter.allowance(start, until);
        let most = told.forward.max(told.backward).unwrap_or(0);
        if most > at_most {
            outcome.doubt = Some(Doubt::TooMany {
                told: most,
                at_most,
            });
            return;
        }
        let mut before = Crossings::default();
        if let (Some(since), Some(counted)) = (since, self.interval) {
            if counted.since == since && counted.until == until {
                before = counted.counted;
            } else if since < counted.until {
                outcome.doubt = Some(Doubt::Overlap {
                    counted_until: counted.until,
                });
                return;
            }
        }
        // Told again, each direction holds what was told of it last. Readings come sorted, so the order of arrival does
        // not matter, and of two values of the first direction the fuller one is last.
        let forward = told.forward.or(before.forward);
        let backward = told.backward.or(before.backward);
        outcome.forward = forward.unwrap_or(0) - before.forward.unwrap_or(0);
        outcome.backward = backward.unwrap_or(0) - before.backward.unwrap_or(0);
        if let Some(since) = since {
            state.interval = Some(Interval {
                since,
                until,
                counted: Crossings { forward, backward },
            });
        }
    }
}

/// What one direction of a total did.
#[derive(Debug, Clone, Copy, Default)]
struct Moved {
    people: i64,
    doubt: Option<Doubt>,
    remark: Option<Remark>,
}

impl Moved {
    fn note(self, outcome: &mut Outcome, direction: impl Fn(&mut Outcome) -> &mut i64) {
        *direction(outcome) = self.people;
        outcome.doubt = outcome.doubt.or(self.doubt);
        outcome.remark = outcome.remark.or(self.remark);
    }
}

impl Register {
    fn after(
        self,
        told: Option<i64>,
        period: Option<i64>,
        at: Moment,
        counter: Counter,
    ) -> (Self, Moved) {
        let Some(value) = told else {
            return (self, Moved::default());
        };
        let believed = Self {
            believed: Some((value, at)),
            doubted: None,
        };
        let Some((base, since)) = self.believed else {
            return (believed, Self::first(period, at, counter));
        };
        let at_most = counter.allowance(since, at);
        let risen = value - base;
        if (0..=at_most).contains(&risen) {
            let disagrees = period.is_some_and(|period| period > risen);
            let remark = disagrees.then_some(Remark::Disagrees);
            return (
                believed,
                Moved {
                    people: risen,
                    doubt: None,
                    remark,
                },
            );
        }
        if risen < 0 {
            if let Some(people) = counter
                .wrap
                .map(|wrap| risen + wrap)
                .filter(|people| (0..=at_most).contains(people))
            {
                return (
                    believed,
                    Moved {
                        people,
                        doubt: None,
                        remark: Some(Remark::Wrapped),
                    },
                );
            }
            if counter.resets_to_zero && value <= at_most {
                let people = period.filter(|period| *period <= value).unwrap_or(value);
                return (
                    believed,
                    Moved {
                        people,
                        doubt: None,
                        remark: Some(Remark::Reset),
                    },
                );
            }
        }
        if let Some((doubted, doubted_at)) = self.doubted {
            let people = value - doubted;
            if (0..=counter.allowance(doubted_at, at)).contains(&people) {
                return (
                    believed,
                    Moved {
                        people,
                        doubt: None,
                        remark: Some(Remark::Rebased),
                    },
                );
            }
        }
        let doubt = if risen < 0 {
            Doubt::WentDown {
                from: base,
                to: value,
            }
        } else {
            Doubt::Jump {
                from: base,
                to: value,
                at_most,
            }
        };
        let doubting = Self {
            believed: self.believed,
            doubted: Some((value, at)),
        };
        (
            doubting,
            Moved {
                people: 0,
                doubt: Some(doubt),
                remark: None,
            },
        )
    }

    /// The first total ever is a base to count from; the interval it came with, if any, already counts.
    fn first(period: Option<i64>, at: Moment, counter: Counter) -> Moved {
        let at_most = counter.allowance(at - UNTOLD_INTERVAL, at);
        match period {
            Some(told) if told > at_most => Moved {
                people: 0,
                doubt: Some(Doubt::TooMany { told, at_most }),
                remark: None,
            },
            Some(told) => Moved {
                people: told,
                ..Moved::default()
            },
            None => Moved::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ChannelId;
    use crate::domain::reading::{ClockVerdict, Identity};

    fn minute(minute: i64) -> Moment {
        "2026-11-24T08:00:00Z".parse::<Moment>().unwrap() + TimeDelta::minutes(minute)
    }

    fn reading(at: i64, since: Option<i64>, total: Crossings, period: Crossings) -> Reading {
        let identity = Identity {
            at: minute(at),
            since: since.map(minute),
            total,
            period,
            level: None,
            mark: None,
        };
        Reading {
            channel: ChannelId(1),
            identity,
            received_at: minute(at),
            clock: ClockVerdict::InStep,
        }
    }

    fn total(at: i64, forward: i64, backward: i64) -> Reading {
        reading(
            at,
            None,
            Crossings::both(forward, backward),
            Crossings::default(),
        )
    }

    fn interval(since: i64, until: i64, forward: i64, backward: i64) -> Reading {
        reading(
            until,
            Some(since),
            Crossings::default(),
            Crossings::both(forward, backward),
        )
    }

    fn fold(counter: Counter, readings: &[Reading]) -> (i64, i64, Vec<Outcome>) {
        let mut state = CounterState::default();
        let mut outcomes = Vec::new();
        for reading in readings {
            let (next, outcome) = state.after(reading, counter);
            state = next;
            outcomes.push(outcome);
        }
        (
            outcomes.iter().map(|o| o.forward).sum(),
            outcomes.iter().map(|o| o.backward).sum(),
            outcomes,
        )
    }

    #[test]
    fn a_total_counts_from_its_first_standing() {
        let (forward, backward, _) = fold(
            Counter::default(),
            &[total(0, 100, 50), total(5, 130, 60), total(10, 130, 75)],
        );
        assert_eq!((forward, backward), (30, 25));
    }

    #[test]
    fn a_day_holds_a_busy_door_and_no_more() {
        let day = 24 * 60;
        let (forward, _, _) = fold(Counter::default(), &[total(0, 0, 0), total(day, 30_000, 0)]);
        assert_eq!(forward, 30_000);
        let wraps = Counter {
            wrap: Some(1_000_000),
            ..Counter::default()
        };
        let (forward, _, outcomes) = fold(wraps, &[total(0, 801_573, 0), total(day, 9_776, 0)]);
        assert_eq!(forward, 0);
        assert_eq!(
            outcomes[1].doubt,
            Some(Doubt::WentDown {
                from: 801_573,
                to: 9_776
            })
        );
    }

    #[test]
    fn a_lost_frame_is_healed_by_the_next_total() {
        let all = [total(0, 0, 0), total(5, 20, 0), total(10, 50, 5)];
        let (forward, backward, _) = fold(Counter::default(), &[all[0], all[2]]);
        assert_eq!((forward, backward), (50, 5));
    }

    #[test]
    fn a_total_wraps_at_its_width() {
        for wrap in [65_536, 1_000_000, 4_294_967_296] {
            let counter = Counter {
                wrap: Some(wrap),
                ..Counter::default()
            };
            let (forward, _, outcomes) = fold(counter, &[total(0, wrap - 10, 0), total(5, 15, 0)]);
            assert_eq!(forward, 25);
            assert_eq!(outcomes[1].remark, Some(Remark::Wrapped));
        }
    }

    #[test]
    fn a_reset_counts_what_was_counted_since_when_the_device_restarts_at_zero() {
        let counter = Counter {
            wrap: Some(65_536),
            resets_to_zero: true,
            ..Counter::default()
        };
        let (forward, _, outcomes) = fold(
            counter,
            &[total(0, 5_000, 0), total(5, 12, 0), total(10, 20, 0)],
        );
        assert_eq!(forward, 20);
        assert_eq!(outcomes[1].remark, Some(Remark::Reset));
    }

    #[test]
    fn an_unexplained_fall_counts_nothing_until_a_second_reading_agrees() {
        let (forward, _, outcomes) = fold(
            Counter::default(),
            &[
                total(0, 801_573, 0),
                total(5, 9_776, 0),
                total(10, 9_784, 0),
            ],
        );
        assert_eq!(forward, 8);
        assert_eq!(
            outcomes[1].doubt,
            Some(Doubt::WentDown {
                from: 801_573,
                to: 9_776
            })
        );
        assert_eq!(outcomes[2].remark, Some(Remark::Rebased));
    }

    #[test]
    fn a_glitch_to_the_maximum_and_back_changes_nothing() {
        let counter = Counter {
            wrap: Some(1_000_000),
            ..Counter::default()
        };
        let (forward, _, outcomes) = fold(
            counter,
            &[total(0, 800, 0), total(1, 999_999, 0), total(2, 803, 0)],
        );
        assert_eq!(forward, 3);
        assert!(matches!(
            outcomes[1].doubt,
            Some(Doubt::Jump { at_most: 240, .. })
        ));
        assert_eq!(
            outcomes[2],
            Outcome {
                forward: 3,
                ..Outcome::default()
            }
        );
    }

    #[test]
    fn an_interval_told_again_is_counted_once_and_the_fuller_one_stands() {
        let (forward, backward, _) = fold(
            Counter::default(),
            &[
                interval(0, 1, 2, 1),
                interval(0, 1, 3, 1),
                interval(1, 2, 4, 0),
            ],
        );
        assert_eq!((forward, backward), (7, 1));
    }

    #[test]
    fn the_directions_of_an_interval_may_be_told_apart() {
        let part = |forward, backward| {
            reading(
                1,
                Some(0),
                Crossings::default(),
                Crossings { forward, backward },
            )
        };
        let (forward, backward, _) = fold(
            Counter::default(),
            &[part(None, Some(3)), part(Some(5), None)],
        );
        assert_eq!((forward, backward), (5, 3));
    }

    #[test]
    fn an_interval_over_counted_ones_is_doubted() {
        let (forward, _, outcomes) = fold(
            Counter::default(),
            &[interval(13, 14, 2, 0), interval(0, 15, 40, 0)],
        );
        assert_eq!(forward, 2);
        assert_eq!(
            outcomes[1].doubt,
            Some(Doubt::Overlap {
                counted_until: minute(14)
            })
        );
    }

    #[test]
    fn more_people_than_a_door_lets_through_are_doubted() {
        let (forward, _, outcomes) = fold(Counter::default(), &[interval(0, 1, 5_000, 0)]);
        assert_eq!(forward, 0);
        assert_eq!(
            outcomes[0].doubt,
            Some(Doubt::TooMany {
                told: 5_000,
                at_most: 240
            })
        );
    }

    #[test]
    fn a_period_beside_a_total_counts_only_when_the_total_cannot() {
        let with_period = |at, total, period| {
            reading(
                at,
                None,
                Crossings::both(total, 0),
                Crossings::both(period, 0),
            )
        };
        let counter = Counter {
            resets_to_zero: true,
            ..Counter::default()
        };
        let (forward, _, outcomes) = fold(
            counter,
            &[
                with_period(0, 500, 7),
                with_period(10, 512, 12),
                with_period(20, 4, 3),
            ],
        );
        assert_eq!(forward, 7 + 12 + 3);
        assert_eq!(outcomes[2].remark, Some(Remark::Reset));
        let (_, _, outcomes) = fold(counter, &[with_period(0, 500, 7), with_period(10, 502, 12)]);
        assert_eq!(outcomes[1].remark, Some(Remark::Disagrees));
    }

    #[test]
    fn a_period_alone_is_ignored_while_the_total_speaks_for_it() {
        let period_only = reading(5, None, Crossings::default(), Crossings::both(9, 0));
        let (forward, _, _) = fold(
            Counter::default(),
            &[total(0, 100, 0), period_only, total(10, 112, 0)],
        );
        assert_eq!(forward, 12);
    }
}
