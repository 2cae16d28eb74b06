//! The page when something went wrong: what happened, what to do, what to quote. Never a stack, never a blame.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;

use super::HTML;
use super::frame::{Frame, Wish};
use crate::web::failure::Refusal;
use crate::web::language;
use crate::web::services::Services;

#[derive(Template)]
#[template(path = "error.html")]
struct Page<'t> {
    frame: Frame<'t>,
    title: String,
    advice: String,
    reference: Option<String>,
}

/// Completes the answer to a person.
pub(in crate::web) fn page(
    request: &HttpRequest,
    services: &Services,
    mut builder: HttpResponseBuilder,
    refusal: &Refusal,
) -> HttpResponse {
    let language = language::in_address(request, &services.texts)
        .unwrap_or_else(|| language::of_person(request, &services.texts));
    let t = services.texts.in_language(&language);
    let (title, advice) = match refusal.status {
        StatusCode::NOT_FOUND => (t.say("error-404"), t.say("error-404-advice")),
        StatusCode::UNAUTHORIZED => (t.say("error-401"), t.say("error-401-advice")),
        StatusCode::FORBIDDEN => (t.say("error-403"), refusal.detail.clone()),
        StatusCode::SERVICE_UNAVAILABLE => (t.say("error-503"), t.say("error-503-advice")),
        StatusCode::INTERNAL_SERVER_ERROR => (t.say("error-500"), t.say("error-500-advice")),
        _ => (t.say("error-other"), refusal.detail.clone()),
    };
    let wish = Wish {
        title: &title,
        description: &advice,
        ..Wish::default()
    };
    let mut frame = Frame::new(request, services, &language, wish);
    // In no language is there a page for search engines.
    for other in &mut frame.languages {
        other.public_address.clear();
    }
    let page = Page {
        frame,
        advice,
        reference: refusal.reference.clone(),
        title: title.clone(),
    };
    // A page of texts alone renders; should it not, the words still arrive.
    builder
        .content_type(HTML)
        .body(page.render().unwrap_or(title))
}
