//! The page about releases: what runs and what there is, installing, a bundle that is handed in, going back, and what became
//! of all that. Progress shows when the page is loaded again, which the browser does by itself meanwhile.

use std::io::{self, Read};

use actix_multipart::{Field, Multipart};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use bytes::{Buf as _, Bytes};
use futures_util::TryStreamExt as _;
use serde_json::json;
use tokio::sync::mpsc;

use super::{Moments, answer_with, done, frame, see};
use crate::actions::order_update::{self, Order, order, refused};
use crate::appliance::releases::{self, bundle};
use crate::config::{Decisions, Update};
use crate::domain::actor::Place;
use crate::domain::release::{
    Action, Became, Failure, Origin, Outcome, Phase, Request, Status, Version, Why, Window, Work,
    server_address,
};
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::failure::{self, Reader, Refusal};
use crate::web::form::{self, Form};
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

/// Where the page is.
const HERE: &str = "/admin/updates";

/// Seconds after which a browser looks again while something is done.
const LOOKS_AGAIN: &str = "3";

/// Pieces of an upload that wait to be written.
const PIECES: usize = 16;

/// The longest token of a form, in bytes.
const TOKEN_AT_MOST: usize = 1024;

/// A result in words.
struct Told {
    when: String,
    what: String,
    became: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "admin/updates.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    /// Which version of the program answers, in words.
    program: String,
    is_appliance: bool,
    /// What is being done, and how much of it is.
    work: Option<String>,
    percent: Option<u8>,
    /// What is known: what it is, in words, and where more is said.
    facts: Vec<(String, String, Option<String>)>,
    /// The version that may be installed, or nothing.
    available: String,
    waits: bool,
    /// The words of buttons that say more than their name.
    window: String,
    wish: Option<String>,
    back: Option<String>,
    /// The bundle that was handed in, in words.
    held: Option<String>,
    results: Vec<Told>,
    /// What is decided, where decisions can be kept.
    settings: Option<Update>,
}

/// `GET /admin/updates`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let page = page(&request, &services, &who, &language);
    let mut builder = HttpResponse::Ok();
    if page.as_ref().is_ok_and(|page| page.work.is_some()) {
        builder.insert_header((header::REFRESH, LOOKS_AGAIN));
    }
    answer_with(&request, &services, page, builder)
}

fn page<'t>(
    request: &HttpRequest,
    services: &'t Services,
    who: &Visitor,
    language: &'t str,
) -> Result<Page<'t>, Error> {
    who.actor.permit(Act::ManageMachine, Place::Institution)?;
    let t = services.texts.in_language(language);
    let settings = update_settings(services)?;
    let places = &services.parvis.settings.appliance.releases;
    let status = releases::status(places).map_err(refused)?;
    let record = releases::record(places).map_err(refused)?;
    let moments = Moments::of(services.parvis.campus().zone());
    let is_asked = releases::is_asked(places);
    let work = status.as_ref().and_then(|status| status.work.as_ref());
    // The newest result is about what is being done, until that is over.
    let unfinished = work.is_some_and(|work| work.action != Action::Check);
    let outcomes = record.outcomes.iter().skip(usize::from(unfinished));
    let say = |key, version: &Version| t.say_with(key, &[("version", version.to_string().into())]);
    let wish = releases::wished(places).map_err(refused)?;
    let other = status.as_ref().and_then(|status| status.other.as_ref());
    Ok(Page {
        frame: frame(request, services, language, &t.say("staff-updates"), who),
        token: who.csrf.clone(),
        program: t.say_with(
            "update-program",
            &[("version", env!("CARGO_PKG_VERSION").into())],
        ),
        is_appliance: releases::is_appliance(places),
        percent: work.and_then(percent),
        work: work
            .map(|work| work_words(work, &t))
            .or_else(|| is_asked.then(|| t.say("update-asked"))),
        facts: status
            .as_ref()
            .map_or_else(Vec::new, |status| facts(status, &settings, moments, &t)),
        available: status
            .as_ref()
            .and_then(|status| status.available.as_ref())
            .map_or_else(String::new, ToString::to_string),
        waits: status.as_ref().is_some_and(|status| status.waits.is_some()),
        window: t.say_with(
            "update-in-the-window",
            &[("window", settings.window.to_string().into())],
        ),
        wish: wish.map(|_| t.say("update-not-in-the-window")),
        back: other
            .filter(|other| other.tries_left != Some(0))
            .map(|other| say("update-roll-back", &other.version)),
        held: bundle::version(&releases::bundle_at(places))
            .map(|version| say("update-bundle-held", &version)),
        results: outcomes.map(|outcome| told(outcome, moments, &t)).collect(),
        settings: services
            .parvis
            .settings
            .decisions
            .is_some()
            .then_some(settings),
    })
}

fn update_settings(services: &Services) -> Result<Update, Error> {
    let settings = services.parvis.settings.update_now();
    settings.map_err(|error| Error::Conflict(error.to_string()))
}

