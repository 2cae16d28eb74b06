//! The second step of a sign-in: a code, or a passkey.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::TimeDelta;

use super::local::{browser, go_on, refusal, token, visiting, waiting};
use crate::actions::second_step::{Second, Ways, ways, with_code};
use crate::actions::sign_in_locally::Outcome;
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::pages::frame::{Frame, Wish};
use crate::web::services::Services;
use crate::web::{admin, cookies, language};

#[derive(Template)]
#[template(path = "second.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    ways: Ways,
    problem: Option<String>,
}

/// What is told beside the form.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    Wrong,
    Wait(TimeDelta),
}

/// `GET /sign-in/second`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    page(&request, &services, None).await
}

/// The page, or the beginning of the sign-in where there is no first step.
pub(super) async fn page(
    request: &HttpRequest,
    services: &Services,
    trouble: Option<Trouble>,
) -> HttpResponse {
    match build(request, services, trouble).await {
        Ok(Some(response)) => response,
        Ok(None) => admin::see("/sign-in"),
        Err(error) => failure::answer(request, services, &error, Reader::Person),
    }
}

async fn build(
    request: &HttpRequest,
    services: &Services,
    trouble: Option<Trouble>,
) -> Result<Option<HttpResponse>, Error> {
    let Some(step) = cookies::value(request, cookies::STEP) else {
        return Ok(None);
    };
    let Some(ways) = ways(&services.parvis, step).await? else {
        return Ok(None);
    };
    let (token, visit) = token(request)?;
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let title = t.say("second-title");
    let scripts: &[&str] = if ways.has_passkeys {
        &["passkey.js"]
    } else {
        &[]
    };
    let wish = Wish {
        title: &title,
        scripts,
        ..Wish::default()
    };
    let problem = trouble.map(|trouble| match trouble {
        Trouble::Wrong => t.say("second-wrong"),
        Trouble::Wait(wait) => waiting(&t, wait),
    });
    let page = Page {
        frame: Frame::private(request, services, &language, wish, None),
        token,
        ways,
        problem,
    };
    let builder = match trouble {
        None => HttpResponse::Ok(),
        Some(Trouble::Wrong) => refusal(services, None),
        Some(Trouble::Wait(wait)) => refusal(services, Some(wait)),
    };
    let mut response = admin::answer_with(request, services, Ok(page), builder);
    visiting(&mut response, visit);
    Ok(Some(response))
}

/// `POST /sign-in/second`
pub(in crate::web) async fn send(
    request: HttpRequest,
    services: web::Data<Services>,
    form: Form,
) -> HttpResponse {
    if let Err(refused) = services.rates.take(&request, &services) {
        return *refused;
    }
    let Some(step) = cookies::value(&request, cookies::STEP) else {
        return admin::see("/sign-in");
    };
    let code = form.text("code").to_owned();
    let asked = with_code(
        &services.parvis,
        &services.local,
        step,
        code,
        browser(&request),
    );
    answer(&request, &services, asked.await).await
}

/// What comes of a second step.
pub(super) async fn answer(
    request: &HttpRequest,
    services: &Services,
    outcome: Result<Second, Error>,
) -> HttpResponse {
    match outcome {
        Ok(Second::Gone) => admin::see("/sign-in"),
        Ok(Second::Outcome(Outcome::SignedIn(begun, back))) => go_on(begun, &back),
        Ok(Second::Outcome(Outcome::Wait(wait))) => {
            page(request, services, Some(Trouble::Wait(wait))).await
        }
        Ok(Second::Outcome(Outcome::Wrong | Outcome::SecondStep(_))) => {
            page(request, services, Some(Trouble::Wrong)).await
        }
        Err(error) => failure::answer(request, services, &error, Reader::Person),
    }
}
