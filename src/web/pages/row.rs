//! A space in words and figures, as rows, headlines, screens and widgets show it.

use askama::Template;
use fluent_bundle::FluentValue;

use super::times;
use crate::domain::freshness::Quality;
use crate::domain::level::Level;
use crate::domain::reading::Moment;
use crate::domain::trend::Trend;
use crate::live::{Snapshot, SpaceView};
use crate::web::services::Services;
use crate::web::texts::Speech;

/// A space in words.
pub(super) struct Row<'t> {
    pub(super) t: Speech<'t>,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) short_name: String,
    pub(super) address: String,
    pub(super) public_address: String,
    /// The level, or `closed`: picks the colour.
    pub(super) class: &'static str,
    /// The shape of the level, as an SVG path in a circle: the fuller the place, the fuller the circle.
    pub(super) shape: &'static str,
    pub(super) colour: &'static str,
    pub(super) word: String,
    pub(super) percent: Option<i64>,
    /// How much of the bar is filled, 0 to 100.
    pub(super) fill: i64,
    pub(super) is_certain: bool,
    pub(super) figure: String,
    /// The arrow of the trend, as an SVG path, and its words.
    pub(super) trend: Option<(&'static str, String)>,
    pub(super) opening: String,
    pub(super) warning: Option<String>,
    pub(super) as_of: String,
    pub(super) spoken: String,
    pub(super) is_best: bool,
}

/// Where a row is shown.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    pub(super) services: &'t Services,
    pub(super) language: &'t str,
    /// The language in the addresses of links, if the page has one.
    pub(super) prefix: &'t str,
    pub(super) now: Moment,
}

impl<'t> Row<'t> {
    /// The row of a space; `None` when there is none of that slug.
    pub(super) fn find(place: Place<'t>, board: &Snapshot, slug: &str) -> Option<Self> {
        Some(Self::of(
            place,
            board,
            &board.view(slug, place.now, place.language)?,
        ))
    }

    pub(super) fn of(place: Place<'t>, board: &Snapshot, view: &SpaceView) -> Self {
        let t = place.services.texts.in_language(place.language);
        let zone = board.campus.zone();
        let is_open = view.is_open.unwrap_or(true);
        let class = if is_open { view.level.name() } else { "closed" };
        // A closed place has no level worth telling, unless people are still inside.
        let shown = is_open && view.level != Level::Unknown;
        let word = if is_open {
            t.say(&format!("level-{}", view.level.name()))
        } else {
            t.say("level-closed")
        };
        let percent = view.percentage.filter(|_| shown);
        let is_certain = view.quality == Quality::Good;
        let time = |at: Option<Moment>| at.map(|at| times::moment(at, place.now, zone, t));
        let warning = match view.quality {
            Quality::Degraded => Some(t.say("warning-degraded")),
            Quality::Stale => time(view.updated_at)
                .map(|time| t.say_with("warning-stale", &[("time", time.into())])),
            Quality::Good | Quality::Unknown => None,
        };
        let spoken = match percent {
            Some(percent) => t.say_with(
                "spoken-open",
                &[
                    ("name", view.name.as_str().into()),
                    ("word", word.as_str().into()),
                    ("percent", percent.into()),
                ],
            ),
            None => t.say_with(
                "spoken-plain",
                &[
                    ("name", view.name.as_str().into()),
                    ("word", word.as_str().into()),
                ],
            ),
        };
        let public = place.services.parvis.settings.web.public_address();
        Self {
            t,
            slug: view.slug.clone(),
            short_name: view.name.chars().take(36).collect(),
            name: view.name.clone(),
            address: format!("{}/spaces/{}", place.prefix, view.slug),
            public_address: format!("{public}{}/spaces/{}", place.prefix, view.slug),
            class,
            shape: shape(if is_open { view.level } else { Level::Unknown }),
            colour: colour(class),
            word,
            percent,
            fill: percent.unwrap_or(0).clamp(0, 100),
            is_certain,
            figure: if is_open {
                figure(view, shown, is_certain, t)
            } else {
                String::new()
            },
            trend: view
                .trend
                .filter(|_| shown)
                .map(|trend| (arrow(trend), t.say(&format!("trend-{}", trend.name())))),
            opening: times::opening(view, place.now, zone, t),
            warning,
            as_of: match time(view.updated_at) {
                Some(time) => t.say_with("as-of", &[("time", time.into())]),
                None => t.say("as-of-never"),
            },
            spoken,
            is_best: false,
        }
    }
}