fn facts(
    status: &Status,
    settings: &Update,
    moments: Moments,
    t: &Speech<'_>,
) -> Vec<(String, String, Option<String>)> {
    let notes = |version: &Version| {
        let notes = settings
            .notes
            .as_ref()
            .filter(|notes| server_address(notes).is_ok());
        notes.map(|notes| notes.replace("{version}", &version.to_string()))
    };
    let mut facts = vec![(
        t.say("update-runs"),
        status.running.to_string(),
        notes(&status.running),
    )];
    if let Some(other) = &status.other {
        let state = match other.tries_left {
            None => "update-beside-good",
            Some(0) => "update-beside-failed",
            Some(_) => "update-beside-new",
        };
        let words = format!("{} ({})", other.version, t.say(state));
        facts.push((t.say("update-beside"), words, notes(&other.version)));
    }
    if let Some(version) = &status.waits {
        facts.push((t.say("update-waits"), version.to_string(), None));
    }
    let (available, link) = match (&status.available, &status.unavailable) {
        (Some(version), _) => (version.to_string(), notes(version)),
        (None, Some(failure)) => (t.say(&why_key(failure.why)), None),
        (None, None) => (t.say("update-not-looked"), None),
    };
    facts.push((t.say("update-available"), available, link));
    if let Some(at) = status.checked_at {
        facts.push((t.say("update-looked"), moments.say(at), None));
    }
    facts
}

fn why_key(why: Why) -> String {
    format!("update-why-{}", why.name())
}

fn action_key(action: Action) -> String {
    format!("update-action-{}", action.name())
}

fn work_words(work: &Work, t: &Speech<'_>) -> String {
    let phase = match &work.phase {
        Phase::Checking => t.say("update-phase-checking"),
        Phase::Copying => t.say("update-phase-copying"),
        Phase::Fetching { file, .. } => {
            t.say_with("update-phase-fetching", &[("file", file.as_str().into())])
        }
        Phase::Installing => t.say("update-phase-installing"),
    };
    let version = work
        .version
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let action = t.say_with(&action_key(work.action), &[("version", version.into())]);
    format!("{action} · {phase}")
}

fn percent(work: &Work) -> Option<u8> {
    match &work.phase {
        Phase::Fetching { percent, .. } => Some(*percent),
        Phase::Checking | Phase::Copying | Phase::Installing => None,
    }
}

fn told(outcome: &Outcome, moments: Moments, t: &Speech<'_>) -> Told {
    let version = outcome
        .version
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let (became, detail) = match &outcome.became {
        Became::Installed => (t.say("update-became-installed"), String::new()),
        Became::Done => (t.say("update-became-done"), String::new()),
        Became::Failed(failure) => (t.say(&why_key(failure.why)), failure.detail.clone()),
    };
    Told {
        when: moments.say(outcome.at),
        what: t.say_with(&action_key(outcome.action), &[("version", version.into())]),
        became,
        detail,
    }
}

/// `POST /admin/updates`: what the button says.
pub(in crate::web) async fn change(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let changed = async {
        who.actor.permit(Act::ManageMachine, Place::Institution)?;
        match form.text("do") {
            "settings" => decide(&services, &who, &form).await?,
            asked => order(&services.parvis, &who.actor, ordered(asked, &form)?).await?,
        }
        Ok(HERE.to_owned())
    };
    done(&request, &services, changed.await)
}

fn ordered(asked: &str, form: &Form) -> Result<Order, Error> {
    let from_bundle = form.text("origin") == "bundle";
    let version = form.optional("version").map(|text| text.parse::<Version>());
    let version = version.transpose().map_err(|error| Error::Invalid {
        field: "version".to_owned(),
        rule: error.to_string(),
    })?;
    let install = |restart| Request {
        origin: if from_bundle {
            Origin::Bundle
        } else {
            Origin::Server
        },
        version: version.filter(|_| !from_bundle),
        restart,
        ..Request::to(Action::Install)
    };
    Ok(match asked {
        "check" => Order::Now(Request::check()),
        "install" => Order::Now(install(true)),
        "install-only" => Order::Now(install(false)),
        "in-the-window" => Order::InTheWindow(install(true)),
        "not-in-the-window" => Order::NotInTheWindow,
        "restart" => Order::Now(Request::to(Action::Restart)),
        "roll-back" => Order::Now(Request {
            restart: true,
            ..Request::to(Action::RollBack)
        }),
        "forget-bundle" => Order::ForgetBundle,
        _ => {
            return Err(Error::Invalid {
                field: "do".to_owned(),
                rule: format!("\"{asked}\" is nothing that can be done"),
            });
        }
    })
}

