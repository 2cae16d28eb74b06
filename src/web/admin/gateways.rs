//! Gateways: which there are, what arrives at each and why it was refused, and a new secret, shown once.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::TimeDelta;

use super::{Moments, answer, encoded, frame, frame_with, place_words};
use crate::actions::replace_secret;
use crate::domain::actor::{Actor, Place};
use crate::domain::campus::KnownGateway;
use crate::domain::gateway::Proof;
use crate::domain::role::Act;
use crate::error::Error;
use crate::ingest::{Arrival, Outcome};
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

struct Entry {
    name: String,
    words: String,
    last: String,
    is_silent: bool,
}

#[derive(Template)]
#[template(path = "admin/gateways.html")]
struct All<'t> {
    frame: Frame<'t>,
    gateways: Vec<Entry>,
    connects: bool,
}

struct Line {
    utc: String,
    when: String,
    devices: String,
    readings: usize,
    words: String,
    is_refused: bool,
    times: u64,
}

#[derive(Template)]
#[template(path = "admin/gateway.html")]
struct One<'t> {
    frame: Frame<'t>,
    token: String,
    name: String,
    facts: Vec<(String, String)>,
    lines: Vec<Line>,
    sensors: Vec<(String, String)>,
    connects: bool,
    /// A new secret: the only time it is shown.
    made: Option<String>,
}

fn place(known: &KnownGateway) -> Place<'_> {
    let site = known.gateway.site.as_deref();
    site.map_or(Place::Institution, Place::Site)
}

/// `GET /admin/gateways`
pub(in crate::web) async fn all(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    if let Err(refused) = who.actor.permit(Act::SeeArrivals, Place::AnySite) {
        return failure::answer(&request, &services, &refused.into(), Reader::Person);
    }
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let moments = Moments::of(campus.zone());
    let mut known: Vec<&KnownGateway> = campus
        .gateways
        .values()
        .filter(|known| who.actor.may(Act::SeeArrivals, place(known)))
        .collect();
    known.sort_by(|one, other| one.gateway.name.cmp(&other.gateway.name));
    let gateways = known.into_iter().map(|known| {
        let last = services.door.arrivals().of(known.id).into_iter().next();
        let site = match &known.gateway.site {
            Some(site) => place_words(&t, &campus, &language, Some(site)),
            None => t.say("gateway-institution"),
        };
        Entry {
            name: known.gateway.name.clone(),
            words: format!("{} · {site}", known.gateway.family),
            is_silent: last.is_none(),
            last: last.map_or_else(
                || t.say("arrivals-none"),
                |arrival| format!("{} · {}", moments.say(arrival.at), in_words(&arrival, &t).0),
            ),
        }
    });
    let gateways = gateways.collect();
    let page = All {
        frame: frame(
            &request,
            &services,
            &language,
            &t.say("staff-gateways"),
            &who,
        ),
        gateways,
        connects: who.actor.may(Act::ConnectSensors, Place::AnySite),
    };
    answer(&request, &services, Ok(page))
}

/// `GET /admin/gateways/{name}`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    page(&request, &services, &who, None)
}

/// `POST /admin/gateways/{name}/secret`
pub(in crate::web) async fn replace_secret(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    name: web::Path<String>,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    // The other secrets end at once, or after a day in which sensors are changed one by one.
    let overlap = TimeDelta::hours(if form.has("at-once") { 0 } else { 24 });
    let (name, now) = (name.into_inner(), parvis.clock.now());
    let made = async {
        let made =
            replace_secret::replace(&parvis.database, &who.actor, name, overlap, now).await?;
        super::refresh(&services).await?;
        Ok::<_, Error>(made)
    };
    match made.await {
        Ok(made) => page(&request, &services, &who, Some(made)),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

fn page(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    made: Option<String>,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let moments = Moments::of(campus.zone());
    let name = request.match_info().get("name").unwrap_or_default();
    let page = || {
        let known = campus
            .gateways
            .get(name)
            .ok_or_else(|| Error::NotFound(format!("gateway is called \"{name}\"")))?;
        who.actor.permit(Act::SeeArrivals, place(known))?;
        let lines = services
            .door
            .arrivals()
            .of(known.id)
            .into_iter()
            .map(|arrival| {
                let (words, is_refused) = in_words(&arrival, &t);
                Line {
                    utc: arrival.at.to_rfc3339(),
                    when: moments.say_seconds(arrival.at),
                    devices: arrival.devices.join(", "),
                    readings: arrival.readings,
                    words,
                    is_refused,
                    times: arrival.times,
                }
            });
        let sensors = campus
            .sensors
            .values()
            .filter(|sensor| sensor.sensor.gateway == *name)
            .map(|sensor| {
                let device = &sensor.sensor.device;
                let words = match &sensor.sensor.name {
                    Some(called) => format!("{called} ({device})"),
                    None => device.clone(),
                };
                let address = format!(
                    "/admin/sensors/edit?gateway={}&device={}",
                    encoded(name),
                    encoded(device)
                );
                (address, words)
            });
        let sensors = sensors.collect();
        Ok(One {
            frame: frame_with(request, services, &language, name, who, "follow.js"),
            token: who.csrf.clone(),
            facts: facts(services, known, &t),
            lines: lines.collect(),
            sensors,
            connects: connects(&who.actor, known),
            name: name.to_owned(),
            made,
        })
    };
    answer(request, services, page())
}

fn connects(actor: &Actor, known: &KnownGateway) -> bool {
    actor.may(Act::ConnectSensors, place(known))
}

/// What an installer enters on the other side.
fn facts(services: &Services, known: &KnownGateway, t: &Speech<'_>) -> Vec<(String, String)> {
    let gateway = &known.gateway;
    let public = services.parvis.settings.web.public_address();
    let secret = match &gateway.proof {
        Proof::Bearer => "Authorization: Bearer SECRET".to_owned(),
        Proof::Basic { user } => format!("Authorization: Basic ({user}, SECRET)"),
        Proof::Header { name } => format!("{name}: SECRET"),
        Proof::Path => format!("{public}/ingest/{}/SECRET", gateway.name),
    };
    vec![
        (
            t.say("gateway-address"),
            format!("POST {public}/ingest/{}", gateway.name),
        ),
        (t.say("field-proof"), secret),
        (t.say("field-family"), gateway.family.to_string()),
        (
            t.say("field-stale-after-minutes"),
            gateway.stale_after_minutes.to_string(),
        ),
        (t.say("gateway-secrets"), known.secrets.len().to_string()),
    ]
}

/// What became of an arrival, and whether it was refused.
fn in_words(arrival: &Arrival, t: &Speech<'_>) -> (String, bool) {
    match &arrival.outcome {
        Outcome::Refused(status, rule) => (format!("{status} · {}", t.rule(rule)), true),
        Outcome::Recorded(receipt) => {
            let parts = [
                ("arrival-stored", receipt.stored),
                ("arrival-duplicates", receipt.duplicates),
                ("arrival-doubted", receipt.doubted),
                ("arrival-closed", receipt.closed),
            ];
            let said: Vec<String> = parts
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(key, count)| t.say_with(key, &[("count", count.into())]))
                .collect();
            let words = if said.is_empty() {
                t.say("arrival-nothing")
            } else {
                said.join(", ")
            };
            (words, false)
        }
    }
}
