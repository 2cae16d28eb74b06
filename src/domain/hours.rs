//! Opening hours: an OpenStreetMap `opening_hours` text, public holidays and exceptional days, evaluated in local time.
//!
//! The grammar and its evaluation are the `opening-hours` library's. An exceptional day becomes one more rule of the same
//! grammar, so that what is evaluated can also be published as it stands.

use std::str::FromStr;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use opening_hours::localization::Country;
use opening_hours::{Context, OpeningHours, RuleKind};
use serde::{Deserialize, Serialize};

use super::day::moment_of;
use super::reading::Moment;
use super::words::Words;

/// A day with hours of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionalDay {
    /// The local day.
    pub day: NaiveDate,
    /// Its hours (`10:00-16:00`), or `off`.
    pub hours: String,
    /// Why, for the public.
    #[serde(default, skip_serializing_if = "Words::is_empty")]
    pub reason: Words,
}

/// A text that is not an opening hours expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotHours(pub String);

/// The hours of one local day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayHours {
    /// The day.
    pub day: NaiveDate,
    /// From when to when it is open; an end before or at the start lies on the next day.
    pub open: Vec<(NaiveTime, NaiveTime)>,
    /// Whether it is open all day.
    pub all_day: bool,
    /// Why it differs, when it is an exceptional day.
    pub exception: Option<Words>,
}

/// Opening hours, ready to be asked.
#[derive(Debug, Clone)]
pub struct Hours {
    text: String,
    zone: Tz,
    evaluated: OpeningHours,
    exceptions: Vec<ExceptionalDay>,
}

impl Hours {
    /// Hours from a text, with exceptional days, in a zone, with the public holidays of a country (`FR`).
    ///
    /// # Errors
    /// When the text or an exceptional day is not of the grammar, or the country is not known.
    pub fn parse(
        regular: &str,
        exceptions: &[ExceptionalDay],
        zone: Tz,
        country: Option<&str>,
    ) -> Result<Self, NotHours> {
        let mut text = regular.trim().to_owned();
        for exception in exceptions {
            let rule = format!(
                "{} {}",
                exception.day.format("%Y %b %d"),
                exception.hours.trim()
            );
            OpeningHours::from_str(&rule)
                .map_err(|error| NotHours(format!("{}: {error}", exception.day)))?;
            text = format!("{text}; {rule}");
        }
        let mut evaluated =
            OpeningHours::from_str(&text).map_err(|error| NotHours(error.to_string()))?;
        if let Some(code) = country {
            let country = Country::from_str(code).map_err(|error| NotHours(error.to_string()))?;
            evaluated =
                evaluated.with_context(Context::default().with_holidays(country.holidays()));
        }
        Ok(Self {
            text,
            zone,
            evaluated,
            exceptions: exceptions.to_vec(),
        })
    }

    /// The whole expression, exceptional days included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self, now: Moment) -> bool {
        self.evaluated.is_open(self.local(now))
    }

    /// When it next opens or closes; `None` when it never does, or not within a year.
    #[must_use]
    pub fn next_change(&self, now: Moment) -> Option<Moment> {
        let local = self.local(now);
        let open = self.evaluated.is_open(local);
        self.evaluated
            .iter_range(local, local + TimeDelta::days(366))
            .find(|range| (range.kind == RuleKind::Open) != open)
            .map(|range| moment_of(self.zone, range.range.start))
    }

    /// The hours of seven days from the one that holds a moment.
    #[must_use]
    pub fn week(&self, now: Moment) -> Vec<DayHours> {
        self.days(now, 7)
    }

    /// The hours of so many days from the one that holds a moment.
    #[must_use]
    pub fn days(&self, now: Moment, count: u64) -> Vec<DayHours> {
        let today = self.local(now).date();
        (0..count)
            .map(|days| self.day(today + Days::new(days)))
            .collect()
    }

    fn day(&self, day: NaiveDate) -> DayHours {
        let midnight = day.and_time(NaiveTime::MIN);
        let next = midnight + TimeDelta::days(1);
        let mut open = Vec::new();
        let mut all_day = false;
        for range in self
            .evaluated
            .iter_range(midnight - TimeDelta::days(1), next + TimeDelta::days(1))
        {
            let (start, end) = (range.range.start, range.range.end);
            if range.kind != RuleKind::Open || end <= midnight || start >= next {
                continue;
            }
            if start <= midnight && end >= next {
                all_day = true;
            } else if start >= midnight || end.time() > LATEST_NIGHT {
                open.push((start.max(midnight).time(), end.min(next + NIGHT).time()));
            }
        }
        let exception = self
            .exceptions
            .iter()
            .find(|exception| exception.day == day);
        DayHours {
            day,
            open,
            all_day,
            exception: exception.map(|exception| exception.reason.clone()),
        }
    }

    fn local(&self, moment: Moment) -> NaiveDateTime {
        moment.with_timezone(&self.zone).naive_local()
    }
}

