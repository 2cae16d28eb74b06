//! Drift: doors miss people, and more on the way out than in or the other way round. What past days teach is applied live;
//! what a finished day shows is shared out over it.
//!
//! On a year of a real library the error at closing is bias times daily flow, whatever the number inside; weighing each
//! exit by the median of the last days' ratio of entries to exits halves the mean error of the raw sum.

use super::space_day::MILLION;

/// The finished days a ratio is learned from.
pub const DAYS_LOOKED_AT: usize = 28;

/// The days needed before anything is learned.
pub const DAYS_NEEDED: usize = 7;

/// A day with fewer entries teaches nothing.
pub const ENTRIES_NEEDED: i64 = 50;

/// How far the ratio may be from one, in millionths: beyond it a door is broken, not biased.
const FURTHEST: i64 = MILLION / 4;

/// What past days taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// What each exit weighs, in millionths of a person.
    pub exit_weight: i64,
    /// The days that taught it.
    pub days: usize,
}

/// The weight of an exit, from the entries and exits of finished days, newest first. `None` until there are enough.
#[must_use]
pub fn learn(days: &[(i64, i64)]) -> Option<Learned> {
    let mut ratios: Vec<i64> = days
        .iter()
        .take(DAYS_LOOKED_AT)
        .filter(|(entries, exits)| *entries >= ENTRIES_NEEDED && *exits > 0)
        .map(|(entries, exits)| entries * MILLION / exits)
        .collect();
    if ratios.len() < DAYS_NEEDED {
        return None;
    }
    ratios.sort_unstable();
    let upper = ratios.get(ratios.len() / 2).copied().unwrap_or(MILLION);
    let lower = ratios
        .get((ratios.len() - 1) / 2)
        .copied()
        .unwrap_or(MILLION);
    let median = i64::midpoint(lower, upper);
    Some(Learned {
        exit_weight: median.clamp(MILLION - FURTHEST, MILLION + FURTHEST),
        days: ratios.len(),
    })
}

/// The weights of entries and exits, in millionths, that make a finished day end with as many people as it should:
/// both sides meet in the middle. `opened` and `closed` are in millionths. `None` when nobody moved.
#[must_use]
pub fn share_out(entries: i64, exits: i64, opened: i64, closed: i64) -> Option<(i64, i64)> {
    // With opening o and closing c, entries E and exits X: E·a - X·b = c - o, where E·a and X·b are each half-way.
    let (entered, left) = (
        i128::from(entries) * i128::from(MILLION),
        i128::from(exits) * i128::from(MILLION),
    );
    let change = i128::from(closed) - i128::from(opened);
    let middle = i128::midpoint(entered, left);
    let (entered_should, left_should) = (middle + change / 2, middle - change / 2);
    if entries <= 0 || exits <= 0 || entered_should < 0 || left_should < 0 {
        return None;
    }
    let weight = |should: i128, count: i64| i64::try_from(should / i128::from(count)).ok();
    Some((
        weight(entered_should, entries)?,
        weight(left_should, exits)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_bias_is_learned() {
        let days = vec![(980, 1_000); 28];
        assert_eq!(
            learn(&days),
            Some(Learned {
                exit_weight: 980_000,
                days: 28
            })
        );
    }

    #[test]
    fn few_or_empty_days_teach_nothing() {
        assert_eq!(learn(&[(980, 1_000); 6]), None);
        assert_eq!(learn(&[(49, 50); 28]), None);
        assert_eq!(learn(&[]), None);
    }

    #[test]
    fn a_broken_door_is_not_taken_for_a_bias() {
        assert_eq!(
            learn(&[(1_000, 200); 10]).map(|learned| learned.exit_weight),
            Some(1_250_000)
        );
    }

    #[test]
    fn one_odd_day_does_not_matter() {
        let mut days = vec![(990, 1_000); 10];
        days.push((1_000, 500));
        assert_eq!(
            learn(&days).map(|learned| learned.exit_weight),
            Some(990_000)
        );
    }

    #[test]
    fn a_finished_day_is_shared_out_so_that_it_ends_empty() {
        let (entry, exit) = share_out(3_371, 3_440, 0, 0).unwrap();
        let remaining = 3_371 * entry - 3_440 * exit;
        assert!(
            remaining.abs() < 10_000,
            "within a hundredth of a person: {remaining}"
        );
        assert!(entry > MILLION && exit < MILLION);
        assert_eq!(share_out(0, 0, 0, 0), None);
    }
}
