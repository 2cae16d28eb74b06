//! A space in words and figures, as rows, headlines, screens and widgets show it.

use askama::Template;
use fluent_bundle::FluentValue;

use super::times;
use crate::domain::campus::Campus;
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
    /// The beginning of the name, where there is one line for it.
    pub(super) short_name: String,
    /// Whether the name needs smaller letters on a screen.
    pub(super) is_long: bool,
    pub(super) address: String,
    pub(super) public_address: String,
    /// The level, `closed`, or `counted` where people are known and nobody said how many there could be: picks the colour.
    pub(super) class: &'static str,
    /// The shape of the level, as an SVG path in a circle: the fuller the place, the fuller the circle.
    pub(super) shape: &'static str,
    pub(super) colour: &'static str,
    pub(super) word: String,
    /// The percentage, and its sign as the language writes it.
    pub(super) percent: Option<(i64, String)>,
    /// How much of the bar is filled, 0 to 100; no bar where nothing is known, which is not the same as nobody.
    pub(super) fill: Option<i64>,
    pub(super) is_certain: bool,
    pub(super) figure: Option<String>,
    /// The arrow of the trend, as an SVG path, and its words.
    pub(super) trend: Option<(&'static str, String)>,
    pub(super) opening: String,
    pub(super) warning: Option<String>,
    pub(super) as_of: Option<String>,
    /// As of when, or since when there is nothing, where one short line must do.
    pub(super) brief: Option<String>,
    pub(super) spoken: String,
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
        let state = State::of(view);
        let is_certain = view.quality == Quality::Good;
        let word = match state {
            State::Closed => t.say("level-closed"),
            State::Unknown | State::Level { .. } => t.say(&format!("level-{}", view.level.name())),
            State::Counted { people } => t.say_with("figure-people", &[("present", people.into())]),
        };
        let time = |at: Option<Moment>| at.map(|at| times::moment(at, place.now, zone, t));
        let (warning, as_of) = match (state, view.quality) {
            (State::Closed, _) => (None, None),
            (_, Quality::Stale) => (last_known(view, time(view.updated_at), t), None),
            (_, Quality::Unknown) if view.present.is_none() => (None, Some(t.say("as-of-never"))),
            (_, Quality::Unknown) => (
                None,
                time(view.updated_at)
                    .map(|time| t.say_with("as-of-staff", &[("time", time.into())])),
            ),
            (_, quality) => (
                (quality == Quality::Degraded).then(|| t.say("warning-degraded")),
                time(view.updated_at).map(|time| t.say_with("as-of", &[("time", time.into())])),
            ),
        };
        let silent = time(view.updated_at).filter(|_| warning.is_some());
        let silent = silent.map(|time| t.say_with("warning-silent", &[("time", time.into())]));
        let public = place.services.parvis.settings.web.public_address();
        Self {
            t,
            slug: view.slug.clone(),
            short_name: shortened(&view.name),
            is_long: view.name.chars().count() > LONG,
            name: view.name.clone(),
            address: format!("{}/spaces/{}", place.prefix, view.slug),
            public_address: format!("{public}{}/spaces/{}", place.prefix, view.slug),
            class: state.class(view.level),
            shape: state.shape(view.level),
            colour: colour(state.class(view.level)),
            spoken: spoken(state, &view.name, &word, t),
            word,
            percent: state
                .percent()
                .map(|percent| (percent, t.say("percent-sign"))),
            fill: state.percent().map(|percent| percent.clamp(0, 100)),
            is_certain,
            figure: match state {
                State::Level { people, .. } => free(view, people, is_certain, t),
                State::Counted { .. } | State::Closed | State::Unknown => None,
            },
            trend: view
                .trend
                .filter(|_| state.percent().is_some())
                .map(|trend| (arrow(trend), t.say(&format!("trend-{}", trend.name())))),
            opening: times::opening(view, place.now, zone, t),
            brief: as_of.clone().or(silent),
            warning,
            as_of,
        }
    }
}

/// A name of more letters than this is set smaller on a screen.
const LONG: usize = 44;

/// The letters of a name that fit into the picture for other sites.
const FITTING: usize = 32;

fn shortened(name: &str) -> String {
    if name.chars().count() <= FITTING {
        return name.to_owned();
    }
    let begin: String = name.chars().take(FITTING - 1).collect();
    format!("{}…", begin.trim_end())
}

