//! Pages for people: complete without scripts, moved by them.

mod chart;
pub(super) mod error;
pub(super) mod frame;
pub(super) mod home;
pub(super) mod live;
mod notices;
pub(super) mod picture;
mod row;
pub(super) mod screen;
pub(super) mod sign_in;
pub(super) mod space;
pub(super) mod times;
pub(super) mod widget;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use bytes::Bytes;

use super::cache::{Body, Key, Stamp};
use super::failure::{self, Reader};
use super::headers::{self, Kind};
use super::language;
use super::services::Services;
use crate::error::Error;

pub(super) const HTML: &str = "text/html; charset=utf-8";

/// `GET /favicon.ico`: browsers ask for it unbidden.
pub(super) async fn icon(services: web::Data<Services>) -> HttpResponse {
    let mut builder = HttpResponse::PermanentRedirect();
    headers::put(&mut builder, Kind::Page)
        .insert_header((header::LOCATION, services.assets.address("icon.svg")))
        .finish()
}

/// Answers with a page that is the same for everybody with the same language.
async fn cached<F>(
    request: &HttpRequest,
    services: &Services,
    what: String,
    make: impl FnOnce(String) -> F,
) -> HttpResponse
where
    F: Future<Output = Result<Body, Error>>,
{
    let Some(language) = language::of(request, &services.texts) else {
        return failure::no_route(request.clone(), web::Data::from(services_of(request))).await;
    };
    // Links of a page stay in the language of its address; an address without one leaves it to the browser.
    let prefix = if request.match_info().get("language").is_some() {
        "explicit"
    } else {
        "negotiated"
    };
    let key = Key {
        what: format!("{prefix} {what}"),
        language: language.clone(),
    };
    let minute = services.parvis.clock.now().timestamp().div_euclid(60);
    let stamp = Stamp {
        version: services.board.snapshot().version,
        minute,
    };
    match services
        .cache
        .answer(request, key, stamp, || make(language))
        .await
    {
        Ok(response) => response,
        Err(error) => failure::answer(request, services, &error, Reader::Person),
    }
}

/// What handlers work with, where no handler says so.
pub(super) fn services_of(request: &HttpRequest) -> std::sync::Arc<Services> {
    // Every app of the public door has it; see `server::start`.
    #[expect(clippy::expect_used, reason = "set where the app is built")]
    request
        .app_data::<web::Data<Services>>()
        .expect("services are app data")
        .clone()
        .into_inner()
}

fn body(template: &impl Template, content_type: &'static str, kind: Kind) -> Result<Body, Error> {
    let html = template.render().map_err(Error::internal)?;
    Ok(Body {
        bytes: Bytes::from(html),
        content_type,
        kind,
        licence: None,
    })
}
