//! The people of the demo campus: minute by minute, through which doors they go.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Timelike as _, Weekday};
use chrono_tz::Tz;

use super::random::Random;
use crate::domain::day::moment_of;
use crate::domain::reading::Moment;

/// A place and its habits.
#[derive(Debug, Clone, Copy)]
struct Habit {
    /// People when it is as full as it gets.
    most: f64,
    /// Minutes a person stays.
    stay: f64,
    /// How full it is through the day: hour and share, in between by straight lines.
    weekday: &'static [(f64, f64)],
    /// The same on Saturdays and Sundays.
    weekend: &'static [(f64, f64)],
}

/// The places, in the order of [`Place`], and the front desk.
const HABITS: [Habit; 7] = [
    Habit {
        most: 330.0,
        stay: 130.0,
        weekday: &[
            (7.9, 0.0),
            (9.0, 0.3),
            (11.2, 0.82),
            (12.7, 0.62),
            (14.5, 0.88),
            (16.5, 0.94),
            (18.5, 0.6),
            (20.5, 0.3),
            (21.8, 0.05),
            (22.0, 0.0),
        ],
        weekend: &[
            (8.9, 0.0),
            (11.0, 0.3),
            (15.0, 0.5),
            (17.8, 0.1),
            (18.0, 0.0),
        ],
    },
    Habit {
        most: 140.0,
        stay: 150.0,
        weekday: &[
            (7.9, 0.0),
            (9.5, 0.5),
            (11.5, 0.9),
            (13.0, 0.7),
            (16.0, 1.0),
            (19.0, 0.5),
            (20.9, 0.1),
            (21.0, 0.0),
        ],
        weekend: &[(9.0, 0.0), (14.0, 0.6), (18.9, 0.1), (19.0, 0.0)],
    },
    Habit {
        most: 190.0,
        stay: 100.0,
        weekday: &[
            (0.0, 0.14),
            (3.0, 0.07),
            (6.0, 0.06),
            (8.5, 0.2),
            (11.0, 0.5),
            (14.0, 0.55),
            (18.0, 0.7),
            (21.0, 0.62),
            (24.0, 0.14),
        ],
        weekend: &[
            (0.0, 0.16),
            (4.0, 0.06),
            (9.0, 0.1),
            (14.0, 0.45),
            (19.0, 0.5),
            (24.0, 0.14),
        ],
    },
    Habit {
        most: 110.0,
        stay: 120.0,
        weekday: &[
            (8.0, 0.0),
            (10.0, 0.45),
            (12.0, 0.6),
            (15.0, 0.75),
            (18.9, 0.1),
            (19.0, 0.0),
        ],
        weekend: &[(0.0, 0.0)],
    },
    Habit {
        most: 420.0,
        stay: 34.0,
        weekday: &[
            (11.0, 0.0),
            (11.5, 0.2),
            (12.2, 0.9),
            (12.8, 0.95),
            (13.4, 0.5),
            (14.3, 0.04),
            (18.0, 0.02),
            (19.0, 0.35),
            (20.2, 0.05),
            (20.5, 0.0),
        ],
        weekend: &[(11.4, 0.0), (12.5, 0.3), (13.9, 0.0)],
    },
    Habit {
        most: 75.0,
        stay: 70.0,
        weekday: &[
            (7.0, 0.0),
            (8.0, 0.3),
            (10.0, 0.2),
            (12.5, 0.55),
            (15.0, 0.3),
            (18.5, 0.95),
            (20.5, 0.7),
            (22.4, 0.05),
            (22.5, 0.0),
        ],
        weekend: &[
            (8.9, 0.0),
            (11.0, 0.5),
            (16.0, 0.4),
            (19.8, 0.05),
            (20.0, 0.0),
        ],
    },
    Habit {
        most: 16.0,
        stay: 14.0,
        weekday: &[
            (8.9, 0.0),
            (9.2, 0.6),
            (11.0, 0.9),
            (12.2, 0.3),
            (13.5, 0.5),
            (15.0, 0.8),
            (16.9, 0.1),
            (17.0, 0.0),
        ],
        weekend: &[(0.0, 0.0)],
    },
];

/// A place of the demo campus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Central,
    Law,
    Learning,
    Science,
    Canteen,
    Gym,
}

/// A counting line of the demo campus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    CentralMain,
    CentralSide,
    CentralStairs,
    Law,
    Learning,
    ScienceGate,
    CanteenLeft,
    CanteenRight,
    Gym,
}

impl Line {
    pub(super) const ALL: [Self; 9] = [
        Self::CentralMain,
        Self::CentralSide,
        Self::CentralStairs,
        Self::Law,
        Self::Learning,
        Self::ScienceGate,
        Self::CanteenLeft,
        Self::CanteenRight,
        Self::Gym,
    ];

    /// The place it leads into, and the share of its people that use it.
    const fn place(self) -> Option<(Place, f64)> {
        match self {
            Self::CentralMain => Some((Place::Central, 0.78)),
            Self::CentralSide => Some((Place::Central, 0.22)),
            Self::CentralStairs => None,
            Self::Law => Some((Place::Law, 1.0)),
            Self::Learning => Some((Place::Learning, 1.0)),
            Self::ScienceGate => Some((Place::Science, 1.0)),
            Self::CanteenLeft => Some((Place::Canteen, 0.55)),
            Self::CanteenRight => Some((Place::Canteen, 0.45)),
            Self::Gym => Some((Place::Gym, 1.0)),
        }
    }
}

/// What one minute brought: people in and out by line, and people at the desk.
#[derive(Debug, Clone)]
pub(super) struct Minute {
    /// When it ended.
    pub(super) end: Moment,
    /// In and out, in the order of [`Line::ALL`].
    pub(super) lines: [(i64, i64); 9],
    /// People waiting at the desk.
    pub(super) desk: i64,
}

