//! `GET /.well-known/security.txt`: where flaws are reported (RFC 9116), from the settings of the institution.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{SecondsFormat, TimeDelta, Timelike as _};

use super::failure::{self, Reader, Refusal};
use super::headers::{self, Kind};
use super::services::Services;

/// How long what it says is to be believed: less than a year, as the RFC asks.
const GOOD_FOR: TimeDelta = TimeDelta::days(30);

/// Shows it; nothing while the settings do not say whom to tell.
pub(super) async fn show(request: HttpRequest, services: web::Data<Services>) -> HttpResponse {
    let campus = services.parvis.campus();
    let institution = &campus.institution;
    let (Some(contact), Some(officer)) =
        (&institution.security_contact, &institution.security_officer)
    else {
        let rule = "nobody has said yet where flaws are reported";
        let refusal = Refusal::new(StatusCode::NOT_FOUND, rule);
        return failure::refuse(&request, &services, refusal, Reader::Person);
    };
    // The same all day, so that it can be cached and compared.
    let expires = services.parvis.clock.now() + GOOD_FOR;
    let expires = expires
        .with_hour(0)
        .and_then(|at| at.with_minute(0))
        .and_then(|at| at.with_second(0))
        .unwrap_or(expires);
    let public = services.parvis.settings.web.public_address();
    let languages: Vec<String> = services
        .texts
        .languages()
        .into_iter()
        .map(|(code, _)| code)
        .collect();
    let one_line = |text: &str| text.replace(char::is_control, " ");
    let text = format!(
        "# {}: {}\nContact: {contact}\nExpires: {}\nPreferred-Languages: {}\nCanonical: {public}/.well-known/security.txt\n",
        one_line(institution.name.in_language("en")),
        one_line(officer),
        expires.to_rfc3339_opts(SecondsFormat::Secs, true),
        languages.join(", "),
    );
    let mut builder = HttpResponse::Ok();
    headers::put(&mut builder, Kind::OpenData)
        .insert_header((header::CACHE_CONTROL, "max-age=3600"))
        .content_type("text/plain; charset=utf-8")
        .body(text)
}
