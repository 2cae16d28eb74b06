//! The screen in a hall: one giant figure, a clock, neighbours with room, and a code for the phone.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;

use super::frame::{Frame, Wish, prefix};
use super::live;
use super::row::{AsNeighbour, InHeadline, Place, Row};
use super::{HTML, body, cached, notices, times};
use crate::domain::level::Level;
use crate::error::Error;
use crate::live::Snapshot;
use crate::web::cache::Body;
use crate::web::headers::Kind;
use crate::web::services::Services;

/// Neighbours that fit under a screen.
const NEIGHBOURS: usize = 3;

/// The most notices on a screen.
const NOTICES: usize = 1;

#[derive(Template)]
#[template(path = "screen.html")]
struct Screen<'t> {
    frame: Frame<'t>,
    row: &'t Row<'t>,
    now: String,
    notices: Vec<notices::Shown>,
    neighbours: Vec<String>,
    live: String,
    clock: String,
    address: String,
    code: String,
}

/// `GET /screens/{slug}`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let slug = request
        .match_info()
        .get("slug")
        .unwrap_or_default()
        .to_owned();
    let make = |language: String| {
        let page = page(&request, &services, &slug, &language);
        async move { page }
    };
    cached(&request, &services, format!("screen {slug}"), make).await
}

fn page(
    request: &HttpRequest,
    services: &Services,
    slug: &str,
    language: &str,
) -> Result<Body, Error> {
    let board = services.board.snapshot();
    let now = services.parvis.clock.now();
    let prefix = prefix(request, &services.texts);
    let place = Place {
        services,
        language,
        prefix: &prefix,
        now,
    };
    let row = Row::find(place, &board, slug)
        .ok_or_else(|| Error::NotFound(format!("space is called \"{slug}\"")))?;
    let neighbours = neighbours(place, &board, slug).into_iter();
    let neighbours = neighbours
        .filter_map(|row| AsNeighbour { row: &row }.render().ok())
        .collect();
    let t = services.texts.in_language(language);
    let wish = Wish {
        title: &t.say_with("screen-title", &[("name", row.name.as_str().into())]),
        description: &row.spoken,
        scripts: &["live.js", "screen.js"],
        live: None,
    };
    let page = Screen {
        frame: Frame::new(request, services, language, wish),
        now: InHeadline { row: &row }.render().map_err(Error::internal)?,
        notices: board
            .campus
            .space(slug)
            .map(|known| notices::shown(&board.campus, Some(&known.space.site), now, t))
            .unwrap_or_default()
            .into_iter()
            .take(NOTICES)
            .collect(),
        neighbours,
        live: live::address("screen", slug, &place, &board),
        clock: times::clock(now, board.campus.zone()),
        address: row.address.clone(),
        code: code(&row.public_address)?,
        row: &row,
    };
    body(&page, HTML, Kind::Page)
}

/// Other open places with room, the emptiest first.
fn neighbours<'t>(place: Place<'t>, board: &Snapshot, slug: &str) -> Vec<Row<'t>> {
    let mut views = board.views(place.now, place.language);
    views.retain(|view| view.slug != slug && view.parent.is_none() && view.is_open == Some(true));
    views.retain(|view| matches!(view.level, Level::Empty | Level::Quiet | Level::Moderate));
    views.sort_by_key(|view| view.percentage);
    views
        .iter()
        .take(NEIGHBOURS)
        .map(|view| Row::of(place, board, view))
        .collect()
}

/// An address as a QR code.
fn code(address: &str) -> Result<String, Error> {
    let code = QrCode::new(address).map_err(Error::internal)?;
    let svg = code.render::<svg::Color<'_>>().quiet_zone(false).build();
    // The renderer writes a whole document; a page wants the element alone, with a class in place of a size.
    let element = svg
        .split_once("<svg ")
        .map_or(svg.as_str(), |(_, element)| element);
    Ok(format!("<svg class=\"qr\" aria-hidden=\"true\" {element}"))
}
