//! Opening hours: an OpenStreetMap `opening_hours` text, public holidays and exceptional days, evaluated in local time.
//!
//! The grammar and its evaluation are the `opening-hours` library's. An exceptional day becomes one more rule of the same
//! grammar, so that what is evaluated can also be published as it stands.

use std::ops::Range;
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
    regular: OpeningHours,
    exceptions: Vec<Exception>,
}

/// An exceptional day, and when it is open: all that begins on it.
#[derive(Debug, Clone)]
struct Exception {
    day: NaiveDate,
    reason: Words,
    open: Vec<Range<NaiveDateTime>>,
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
        let mut evaluated =
            OpeningHours::from_str(&text).map_err(|error| not_understood(&text, &error))?;
        if let Some(code) = country {
            let country = Country::from_str(code).map_err(|error| NotHours(error.to_string()))?;
            evaluated =
                evaluated.with_context(Context::default().with_holidays(country.holidays()));
        }
        let mut parsed = Vec::new();
        for exception in exceptions {
            let rule = format!(
                "{} {}",
                exception.day.format("%Y %b %d"),
                exception.hours.trim()
            );
            let evaluated =
                OpeningHours::from_str(&rule).map_err(|_| not_understood_on(exception))?;
            let open = open_ranges(
                &evaluated,
                midnight(exception.day)..midnight(exception.day) + TWO_DAYS,
            );
            if open.is_empty() && !matches!(exception.hours.trim(), "off" | "closed") {
                return Err(not_understood_on(exception));
            }
            text = format!("{text}; {rule}");
            parsed.push(Exception {
                day: exception.day,
                reason: exception.reason.clone(),
                open,
            });
        }
        Ok(Self {
            text,
            zone,
            regular: evaluated,
            exceptions: parsed,
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
        let now = self.local(now);
        let open = self.open(now..now + TimeDelta::minutes(1));
        open.iter().any(|range| range.contains(&now))
    }

    /// When it next opens or closes; `None` when it never does, or not within a year.
    #[must_use]
    pub fn next_change(&self, now: Moment) -> Option<Moment> {
        let now = self.local(now);
        // Most change within a day or two; only who does not is looked at for a year.
        [2, 366].into_iter().find_map(|days| {
            let end = now + TimeDelta::days(days);
            let open = self.open(now..end);
            let change = open.iter().find_map(|range| match range {
                range if range.contains(&now) => Some(range.end),
                range => (range.start > now).then_some(range.start),
            })?;
            (change < end).then(|| moment_of(self.zone, change))
        })
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
        let (midnight, next) = (midnight(day), midnight(day + Days::new(1)));
        let mut open = Vec::new();
        let mut all_day = false;
        for range in self.open(midnight - TimeDelta::days(1)..next + TimeDelta::days(1)) {
            if range.end <= midnight || range.start >= next {
                continue;
            }
            if range.start <= midnight && range.end >= next {
                all_day = true;
            } else if range.start >= midnight || range.end > midnight + NIGHT {
                let end = range.end.min(next + NIGHT);
                open.push((range.start.max(midnight).time(), end.time()));
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

    /// When it is open in a span, in order and within it as far as the regular hours go.
    ///
    /// An exceptional day replaces what begins on it. The library lets a rule for a date cut the night that the day before
    /// began, and keep the night that the day itself would have begun, so exceptions are laid over its answer here.
    fn open(&self, span: Range<NaiveDateTime>) -> Vec<Range<NaiveDateTime>> {
        let around = span.start - TWO_DAYS..span.end + TWO_DAYS;
        let is_near = |exception: &&Exception| around.contains(&midnight(exception.day));
        let exceptions: Vec<_> = self.exceptions.iter().filter(is_near).collect();
        if exceptions.is_empty() {
            return open_ranges(&self.regular, span);
        }
        let mut open = open_ranges(&self.regular, around);
        for exception in &exceptions {
            let day = begins(&open, exception.day)..begins(&open, exception.day + Days::new(1));
            let outside = |range: Range<NaiveDateTime>| {
                [
                    range.start..range.end.min(day.start),
                    range.start.max(day.end)..range.end,
                ]
            };
            open = open.into_iter().flat_map(outside).collect();
        }
        open.extend(
            exceptions
                .iter()
                .flat_map(|exception| exception.open.clone()),
        );
        open.sort_by_key(|range| range.start);
        let mut joined: Vec<Range<NaiveDateTime>> = Vec::new();
        for range in open.into_iter().filter(|range| !range.is_empty()) {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        joined
    }

    fn local(&self, moment: Moment) -> NaiveDateTime {
        moment.with_timezone(&self.zone).naive_local()
    }
}

/// Whether the public holidays of a country are known, by its two letters (`FR`).
#[must_use]
pub fn is_country(code: &str) -> bool {
    Country::from_str(code).is_ok()
}

/// Whether hours name public holidays (`PH`); what stands in quotes is a comment.
#[must_use]
pub fn names_holidays(text: &str) -> bool {
    let code = text.split('"').step_by(2);
    code.flat_map(|part| part.split(|letter: char| !letter.is_ascii_alphanumeric()))
        .any(|word| word == "PH")
}

/// A night that ends this long after midnight, or earlier, belongs to the day it began.
const NIGHT: TimeDelta = TimeDelta::hours(6);

/// The longest that hours which begin on a day can last.
const TWO_DAYS: TimeDelta = TimeDelta::days(2);

/// Why a text is none: the word at which its reader stopped.
fn not_understood(text: &str, error: &<OpeningHours as FromStr>::Err) -> NotHours {
    // The reader draws where it stopped, and tells it in no other way: ` --> 1:4`.
    let drawn = error.to_string();
    let column = drawn.split_once("--> 1:").and_then(|(_, rest)| {
        let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next();
        digits?.parse().ok()
    });
    let piece = column.map_or(text, |column| word_at(text, column));
    NotHours(format!(
        "\"{}\" is not understood; write hours as Mo-Fr 08:00-22:00; PH off",
        piece.replace('"', "'")
    ))
}

fn not_understood_on(exception: &ExceptionalDay) -> NotHours {
    NotHours(format!(
        "\"{}\" tells no time of \"{}\"; write times as 10:00-16:00, or off",
        exception.hours.trim().replace('"', "'"),
        exception.day
    ))
}

/// The word of a text at a column, counted from 1; the last one before it where there is none.
fn word_at(text: &str, column: usize) -> &str {
    let separators = [' ', ';', ','];
    let at = text.char_indices().nth(column.saturating_sub(1));
    let at = at.map_or(text.len(), |(at, _)| at);
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    let end = at + after.find(separators).unwrap_or(after.len());
    let upto = text.get(..end).unwrap_or(before);
    let upto = upto.trim_end_matches(separators);
    upto.rsplit(separators).next().unwrap_or(upto)
}

fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}

/// When a day begins for who is open: at midnight, or when the night of the day before ends.
fn begins(open: &[Range<NaiveDateTime>], day: NaiveDate) -> NaiveDateTime {
    let midnight = midnight(day);
    open.iter()
        .find(|range| range.start < midnight && range.end > midnight)
        .map(|range| range.end)
        .filter(|end| *end <= midnight + NIGHT)
        .unwrap_or(midnight)
}

fn open_ranges(hours: &OpeningHours, span: Range<NaiveDateTime>) -> Vec<Range<NaiveDateTime>> {
    hours
        .iter_range(span.start, span.end)
        .filter(|range| range.kind == RuleKind::Open)
        .map(|range| range.range)
        .collect()
}

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
    fn an_exceptional_day_replaces_the_night_it_would_have_begun_and_leaves_the_one_before() {
        let day = |hours: &str| ExceptionalDay {
            day: "2026-11-28".parse().unwrap(),
            hours: hours.to_owned(),
            reason: Words::default(),
        };
        let parse = |regular: &str, exception: &str| {
            Hours::parse(regular, &[day(exception)], Paris, Some("FR")).unwrap()
        };
        let times = |open: &[(&str, &str)]| -> Vec<(NaiveTime, NaiveTime)> {
            let time = |text: &str| format!("{text}:00").parse().unwrap();
            open.iter()
                .map(|(start, end)| (time(start), time(end)))
                .collect()
        };
        let open = |hours: &Hours| -> Vec<_> {
            let days = hours.days(moment("2026-11-27T10:00:00Z"), 3);
            days.into_iter().map(|day| day.open).collect()
        };
        let night = times(&[("18:00", "02:00")]);

        let closed = parse("Mo-Su 18:00-02:00", "off");
        assert_eq!(open(&closed), [night.clone(), vec![], night.clone()]);
        assert!(closed.is_open(moment("2026-11-28T00:30:00Z")), "of Friday");
        assert!(
            !closed.is_open(moment("2026-11-29T00:30:00Z")),
            "of Saturday"
        );
        assert_eq!(
            closed.next_change(moment("2026-11-28T12:00:00Z")),
            Some(moment("2026-11-29T17:00:00Z"))
        );

        let longer = parse("Mo-Su 18:00-02:00", "20:00-04:00");
        assert_eq!(
            open(&longer),
            [night.clone(), times(&[("20:00", "04:00")]), night]
        );
        assert!(longer.is_open(moment("2026-11-29T02:30:00Z")));

        let always = parse("24/7", "10:00-16:00");
        assert!(always.is_open(moment("2026-11-27T22:30:00Z")));
        assert!(!always.is_open(moment("2026-11-27T23:30:00Z")));
        assert!(!always.is_open(moment("2026-11-28T22:30:00Z")));
        assert!(always.is_open(moment("2026-11-28T23:00:00Z")));
        assert_eq!(
            always.next_change(moment("2026-11-20T12:00:00Z")),
            Some(moment("2026-11-27T23:00:00Z"))
        );
    }

    #[test]
    fn holidays_are_named_outside_of_comments() {
        assert!(names_holidays("Mo-Fr 08:00-22:00; PH off"));
        assert!(names_holidays("PH,Su 10:00-12:00"));
        assert!(!names_holidays("Mo-Fr 08:00-22:00 \"PH: ask\""));
        assert!(!names_holidays("Mo-Fr 08:00-22:00"));
        assert!(is_country("FR") && !is_country("XX") && !is_country("fr"));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Hours::parse("whenever", &[], Paris, None).is_err());
        assert!(Hours::parse("Mo-Fr 08:00-22:00", &[], Paris, Some("ZZ")).is_err());
        let of_a_monday = ExceptionalDay {
            day: "2026-11-27".parse().unwrap(),
            hours: "Mo 08:00-09:00".to_owned(),
            reason: Words::default(),
        };
        let refused = Hours::parse("Mo-Fr 08:00-22:00", &[of_a_monday], Paris, None);
        let rule = "\"Mo 08:00-09:00\" tells no time of \"2026-11-27\"; write times as 10:00-16:00, or off";
        assert_eq!(refused.unwrap_err().0, rule);
    }

    #[test]
    fn the_word_that_is_not_understood_is_named() {
        let named = |text: &str| {
            let NotHours(rule) = Hours::parse(text, &[], Paris, None).unwrap_err();
            assert!(
                rule.ends_with("write hours as Mo-Fr 08:00-22:00; PH off"),
                "{rule}"
            );
            rule.split('"').nth(1).unwrap().to_owned()
        };
        assert_eq!(named("Mo-Xx 08:00"), "Mo-Xx");
        assert_eq!(named("Mo-Fr 08:00-22:00; whenever"), "whenever");
        assert_eq!(named("Mo-Fr 08:00-"), "08:00-");
        assert_eq!(named("überall"), "überall");
    }
}
