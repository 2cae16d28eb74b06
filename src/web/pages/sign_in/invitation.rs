//! A one-time link: whoever holds it chooses a password, or is known to be themselves where they sign in with a provider only.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::local::{browser, go_on, token, visiting};
use crate::actions::choose_password::{Accepted, Invited, accept, accept_signed_in, invited};
use crate::auth::local::rules::{MOST, Weakness, least};
use crate::error::Error;
use crate::web::failure::{self, Reader, Refusal};
use crate::web::form::Form;
use crate::web::pages::frame::{Frame, Wish};
use crate::web::pages::services_of;
use crate::web::services::Services;
use crate::web::texts::Speech;
use crate::web::{admin, language, signed_in};

#[derive(Template)]
#[template(path = "invitation.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    login: String,
    rule: String,
    problem: Option<String>,
}

/// For who has no password here.
#[derive(Template)]
#[template(path = "invitation_signed_in.html")]
struct SignedInPage<'t> {
    frame: Frame<'t>,
    token: String,
    /// Whether they are signed in in this browser.
    is_here: bool,
}

/// `GET /invitation/{secret}`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    link: web::Path<String>,
) -> HttpResponse {
    page(&request, &services, link.into_inner(), None).await
}

async fn page(
    request: &HttpRequest,
    services: &Services,
    link: String,
    problem: Option<String>,
) -> HttpResponse {
    match invited(&services.parvis, link).await {
        Ok(Some(invited)) if invited.person.login.is_none() => {
            signed_in_page(request, services, &invited).await
        }
        Ok(Some(invited)) => match build(request, services, &invited, problem) {
            Ok(response) => response,
            Err(error) => failure::answer(request, services, &error, Reader::Person),
        },
        Ok(None) => gone(request, services),
        Err(error) => failure::answer(request, services, &error, Reader::Person),
    }
}

fn build(
    request: &HttpRequest,
    services: &Services,
    invited: &Invited,
    problem: Option<String>,
) -> Result<HttpResponse, Error> {
    let (token, visit) = token(request)?;
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let title = t.say("invitation-title");
    let wish = Wish {
        title: &title,
        ..Wish::default()
    };
    let builder = match problem {
        None => HttpResponse::Ok(),
        Some(_) => HttpResponse::UnprocessableEntity(),
    };
    let page = Page {
        frame: Frame::private(request, services, &language, wish, None),
        token,
        login: invited.person.login.clone().unwrap_or_default(),
        rule: rule(&t, invited.is_administrator),
        problem,
    };
    let mut response = admin::answer_with(request, services, Ok(page), builder);
    visiting(&mut response, visit);
    Ok(response)
}

async fn signed_in_page(
    request: &HttpRequest,
    services: &Services,
    invited: &Invited,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let title = services
        .texts
        .in_language(&language)
        .say("invitation-own-title");
    let here = signed_in::who(request, &services_of(request)).await;
    let page = here.map(|here| {
        let wish = Wish {
            title: &title,
            ..Wish::default()
        };
        let own = here.filter(|who| who.person.id == invited.person.id);
        SignedInPage {
            frame: Frame::private(request, services, &language, wish, None),
            is_here: own.is_some(),
            token: own.map_or_else(String::new, |who| who.csrf),
        }
    });
    admin::answer(request, services, page)
}

/// `POST /invitation/{secret}`
pub(in crate::web) async fn send(
    request: HttpRequest,
    services: web::Data<Services>,
    link: web::Path<String>,
    form: Form,
) -> HttpResponse {
    if form.has("signed-in") {
        let link = link.into_inner();
        let (parvis, local) = (&services.parvis, &services.local);
        return match accept_signed_in(parvis, local, link, browser(&request)).await {
            Ok(Some(begun)) => go_on(begun, "/me/security"),
            Ok(None) => gone(&request, &services),
            Err(error) => failure::answer(&request, &services, &error, Reader::Person),
        };
    }
    let (link, password) = (link.into_inner(), form.raw("password").to_owned());
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    if password != form.raw("again") {
        return page(&request, &services, link, Some(t.say("password-differs"))).await;
    }
    let asked = accept(
        &services.parvis,
        &services.local,
        link.clone(),
        password,
        browser(&request),
    );
    match asked.await {
        Ok(Accepted::SignedIn(begun)) => go_on(begun, "/me"),
        Ok(Accepted::SignIn) => admin::see("/sign-in"),
        Ok(Accepted::Weak(weakness)) => {
            page(&request, &services, link, Some(weak(&t, weakness))).await
        }
        Ok(Accepted::Gone) => gone(&request, &services),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

fn gone(request: &HttpRequest, services: &Services) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let words = services.texts.in_language(&language).say("invitation-gone");
    let status = actix_web::http::StatusCode::GONE;
    failure::refuse(
        request,
        services,
        Refusal::new(status, words),
        Reader::Person,
    )
}

/// What a password must be, told before it is chosen.
pub(in crate::web) fn rule(t: &Speech<'_>, is_administrator: bool) -> String {
    t.say_with(
        "password-rule",
        &[("least", least(is_administrator).into())],
    )
}

/// What is wrong with a password.
pub(in crate::web) fn weak(t: &Speech<'_>, weakness: Weakness) -> String {
    match weakness {
        Weakness::TooShort(least) => t.say_with("password-short", &[("least", least.into())]),
        Weakness::TooLong => t.say_with("password-long", &[("most", MOST.into())]),
        Weakness::Guessable => t.say("password-guessable"),
    }
}
