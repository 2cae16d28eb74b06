//! `POST /api/v1/spaces/{slug}/recounts`: what a person counted, told by a program with a token of theirs.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::actions::answer_once::Repeatable;
use crate::actions::recount_space::{self, Recount};
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::web::failure::{self, Problem, Reader, Refusal};
use crate::web::headers::{self, Kind};
use crate::web::services::Services;
use crate::web::signed_in::Visitor;

/// The largest body, in bytes.
const LARGEST: usize = 16 * 1024;

/// The longest Idempotency-Key.
const LONGEST_KEY: usize = 200;

/// How many people were counted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewRecount {
    /// People there.
    people: i64,
    /// When they were counted; else now.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Moment>,
    /// Why they were counted, in 1 to 200 characters.
    reason: String,
}

/// A recount that was made.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub(in crate::web) struct MadeRecount {
    /// The number of the correction, as `parvis explain` shows it.
    correction: i64,
    /// When it holds from.
    #[schema(value_type = String, format = DateTime)]
    at: Moment,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Moment,
}

/// Tells how many people there are, as a person saw it. Send the same Idempotency-Key again when no answer came.
#[utoipa::path(
    post, path = "/api/v1/spaces/{slug}/recounts", tag = "tokens", security(("token" = [])), operation_id = "recountSpace",
    params(
        ("slug" = String, Path, description = "The space."),
        ("Idempotency-Key" = Option<String>, Header, description = "Any text of 1 to 200 characters; good for a day."),
    ),
    request_body = NewRecount,
    responses(
        (status = 201, description = "The recount", body = MadeRecount),
        (status = 401, description = "No token, or one that is not good", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "A token that is not for this", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such space", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The key was used for another recount", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A value breaks a rule", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::web) async fn make(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    slug: web::Path<String>,
    body: web::Payload,
) -> HttpResponse {
    if who.session.is_some() {
        // A cookie goes along with whatever a browser is made to send.
        let rule = "this takes a token; a cookie proves nothing here";
        let refusal = Refusal::new(StatusCode::FORBIDDEN, rule);
        return failure::refuse(&request, &services, refusal, Reader::Program);
    }
    match made(&request, &services, &who, slug.into_inner(), body).await {
        Ok(made) => {
            let mut builder = HttpResponse::Created();
            headers::put(&mut builder, Kind::Closed)
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .json(made)
        }
        Err(error) => failure::answer(&request, &services, &error, Reader::Program),
    }
}

async fn made(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    space: String,
    body: web::Payload,
) -> Result<serde_json::Value, Error> {
    let refuse = |field: &str, rule: String| Error::Invalid {
        field: field.to_owned(),
        rule,
    };
    let key = request.headers().get("idempotency-key");
    let key = key
        .map(|key| key.to_str().map(str::to_owned).unwrap_or_default())
        .map(|key| {
            let fits = !key.is_empty() && key.len() <= LONGEST_KEY;
            let rule = "must be a text of 1 to 200 ASCII characters".to_owned();
            fits.then_some(key)
                .ok_or_else(|| refuse("Idempotency-Key", rule))
        })
        .transpose()?;
    let Ok(Ok(bytes)) = body.to_bytes_limited(LARGEST).await else {
        return Err(refuse(
            "body",
            "must be whole, and at most 16 KB".to_owned(),
        ));
    };
    let new: NewRecount =
        serde_json::from_slice(&bytes).map_err(|error| refuse("body", error.to_string()))?;
    let parvis = &services.parvis;
    let now = parvis.clock.now();
    let mut hasher = openssl::sha::Sha256::new();
    hasher.update(space.as_bytes());
    hasher.update(&bytes);
    let digest = hasher.finish();
    let key = key.map(|key| Repeatable { key, digest });
    let recount = Recount {
        space,
        people: new.people,
        at: new.at.unwrap_or(now),
        reason: new.reason.trim().to_owned(),
    };
    let campus = parvis.campus();
    let database = &parvis.database;
    recount_space::recount(database, &campus, &who.actor, recount, key, now).await
}
