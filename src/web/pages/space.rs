//! The page of a place: now, today, its hours, what it is made of, and how it is counted.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{Days, NaiveDate, TimeDelta};

use super::chart::{Chart, Day};
use super::frame::{Frame, Wish, prefix};
use super::live;
use super::row::{InHeadline, InList, Place, Row};
use super::{HTML, body, cached, notices, times};
use crate::actions::explain_figure::decimal;
use crate::actions::show_history::{self, Period, Point};
use crate::domain::campus::{Campus, KnownSpace};
use crate::domain::correction::{Correction, Kind as Corrected};
use crate::domain::day;
use crate::domain::hours::Hours;
use crate::domain::reading::Moment;
use crate::domain::space_day::MILLION;
use crate::domain::zones::Source;
use crate::error::Error;
use crate::web::api::places;
use crate::web::cache::Body;
use crate::web::headers::Kind;
use crate::web::services::Services;
use crate::web::texts::Speech;

#[derive(Template)]
#[template(path = "space.html")]
struct Page<'t> {
    frame: Frame<'t>,
    row: &'t Row<'t>,
    now: String,
    notices: Vec<notices::Shown>,
    description: String,
    pictures: Vec<Picture>,
    crumbs: Vec<(String, String)>,
    chart: Option<Chart>,
    parts: Vec<String>,
    hours: Vec<DayLine>,
    services: Vec<String>,
    about: Vec<(String, String, Option<String>)>,
    method: String,
    method_lines: Vec<String>,
    json_ld: String,
}

/// A picture as the page shows it.
struct Picture {
    address: String,
    alt: String,
    width: i32,
    height: i32,
}

struct DayLine {
    name: String,
    is_today: bool,
    open: Vec<String>,
    reason: Option<String>,
}

/// How many days ahead exceptional days are told.
const DAYS_ANNOUNCED: u64 = 60;

/// `GET /spaces/{slug}`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let slug = request
        .match_info()
        .get("slug")
        .unwrap_or_default()
        .to_owned();
    let make = |language: String| page(&request, &services, slug.clone(), language);
    cached(&request, &services, format!("space {slug}"), make).await
}

async fn page(
    request: &HttpRequest,
    services: &Services,
    slug: String,
    language: String,
) -> Result<Body, Error> {
    let board = services.board.snapshot();
    let now = services.parvis.clock.now();
    let campus = Arc::clone(&board.campus);
    let known = campus
        .space(&slug)
        .ok_or_else(|| Error::NotFound(format!("space is called \"{slug}\"")))?;
    let (start, end) = day::around(campus.zone(), known.space.day_starts, now);
    let mut points = today(services, &campus, &slug, start, now).await?;
    let figure = board.figure(known.id);
    let is_old = figure.quality.is_stale();
    if is_old || figure.present.is_none() {
        // Since the last reading nothing is known, not even that nothing changed; where none ever came, nothing at all.
        points.retain(|point| figure.as_of.is_some_and(|last| point.at <= last));
    } else if let (Some(present), false) = (figure.present, points.is_empty()) {
        // The curve ends at the figure above it, not five minutes before.
        points.push(Point {
            at: now,
            present: Some(present),
            published: Some(present),
            entries: 0,
            exits: 0,
        });
    }
    let corrections =
        show_history::corrections(&services.parvis.database, known.id, start, now).await?;
    let flows = show_history::flows(&services.parvis.database, known.id, start, now).await?;
    let t = services.texts.in_language(&language);
    let prefix = prefix(request, &services.texts);
    let place = Place {
        services,
        language: &language,
        prefix: &prefix,
        now,
    };
    let row = Row::find(place, &board, &slug).ok_or_else(|| Error::NotFound(slug.clone()))?;
    let chart = Day {
        points: &points,
        start,
        end,
        capacity: known
            .capacity_on(day::date_of(campus.zone(), known.space.day_starts, now))
            .map(|c| c.comfort),
        hours: known.hours.as_ref(),
        zone: campus.zone(),
        ends_now: !is_old,
    }
    .chart(t);
    let parts = campus.children(known.id).filter_map(|part| {
        let row = Row::find(place, &board, &part.space.slug)?;
        InList::of(&row, &campus, false).render().ok()
    });
    let wish = Wish {
        title: &row.name,
        description: &row.spoken,
        scripts: &["live.js", "favourites.js"],
        live: Some(live::address("place", &slug, &place, &board)),
    };
    let site = campus.site_of(known);
    let page = Page {
        frame: Frame::new(request, services, &language, wish),
        now: InHeadline { row: &row }.render().map_err(Error::internal)?,
        row: &row,
        notices: notices::shown(&campus, Some(&known.space.site), now, t),
        pictures: pictures(&campus, known, &language),
        description: described(&campus, known, &language),
        crumbs: crumbs(&campus, known, &language, &prefix),
        chart,
        parts: parts.collect(),
        hours: known
            .hours
            .as_ref()
            .map(|hours| week(hours, now, &campus, t))
            .unwrap_or_default(),
        services: site
            .map(|site| {
                site.services
                    .iter()
                    .map(|words| words.in_language(&language).to_owned())
                    .collect()
            })
            .unwrap_or_default(),
        about: about(&campus, known, t),
        method: method(&campus, known, t),
        method_lines: method_lines(flows, &corrections, now, &campus, t),
        // "<" must not end the element that holds it.
        json_ld: site
            .map(|site| {
                places::place(services, &campus, site, &language)
                    .to_string()
                    .replace('<', "\\u003c")
            })
            .unwrap_or_default(),
    };
    body(&page, HTML, Kind::Page)
}

