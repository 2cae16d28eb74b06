//! The accounting day of a space: from its local start to the next, 23, 24 or 25 hours long.

use chrono::{
    DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

use super::reading::Moment;

/// The moment of a local date and time: the first of two when clocks go back, the first valid one after a gap.
#[must_use]
pub fn moment_of(zone: Tz, local: NaiveDateTime) -> Moment {
    let mut local = local;
    loop {
        match zone.from_local_datetime(&local) {
            LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => {
                return moment.with_timezone(&Utc);
            }
            LocalResult::None => local += TimeDelta::minutes(15),
        }
    }
}

/// A local time that clocks leave out when they go forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this local time does not exist: clocks go forward over it")]
pub struct LeftOut;

/// The moment of a local date and time that somebody tells: the first of two when clocks go back.
///
/// # Errors
/// When there is no such time.
pub fn moment_told(zone: Tz, local: NaiveDateTime) -> Result<Moment, LeftOut> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => {
            Ok(moment.with_timezone(&Utc))
        }
        LocalResult::None => Err(LeftOut),
    }
}

/// The local date of the accounting day that holds a moment.
#[must_use]
pub fn date_of(zone: Tz, starts: NaiveTime, moment: Moment) -> NaiveDate {
    let date = moment.with_timezone(&zone).date_naive();
    if moment < start_of(zone, starts, date) {
        date - Days::new(1)
    } else {
        date
    }
}

/// The moment an accounting day starts.
#[must_use]
pub fn start_of(zone: Tz, starts: NaiveTime, date: NaiveDate) -> Moment {
    moment_of(zone, date.and_time(starts))
}

/// The start of the accounting day that holds a moment, and of the next.
#[must_use]
pub fn around(zone: Tz, starts: NaiveTime, moment: Moment) -> (DateTime<Utc>, DateTime<Utc>) {
    let date = date_of(zone, starts, moment);
    (
        start_of(zone, starts, date),
        start_of(zone, starts, date + Days::new(1)),
    )
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Paris;

    use super::*;

    fn hours(date: &str, starts: &str) -> i64 {
        let date: NaiveDate = date.parse().unwrap();
        let starts: NaiveTime = starts.parse().unwrap();
        (start_of(Paris, starts, date + Days::new(1)) - start_of(Paris, starts, date)).num_hours()
    }

    #[test]
    fn days_around_the_clock_changes_have_23_and_25_hours() {
        assert_eq!(hours("2026-03-28", "05:00:00"), 23);
        assert_eq!(hours("2026-10-24", "05:00:00"), 25);
        assert_eq!(hours("2026-06-01", "05:00:00"), 24);
    }

    #[test]
    fn a_start_inside_the_gap_moves_to_the_first_valid_minute() {
        let start = start_of(
            Paris,
            "02:30:00".parse().unwrap(),
            "2026-03-29".parse().unwrap(),
        );
        assert_eq!(start, "2026-03-29T01:00:00Z".parse::<Moment>().unwrap());
    }

    #[test]
    fn a_time_told_inside_the_gap_does_not_exist() {
        let told = |text: &str| moment_told(Paris, text.parse().unwrap());
        assert_eq!(told("2026-03-29T02:30:00"), Err(LeftOut));
        assert_eq!(
            told("2026-10-25T02:30:00"),
            Ok("2026-10-25T00:30:00Z".parse().unwrap())
        );
    }

    #[test]
    fn a_start_told_twice_is_the_first() {
        let start = start_of(
            Paris,
            "02:30:00".parse().unwrap(),
            "2026-10-25".parse().unwrap(),
        );
        assert_eq!(start, "2026-10-25T00:30:00Z".parse::<Moment>().unwrap());
    }

    #[test]
    fn the_small_hours_belong_to_the_day_before() {
        let starts: NaiveTime = "05:00:00".parse().unwrap();
        let date = |text: &str| date_of(Paris, starts, text.parse().unwrap());
        assert_eq!(date("2026-11-24T03:59:59Z"), "2026-11-23".parse().unwrap());
        assert_eq!(date("2026-11-24T04:00:00Z"), "2026-11-24".parse().unwrap());
    }
}
