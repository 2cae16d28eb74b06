//! The home page: all places, those that are open and have room first.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::frame::{Frame, Wish, prefix};
use super::live;
use super::row::{InList, Place, Row};
use super::{HTML, body, cached, notices};
use crate::domain::level::Level;
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::live::{Snapshot, SpaceView};
use crate::web::cache::{Body, once};
use crate::web::failure::{self, Reader};
use crate::web::headers::Kind;
use crate::web::language;
use crate::web::query::parameter;
use crate::web::services::Services;
use crate::web::texts::Speech;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'t> {
    frame: Frame<'t>,
    summary: String,
    notices: Vec<notices::Shown>,
    query: String,
    /// The filter in use, which a search keeps.
    show: String,
    filters: Vec<Filter>,
    rows: Vec<String>,
    nothing: String,
}

struct Filter {
    words: String,
    address: String,
    is_current: bool,
}

/// What a visitor looks for.
#[derive(Default)]
struct Wanted {
    words: String,
    show: String,
}

/// `GET /`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let asked = |name: &str| {
        let value = parameter(&request, name);
        value
            .unwrap_or_default()
            .chars()
            .take(80)
            .collect::<String>()
    };
    let wanted = Wanted {
        words: asked("q"),
        show: asked("show"),
    };
    if wanted.words.is_empty() && wanted.show.is_empty() {
        let make = |language: String| {
            let page = page(&request, &services, &language, &wanted);
            async move { page }
        };
        return cached(&request, &services, "home".to_owned(), make).await;
    }
    let language = language::of(&request, &services.texts)
        .unwrap_or_else(|| services.texts.first().to_owned());
    match page(&request, &services, &language, &wanted) {
        Ok(page) => once(&request, page),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

fn page(
    request: &HttpRequest,
    services: &Services,
    language: &str,
    wanted: &Wanted,
) -> Result<Body, Error> {
    let t = services.texts.in_language(language);
    let board = services.board.snapshot();
    let now = services.parvis.clock.now();
    let prefix = prefix(request, &services.texts);
    let place = Place {
        services,
        language,
        prefix: &prefix,
        now,
    };
    let mut views = sorted(&board, now, language);
    let summary = summary(&views, t);
    let best = best(&views);
    let there_are_none = views.is_empty();
    views.retain(|view| match wanted.show.as_str() {
        "open" => is_open(view),
        "quiet" => has_room(view),
        _ => true,
    });
    let words = folded(&wanted.words);
    let is_found = |found_by: &str| {
        let found_by = folded(found_by);
        words.split_whitespace().all(|word| found_by.contains(word))
    };
    let rows = views
        .iter()
        .map(|view| Row::of(place, &board, view))
        .filter_map(|row| {
            let is_best = best.as_ref() == Some(&row.slug);
            let row = InList::of(&row, &board.campus, is_best);
            is_found(&row.found_by).then(|| row.render().map_err(Error::internal))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let filters = [
        ("", "filter-all"),
        ("open", "filter-open"),
        ("quiet", "filter-quiet"),
    ];
    let filters = filters.map(|(show, key)| Filter {
        words: t.say(key),
        address: address(request.path(), &wanted.words, show),
        is_current: show == wanted.show,
    });
    let title = if wanted.words.is_empty() {
        t.say("home-title")
    } else {
        t.say_with("search-title", &[("words", wanted.words.as_str().into())])
    };
    let wish = Wish {
        title: &title,
        description: &t.say("home-description"),
        scripts: &["live.js", "favourites.js", "search.js"],
        live: Some(live::address("rows", "", &place, &board)),
    };
    let page = Home {
        frame: Frame::new(request, services, language, wish),
        summary,
        notices: notices::shown(&board.campus, None, now, t),
        query: wanted.words.clone(),
        show: wanted.show.clone(),
        filters: filters.into(),
        rows,
        nothing: t.say(if there_are_none {
            "no-places"
        } else {
            "no-match"
        }),
    };
    body(&page, HTML, Kind::Page)
}

/// The address of a filter, which keeps what was searched for.
fn address(path: &str, words: &str, show: &str) -> String {
    let words = [("q", encoded(words)), ("show", show.to_owned())]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"));
    let query = words.collect::<Vec<_>>().join("&");
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// Words as a part of an address.
fn encoded(words: &str) -> String {
    words
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The place to go to now: the first of the list, if there is a choice and it has room.
pub(super) fn best(sorted: &[SpaceView]) -> Option<String> {
    let open = sorted.iter().filter(|view| is_open(view)).count();
    sorted
        .first()
        .filter(|view| has_room(view) && open > 1)
        .map(|view| view.slug.clone())
}

/// The places of the home page, in its order.
pub(super) fn sorted(board: &Snapshot, now: Moment, language: &str) -> Vec<SpaceView> {
    let mut views = board.views(now, language);
    views.retain(|view| view.parent.is_none());
    views.sort_by_key(order);
    views
}

fn has_room(view: &SpaceView) -> bool {
    is_open(view) && matches!(view.level, Level::Empty | Level::Quiet)
}

/// How many places are open, and how many of them have room. Where nobody said when places open, no place is called open.
fn summary(views: &[SpaceView], t: Speech<'_>) -> String {
    if views.iter().all(|view| view.is_open.is_none()) {
        return t.say("home-summary-unknown");
    }
    let open = views.iter().filter(|view| is_open(view)).count();
    let room = views.iter().filter(|view| has_room(view)).count();
    t.say_with(
        "home-summary",
        &[("open", open.into()), ("room", room.into())],
    )
}

fn is_open(view: &SpaceView) -> bool {
    view.is_open == Some(true)
}

/// Open before perhaps open before closed, known before unknown, much room before little; the order of the description
/// among equals.
fn order(view: &SpaceView) -> (u8, bool, i64) {
    (
        view.is_open.map_or(1, |open| if open { 0 } else { 2 }),
        view.present.is_none() || view.stale,
        view.percentage.unwrap_or(i64::MAX),
    )
}

/// Lower case without the accents of French, so that "ecole" finds "École".
fn folded(text: &str) -> String {
    let plain = |letter: char| match letter {
        'à' | 'â' | 'ä' | 'á' => 'a',
        'ç' => 'c',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' | 'í' => 'i',
        'ô' | 'ö' | 'ó' => 'o',
        'ù' | 'û' | 'ü' | 'ú' => 'u',
        other => other,
    };
    text.trim().to_lowercase().chars().map(plain).collect()
}
