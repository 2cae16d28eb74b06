//! `GET /api/v1/spaces/{slug}/history`: the past of a space.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use super::body;
use crate::actions::show_history::{self, Period, Point};
use crate::domain::day::moment_of;
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::web::cache::once;
use crate::web::failure::{self, Problem, Reader};
use crate::web::query::parameter;
use crate::web::services::Services;

/// The past of a space.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::web) struct History {
    /// The space, by slug.
    space: String,
    /// The first moment.
    #[schema(value_type = String, format = DateTime)]
    from: Moment,
    /// The last moment.
    #[schema(value_type = String, format = DateTime)]
    to: Moment,
    /// The distance of the points in seconds.
    step: i64,
    /// The points, oldest first; none in the future.
    points: Vec<Point>,
}

/// The past of a space: what was shown, and what is known today.
#[utoipa::path(
    get, path = "/api/v1/spaces/{slug}/history", tag = "spaces", operation_id = "showHistory",
    params(
        ("slug" = String, Path, description = "The space."),
        ("from" = Option<String>, Query, description = "RFC 3339 time (write + as %2B), or a local date for its midnight; else 24 hours before `to`. At most 93 days before it."),
        ("to" = Option<String>, Query, description = "RFC 3339 time, or a local date for its midnight; else now."),
        ("step" = Option<i64>, Query, description = "Seconds between points, 60 to 86400; else 900. At most 5,000 points."),
    ),
    responses(
        (status = 200, description = "The points", body = History),
        (status = 304, description = "As the ETag in If-None-Match says"),
        (status = 404, description = "No such space", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A parameter breaks a rule", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests a minute", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::web) async fn show(
    request: HttpRequest,
    slug: web::Path<String>,
    services: web::Data<Services>,
) -> HttpResponse {
    let remaining = match services.rates.take(&request, &services) {
        Ok(remaining) => remaining,
        Err(refused) => return *refused,
    };
    let history = answer(&request, slug.into_inner(), &services).await;
    match history.and_then(|history| body(&services, "application/json", &history)) {
        Ok(body) => {
            let mut response = once(&request, body);
            remaining.put(&mut response);
            response
        }
        Err(error) => failure::answer(&request, &services, &error, Reader::Program),
    }
}

async fn answer(
    request: &HttpRequest,
    space: String,
    services: &Services,
) -> Result<History, Error> {
    let campus = std::sync::Arc::clone(&services.board.snapshot().campus);
    let now = services.parvis.clock.now();
    let zone = campus.zone();
    let time = |name: &str| {
        parameter(request, name)
            .map(|text| time(name, &text, zone))
            .transpose()
    };
    let to = time("to")?.unwrap_or(now);
    let from = time("from")?.unwrap_or(to - TimeDelta::hours(24));
    let step = match parameter(request, "step").map(|step| step.parse::<i64>()) {
        None => TimeDelta::minutes(15),
        Some(Ok(seconds @ 0..=86_400)) => TimeDelta::seconds(seconds),
        Some(_) => {
            let rule = "must be a number of seconds from 60 to 86400".to_owned();
            return Err(Error::Invalid {
                field: "step".to_owned(),
                rule,
            });
        }
    };
    let period = Period { from, to, step };
    let points =
        show_history::history(&services.parvis.database, &campus, &space, period, now).await?;
    Ok(History {
        space,
        from,
        to,
        step: step.num_seconds(),
        points,
    })
}

fn time(field: &str, text: &str, zone: chrono_tz::Tz) -> Result<Moment, Error> {
    let moment = match DateTime::parse_from_rfc3339(text) {
        Ok(moment) => Some(moment.with_timezone(&Utc)),
        Err(_) => text
            .parse::<NaiveDate>()
            .ok()
            .map(|date| moment_of(zone, date.and_time(chrono::NaiveTime::MIN))),
    };
    moment
        // Further away there is no history, and at the ends of time no arithmetic.
        .filter(|moment| (1970..=9999).contains(&moment.year()))
        .ok_or_else(|| Error::Invalid {
            field: field.to_owned(),
            rule: "must be a time of RFC 3339 such as 2026-11-24T09:00:00Z (in an address + is written %2B), or a date, from \
                1970 on"
                .to_owned(),
        })
}