/// What one finds there: of the space, else of its site.
fn described(campus: &Campus, known: &KnownSpace, language: &str) -> String {
    let own = Some(&known.space.description).filter(|words| !words.is_empty());
    let words = own.or(campus.site_of(known).map(|site| &site.description));
    words.map_or_else(String::new, |words| words.in_language(language).to_owned())
}

fn pictures(campus: &Campus, known: &KnownSpace, language: &str) -> Vec<Picture> {
    let own = campus
        .pictures
        .iter()
        .filter(|picture| picture.site == known.space.site);
    own.map(|picture| Picture {
        address: format!("/pictures/{}.jpg", picture.digest),
        alt: picture.alt.in_language(language).to_owned(),
        width: picture.width,
        height: picture.height,
    })
    .collect()
}

/// Today, every five minutes.
async fn today(
    services: &Services,
    campus: &Arc<Campus>,
    slug: &str,
    start: Moment,
    now: Moment,
) -> Result<Vec<Point>, Error> {
    let step = TimeDelta::minutes(5);
    if now - start < step {
        return Ok(Vec::new());
    }
    let period = Period {
        from: start,
        to: now,
        step,
    };
    show_history::history(&services.parvis.database, campus, slug, period, now).await
}

fn crumbs(
    campus: &Campus,
    known: &KnownSpace,
    language: &str,
    prefix: &str,
) -> Vec<(String, String)> {
    let above = std::iter::successors(known.parent, |above| campus.space_by_id(*above)?.parent);
    let spaces: Vec<&KnownSpace> = above
        .take(16)
        .filter_map(|id| campus.space_by_id(id))
        .collect();
    let crumb = |space: &&KnownSpace| {
        (
            space.space.name.in_language(language).to_owned(),
            format!("{prefix}/spaces/{}", space.space.slug),
        )
    };
    spaces.iter().rev().map(crumb).collect()
}

