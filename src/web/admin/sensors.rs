//! The list of sensors: when each was heard, how it is, and what its channels are for.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::TimeDelta;

use super::{Moments, answer, encoded, frame};
use crate::actions::see_sensors;
use crate::domain::actor::Place;
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::web::language;
use crate::web::pages::frame::{Frame, Link};
use crate::web::query::parameter;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;

#[derive(PartialEq, Eq, Clone, Copy)]
enum State {
    Speaks,
    Silent,
    Never,
}

impl State {
    fn of(heard_at: Option<Moment>, normal_silence: TimeDelta, now: Moment) -> Self {
        match heard_at {
            None => Self::Never,
            Some(at) if now - at > normal_silence => Self::Silent,
            Some(_) => Self::Speaks,
        }
    }
}

struct Line {
    device: String,
    gateway: String,
    heard: String,
    state: String,
    is_wrong: bool,
    battery: String,
    channel: String,
    purpose: String,
    /// Where the sensor and the channel are changed; nothing where they are only seen.
    address: String,
    channel_address: String,
}

#[derive(Template)]
#[template(path = "admin/sensors.html")]
struct Page<'t> {
    frame: Frame<'t>,
    lines: Vec<Line>,
    filters: Vec<Link>,
    connects: bool,
}

/// `GET /admin/sensors`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let (moments, now) = (Moments::of(campus.zone()), services.parvis.clock.now());
    let shown = parameter(&request, "show").unwrap_or_default();
    let database = &services.parvis.database;
    let found = see_sensors::at_gateways(database, &campus, &who.actor, Act::SeeArrivals).await;
    let page = found.map(|channels| {
        let lines = channels.into_iter().filter_map(|channel| {
            let normal = TimeDelta::minutes(channel.stale_after_minutes.into());
            let state = State::of(channel.heard_at, normal, now);
            let purpose = channel.passage.or(channel.space);
            let is_wanted = match shown.as_str() {
                "silent" => state == State::Silent,
                "never" => state == State::Never,
                "unassigned" => purpose.is_none(),
                _ => true,
            };
            let site = campus
                .gateways
                .get(&channel.gateway)?
                .gateway
                .site
                .as_deref();
            let connects = who.actor.may(
                Act::ConnectSensors,
                site.map_or(Place::Institution, Place::Site),
            );
            let query = format!(
                "gateway={}&device={}",
                encoded(&channel.gateway),
                encoded(&channel.device)
            );
            let (key, called) = channel.channel.unwrap_or_default();
            // What nobody described is adopted, not changed.
            let is_unassigned = purpose.is_none();
            let linked = |address: String| {
                if !connects {
                    String::new()
                } else if is_unassigned {
                    "/admin/sensors/adopt".to_owned()
                } else {
                    address
                }
            };
            is_wanted.then(|| Line {
                address: linked(format!("/admin/sensors/edit?{query}")),
                channel_address: linked(format!("/admin/channels?{query}&key={}", encoded(&key))),
                device: match channel.sensor_name {
                    Some(name) => format!("{name} ({})", channel.device),
                    None => channel.device,
                },
                gateway: channel.gateway,
                heard: channel
                    .heard_at
                    .map_or_else(String::new, |at| moments.say(at)),
                state: t.say(match state {
                    State::Speaks => "sensor-speaks",
                    State::Silent => "sensor-silent",
                    State::Never => "sensor-never",
                }),
                is_wrong: state != State::Speaks,
                battery: channel
                    .battery
                    .map_or_else(String::new, |percent| format!("{percent} %")),
                channel: called.map_or_else(|| key.clone(), |name| format!("{key} ({name})")),
                purpose: purpose.unwrap_or_else(|| t.say("purpose-none")),
            })
        });
        let filters = [
            ("", "filter-all"),
            ("silent", "sensor-silent"),
            ("never", "sensor-never"),
            ("unassigned", "purpose-none"),
        ];
        Page {
            lines: lines.collect(),
            filters: filters
                .map(|(show, key)| Link {
                    address: format!("/admin/sensors?show={show}"),
                    words: t.say(key),
                    is_current: show == shown,
                })
                .into(),
            frame: frame(
                &request,
                &services,
                &language,
                &t.say("staff-sensors"),
                &who,
            ),
            connects: who.actor.may(Act::ConnectSensors, Place::AnySite),
        }
    });
    answer(&request, &services, page)
}
