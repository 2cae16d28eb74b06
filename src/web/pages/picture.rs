//! `GET /pictures/{digest}.jpg`: a picture of a site, named by its content.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::actions::publish_picture;
use crate::web::failure::{self, Reader};
use crate::web::headers::{self, Kind};
use crate::web::services::Services;

/// Shows it; browsers keep it for good, as another picture has another address.
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    digest: web::Path<String>,
) -> HttpResponse {
    let found = publish_picture::content(&services.parvis.database, digest.into_inner()).await;
    match found {
        Ok(content) => {
            let mut builder = HttpResponse::Ok();
            headers::put(&mut builder, Kind::Page)
                .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
                .content_type("image/jpeg")
                .body(content)
        }
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}
