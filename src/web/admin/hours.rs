//! What new opening hours will do: the next fourteen days before and after, and the spaces they hold for.

use askama::Template;
use serde_json::Value;

use super::sheet::Preview;
use crate::domain::campus::{Description, Institution, Site, Space};
use crate::domain::hours::{DayHours, ExceptionalDay, Hours};
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::web::pages::times;
use crate::web::texts::Speech;

/// How far a preview looks.
const DAYS: u64 = 14;

struct Line {
    day: String,
    before: String,
    after: String,
    is_changed: bool,
}

#[derive(Template)]
#[template(path = "admin/hours.html")]
struct Shown<'t> {
    t: &'t Speech<'t>,
    fault: Option<String>,
    lines: Vec<Line>,
    followers: String,
    others: String,
}

/// The effect of a site's hours.
pub(super) fn preview_of_site(description: &Description, slug: &str, now: Moment) -> Preview {
    let institution = description.institution.clone();
    let spaces: Vec<Space> = description
        .spaces
        .iter()
        .filter(|space| space.site == slug)
        .cloned()
        .collect();
    Box::new(move |before, after, t| {
        let names = |has_own: bool| {
            let names = spaces
                .iter()
                .filter(|space| space.opening_hours.is_some() == has_own)
                .map(|space| space.name.in_language(t.language()));
            names.collect::<Vec<_>>().join(", ")
        };
        let both = [before, after].map(|value| site_hours(value, &institution));
        show(both, names(false), names(true), now, t)
    })
}

/// The effect of a space's own hours.
pub(super) fn preview_of_space(description: &Description, slug: &str, now: Moment) -> Preview {
    let institution = description.institution.clone();
    let site: Option<Site> = description
        .spaces
        .iter()
        .find(|space| space.slug == slug)
        .and_then(|space| {
            description
                .sites
                .iter()
                .find(|site| site.slug == space.site)
        })
        .cloned();
    Box::new(move |before, after, t| {
        let both = [before, after].map(|value| {
            let own = value.get("opening_hours").and_then(Value::as_str);
            let regular = own.or(site.as_ref().and_then(|site| site.opening_hours.as_deref()));
            let days = site.as_ref().map_or(&[][..], |site| &site.exceptional_days);
            parsed(regular, days, &institution)
        });
        show(both, String::new(), String::new(), now, t)
    })
}

fn site_hours(value: &Value, institution: &Institution) -> Result<Option<Hours>, String> {
    let regular = value.get("opening_hours").and_then(Value::as_str);
    let days = value.get("exceptional_days").cloned().unwrap_or_default();
    let days: Vec<ExceptionalDay> =
        serde_json::from_value(days).map_err(|error| error.to_string())?;
    parsed(regular, &days, institution)
}

fn parsed(
    regular: Option<&str>,
    days: &[ExceptionalDay],
    institution: &Institution,
) -> Result<Option<Hours>, String> {
    let Some(regular) = regular else {
        return Ok(None);
    };
    let (zone, country) = (institution.time_zone, institution.holidays.as_deref());
    Hours::parse(regular, days, zone, country)
        .map(Some)
        .map_err(|error| error.0)
}

fn show(
    [before, after]: [Result<Option<Hours>, String>; 2],
    followers: String,
    others: String,
    now: Moment,
    t: &Speech<'_>,
) -> Result<String, Error> {
    let (fault, after) = match after {
        Ok(after) => (None, after),
        Err(fault) => (Some(fault), None),
    };
    let days = |hours: Option<Hours>| hours.map(|hours| hours.days(now, DAYS));
    let (before, after) = (days(before.unwrap_or_default()), days(after));
    let dates: Vec<_> = before
        .iter()
        .chain(&after)
        .next()
        .map(|days| days.iter().map(|day| day.day).collect())
        .unwrap_or_default();
    let at = |days: &Option<Vec<DayHours>>, number: usize| {
        let day = days.as_ref().and_then(|days| days.get(number));
        day.map_or_else(|| t.say("hours-unknown-short"), |day| in_words(day, t))
    };
    let lines = dates.into_iter().enumerate().map(|(number, day)| {
        let (before, after) = (at(&before, number), at(&after, number));
        Line {
            day: format!("{} {}", times::weekday(day, *t), times::date(day, *t)),
            is_changed: before != after,
            before,
            after,
        }
    });
    let fault = fault.map(|rule| t.rule(&rule));
    let shown = Shown {
        lines: if fault.is_none() {
            lines.collect()
        } else {
            Vec::new()
        },
        t,
        fault,
        followers,
        others,
    };
    shown.render().map_err(Error::internal)
}

fn in_words(day: &DayHours, t: &Speech<'_>) -> String {
    let time = |time: chrono::NaiveTime| time.format("%-H:%M").to_string();
    let open: Vec<String> = day
        .open
        .iter()
        .map(|(from, to)| format!("{} – {}", time(*from), time(*to)))
        .collect();
    let reason = day
        .exception
        .as_ref()
        .map(|reason| reason.in_language(t.language()).to_owned())
        .filter(|reason| !reason.is_empty())
        .map_or_else(String::new, |reason| format!(" ({reason})"));
    let hours = if day.all_day {
        t.say("hours-all-day")
    } else if open.is_empty() {
        t.say("hours-closed")
    } else {
        open.join(", ")
    };
    format!("{hours}{reason}")
}
