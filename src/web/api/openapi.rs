//! `GET /api/v1/openapi.json`: the description of the API, made from the types that answer.

use std::sync::OnceLock;

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::actions::show_history::Point;
use crate::live::SpaceView;
use crate::web::cache::{Body, once};
use crate::web::failure::Problem;
use crate::web::headers::Kind;
use crate::web::services::Services;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Parvis",
        description = "How full the places of a campus are, now and in the past. Open data: read from anywhere, without a \
            key. Every answer has an ETag; ask with If-None-Match. Live figures are not limited; history is, see RateLimit.",
        license(name = "Named in the Link header of each answer (rel=license)"),
    ),
    paths(
        super::spaces::list, super::spaces::show, super::history::show, super::live::watch,
        super::recounts::make, super::places::geojson, super::places::jsonld, super::me::show,
    ),
    components(schemas(SpaceView, Point, Problem)),
    modifiers(&Token),
    tags(
        (name = "spaces", description = "Spaces, now and in the past"),
        (name = "tokens", description = "What a program does for a person, with a token of theirs"),
        (name = "formats", description = "The same in the formats of others"),
    ),
)]
struct Description;

/// The token of a person, made on the page of their account.
struct Token;

impl Modify for Token {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", scheme);
    }
}

/// The description.
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    let bytes = TEXT.get_or_init(|| {
        let mut description = Description::openapi();
        let server = utoipa::openapi::Server::new(services.parvis.settings.web.public_address());
        description.servers = Some(vec![server]);
        // The types above serialize by construction.
        Bytes::from(description.to_json().unwrap_or_default())
    });
    once(
        &request,
        Body {
            bytes: bytes.clone(),
            content_type: "application/json",
            kind: Kind::OpenData,
            licence: None,
        },
    )
}
