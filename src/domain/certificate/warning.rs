//! When to warn that a certificate ends.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::super::reading::Moment;
use super::{Facts, Source};

/// What to warn of; what is worse comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// It ends within thirty days, and nobody but an operator brings another.
    EndsWithinMonth,
    /// Its renewal is late.
    RenewalOverdue,
    /// It ends within seven days, or it has lived nine tenths of its life.
    EndsWithinWeek,
    /// It ends within a day.
    EndsWithinDay,
    /// It has ended: browsers refuse it.
    Ended,
}

impl Warning {
    /// The word as in keys of texts and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EndsWithinMonth => "ends-within-month",
            Self::RenewalOverdue => "renewal-overdue",
            Self::EndsWithinWeek => "ends-within-week",
            Self::EndsWithinDay => "ends-within-day",
            Self::Ended => "ended",
        }
    }
}

/// What to warn of, if anything. A certificate that is renewed by itself is warned of once three quarters of its life are
/// over: then several tries have failed.
#[must_use]
pub fn warning(source: Source, facts: &Facts, now: Moment) -> Option<Warning> {
    let left = facts.not_after - now;
    let life = facts.not_after - facts.not_before;
    // Short certificates are nearer their end all their life.
    let (week, day) = (
        TimeDelta::days(7).min(life / 10),
        TimeDelta::days(1).min(life / 20),
    );
    let renews_itself = source == Source::Acme;
    if left <= TimeDelta::zero() {
        Some(Warning::Ended)
    } else if left <= day {
        Some(Warning::EndsWithinDay)
    } else if left
        <= if renews_itself {
            week
        } else {
            TimeDelta::days(7)
        }
    {
        Some(Warning::EndsWithinWeek)
    } else if renews_itself && left <= life / 4 {
        Some(Warning::RenewalOverdue)
    } else if !renews_itself && left <= TimeDelta::days(30) {
        Some(Warning::EndsWithinMonth)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The warnings of a life, each with the hours that were left when it came.
    fn told(source: Source, days: i64) -> Vec<(Warning, i64)> {
        let not_before = Moment::from_timestamp(1_800_000_000, 0).unwrap();
        let facts = Facts {
            names: Vec::new(),
            issuer: String::new(),
            not_before,
            not_after: not_before + TimeDelta::days(days),
            fingerprint: String::new(),
            key: String::new(),
            is_self_signed: false,
        };
        let mut told: Vec<(Warning, i64)> = Vec::new();
        for hour in 0..=days * 24 {
            let now = not_before + TimeDelta::hours(hour);
            let new = warning(source, &facts, now);
            if let Some(new) = new.filter(|new| told.last().is_none_or(|(old, _)| old < new)) {
                told.push((new, days * 24 - hour));
            }
        }
        told
    }

    #[test]
    fn each_warning_comes_once_in_a_life() {
        use Warning::{Ended, EndsWithinDay, EndsWithinMonth, EndsWithinWeek, RenewalOverdue};
        assert_eq!(
            told(Source::Uploaded, 365),
            [
                (EndsWithinMonth, 720),
                (EndsWithinWeek, 168),
                (EndsWithinDay, 24),
                (Ended, 0)
            ]
        );
        assert_eq!(
            told(Source::Acme, 90),
            [
                (RenewalOverdue, 540),
                (EndsWithinWeek, 168),
                (EndsWithinDay, 24),
                (Ended, 0)
            ]
        );
        assert_eq!(
            told(Source::Acme, 6),
            [
                (RenewalOverdue, 36),
                (EndsWithinWeek, 14),
                (EndsWithinDay, 7),
                (Ended, 0)
            ]
        );
    }
}
