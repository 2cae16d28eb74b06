//! HTTP: nothing but the way to HTTPS, under the configured name, whatever name the client used.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

/// The address people know: `https://name`.
#[derive(Debug, Clone)]
pub(super) struct Target(pub(super) String);

/// Redirects to the same path.
pub(super) async fn to_https(request: HttpRequest, target: web::Data<Target>) -> HttpResponse {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", actix_web::http::uri::PathAndQuery::as_str);
    let location = if path.starts_with('/') {
        format!("{}{path}", target.0)
    } else {
        target.0.clone()
    };
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CONNECTION, "close"))
        .finish()
}