/// The campus, minute by minute from the start of a day on.
#[derive(Debug, Clone)]
pub(super) struct World {
    zone: Tz,
    next: Moment,
    present: [i64; 7],
    upstairs: i64,
    random: Random,
}

impl World {
    /// The campus from midnight of a day on.
    pub(super) fn starting(first: NaiveDate, zone: Tz) -> Self {
        let start = moment_of(zone, first.and_time(chrono::NaiveTime::MIN));
        let seed = u64::try_from(first.num_days_from_ce()).unwrap_or(1);
        Self {
            zone,
            next: start,
            present: [0; 7],
            upstairs: 0,
            random: Random::new(seed),
        }
    }

    /// When the next minute ends.
    pub(super) fn next_end(&self) -> Moment {
        self.next + TimeDelta::minutes(1)
    }

    /// Lets a minute pass.
    pub(super) fn pass(&mut self) -> Minute {
        let end = self.next_end();
        self.next = end;
        let local = end.with_timezone(&self.zone);
        let mut lines = [(0, 0); 9];
        for (place, (habit, present)) in HABITS.iter().zip(&mut self.present).enumerate() {
            let (people_in, people_out) = moves(habit, *present, local, &mut self.random);
            *present += people_in - people_out;
            let doors = Line::ALL.iter().zip(&mut lines);
            let mut doors: Vec<_> = doors
                .filter_map(|(line, flow)| {
                    line.place()
                        .filter(|(at, _)| index(*at) == place)
                        .map(|(_, share)| (share, flow))
                })
                .collect();
            spread(people_in, &mut doors, &mut self.random, true);
            spread(people_out, &mut doors, &mut self.random, false);
        }
        let [central, .., desk] = self.present;
        if let Some(stairs) = lines.get_mut(2) {
            // Half of the central library sits upstairs.
            let (wanted, random) = (central / 2, &mut self.random);
            let up = if wanted > self.upstairs {
                random.count(as_f64(wanted - self.upstairs) / 6.0 + 0.4)
            } else {
                random.count(0.4)
            };
            let down = if wanted < self.upstairs {
                random.count(as_f64(self.upstairs - wanted) / 6.0 + 0.4)
            } else {
                random.count(0.4)
            };
            let down = down.min(self.upstairs + up);
            self.upstairs += up - down;
            *stairs = (up, down);
        }
        Minute { end, lines, desk }
    }
}

const fn index(place: Place) -> usize {
    match place {
        Place::Central => 0,
        Place::Law => 1,
        Place::Learning => 2,
        Place::Science => 3,
        Place::Canteen => 4,
        Place::Gym => 5,
    }
}

/// People who come and go in a minute, so that the place follows its habit.
fn moves(habit: &Habit, present: i64, local: DateTime<Tz>, random: &mut Random) -> (i64, i64) {
    let soon = local + TimeDelta::minutes(10);
    let wanted = habit.most * share(habit, soon);
    let leaving = as_f64(present) / habit.stay;
    let arriving = ((wanted - as_f64(present)) / 10.0 + leaving).max(0.0);
    let hurrying = if wanted < 0.5 {
        as_f64(present) / 4.0
    } else {
        ((as_f64(present) - wanted) / 10.0 - leaving).max(0.0)
    };
    let people_out = random.count(leaving + hurrying).min(present);
    (
        if wanted < 0.5 {
            0
        } else {
            random.count(arriving)
        },
        people_out,
    )
}

fn share(habit: &Habit, at: DateTime<Tz>) -> f64 {
    let is_weekend = matches!(at.weekday(), Weekday::Sat | Weekday::Sun);
    let curve = if is_weekend {
        habit.weekend
    } else {
        habit.weekday
    };
    let hour = f64::from(at.hour()) + f64::from(at.minute()) / 60.0;
    let mut before = (
        0.0,
        curve
            .first()
            .filter(|(first, _)| *first == 0.0)
            .map_or(0.0, |(_, share)| *share),
    );
    for (at, share) in curve {
        if hour < *at {
            return before.1 + (share - before.1) * (hour - before.0) / (at - before.0);
        }
        before = (*at, *share);
    }
    before.1
}

/// Sends people through doors by their shares.
fn spread(people: i64, doors: &mut [(f64, &mut (i64, i64))], random: &mut Random, is_in: bool) {
    for _ in 0..people {
        let mut chosen = random.share();
        for (share, flow) in doors.iter_mut() {
            chosen -= *share;
            if chosen < 0.0 {
                if is_in {
                    flow.0 += 1;
                } else {
                    flow.1 += 1;
                }
                break;
            }
        }
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "people of a campus are exact in a double"
)]
const fn as_f64(people: i64) -> f64 {
    people as f64
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Paris;

    use super::*;

    #[test]
    fn a_day_is_believable_and_the_same_each_time() {
        let monday: NaiveDate = "2026-11-23".parse().unwrap();
        let day = || {
            let mut world = World::starting(monday, Paris);
            (0..1440)
                .map(|_| {
                    world.pass();
                    world.present
                })
                .collect::<Vec<_>>()
        };
        let at = |hour: usize| day()[hour * 60];
        assert_eq!(day(), day());
        assert!(at(11)[index(Place::Central)] > 180, "{:?}", at(11));
        assert!(at(4)[index(Place::Central)] == 0);
        assert!(at(12)[index(Place::Canteen)] > at(16)[index(Place::Canteen)]);
        assert!(at(19)[index(Place::Gym)] > 30);
        assert!(at(3)[index(Place::Learning)] > 3, "never closes");
        assert!(day().iter().flatten().all(|people| *people >= 0));
    }
}
