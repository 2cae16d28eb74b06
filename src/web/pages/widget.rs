//! The widget for other sites: a card in a frame, or a picture. No cookie, no tracker, and no script it could not do without.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::frame::{Frame, Wish, prefix};
use super::live;
use super::row::{AsImage, InWidget, Place, Row};
use super::{HTML, body, cached};
use crate::error::Error;
use crate::live::Snapshot;
use crate::web::cache::Body;
use crate::web::headers::Kind;
use crate::web::services::Services;

#[derive(Template)]
#[template(path = "widget.html")]
struct Widget<'t> {
    frame: Frame<'t>,
    now: String,
    live: String,
}

/// `GET /widgets/{slug}`
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
    cached(&request, &services, format!("widget {slug}"), make).await
}

/// `GET /widgets/{slug}.svg`
pub(in crate::web) async fn image(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let slug = request
        .match_info()
        .get("slug")
        .unwrap_or_default()
        .to_owned();
    let make = |language: String| {
        let image = picture(&request, &services, &slug, &language);
        async move { image }
    };
    cached(&request, &services, format!("image {slug}"), make).await
}

fn page(
    request: &HttpRequest,
    services: &Services,
    slug: &str,
    language: &str,
) -> Result<Body, Error> {
    let prefix = prefix(request, &services.texts);
    let board = services.board.snapshot();
    let place = Place {
        services,
        language,
        prefix: &prefix,
        now: services.parvis.clock.now(),
    };
    let row = found(place, &board, slug)?;
    let wish = Wish {
        title: &services
            .texts
            .in_language(language)
            .say_with("widget-title", &[("name", row.name.as_str().into())]),
        description: &row.spoken,
        scripts: &["live.js"],
        live: None,
    };
    let page = Widget {
        frame: Frame::new(request, services, language, wish),
        now: InWidget { row: &row }.render().map_err(Error::internal)?,
        live: live::address("widget", slug, &place, &board),
    };
    body(&page, HTML, Kind::Widget)
}

fn picture(
    request: &HttpRequest,
    services: &Services,
    slug: &str,
    language: &str,
) -> Result<Body, Error> {
    let prefix = prefix(request, &services.texts);
    let place = Place {
        services,
        language,
        prefix: &prefix,
        now: services.parvis.clock.now(),
    };
    let row = found(place, &services.board.snapshot(), slug)?;
    body(&AsImage { row: &row }, "image/svg+xml", Kind::Widget)
}

fn found<'t>(place: Place<'t>, board: &Snapshot, slug: &str) -> Result<Row<'t>, Error> {
    Row::find(place, board, slug)
        .ok_or_else(|| Error::NotFound(format!("space is called \"{slug}\"")))
}
