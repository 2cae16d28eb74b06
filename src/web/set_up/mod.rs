//! The pages with which a machine is set up: the code of the console, the answers, what they come to, and the end. Until
//! then they are all there is.

pub(super) mod answers;

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::TimeDelta;
use serde_json::Value;

use self::answers::{Section, blank, sections, show_sections, summarized, wrongs};
use super::admin::faults::Faults;
use super::admin::field::{self, Wrong};
use super::admin::{answer_with, see};
use super::failure::{self, Reader, Refusal};
use super::form::Form;
use super::headers::{self, Kind};
use super::pages::frame::{Frame, Wish};
use super::pages::sign_in::local::{browser, refusal, token, visiting, waiting};
use super::services::Services;
use super::texts::Speech;
use super::{cookies, language, signed_in};
use crate::actions::decide::decide_mail;
use crate::actions::set_up::{self, Entered, Seat};
use crate::config::Mail;
use crate::domain::actor::Actor;
use crate::domain::set_up::{self as set_up_domain, Answers};
use crate::error::Error;
use crate::mail::Post;

#[derive(Template)]
#[template(path = "set_up/code.html")]
struct CodePage<'t> {
    frame: Frame<'t>,
    token: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "set_up/answers.html")]
struct AnswersPage<'t> {
    frame: Frame<'t>,
    token: String,
    sections: Vec<Section>,
    faults: Faults,
    /// What became of the test message.
    told: Option<String>,
}

#[derive(Template)]
#[template(path = "set_up/summary.html")]
struct SummaryPage<'t> {
    frame: Frame<'t>,
    token: String,
    lines: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "set_up/done.html")]
struct DonePage<'t> {
    frame: Frame<'t>,
    lead: String,
    link: String,
    /// Whether a certificate is still to be brought.
    lacks_certificate: bool,
}

/// The frame of these pages.
fn frame<'t>(request: &HttpRequest, services: &'t Services, language: &'t str) -> Frame<'t> {
    let title = services.texts.in_language(language).say("set-up-title");
    let wish = Wish {
        title: &title,
        ..Wish::default()
    };
    Frame::private(request, services, language, wish, None)
}

/// The browser that carries on, as far as its cookie says.
fn seat(request: &HttpRequest) -> Seat {
    Seat::Browser(cookies::value(request, cookies::SET_UP).unwrap_or_default())
}

/// What everything else answers until the machine is set up.
pub(super) async fn not_yet(request: HttpRequest, services: web::Data<Services>) -> HttpResponse {
    let path = request.path();
    let reader = match path {
        path if path.starts_with("/api/") => Reader::Program,
        path if path.starts_with("/ingest/") => Reader::Sensor,
        _ if matches!(*request.method(), Method::GET | Method::HEAD) => {
            return match set_up::is_open(&services.parvis).await {
                Ok(true) => see("/set-up"),
                Ok(false) => begins_again(&request, &services),
                Err(error) => failure::answer(&request, &services, &error, Reader::Person),
            };
        }
        _ => Reader::Program,
    };
    let rule = "this machine is not set up yet; open /set-up in a browser";
    let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, rule);
    failure::refuse(&request, &services, refusal, reader)
}

/// The service begins again with what was decided: who is early gets what they ask for in a moment.
fn begins_again(request: &HttpRequest, services: &Services) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let words = t.say("set-up-begins-again");
    let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, words);
    let mut response = failure::refuse(request, services, refusal, Reader::Person);
    let refresh = header::HeaderName::from_static("refresh");
    let headers = response.headers_mut();
    headers.insert(refresh, header::HeaderValue::from_static("2"));
    response
}

