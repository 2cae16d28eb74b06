//! HTTP: nothing but the way to HTTPS, under the configured name, whatever name the client used; and, while a certificate is
//! requested, exactly what the directory asks.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::appliance::acme::Challenges;

/// What this door knows.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    /// The address people know: `https://name`.
    pub(super) target: String,
    /// Answers to a directory.
    pub(super) challenges: Challenges,
}

/// Redirects to the same path, or answers the directory.
pub(super) async fn to_https(request: HttpRequest, plain: web::Data<Plain>) -> HttpResponse {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", actix_web::http::uri::PathAndQuery::as_str);
    if request.method() == Method::GET
        && let Some(answer) = plain.challenges.answer(path)
    {
        return HttpResponse::Ok()
            .content_type("application/octet-stream")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONNECTION, "close"))
            .body(answer);
    }
    let location = if path.starts_with('/') {
        format!("{}{path}", plain.target)
    } else {
        plain.target.clone()
    };
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CONNECTION, "close"))
        .finish()
}
