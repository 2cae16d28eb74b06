//! Signing in with a passkey: a script asks what to ask the device, and a form brings its answer.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::local::browser;
use super::{ours, parameter, second};
use crate::actions::sign_in_with_passkey::{Answer, Ceremony, begin_passkey, with_passkey};
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::headers::{self, Kind};
use crate::web::services::Services;
use crate::web::{admin, cookies};

/// `POST /sign-in/passkey/begin`
pub(in crate::web) async fn begin(
    request: HttpRequest,
    services: web::Data<Services>,
    _form: Form,
) -> HttpResponse {
    if let Err(refused) = services.rates.take(&request, &services) {
        return *refused;
    }
    // A first step that somebody left unfinished is no reason to ask for one person's passkeys only.
    let is_second = parameter(&request, "second").is_some();
    let step = cookies::value(&request, cookies::STEP).filter(|_| is_second);
    let begun = begin_passkey(&services.parvis, &services.local, step).await;
    challenge(&request, &services, begun)
}

/// What the script is told; the browser keeps the name of the ceremony.
pub(in crate::web) fn challenge(
    request: &HttpRequest,
    services: &Services,
    begun: Result<Ceremony, Error>,
) -> HttpResponse {
    match begun {
        Ok(begun) => {
            let mut builder = HttpResponse::Ok();
            headers::put(&mut builder, Kind::Page)
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .cookie(cookies::passing(cookies::CEREMONY, begun.name))
                .json(begun.challenge)
        }
        Err(error) => failure::answer(request, services, &error, Reader::Program),
    }
}

/// `POST /sign-in/passkey`
pub(in crate::web) async fn send(
    request: HttpRequest,
    services: web::Data<Services>,
    form: Form,
) -> HttpResponse {
    let (Some(ceremony), Ok(answer)) = (
        cookies::value(&request, cookies::CEREMONY),
        serde_json::from_str(form.raw("answer")),
    ) else {
        return admin::see("/sign-in");
    };
    let answer = Answer {
        ceremony,
        step: cookies::value(&request, cookies::STEP),
        answer,
        back: ours(form.text("return")),
    };
    let asked = with_passkey(&services.parvis, &services.local, answer, browser(&request));
    second::answer(&request, &services, asked.await).await
}