/// `GET /set-up`
pub(super) async fn show(request: HttpRequest, services: web::Data<Services>) -> HttpResponse {
    let seat = seat(&request);
    match set_up::answers(&services.parvis, &services.local.seal, seat).await {
        Ok(Some(kept)) => {
            let value = if kept.is_null() {
                blank(&request)
            } else {
                kept
            };
            answers_page(&request, &services, &value, &[], None)
        }
        Ok(None) => {
            // Who had the code before is told why it is asked for again.
            let was_here = cookies::value(&request, cookies::SET_UP).is_some();
            code_page(
                &request,
                &services,
                was_here.then_some("set-up-elsewhere"),
                None,
            )
        }
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// Asks for the code.
fn code_page(
    request: &HttpRequest,
    services: &Services,
    problem: Option<&str>,
    wait: Option<TimeDelta>,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let builder = match (problem, wait) {
        (Some("set-up-elsewhere") | None, None) => HttpResponse::Ok(),
        (_, wait) => refusal(services, wait),
    };
    let (token, visit) = match token(request) {
        Ok(made) => made,
        Err(error) => return failure::answer(request, services, &error, Reader::Person),
    };
    let problem = match wait {
        Some(wait) => Some(waiting(&t, wait)),
        None => problem.map(|key| t.say(key)),
    };
    let page = CodePage {
        frame: frame(request, services, &language),
        token,
        problem,
    };
    let mut response = answer_with(request, services, Ok(page), builder);
    visiting(&mut response, visit);
    response
}

/// `POST /set-up/code`
pub(super) async fn enter(
    request: HttpRequest,
    services: web::Data<Services>,
    form: Form,
) -> HttpResponse {
    let code = form.text("code").to_owned();
    match set_up::enter(&services.parvis, code, browser(&request)).await {
        Ok(Entered::Right(secret)) => {
            let mut response = see("/set-up");
            // Adding a cookie fails only when its name is none.
            let _ = response.add_cookie(&cookies::passing(cookies::SET_UP, secret));
            response
        }
        Ok(Entered::Wrong) => code_page(&request, &services, Some("set-up-wrong-code"), None),
        Ok(Entered::Wait(wait)) => code_page(&request, &services, None, Some(wait)),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

fn answers_page(
    request: &HttpRequest,
    services: &Services,
    value: &Value,
    wrong: &[Wrong],
    told: Option<String>,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let languages = services.texts.languages();
    let faults = Faults::of(wrong, &t);
    let page = token(request).and_then(|(token, _)| {
        Ok(AnswersPage {
            frame: frame(request, services, &language),
            token,
            sections: show_sections(&sections(&t), value, wrong, &languages, &t)?,
            faults: faults.clone(),
            told,
        })
    });
    answer_with(request, services, page, faults.answer())
}

/// `POST /set-up`: keeps the answers, and goes on or sends a test message.
pub(super) async fn take(
    request: HttpRequest,
    services: web::Data<Services>,
    form: Form,
) -> HttpResponse {
    match taken(&request, &services, &form).await {
        Ok(response) => response,
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

async fn taken(
    request: &HttpRequest,
    services: &Services,
    form: &Form,
) -> Result<HttpResponse, Error> {
    let (parvis, seal) = (&services.parvis, &services.local.seal);
    let Some(kept) = set_up::answers(parvis, seal, seat(request)).await? else {
        return Ok(see("/set-up"));
    };
    let mut value = if kept.is_null() { blank(request) } else { kept };
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let languages = services.texts.languages();
    let mut wrong = Vec::new();
    for (_, fields) in sections(&t) {
        wrong.extend(field::read(&fields, form, &mut value, &languages, &t));
    }
    // What is no value of its kind is shown again, but not kept.
    let mut read = value.clone();
    for wrong in &wrong {
        field::put(&mut read, &wrong.path, Value::Null);
    }
    if !set_up::keep(parvis, seal, seat(request), &read).await? {
        return Ok(see("/set-up"));
    }
    let answers = Answers::parse(&read).map_err(|error| Error::Invalid {
        field: "form".to_owned(),
        rule: error.to_string(),
    })?;
    // One line a field: what is lacking is told once.
    for found in wrongs(&answers, &t) {
        if !wrong.iter().any(|told| told.path == found.path) {
            wrong.push(found);
        }
    }
    if form.text("do") == "test" {
        wrong
            .retain(|wrong| wrong.path.starts_with("mail/") || wrong.path == "administrator/email");
        let told = if wrong.is_empty() {
            let recipient = answers.administrator.email.as_deref();
            let name = &answers.web.public_name;
            Some(test_mail(services, &answers.mail, name, recipient, &t).await?)
        } else {
            None
        };
        return Ok(answers_page(request, services, &value, &wrong, told));
    }
    if wrong.is_empty() {
        return Ok(see("/set-up/summary"));
    }
    Ok(answers_page(request, services, &value, &wrong, None))
}

/// Decides how mail is sent, sends a message, and tells what became of it. It is decided first: what leaves the machine is
/// limited to what is decided.
pub(super) async fn test_mail(
    services: &Services,
    mail: &set_up_domain::Mail,
    public_name: &str,
    recipient: Option<&str>,
    t: &Speech<'_>,
) -> Result<String, Error> {
    let parvis = &services.parvis;
    let Some(recipient) = recipient else {
        return Ok(t.say("mail-test-nobody"));
    };
    let file = decide_mail(parvis, mail)?;
    let ca_file = parvis.settings.auth.ca_file.as_deref();
    let Some(post) = Post::new(&Mail::of(mail, file), public_name, ca_file)? else {
        return Ok(t.say("mail-test-no-relay"));
    };
    let (subject, body) = (t.say("mail-test-subject"), t.say("mail-test-body"));
    Ok(match post.hand_over(recipient, &subject, body).await {
        Ok(()) => t.say_with("mail-test-sent", &[("address", recipient.into())]),
        Err(why) => t.say_with("mail-test-failed", &[("why", why.into())]),
    })
}

/// `GET /set-up/summary`
pub(super) async fn summary(request: HttpRequest, services: web::Data<Services>) -> HttpResponse {
    let kept = set_up::answers(&services.parvis, &services.local.seal, seat(&request)).await;
    let answers = match kept.map(|kept| kept.map(|value| Answers::parse(&value))) {
        Ok(Some(Ok(answers))) if answers.wrongs().is_empty() => answers,
        Ok(_) => return see("/set-up"),
        Err(error) => return failure::answer(&request, &services, &error, Reader::Person),
    };
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let page = token(&request).map(|(token, _)| SummaryPage {
        frame: frame(&request, &services, &language),
        token,
        lines: summarized(answers, &t),
    });
    answer_with(&request, &services, page, HttpResponse::Ok())
}

/// `POST /set-up/summary`: finishes. The page it answers with is the last; the service begins again with what was decided.
pub(super) async fn finish(
    request: HttpRequest,
    services: web::Data<Services>,
    _form: Form,
) -> HttpResponse {
    match finished(&request, &services).await {
        Ok(response) => response,
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

async fn finished(request: &HttpRequest, services: &Services) -> Result<HttpResponse, Error> {
    let (parvis, seal) = (&services.parvis, &services.local.seal);
    let Some(kept) = set_up::answers(parvis, seal, seat(request)).await? else {
        return Ok(see("/set-up"));
    };
    let Ok(answers) = Answers::parse(&kept) else {
        return Ok(see("/set-up"));
    };
    let actor = Actor {
        address: Some(signed_in::address(request)),
        ..Actor::console("set-up")
    };
    let link = set_up::finish(parvis, seal, seat(request), actor, answers.clone()).await?;
    let Some(link) = link else {
        return Ok(see("/set-up"));
    };
    let language = language::of_person(request, &services.texts);
    let public = parvis.settings.web.address_of(&answers.web.public_name);
    let name = answers.web.public_name.as_str().into();
    let t = services.texts.in_language(&language);
    let page = DonePage {
        frame: frame(request, services, &language),
        lead: t.say_with("set-up-done-lead", &[("name", name)]),
        link: format!("{public}/invitation/{link}"),
        lacks_certificate: answers
            .certificate
            .source
            .is_some_and(|source| source != "self-made"),
    };
    let mut builder = HttpResponse::Ok();
    headers::put(&mut builder, Kind::Page);
    builder.insert_header((header::CONNECTION, "close"));
    builder.cookie(cookies::gone(cookies::SET_UP));
    Ok(answer_with(request, services, Ok(page), builder))
}
