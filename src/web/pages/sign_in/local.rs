//! Signing in with an account of this service: its form, and what becomes of it.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::TimeDelta;

use super::{back, ours, signed_in};
use crate::actions::begin_session::{Begun, Browser};
use crate::actions::sign_in_locally::{Attempt, Outcome, with_password};
use crate::auth::{csrf, secret};
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::pages::frame::{Frame, Wish};
use crate::web::services::Services;
use crate::web::signed_in::{address, agent};
use crate::web::texts::Speech;
use crate::web::{admin, cookies, language};

/// The form.
pub(in crate::web) struct LocalForm {
    pub(in crate::web) token: String,
    pub(in crate::web) login: String,
    pub(in crate::web) back: String,
    /// What was wrong with what was sent.
    pub(in crate::web) problem: Option<String>,
}

impl LocalForm {
    /// An empty form; and the secret of the visit that a cookie must keep, where there is none yet.
    pub(in crate::web) fn new(request: &HttpRequest) -> Result<(Self, Option<String>), Error> {
        let (token, visit) = token(request)?;
        let form = Self {
            token,
            login: String::new(),
            back: back(request),
            problem: None,
        };
        Ok((form, visit))
    }
}

#[derive(Template)]
#[template(path = "sign_in_again.html")]
struct Page<'t> {
    frame: Frame<'t>,
    local: LocalForm,
}

/// The token of a form for whoever asks, signed in or not, and the secret that a new visit must keep.
pub(in crate::web) fn token(request: &HttpRequest) -> Result<(String, Option<String>), Error> {
    let known = cookies::value(request, cookies::SESSION)
        .or_else(|| cookies::value(request, cookies::VISIT));
    if let Some(known) = known {
        return Ok((csrf::token(&known), None));
    }
    let visit = secret::random()?;
    Ok((csrf::token(&visit), Some(visit)))
}

/// Adds the cookie of a new visit.
pub(in crate::web) fn visiting(response: &mut HttpResponse, visit: Option<String>) {
    if let Some(visit) = visit {
        // Adding a cookie fails only when its name is none.
        let _ = response.add_cookie(&cookies::passing(cookies::VISIT, visit));
    }
}

/// The browser that asks.
pub(in crate::web) fn browser(request: &HttpRequest) -> Browser {
    Browser {
        address: address(request),
        agent: agent(request),
        device: cookies::value(request, cookies::DEVICE),
        session: cookies::value(request, cookies::SESSION),
    }
}

/// `POST /sign-in/local`
pub(in crate::web) async fn send(
    request: HttpRequest,
    services: web::Data<Services>,
    form: Form,
) -> HttpResponse {
    // Counted in memory first: a flood is not worth a connection to the database.
    if let Err(refused) = services.rates.take(&request, &services) {
        return *refused;
    }
    let back = ours(form.text("return"));
    let attempt = Attempt {
        login: form.text("login").to_owned(),
        password: form.raw("password").to_owned(),
        back: back.clone(),
    };
    let asked = with_password(
        &services.parvis,
        &services.local,
        attempt,
        browser(&request),
    );
    match asked.await {
        Ok(Outcome::SignedIn(begun, back)) => go_on(begun, &back),
        Ok(Outcome::SecondStep(step)) => to_second_step(step),
        Ok(Outcome::Wrong) => again(&request, &services, &form, back, None),
        Ok(Outcome::Wait(wait)) => again(&request, &services, &form, back, Some(wait)),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// Shows the form again, with what was wrong.
fn again(
    request: &HttpRequest,
    services: &Services,
    form: &Form,
    back: String,
    wait: Option<TimeDelta>,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let title = t.say("sign-in-title");
    let wish = Wish {
        title: &title,
        ..Wish::default()
    };
    let problem = match wait {
        None => t.say("sign-in-wrong"),
        Some(wait) => waiting(&t, wait),
    };
    let page = token(request).map(|(token, _)| Page {
        frame: Frame::private(request, services, &language, wish, None),
        local: LocalForm {
            token,
            login: form.text("login").to_owned(),
            back,
            problem: Some(problem),
        },
    });
    let builder = refusal(services, wait);
    admin::answer_with(request, services, page, builder)
}

/// The answer to what was wrong, or came too soon.
pub(in crate::web) fn refusal(
    services: &Services,
    wait: Option<TimeDelta>,
) -> actix_web::HttpResponseBuilder {
    match wait {
        None => HttpResponse::UnprocessableEntity(),
        Some(wait) => {
            services.metrics.throttled();
            let mut builder = HttpResponse::TooManyRequests();
            let seconds = wait.num_seconds().max(0) + 1;
            builder.insert_header((header::RETRY_AFTER, seconds.to_string()));
            builder
        }
    }
}

/// When to try again, in words.
pub(in crate::web) fn waiting(t: &Speech<'_>, wait: TimeDelta) -> String {
    match wait.num_seconds().max(0) + 1 {
        seconds if seconds <= 60 => {
            t.say_with("sign-in-wait-seconds", &[("count", seconds.into())])
        }
        seconds => t.say_with(
            "sign-in-wait-minutes",
            &[("count", ((seconds + 59) / 60).into())],
        ),
    }
}

/// The answer that begins a session: its cookie and that of the browser, and on.
pub(in crate::web) fn go_on(begun: Begun, back: &str) -> HttpResponse {
    let target = if begun.is_too_weak {
        "/me/security"
    } else {
        back
    };
    let mut response = signed_in(begun.secret, target);
    for cookie in [
        cookies::lasting(cookies::DEVICE, begun.device),
        cookies::gone(cookies::STEP),
        cookies::gone(cookies::CEREMONY),
    ] {
        // Adding a cookie fails only when its name is none.
        let _ = response.add_cookie(&cookie);
    }
    response
}

/// The answer that asks for the second step.
pub(in crate::web) fn to_second_step(step: String) -> HttpResponse {
    let mut response = admin::see("/sign-in/second");
    // Adding a cookie fails only when its name is none.
    let _ = response.add_cookie(&cookies::passing(cookies::STEP, step));
    response
}
