//! From an error to an answer, once: a problem for programs (RFC 9457), a page for people; causes go to the log only.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use super::headers::{self, Kind};
use super::pages;
use super::services::Services;
use crate::actions::note_error;
use crate::domain::actor::Refused;
use crate::error::Error;

/// Seconds after which trying again makes sense.
const RETRY_AFTER: u32 = 5;

/// A problem as of RFC 9457.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Problem {
    /// What kind of problem: `about:blank`, as the status says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// What is wrong and what to do.
    detail: String,
    /// Which value breaks a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What to quote when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A person, in a language.
    Person,
    /// A program that reads open data.
    Program,
    /// A sensor.
    Sensor,
}

/// The status of an error.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Conflict(_) => StatusCode::CONFLICT,
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The answer to an error.
pub(super) fn answer(
    request: &HttpRequest,
    services: &Services,
    error: &Error,
    reader: Reader,
) -> HttpResponse {
    let status = status(error);
    let reference = matches!(error, Error::Internal(_)).then(|| note(request, services, error));
    if let Error::Unavailable { .. } = error {
        // The part itself says so, once; here everybody who asks would.
        log::debug!("{} {}: {}", request.method(), place(request), error.chain());
    }
    let detail = match &reference {
        Some(reference) => {
            format!("something broke on our side; quote {reference} when you ask for help")
        }
        None => error.to_string(),
    };
    let mut refusal = Refusal {
        reference,
        ..Refusal::new(status, detail)
    };
    match error {
        Error::Invalid { field, .. } => refusal.field = Some(field.clone()),
        Error::Forbidden(refused) => refusal.refused = Some(*refused),
        Error::NotFound(_)
        | Error::Conflict(_)
        | Error::Unauthenticated
        | Error::Unavailable { .. }
        | Error::Internal(_) => {}
    }
    refuse(request, services, refusal, reader)
}

/// An answer that is not an error of ours: its status and what to do.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// What to do, as programs read it; pages say it in the reader's language.
    pub(super) detail: String,
    pub(super) field: Option<String>,
    /// What whoever asks may not, and why.
    pub(super) refused: Option<Refused>,
    pub(super) reference: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            field: None,
            refused: None,
            reference: None,
        }
    }
}

/// Refuses a request.
pub(super) fn refuse(
    request: &HttpRequest,
    services: &Services,
    refusal: Refusal,
    reader: Reader,
) -> HttpResponse {
    let mut builder = HttpResponseBuilder::new(refusal.status);
    let kind = match reader {
        Reader::Person => Kind::Page,
        Reader::Program => Kind::OpenData,
        Reader::Sensor => Kind::Closed,
    };
    headers::put(&mut builder, kind);
    builder.insert_header((header::CACHE_CONTROL, "no-store"));
    if refusal.status == StatusCode::SERVICE_UNAVAILABLE {
        builder.insert_header((header::RETRY_AFTER, RETRY_AFTER.to_string()));
    }
    if reader == Reader::Person {
        return pages::error::page(request, services, builder, &refusal);
    }
    problem(builder, refusal)
}

fn problem(mut builder: HttpResponseBuilder, refusal: Refusal) -> HttpResponse {
    builder
        .content_type("application/problem+json")
        .json(Problem {
            kind: "about:blank",
            title: refusal
                .status
                .canonical_reason()
                .unwrap_or("Error")
                .to_owned(),
            status: refusal.status.as_u16(),
            detail: refusal.detail,
            field: refusal.field,
            reference: refusal.reference,
        })
}

/// Logs an unexpected error, notes it in the error log, and returns the reference to it.
fn note(request: &HttpRequest, services: &Services, error: &Error) -> String {
    let reference = note_error::reference();
    let place = format!("{} {}", request.method(), place(request));
    log::error!(reference = reference.as_str(); "{place}: {}", error.chain());
    let (database, now) = (
        services.parvis.database.clone(),
        services.parvis.clock.now(),
    );
    actix_web::rt::spawn(note_error::note(
        database,
        reference.clone(),
        place,
        error.chain(),
        now,
    ));
    reference
}

/// The route, never the address: it may hold a secret.
fn place(request: &HttpRequest) -> String {
    request
        .match_pattern()
        .unwrap_or_else(|| "no route".to_owned())
}

/// Refuses everything while there is nothing to answer from yet.
pub(super) async fn not_yet(request: HttpRequest) -> HttpResponse {
    let mut builder = HttpResponse::ServiceUnavailable();
    headers::put(&mut builder, Kind::Closed)
        .insert_header((header::RETRY_AFTER, RETRY_AFTER.to_string()));
    let detail = "Parvis waits for its database and will be back in a moment";
    if request.path().starts_with("/ingest/") || request.path().starts_with("/api/") {
        return problem(
            builder,
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, detail),
        );
    }
    builder
        .content_type("text/plain; charset=utf-8")
        .body(format!("{detail}.\n"))
}

fn without_last_stroke(request: &HttpRequest) -> Option<String> {
    let path = request.path().strip_suffix('/')?;
    // Two strokes at the beginning would name another host.
    let is_ours = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    let query = match request.query_string() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    is_ours.then(|| format!("{path}{query}"))
}

/// What no route answers; who only put a stroke too many behind an address is sent to it.
pub(super) async fn no_route(
    request: HttpRequest,
    services: actix_web::web::Data<Services>,
) -> HttpResponse {
    let reader = match request.path() {
        path if path.starts_with("/api/") => Reader::Program,
        path if path.starts_with("/ingest/") => Reader::Sensor,
        _ => Reader::Person,
    };
    if reader != Reader::Sensor
        && let Some(address) = without_last_stroke(&request)
    {
        let mut builder = HttpResponse::PermanentRedirect();
        return headers::put(&mut builder, Kind::Closed)
            .insert_header((header::LOCATION, address))
            .finish();
    }
    refuse(
        &request,
        &services,
        Refusal::new(StatusCode::NOT_FOUND, "there is nothing at this address"),
        reader,
    )
}

/// A route that answers other methods only: those that it allows.
pub(super) fn wrong_method(
    request: &HttpRequest,
    services: &Services,
    allowed: &'static str,
) -> HttpResponse {
    let refusal = Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} does not go here", request.method()),
    );
    let reader = if request.path().starts_with("/ingest/") {
        Reader::Sensor
    } else {
        Reader::Program
    };
    let mut response = refuse(request, services, refusal, reader);
    let allowed = header::HeaderValue::from_static(allowed);
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}
