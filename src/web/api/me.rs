//! Who a program acts for, and what it may do: the same table that the pages and the refusals come from.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::domain::actor::Place;
use crate::domain::role::Act;
use crate::web::failure::Problem;
use crate::web::headers::{self, Kind};
use crate::web::services::Services;
use crate::web::signed_in::Visitor;

/// Who asks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::web) struct Me {
    /// What to call them.
    name: String,
    /// What they may do for the whole institution.
    institution: Vec<&'static str>,
    /// What they may do at sites.
    sites: Vec<AtSite>,
}

/// What somebody may do at a site.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::web) struct AtSite {
    /// The site.
    slug: String,
    /// The acts.
    may: Vec<&'static str>,
}

/// Who a program acts for, and what it may do.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "tokens", operation_id = "showMe", security(("token" = [])),
    responses(
        (status = 200, description = "Who asks and what they may do", body = Me),
        (status = 401, description = "No token, or one that is not good", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::web) async fn show(services: web::Data<Services>, who: Visitor) -> HttpResponse {
    let may = |place: Place<'_>| -> Vec<&'static str> {
        Act::ALL
            .into_iter()
            .filter(|act| who.actor.may(*act, place))
            .map(Act::name)
            .collect()
    };
    let campus = services.parvis.campus();
    let sites = campus.sites.iter().map(|site| AtSite {
        slug: site.slug.clone(),
        may: may(Place::Site(&site.slug)),
    });
    let me = Me {
        name: who.actor.name.clone(),
        institution: may(Place::Institution),
        sites: sites.filter(|site| !site.may.is_empty()).collect(),
    };
    let mut builder = HttpResponse::Ok();
    headers::put(&mut builder, Kind::Closed)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(me)
}
