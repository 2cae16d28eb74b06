//! When a certificate is renewed, and when to try again after a failure.

use chrono::TimeDelta;

use super::super::reading::Moment;
use super::Facts;

/// The longest wait between two tries.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// When a certificate is renewed: at two thirds of its life and up to a thirtieth later, so that machines whose
/// certificates are of the same moment do not all ask at once. The same certificate always says the same.
#[must_use]
pub fn renewal_due(facts: &Facts) -> Moment {
    let life = facts.not_after - facts.not_before;
    let digits = facts.fingerprint.get(..2).unwrap_or_default();
    let share = u8::from_str_radix(digits, 16).unwrap_or(0);
    facts.not_before + life * 2 / 3 + life / 30 * i32::from(share) / 255
}

/// When to try again after a failure: an hour after the first, twice as long after each further one, at most a day; never
/// more than a tenth of the life of the certificate in use, so that a short one is not slept through; not before the
/// directory wants to be asked again.
#[must_use]
pub fn next_try(
    failures: u32,
    life: TimeDelta,
    asked_to_wait: Option<Moment>,
    now: Moment,
) -> Moment {
    let doublings = failures.saturating_sub(1).min(5);
    let wait = TimeDelta::hours(1 << doublings)
        .min(LONGEST_WAIT)
        .min(life / 10);
    let own = now + wait;
    asked_to_wait.map_or(own, |asked| asked.max(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lasting(days: i64, first_byte: &str) -> Facts {
        let not_before = Moment::from_timestamp(1_800_000_000, 0).unwrap();
        Facts {
            names: Vec::new(),
            issuer: String::new(),
            not_before,
            not_after: not_before + TimeDelta::days(days),
            fingerprint: format!("{first_byte}:00"),
            key: String::new(),
            is_self_signed: false,
        }
    }

    #[test]
    fn certificates_are_renewed_between_two_thirds_and_seven_tenths_of_their_life() {
        for days in [6, 47, 90, 397] {
            let (early, late) = (lasting(days, "00"), lasting(days, "FF"));
            let life = TimeDelta::days(days);
            assert_eq!(renewal_due(&early) - early.not_before, life * 2 / 3);
            let due = renewal_due(&late) - late.not_before;
            assert_eq!(due, life * 7 / 10, "{days}");
        }
    }

    #[test]
    fn the_wait_doubles_to_a_day_and_heeds_the_directory() {
        let now = Moment::from_timestamp(1_800_000_000, 0).unwrap();
        let life = TimeDelta::days(90);
        let hours = |failures| (next_try(failures, life, None, now) - now).num_hours();
        assert_eq!([1, 2, 3, 4, 5, 6, 60].map(hours), [1, 2, 4, 8, 16, 24, 24]);
        let told = now + TimeDelta::days(3);
        assert_eq!(next_try(1, life, Some(told), now), told);
        assert_eq!(next_try(1, life, Some(now), now), now + TimeDelta::hours(1));
    }

    #[test]
    fn a_certificate_of_six_days_is_tried_again_several_times_before_it_ends() {
        let facts = lasting(6, "FF");
        let life = facts.not_after - facts.not_before;
        let mut now = renewal_due(&facts);
        let mut tries = 0;
        while now < facts.not_after {
            tries += 1;
            now = next_try(tries, life, None, now);
        }
        assert!(tries >= 6, "{tries}");
    }
}