/// A night that ends by this time is told on the day it began, not again on the next.
const LATEST_NIGHT: NaiveTime = NaiveTime::from_hms_opt(6, 0, 0).unwrap();
const NIGHT: TimeDelta = TimeDelta::hours(6);

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Paris;

    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn hours(text: &str) -> Hours {
        Hours::parse(text, &[], Paris, Some("FR")).unwrap()
    }

    #[test]
    fn hours_are_local_on_both_sides_of_a_clock_change() {
        let hours = hours("Mo-Su 08:00-22:00");
        assert!(!hours.is_open(moment("2026-03-28T06:59:00Z")));
        assert!(hours.is_open(moment("2026-03-28T07:00:00Z")));
        assert!(hours.is_open(moment("2026-03-29T06:00:00Z")));
        assert_eq!(
            hours.next_change(moment("2026-10-25T10:00:00Z")),
            Some(moment("2026-10-25T21:00:00Z"))
        );
    }

    #[test]
    fn holidays_and_exceptional_days_override_the_week() {
        let day = |text: &str, hours: &str| ExceptionalDay {
            day: text.parse().unwrap(),
            hours: hours.to_owned(),
            reason: Words::plain("inventory"),
        };
        let exceptions = [day("2026-11-25", "10:00-12:00"), day("2026-11-26", "off")];
        let hours =
            Hours::parse("Mo-Fr 08:00-22:00; PH off", &exceptions, Paris, Some("FR")).unwrap();
        assert!(!hours.is_open(moment("2026-11-11T10:00:00Z")), "Armistice");
        assert!(hours.is_open(moment("2026-11-24T10:00:00Z")));
        assert!(!hours.is_open(moment("2026-11-25T08:00:00Z")));
        assert!(hours.is_open(moment("2026-11-25T09:30:00Z")));
        assert!(!hours.is_open(moment("2026-11-26T10:00:00Z")));
        let week = hours.week(moment("2026-11-24T10:00:00Z"));
        let time = |text: &str| text.parse::<NaiveTime>().unwrap();
        assert_eq!(week[0].open, [(time("08:00:00"), time("22:00:00"))]);
        assert_eq!(week[1].open, [(time("10:00:00"), time("12:00:00"))]);
        assert_eq!(week[2].exception, Some(Words::plain("inventory")));
        assert!(week[2].open.is_empty());
    }

    #[test]
    fn a_place_that_never_closes_never_changes() {
        let hours = hours("24/7");
        assert!(hours.is_open(moment("2026-11-24T02:00:00Z")));
        assert_eq!(hours.next_change(moment("2026-11-24T02:00:00Z")), None);
        assert!(
            hours
                .week(moment("2026-11-24T02:00:00Z"))
                .iter()
                .all(|day| day.all_day)
        );
    }

    #[test]
    fn a_night_is_told_on_the_day_it_began() {
        let week = hours("Mo-Su 18:00-02:00").week(moment("2026-11-24T10:00:00Z"));
        let time = |text: &str| text.parse::<NaiveTime>().unwrap();
        assert_eq!(week[0].open, [(time("18:00:00"), time("02:00:00"))]);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Hours::parse("whenever", &[], Paris, None).is_err());
        assert!(Hours::parse("Mo-Fr 08:00-22:00", &[], Paris, Some("ZZ")).is_err());
    }
}