/// The hours of a week, and the exceptional days of the weeks after it.
fn week(hours: &Hours, now: Moment, campus: &Campus, t: Speech<'_>) -> Vec<DayLine> {
    let today = now.with_timezone(&campus.zone()).date_naive();
    let is_near = |day: NaiveDate| day < today + Days::new(7);
    let line = |day: crate::domain::hours::DayHours| {
        let time = |time: chrono::NaiveTime| time.format("%-H:%M").to_string();
        let mut open: Vec<String> = day
            .open
            .iter()
            .map(|(from, to)| format!("{} – {}", time(*from), time(*to)))
            .collect();
        if day.all_day {
            open = vec![t.say("hours-all-day")];
        } else if open.is_empty() {
            open = vec![t.say("hours-closed")];
        }
        DayLine {
            name: if day.day == today {
                t.say("day-today")
            } else if is_near(day.day) {
                times::weekday(day.day, t)
            } else {
                times::date(day.day, t)
            },
            is_today: day.day == today,
            open,
            reason: day
                .exception
                .map(|words| words.in_language(t.language()).to_owned())
                .filter(|words| !words.is_empty()),
        }
    };
    let days = hours.days(now, DAYS_ANNOUNCED).into_iter();
    days.filter(|day| is_near(day.day) || day.exception.is_some())
        .map(line)
        .collect()
}

fn about(
    campus: &Campus,
    known: &KnownSpace,
    t: Speech<'_>,
) -> Vec<(String, String, Option<String>)> {
    let Some(site) = campus.site_of(known) else {
        return Vec::new();
    };
    let access = site.access.in_language(t.language()).to_owned();
    let lines = [
        ("about-address", site.address.clone(), None),
        (
            "about-access",
            Some(access).filter(|access| !access.is_empty()),
            None,
        ),
        (
            "about-phone",
            site.phone.clone(),
            site.phone
                .as_ref()
                .map(|phone| format!("tel:{}", phone.replace(' ', ""))),
        ),
        (
            "about-email",
            site.email.clone(),
            site.email.as_ref().map(|email| format!("mailto:{email}")),
        ),
        ("about-website", site.website.clone(), site.website.clone()),
    ];
    lines
        .into_iter()
        .filter_map(|(key, text, address)| Some((t.say(key), text?, address)))
        .collect()
}

fn method(campus: &Campus, known: &KnownSpace, t: Speech<'_>) -> String {
    let sensors = |channels: &[crate::domain::ids::ChannelId]| {
        let mut sensors: Vec<_> = channels
            .iter()
            .filter_map(|channel| Some(campus.channels.get(channel)?.sensor))
            .collect();
        sensors.sort_unstable();
        sensors.dedup();
        sensors.len()
    };
    match campus.zones.source(known.id) {
        Source::Flows(channels) => {
            t.say_with("method-flows", &[("sensors", sensors(channels).into())])
        }
        Source::Levels(channels) => {
            t.say_with("method-levels", &[("sensors", sensors(channels).into())])
        }
        Source::Parts(_) => t.say("method-parts"),
        Source::Nothing => t.say("method-nothing"),
    }
}

fn method_lines(
    (entries, exits): (i64, i64),
    corrections: &[Correction],
    now: Moment,
    campus: &Campus,
    t: Speech<'_>,
) -> Vec<String> {
    let mut lines = Vec::new();
    if entries + exits > 0 {
        lines.push(t.say_with(
            "method-counted",
            &[("entries", entries.into()), ("exits", exits.into())],
        ));
    }
    for correction in corrections {
        match correction.kind {
            Corrected::Drift { exit_weight } => {
                // Three digits are enough for a reader.
                let rounded = (exit_weight + 500) / 1_000 * 1_000;
                if rounded != MILLION {
                    lines.push(t.say_with("method-drift", &[("weight", decimal(rounded).into())]));
                }
            }
            Corrected::Recount { people } => {
                let time = times::moment(correction.at, now, campus.zone(), t);
                lines.push(t.say_with(
                    "method-recount",
                    &[("people", people.into()), ("time", time.into())],
                ));
            }
            Corrected::DayStart { .. }
            | Corrected::DayClose { .. }
            | Corrected::Revocation { .. } => {}
        }
    }
    lines
}