/// How many seats or places are free; how many people there are where nobody said how many there could be.
fn figure(view: &SpaceView, shown: bool, is_certain: bool, t: Speech<'_>) -> String {
    let Some(present) = view.present.filter(|_| shown) else {
        return t.say("figure-none");
    };
    let words = match view.capacity {
        None => t.say_with("figure-people", &[("present", present.into())]),
        Some(capacity) => {
            let free = (i64::from(capacity) - present).max(0);
            let key = if matches!(view.kind, "library" | "canteen") {
                "figure-seats"
            } else {
                "figure-places"
            };
            t.say_with(
                key,
                &[
                    ("free", free.into()),
                    ("capacity", FluentValue::from(capacity)),
                ],
            )
        }
    };
    if is_certain {
        words
    } else {
        t.say_with("estimate-word", &[("word", words.into())])
    }
}

const fn shape(level: Level) -> &'static str {
    match level {
        Level::Empty => "",
        Level::Quiet => "M10 10V3.4a6.6 6.6 0 0 1 6.6 6.6z",
        Level::Moderate => "M10 3.4a6.6 6.6 0 0 1 0 13.2z",
        Level::Busy => "M10 10H3.4A6.6 6.6 0 1 0 10 3.4z",
        Level::Full => "M10 3.4a6.6 6.6 0 1 1 0 13.2a6.6 6.6 0 1 1 0-13.2z",
        Level::Unknown => "M6 9h8v2H6z",
    }
}

const fn arrow(trend: Trend) -> &'static str {
    match trend {
        Trend::RisingFast => "M8 14V3M3.5 7.5 8 3l4.5 4.5",
        Trend::Rising => "M3 13 13 3M6 3h7v7",
        Trend::Steady => "M2 8h11M9.5 4.5 13 8l-3.5 3.5",
        Trend::Falling => "M3 3l10 10M13 6v7H6",
        Trend::FallingFast => "M8 2v11M3.5 8.5 8 13l4.5-4.5",
    }
}

/// The colours of levels on white, as in the stylesheet; an image cannot use it.
fn colour(class: &str) -> &'static str {
    match class {
        "empty" => "#6c8ba6",
        "quiet" => "#2b7ab3",
        "moderate" => "#b07a00",
        "busy" => "#c1560c",
        "full" => "#7a1c4a",
        _ => "#767d8c",
    }
}

/// A row of a list.
#[derive(Template)]
#[template(path = "row.html")]
pub(super) struct InList<'r, 't> {
    pub(super) row: &'r Row<'t>,
}

/// The headline of a place or screen.
#[derive(Template)]
#[template(path = "now.html")]
pub(super) struct InHeadline<'r, 't> {
    pub(super) row: &'r Row<'t>,
}

/// A line under a screen.
#[derive(Template)]
#[template(path = "neighbour.html")]
pub(super) struct AsNeighbour<'r, 't> {
    pub(super) row: &'r Row<'t>,
}

/// The card in somebody else's page.
#[derive(Template)]
#[template(path = "widget_now.html")]
pub(super) struct InWidget<'r, 't> {
    pub(super) row: &'r Row<'t>,
}

/// The picture for somebody else's page.
#[derive(Template)]
#[template(path = "widget.svg", escape = "html")]
pub(super) struct AsImage<'r, 't> {
    pub(super) row: &'r Row<'t>,
}
