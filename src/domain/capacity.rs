//! How many people a space is for: two gauges, dated.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The gauges of a space from a date on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// The first local day it holds.
    pub since: NaiveDate,
    /// Comfort: seats or places; the denominator of the percentage the public sees.
    pub comfort: i32,
    /// Safety: the legal maximum, which staff are warned of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety: Option<i32>,
}

impl Capacity {
    /// The share of comfort that is taken, in whole percent, half up. More than 100 when it is crowded.
    #[must_use]
    pub fn percentage(&self, present: i64) -> i64 {
        let comfort = i64::from(self.comfort.max(1));
        (present * 200 + comfort).div_euclid(comfort * 2)
    }
}

/// The gauges that hold on a day, of a list in any order.
#[must_use]
pub fn on(capacities: &[Capacity], day: NaiveDate) -> Option<Capacity> {
    capacities
        .iter()
        .filter(|capacity| capacity.since <= day)
        .max_by_key(|capacity| capacity.since)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_capacity_that_has_begun_holds() {
        let since = |day: &str, comfort| Capacity {
            since: day.parse().unwrap(),
            comfort,
            safety: None,
        };
        let capacities = [
            since("2026-09-01", 320),
            since("2026-01-01", 300),
            since("2027-01-01", 200),
        ];
        let on = |day: &str| on(&capacities, day.parse().unwrap()).map(|capacity| capacity.comfort);
        assert_eq!(
            (on("2025-12-31"), on("2026-08-31"), on("2026-11-24")),
            (None, Some(300), Some(320))
        );
    }

    #[test]
    fn percentages_are_rounded_half_up_and_may_exceed_a_hundred() {
        let capacity = Capacity {
            since: NaiveDate::MIN,
            comfort: 80,
            safety: None,
        };
        assert_eq!(
            [0, 1, 2, 40, 84].map(|present| capacity.percentage(present)),
            [0, 1, 3, 50, 105]
        );
    }
}
