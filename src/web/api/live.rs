//! `GET /api/v1/live`: every change as it happens.

use actix_web::{HttpRequest, HttpResponse, web};

use super::language_of;
use crate::error::Error;
use crate::live::Snapshot;
use crate::web::failure::{self, Problem, Reader};
use crate::web::headers::Kind;
use crate::web::query::parameter;
use crate::web::services::Services;
use crate::web::stream::{self, Topic};

struct Spaces {
    key: String,
    language: String,
    space: Option<String>,
}

impl Topic for Spaces {
    fn key(&self) -> &str {
        &self.key
    }

    fn kind(&self) -> Kind {
        Kind::OpenData
    }

    fn events(
        &self,
        services: &Services,
        board: &Snapshot,
        changed: &[String],
    ) -> Vec<(&'static str, String)> {
        let now = services.parvis.clock.now();
        let wanted = changed
            .iter()
            .filter(|slug| self.space.as_ref().is_none_or(|space| space == *slug));
        let views = wanted.filter_map(|slug| board.view(slug, now, &self.language));
        views
            .filter_map(|view| Some(("space", serde_json::to_string(&view).ok()?)))
            .collect()
    }
}

/// Changes as server-sent events, named `space`, each with a space as data and an id. A client that comes back with
/// `Last-Event-ID` gets what changed meanwhile; a new one gets everything. Where nothing changes, an event `beat` every
/// few seconds says that the stream lives.
#[utoipa::path(
    get, path = "/api/v1/live", tag = "spaces", operation_id = "watchSpaces",
    params(
        ("space" = Option<String>, Query, description = "Only this space, by slug."),
        ("lang" = Option<String>, Query, description = "Language of `name`; else as Accept-Language asks."),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event received."),
    ),
    responses(
        (status = 200, description = "Events", body = String, content_type = "text/event-stream"),
        (status = 404, description = "No such space", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many are watching", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::web) async fn watch(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let language = language_of(&request, &services);
    let space = parameter(&request, "space");
    if let Some(slug) = &space
        && services.board.snapshot().campus.space(slug).is_none()
    {
        let error = Error::NotFound(format!("space is called \"{slug}\""));
        return failure::answer(&request, &services, &error, Reader::Program);
    }
    let key = format!("json {language} {}", space.as_deref().unwrap_or_default());
    stream::open(
        &request,
        &services.into_inner(),
        Spaces {
            key,
            language,
            space,
        },
    )
}
