//! The same spaces in the formats of others: GeoJSON (RFC 7946) for maps, schema.org JSON-LD for search engines.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{body, key, language_of, stamp};
use crate::domain::campus::{Campus, KnownSpace, Site};
use crate::live::SpaceView;
use crate::web::failure::{self, Reader};
use crate::web::services::Services;

/// All spaces with a location, as a feature collection.
#[utoipa::path(
    get, path = "/api/v1/spaces.geojson", tag = "formats", operation_id = "listSpacesAsGeoJson",
    responses(
        (status = 200, description = "A FeatureCollection of RFC 7946", body = Object, content_type = "application/geo+json"),
        (status = 304, description = "As the ETag in If-None-Match says"),
    ),
)]
pub(in crate::web) async fn geojson(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let language = language_of(&request, &services);
    let make = || async {
        let board = services.board.snapshot();
        let views = board.views(services.parvis.clock.now(), &language);
        let features: Vec<Value> = views
            .iter()
            .filter_map(|view| feature(&board.campus, view))
            .collect();
        body(
            &services,
            "application/geo+json",
            &json!({ "type": "FeatureCollection", "features": features }),
        )
    };
    let result = services
        .cache
        .answer(&request, key("geojson", &language), stamp(&services), make)
        .await;
    result.unwrap_or_else(|error| failure::answer(&request, &services, &error, Reader::Program))
}

fn feature(campus: &Campus, view: &SpaceView) -> Option<Value> {
    let location = campus
        .sites
        .iter()
        .find(|site| site.slug == view.site)?
        .location?;
    Some(json!({
        "type": "Feature",
        "id": view.slug,
        "geometry": { "type": "Point", "coordinates": [location.longitude, location.latitude] },
        "properties": view,
    }))
}

/// All sites as schema.org places, with their opening hours.
#[utoipa::path(
    get, path = "/api/v1/sites.jsonld", tag = "formats", operation_id = "listSitesAsJsonLd",
    responses(
        (status = 200, description = "A graph of schema.org", body = Object, content_type = "application/ld+json"),
        (status = 304, description = "As the ETag in If-None-Match says"),
    ),
)]
pub(in crate::web) async fn jsonld(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let language = language_of(&request, &services);
    let make = || async {
        let campus = std::sync::Arc::clone(&services.board.snapshot().campus);
        let graph: Vec<Value> = campus
            .sites
            .iter()
            .map(|site| place(&services, &campus, site, &language))
            .collect();
        body(
            &services,
            "application/ld+json",
            &json!({ "@context": "https://schema.org", "@graph": graph }),
        )
    };
    let result = services
        .cache
        .answer(&request, key("jsonld", &language), stamp(&services), make)
        .await;
    result.unwrap_or_else(|error| failure::answer(&request, &services, &error, Reader::Program))
}

/// A site as a place of schema.org.
pub(in crate::web) fn place(
    services: &Services,
    campus: &Campus,
    site: &Site,
    language: &str,
) -> Value {
    use crate::domain::campus::SiteKind;
    let kind = match site.kind {
        SiteKind::Library => "Library",
        SiteKind::Canteen => "Restaurant",
        SiteKind::Gym => "SportsActivityLocation",
        SiteKind::Desk => "GovernmentOffice",
        SiteKind::Other => "CivicStructure",
    };
    let now = services.parvis.clock.now();
    let of_site = |known: &&KnownSpace| known.space.site == site.slug && known.parent.is_none();
    let known = campus.spaces.iter().find(of_site);
    let hours = known.and_then(|known| known.hours.as_ref());
    let today = now.with_timezone(&campus.zone()).date_naive();
    let capacity = campus
        .spaces
        .iter()
        .filter(of_site)
        .filter_map(|known| known.capacity_on(today))
        .map(|capacity| capacity.comfort)
        .reduce(i32::saturating_add);
    let specification: Vec<Value> = hours
        .map(|hours| hours.week(now))
        .unwrap_or_default()
        .iter()
        .flat_map(|day| {
            let whole = day
                .all_day
                .then_some(("00:00".to_owned(), "23:59".to_owned()));
            let parts = day.open.iter().map(|(from, to)| {
                (
                    from.format("%H:%M").to_string(),
                    to.format("%H:%M").to_string(),
                )
            });
            parts
                .chain(whole)
                .map(|(opens, closes)| {
                    json!({
                        "@type": "OpeningHoursSpecification",
                        "opens": opens, "closes": closes,
                        "validFrom": day.day, "validThrough": day.day,
                    })
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let mut place = json!({
        "@type": kind,
        "@id": format!("{}/spaces/{}", services.parvis.settings.web.public_address(), known.map_or(&site.slug, |known| &known.space.slug)),
        "name": site.name.in_language(language),
        "openingHoursSpecification": specification,
        "containedInPlace": { "@type": "CollegeOrUniversity", "name": campus.institution.name.in_language(language) },
    });
    let optional = [
        ("address", site.address.clone().map(Value::from)),
        ("telephone", site.phone.clone().map(Value::from)),
        ("email", site.email.clone().map(Value::from)),
        ("url", site.website.clone().map(Value::from)),
        ("maximumAttendeeCapacity", capacity.map(Value::from)),
        ("geo", site.location.map(|at| json!({ "@type": "GeoCoordinates", "latitude": at.latitude, "longitude": at.longitude }))),
    ];
    for (name, value) in optional {
        if let (Some(value), Some(object)) = (value, place.as_object_mut()) {
            object.insert(name.to_owned(), value);
        }
    }
    place
}
