//! `GET /api/v1/spaces` and `/api/v1/spaces/{slug}`: all spaces and one, now.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{body, key, language_of, stamp};
use crate::error::Error;
use crate::live::SpaceView;
use crate::web::cache::once;
use crate::web::failure::{self, Problem, Reader};
use crate::web::query::parameter;
use crate::web::services::Services;

/// The most spaces of one page.
const MOST: usize = 500;

/// Spaces, page by page.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::web) struct SpaceList {
    /// The spaces, in the order of their description.
    spaces: Vec<SpaceView>,
    /// Give it as `cursor` to get the next page; null on the last one.
    next: Option<String>,
    /// The licence of the data.
    licence: Option<String>,
}

/// All spaces now.
#[utoipa::path(
    get, path = "/api/v1/spaces", tag = "spaces", operation_id = "listSpaces",
    params(
        ("site" = Option<String>, Query, description = "Only spaces of this site, by slug."),
        ("open" = Option<bool>, Query, description = "Only spaces that are open now, or only those that are closed; those whose hours nobody told are neither."),
        ("limit" = Option<usize>, Query, description = "At most so many.", minimum = 1, maximum = 500),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
        ("lang" = Option<String>, Query, description = "Language of `name`; else as Accept-Language asks."),
    ),
    responses(
        (status = 200, description = "The spaces", body = SpaceList),
        (status = 304, description = "As the ETag in If-None-Match says"),
        (status = 422, description = "A parameter breaks a rule", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::web) async fn list(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let result = if request.query_string().is_empty() {
        let language = language_of(&request, &services);
        let make = || async { list_body(&services, &Filter::default(), &language) };
        services
            .cache
            .answer(&request, key("spaces", &language), stamp(&services), make)
            .await
    } else {
        Filter::of(&request).and_then(|filter| {
            let language = language_of(&request, &services);
            Ok(once(&request, list_body(&services, &filter, &language)?))
        })
    };
    result.unwrap_or_else(|error| failure::answer(&request, &services, &error, Reader::Program))
}

#[derive(Default)]
struct Filter {
    site: Option<String>,
    open: Option<bool>,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl Filter {
    fn of(request: &HttpRequest) -> Result<Self, Error> {
        let refuse = |field: &str, rule: &str| Error::Invalid {
            field: field.to_owned(),
            rule: rule.to_owned(),
        };
        let open = match parameter(request, "open").as_deref() {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return Err(refuse("open", "must be true or false")),
        };
        let limit = match parameter(request, "limit").map(|limit| limit.parse()) {
            None => None,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => Some(limit),
            Some(_) => return Err(refuse("limit", "must be a number from 1 to 500")),
        };
        Ok(Self {
            site: parameter(request, "site"),
            open,
            limit,
            cursor: parameter(request, "cursor"),
        })
    }
}

fn list_body(
    services: &Services,
    filter: &Filter,
    language: &str,
) -> Result<crate::web::cache::Body, Error> {
    let board = services.board.snapshot();
    let mut spaces = board.views(services.parvis.clock.now(), language);
    if let Some(cursor) = &filter.cursor {
        let position = spaces
            .iter()
            .position(|space| space.slug == *cursor)
            .ok_or_else(|| Error::Invalid {
                field: "cursor".to_owned(),
                rule: "must be the `next` of a page".to_owned(),
            })?;
        spaces.drain(..position);
    }
    spaces.retain(|space| filter.site.as_ref().is_none_or(|site| space.site == *site));
    spaces.retain(|space| filter.open.is_none() || space.is_open == filter.open);
    let limit = filter.limit.unwrap_or(MOST);
    let next = spaces.get(limit).map(|space| space.slug.clone());
    spaces.truncate(limit);
    let licence = board.campus.institution.data_licence.clone();
    body(
        services,
        "application/json",
        &SpaceList {
            spaces,
            next,
            licence,
        },
    )
}

/// One space now.
#[utoipa::path(
    get, path = "/api/v1/spaces/{slug}", tag = "spaces", operation_id = "showSpace",
    params(
        ("slug" = String, Path, description = "The space."),
        ("lang" = Option<String>, Query, description = "Language of `name`; else as Accept-Language asks."),
    ),
    responses(
        (status = 200, description = "The space", body = SpaceView),
        (status = 304, description = "As the ETag in If-None-Match says"),
        (status = 404, description = "No such space", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::web) async fn show(
    request: HttpRequest,
    slug: web::Path<String>,
    services: web::Data<Services>,
) -> HttpResponse {
    let language = language_of(&request, &services);
    let make = || async {
        let now = services.parvis.clock.now();
        let found = services.board.snapshot().view(&slug, now, &language);
        let view = found.ok_or_else(|| Error::NotFound(format!("space is called \"{slug}\"")))?;
        body(&services, "application/json", &view)
    };
    let what = format!("space {slug}");
    let result = services
        .cache
        .answer(&request, key(what, &language), stamp(&services), make)
        .await;
    result.unwrap_or_else(|error| failure::answer(&request, &services, &error, Reader::Program))
}
