//! Times in the reader's words and the place's zone: "closes at 22:00", "opens tomorrow at 8:30".

use chrono::{DateTime, Datelike as _, Days, NaiveDate};
use chrono_tz::Tz;
use fluent_bundle::FluentValue;

use crate::domain::reading::Moment;
use crate::live::SpaceView;
use crate::web::texts::Speech;

/// Hours and minutes.
pub(super) fn clock(moment: Moment, zone: Tz) -> String {
    moment.with_timezone(&zone).format("%-H:%M").to_string()
}

/// The weekday in words.
pub(in crate::web) fn weekday(date: NaiveDate, t: Speech<'_>) -> String {
    t.say(&format!(
        "day-{}",
        date.format("%a").to_string().to_lowercase()
    ))
}

/// Day and month in words.
pub(in crate::web) fn date(date: NaiveDate, t: Speech<'_>) -> String {
    let month = t.say(&format!("month-{}", date.month()));
    t.say_with(
        "date-form",
        &[
            ("day", FluentValue::from(date.day())),
            ("month", FluentValue::from(month)),
        ],
    )
}

/// A moment: the clock, with the day before it when it is not today.
pub(in crate::web) fn moment(at: Moment, now: Moment, zone: Tz, t: Speech<'_>) -> String {
    let local: DateTime<Tz> = at.with_timezone(&zone);
    let time = clock(at, zone);
    if local.date_naive() == now.with_timezone(&zone).date_naive() {
        time
    } else {
        format!("{} {time}", date(local.date_naive(), t))
    }
}

/// When a place next opens or closes.
pub(super) fn opening(view: &SpaceView, now: Moment, zone: Tz, t: Speech<'_>) -> String {
    match (view.is_open, view.next_change) {
        (None, _) => t.say("opening-unknown"),
        (Some(true), None) => t.say("opening-always"),
        (Some(false), None) => t.say("opening-closed"),
        (Some(true), Some(at)) => t.say_with("opening-closes", &[("time", clock(at, zone).into())]),
        (Some(false), Some(at)) => opens(at, now, zone, t),
    }
}

fn opens(at: Moment, now: Moment, zone: Tz, t: Speech<'_>) -> String {
    let time = FluentValue::from(clock(at, zone));
    let (day, today) = (
        at.with_timezone(&zone).date_naive(),
        now.with_timezone(&zone).date_naive(),
    );
    if day == today {
        t.say_with("opening-opens", &[("time", time)])
    } else if day == today + Days::new(1) {
        t.say_with("opening-opens-tomorrow", &[("time", time)])
    } else if day < today + Days::new(7) {
        t.say_with(
            "opening-opens-day",
            &[("day", weekday(day, t).into()), ("time", time)],
        )
    } else {
        t.say_with(
            "opening-opens-date",
            &[("date", date(day, t).into()), ("time", time)],
        )
    }
}
