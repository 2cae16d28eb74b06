//! The certificate of the HTTPS door: what is served, where it comes from, bringing one, and the request for one.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{Moments, answer, answer_with, done, frame};
use crate::actions::manage_certificate::{self, Brought, Decision, Shown};
use crate::domain::actor::{Actor, Place};
use crate::domain::certificate::{Choice, Source};
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::headers::{self, Kind};
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;
use crate::web::upload::Upload;

/// The largest form, in bytes: a chain and a key are a few kilobytes.
const LARGEST: usize = 256 * 1024;

/// How long a page waits for a directory; its answer shows on the next one.
const PATIENCE: Duration = Duration::from_secs(10);

const HERE: &str = "/admin/certificate";

/// What was wrong with what somebody brought.
struct Wrong {
    rule: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "admin/certificate.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    warning: Option<String>,
    wrong: Option<Wrong>,
    /// What is served, as name and value.
    state: Vec<(String, String)>,
    is_renewing: bool,
    /// Word, text, and whether it is chosen.
    sources: Vec<(&'static str, String, bool)>,
    choice: Choice,
    has_request: bool,
}

/// What the first page of staff says to those who can do something about it.
pub(super) fn warned(services: &Services, actor: &Actor, t: &Speech<'_>) -> Option<String> {
    let warning = services.certificate_warning()?;
    actor
        .may(Act::ManageCertificate, Place::Institution)
        .then(|| t.say(&format!("certificate-warning-{}", warning.name())))
}

/// `GET /admin/certificate`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let page = draw(&request, &services, &language, &who, None);
    answer(&request, &services, page)
}

/// `POST /admin/certificate`: what the button says.
pub(in crate::web) async fn change(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let (parvis, certificates) = (&services.parvis, &services.certificates);
    let result = async {
        who.actor
            .permit(Act::ManageCertificate, Place::Institution)?;
        match form.text("do") {
            "choose" => {
                let decision = decision(&form, &parvis.certificate())?;
                manage_certificate::choose(parvis, certificates, &who.actor, decision).await?;
            }
            "ask" => {
                let mut rounds = certificates.ask();
                // What became of it stands on the page.
                let _ = tokio::time::timeout(PATIENCE, rounds.changed()).await;
            }
            "request" => {
                let files = &certificates.files;
                manage_certificate::make_request(parvis, files, &who.actor).await?;
            }
            other => {
                return Err(Error::Invalid {
                    field: "do".to_owned(),
                    rule: format!("\"{other}\" is nothing that can be done"),
                });
            }
        }
        Ok(HERE.to_owned())
    };
    done(&request, &services, result.await)
}

/// `POST /admin/certificate/upload`: a form with files.
pub(in crate::web) async fn upload(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    body: web::Payload,
) -> HttpResponse {
    let permitted = who.actor.permit(Act::ManageCertificate, Place::Institution);
    if let Err(refused) = permitted {
        return failure::answer(&request, &services, &refused.into(), Reader::Person);
    }
    let upload = match Upload::read(&request, &services, body, LARGEST).await {
        Ok(upload) => upload,
        Err(refusal) => return failure::refuse(&request, &services, refusal, Reader::Person),
    };
    let brought = Brought {
        chain: upload.content("certificate").to_vec(),
        key: upload.content("key").to_vec(),
        password: String::from_utf8_lossy(upload.content("password")).into_owned(),
    };
    let (parvis, certificates) = (&services.parvis, &services.certificates);
    match manage_certificate::install(parvis, certificates, &who.actor, &brought).await {
        Ok(_) => super::see(HERE),
        Err(Error::Invalid { rule, .. }) => {
            let (rule, detail) = rule.split_once(": ").unwrap_or(("readable", &rule));
            let wrong = Wrong {
                rule: rule.to_owned(),
                detail: detail.to_owned(),
            };
            let language = language::of_person(&request, &services.texts);
            let page = draw(&request, &services, &language, &who, Some(wrong));
            let builder = HttpResponse::UnprocessableEntity();
            answer_with(&request, &services, page, builder)
        }
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// `GET /admin/certificate/request.csr`: the request that waits for its answer.
pub(in crate::web) async fn request(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let shown = manage_certificate::show(&services.parvis, &services.certificates, &who.actor);
    let waiting = shown.and_then(|shown| {
        let none = || Error::NotFound("request waits for an answer".to_owned());
        shown.request.ok_or_else(none)
    });
    match waiting {
        Ok(pem) => headers::put(&mut HttpResponse::Ok(), Kind::Closed)
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"request.csr\"",
            ))
            .content_type("application/pkcs10")
            .body(pem),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// What the form decides; what it does not ask about stays.
fn decision(form: &Form, before: &Choice) -> Result<Decision, Error> {
    let source: Source = form.text("source").parse().map_err(|rule| Error::Invalid {
        field: "source".to_owned(),
        rule,
    })?;
    let choice = Choice {
        source,
        directory: form
            .optional("directory")
            .unwrap_or_else(|| Choice::default().directory),
        terms_agreed: form.has("terms_agreed"),
        contact: form.optional("contact"),
        profile: form.optional("profile"),
        binding: form.optional("binding"),
        ..before.clone()
    };
    Ok(Decision {
        choice,
        directory_ca: form.optional("directory_ca"),
        binding_key: form.optional("binding_key"),
    })
}

fn draw<'t>(
    request: &HttpRequest,
    services: &'t Services,
    language: &'t str,
    who: &Visitor,
    wrong: Option<Wrong>,
) -> Result<Page<'t>, Error> {
    let t = services.texts.in_language(language);
    let shown = manage_certificate::show(&services.parvis, &services.certificates, &who.actor)?;
    let moments = Moments::of(services.parvis.campus().zone());
    let sources = Source::ALL.map(|source| {
        let words = t.say(&format!("certificate-source-{source}"));
        (source.name(), words, source == shown.choice.source)
    });
    Ok(Page {
        frame: frame(
            request,
            services,
            language,
            &t.say("staff-certificate"),
            who,
        ),
        token: who.csrf.clone(),
        warning: warned(services, &who.actor, &t),
        wrong: wrong.map(|wrong| Wrong {
            rule: t.say(&format!("certificate-rule-{}", wrong.rule)),
            ..wrong
        }),
        state: state(&shown, &t, moments),
        is_renewing: shown.is_renewing,
        sources: sources.into(),
        has_request: shown.request.is_some(),
        choice: shown.choice,
    })
}

fn state(shown: &Shown, t: &Speech<'_>, moments: Moments) -> Vec<(String, String)> {
    let Shown { facts, notes, .. } = shown;
    let source = t.say(&format!("certificate-source-{}", shown.choice.source));
    let mut state = vec![
        ("certificate-source", source),
        ("certificate-names", facts.names.join(", ")),
        ("certificate-issuer", facts.issuer.clone()),
        ("certificate-from", moments.say(facts.not_before)),
        ("certificate-until", moments.say(facts.not_after)),
        ("certificate-key", facts.key.clone()),
        ("certificate-fingerprint", facts.fingerprint.clone()),
    ];
    if let Some(due) = shown.renewal_due {
        state.push(("certificate-renewal", moments.say(due)));
    }
    if let (Some(at), Some(reason)) = (notes.failed_at, &notes.reason) {
        let failure = format!("{} · {reason}", moments.say(at));
        state.push(("certificate-failure", failure));
    }
    if let Some(refused) = &shown.refused {
        state.push(("certificate-refused", refused.clone()));
    }
    let named = state.into_iter();
    named.map(|(key, value)| (t.say(key), value)).collect()
}