/// How releases come in, from now on.
async fn decide(services: &Services, who: &Visitor, form: &Form) -> Result<(), Error> {
    let wrong = |field: &str, rule: String| Error::Invalid {
        field: field.to_owned(),
        rule,
    };
    let url = form.text("url").to_owned();
    if !url.is_empty() {
        server_address(&url).map_err(|error| wrong("url", error.to_string()))?;
    }
    let window: Window = form
        .text("window")
        .parse()
        .map_err(|error: crate::domain::release::NotAWindow| wrong("window", error.to_string()))?;
    let automatic = form.has("automatic");
    let nowhere = || Error::Conflict("the settings name no file for decisions".to_owned());
    let path = services
        .parvis
        .settings
        .decisions
        .clone()
        .ok_or_else(nowhere)?;
    let told = json!({ "url": url, "window": window.to_string(), "automatic": automatic });
    let write = move || {
        let change = |decisions: &mut Decisions| {
            decisions.decide("update.url", Some(url));
            decisions.decide("update.window", Some(window.to_string()));
            decisions.decide("update.automatic", Some(automatic));
        };
        Decisions::change(&path, change).map_err(|error| Error::Conflict(error.to_string()))
    };
    order_update::decide(&services.parvis, &who.actor, told, write).await
}

/// `POST /admin/updates/bundle`: a form with a bundle, which is written to the disk as it arrives.
pub(in crate::web) async fn take_bundle(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Multipart,
) -> HttpResponse {
    if !form::is_from_here(&request, &services) {
        return failure::refuse(&request, &services, form::not_ours(), Reader::Person);
    }
    if let Err(refused) = who.actor.permit(Act::ManageMachine, Place::Institution) {
        return failure::answer(&request, &services, &refused.into(), Reader::Person);
    }
    let mut form = form;
    match token(&mut form).await {
        Some(token) if form::has_token(&request, &token) => {}
        Some(_) => return failure::refuse(&request, &services, form::not_ours(), Reader::Person),
        None => {
            let rule = "this is no form with a file";
            let refusal = Refusal::new(StatusCode::BAD_REQUEST, rule);
            return failure::refuse(&request, &services, refusal, Reader::Person);
        }
    }
    let parvis = &services.parvis;
    let places = &parvis.settings.appliance.releases;
    let handed_in = async {
        if !releases::is_appliance(places) {
            return Err(refused(Failure::new(
                Why::Broken,
                "this is no appliance: it takes no bundles",
            )));
        }
        let held = match form.try_next().await {
            Ok(Some(field)) if field.name() == Some("bundle") => {
                receive(field, releases::bundle_at(places)).await?
            }
            Ok(_) | Err(_) => Err(Failure::new(Why::Bundle, "the form holds no bundle")),
        };
        let noted = match &held {
            Ok(version) => Ok(version.to_string()),
            Err(failure) => Err(failure.detail.clone()),
        };
        order_update::note_bundle(parvis, &who.actor, noted).await?;
        held.map_err(|failure| Error::Invalid {
            field: "bundle".to_owned(),
            rule: failure.detail,
        })
    };
    match handed_in.await {
        Ok(_) => see(HERE),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// The token of a form with a file, which is its first field; empty when that is another, `None` when this is no form.
async fn token(form: &mut Multipart) -> Option<String> {
    let mut field = form.try_next().await.ok()??;
    let mut token = Vec::new();
    if field.name() == Some(form::TOKEN) {
        while let Ok(Some(bytes)) = field.try_next().await {
            token.extend_from_slice(&bytes);
            if token.len() > TOKEN_AT_MOST {
                return Some(String::new());
            }
        }
    }
    Some(String::from_utf8_lossy(&token).trim().to_owned())
}

/// Unpacks a bundle while it arrives. What is refused is still read to its end: a browser shows no answer before that.
async fn receive(
    mut field: Field,
    place: std::path::PathBuf,
) -> Result<Result<Version, Failure>, Error> {
    let (sender, receiver) = mpsc::channel(PIECES);
    #[expect(
        clippy::disallowed_methods,
        reason = "no query: this writes files, and for longer than a worker may"
    )]
    let unpacking = tokio::task::spawn_blocking(move || {
        if let Some(directory) = place.parent() {
            std::fs::create_dir_all(directory).map_err(Failure::broken)?;
        }
        let arriving = Arriving {
            receiver,
            rest: Bytes::new(),
        };
        bundle::unpack(arriving, &place)
    });
    let mut length = 0_u64;
    while let Ok(Some(bytes)) = field.try_next().await {
        length = length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if length > bundle::LARGEST {
            break;
        }
        // Whoever unpacks may have seen enough.
        let _ = sender.send(bytes).await;
    }
    drop(sender);
    unpacking.await.map_err(Error::internal)
}

/// An upload, as a file that is read on another thread. Where it breaks off, so does the file.
struct Arriving {
    receiver: mpsc::Receiver<Bytes>,
    rest: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.receiver.blocking_recv() {
                Some(bytes) => self.rest = bytes,
                None => return Ok(0),
            }
        }
        let length = self.rest.len().min(buffer.len());
        self.rest
            .copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::texts::Texts;

    #[test]
    fn every_reason_and_action_has_a_text() {
        let texts = Texts::built_in();
        let keys = Why::ALL.map(why_key).into_iter().chain(
            [
                Action::Check,
                Action::Install,
                Action::RollBack,
                Action::Restart,
            ]
            .map(action_key),
        );
        for key in keys {
            for language in ["fr", "en"] {
                assert_ne!(texts.in_language(language).say(&key), key, "{language}");
            }
        }
    }
}
