//! The widget for other sites: a card in a frame, or a picture. No cookie, no tracker, and no script it could not do without.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::frame::{Frame, Wish, prefix};
use super::home::explicit;
use super::row::{AsImage, InWidget, Place, Row};
use super::{HTML, body, cached};
use crate::error::Error;
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
pub(in crate::web) async fn show(request: HttpRequest, services: web::Data<Services>) -> HttpResponse {
    let slug = request.match_info().get("slug").unwrap_or_default().to_owned();
    let make = |language: String| {
        let page = page(&request, &services, &slug, &language);
        async move { page }
    };
    cached(&request, &services, format!("widget {slug}"), make).await
}

/// `GET /widgets/{slug}.svg`
pub(in crate::web) async fn image(request: HttpRequest, services: web::Data<Services>) -> HttpResponse {
    let slug = request.match_info().get("slug").unwrap_or_default().to_owned();
    let make = |language: String| {
        let image = picture(&request, &services, &slug, &language);
        async move { image }
    };
    cached(&request, &services, format!("image {slug}"), make).await
}

fn page(request: &HttpRequest, services: &Services, slug: &str, language: &str) -> Result<Body, Error> {
    let prefix = prefix(request);
    let row = row(services, &prefix, slug, language)?;
    let wish = Wish { title: &row.name, description: &row.spoken, scripts: &["live.js"], live: None };
    let page = Widget {
        frame: Frame::new(request, services, language, wish),
        now: InWidget { row: &row }.render().map_err(Error::internal)?,
        live: format!("/live/widget?space={slug}&lang={language}{}", explicit(&prefix)),
    };
    body(&page, HTML, Kind::Widget)
}

fn picture(request: &HttpRequest, services: &Services, slug: &str, language: &str) -> Result<Body, Error> {
    let prefix = prefix(request);
    let row = row(services, &prefix, slug, language)?;
    body(&AsImage { row: &row }, "image/svg+xml", Kind::Widget)
}

fn row<'t>(services: &'t Services, prefix: &'t str, slug: &str, language: &'t str) -> Result<Row<'t>, Error> {
    let place = Place { services, language, prefix, now: services.parvis.clock.now() };
    Row::find(place, &services.board.snapshot(), slug)
        .ok_or_else(|| Error::NotFound(format!("space is called \"{slug}\"")))
}