/// What there is to say of a space.
#[derive(Debug, Clone, Copy)]
enum State {
    /// A closed place has no level worth telling.
    Closed,
    /// Nothing is known, or nothing fresh.
    Unknown,
    /// People, and nobody said how many there could be.
    Counted { people: i64 },
    /// People, and what they are of the capacity.
    Level { people: i64, percent: i64 },
}

impl State {
    fn of(view: &SpaceView) -> Self {
        if !view.is_open.unwrap_or(true) {
            return Self::Closed;
        }
        match (view.present.filter(|_| !view.stale), view.percentage) {
            (None, _) => Self::Unknown,
            (Some(people), None) => Self::Counted { people },
            (Some(people), Some(percent)) => Self::Level { people, percent },
        }
    }

    const fn percent(self) -> Option<i64> {
        match self {
            Self::Level { percent, .. } => Some(percent),
            Self::Closed | Self::Unknown | Self::Counted { .. } => None,
        }
    }

    const fn class(self, level: Level) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Counted { .. } => "counted",
            Self::Unknown | Self::Level { .. } => level.name(),
        }
    }

    const fn shape(self, level: Level) -> &'static str {
        match self {
            Self::Closed | Self::Unknown => shape(Level::Unknown),
            Self::Counted { .. } => PERSON,
            Self::Level { .. } => shape(level),
        }
    }
}

/// A sentence for those who hear the page.
fn spoken(state: State, name: &str, word: &str, t: Speech<'_>) -> String {
    let (name, word) = (("name", name.into()), ("word", word.into()));
    match state.percent() {
        Some(percent) => t.say_with("spoken-level", &[name, word, ("percent", percent.into())]),
        None => t.say_with("spoken-plain", &[name, word]),
    }
}

/// Since when there is no data, and what the last data was.
fn last_known(view: &SpaceView, time: Option<String>, t: Speech<'_>) -> Option<String> {
    let time = ("time", FluentValue::from(time?));
    Some(match view.present {
        Some(people) => t.say_with("warning-stale", &[time, ("present", people.into())]),
        None => t.say_with("warning-silent", &[time]),
    })
}

/// How many seats or places are free.
fn free(view: &SpaceView, people: i64, is_certain: bool, t: Speech<'_>) -> Option<String> {
    let capacity = view.capacity?;
    let free = (i64::from(capacity) - people).max(0);
    let key = if matches!(view.kind, "library" | "canteen") {
        "figure-seats"
    } else {
        "figure-places"
    };
    let words = t.say_with(
        key,
        &[
            ("free", free.into()),
            ("capacity", FluentValue::from(capacity)),
        ],
    );
    let estimate = if free == 0 {
        "estimate-none"
    } else {
        "estimate-word"
    };
    Some(if is_certain {
        words
    } else {
        t.say_with(estimate, &[("word", words.into())])
    })
}

/// Somebody: the head and the shoulders.
const PERSON: &str =
    "M10 4.6a2.7 2.7 0 1 1 0 5.4a2.7 2.7 0 1 1 0-5.4zM4.9 15.2a5.2 4.4 0 0 1 10.2 0z";

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
        "counted" => "#17507f",
        _ => "#767d8c",
    }
}

/// A row of a list.
#[derive(Template)]
#[template(path = "row.html")]
pub(super) struct InList<'r, 't> {
    row: &'r Row<'t>,
    /// What it is found by: its name, its site's and those of its parts, in all languages.
    pub(super) found_by: String,
    is_best: bool,
}

impl<'r, 't> InList<'r, 't> {
    pub(super) fn of(row: &'r Row<'t>, campus: &Campus, is_best: bool) -> Self {
        let found_by = found_by(campus, &row.slug);
        Self {
            row,
            found_by,
            is_best,
        }
    }
}

fn found_by(campus: &Campus, slug: &str) -> String {
    let Some(known) = campus.space(slug) else {
        return String::new();
    };
    let parts = campus.children(known.id).map(|part| &part.space.name);
    let site = campus.site_of(known).map(|site| &site.name);
    let names = std::iter::once(&known.space.name).chain(site).chain(parts);
    let mut words: Vec<&str> = names
        .flat_map(|name| name.0.values())
        .map(String::as_str)
        .collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
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
