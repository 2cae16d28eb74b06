//! Devices that nobody described: adopted one or several at once, each channel with what it counts.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::json;

use super::faults::Faults;
use super::field::Wrong;
use super::forms::{counter_of, purposes};
use super::{Moments, answer_with, frame, see, sheet};
use crate::actions::edit_campus::{self, Wish};
use crate::actions::see_sensors;
use crate::domain::campus::{Channel, Description, Purpose, Sensor};
use crate::domain::gateway::Family;
use crate::domain::item::{Item, Key};
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;

struct Stranger {
    number: usize,
    gateway: String,
    device: String,
    key: String,
    words: String,
    name: String,
    model: String,
    purpose: String,
}

#[derive(Template)]
#[template(path = "admin/adopt.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    strangers: Vec<Stranger>,
    purposes: Vec<(String, String)>,
    models: Vec<String>,
    faults: Faults,
}

/// `GET /admin/sensors/adopt`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    page(&request, &services, &who, &Form::default(), Vec::new()).await
}

async fn page(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    form: &Form,
    wrong: Vec<Wrong>,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let moments = Moments::of(campus.zone());
    let database = &services.parvis.database;
    let faults = Faults::of(&wrong, &t);
    let page = async {
        let found =
            see_sensors::at_gateways(database, &campus, &who.actor, Act::ConnectSensors).await?;
        let description = edit_campus::description(database).await?;
        let described = |gateway: &str, device: &str, key: &str| {
            let key = Key::Channel(gateway.to_owned(), device.to_owned(), key.to_owned());
            description.find(&key).is_some()
        };
        let strangers = found
            .into_iter()
            .filter_map(|channel| {
                let (key, called) = channel.channel?;
                let is_free = channel.passage.is_none() && channel.space.is_none();
                let is_stranger = is_free && !described(&channel.gateway, &channel.device, &key);
                let heard = channel
                    .heard_at
                    .map_or_else(|| t.say("sensor-never"), |at| moments.say(at));
                let called = called.map_or_else(String::new, |name| format!(" ({name})"));
                is_stranger.then(|| Stranger {
                    number: 0,
                    words: format!("{key}{called} · {} · {heard}", channel.gateway),
                    name: channel.sensor_name.unwrap_or_default(),
                    gateway: channel.gateway,
                    device: channel.device,
                    key,
                    model: String::new(),
                    purpose: String::new(),
                })
            })
            .enumerate()
            .map(|(number, stranger)| Stranger {
                number,
                name: form
                    .optional(&format!("name.{number}"))
                    .unwrap_or(stranger.name.clone()),
                model: form.text(&format!("model.{number}")).to_owned(),
                purpose: form.text(&format!("purpose.{number}")).to_owned(),
                ..stranger
            });
        let models = Family::ALL
            .into_iter()
            .filter(|family| family.is_device())
            .map(|family| family.name().to_owned());
        Ok(Page {
            strangers: strangers.collect(),
            frame: frame(request, services, &language, &t.say("adopt-title"), who),
            token: who.csrf.clone(),
            purposes: purposes(&description, &t).into_iter().skip(1).collect(),
            models: models.collect(),
            faults: faults.clone(),
        })
    };
    let page: Result<Page<'_>, Error> = page.await;
    answer_with(request, services, page, faults.answer())
}

/// `POST /admin/sensors/adopt`: every channel for which something was chosen, all of them or none.
pub(in crate::web) async fn take(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let made = async {
        let description = edit_campus::description(&parvis.database).await?;
        let wishes = wishes(&form, &description)?;
        if wishes.is_empty() {
            return Ok(vec![Wrong {
                path: String::new(),
                words: t.say("adopt-nothing"),
            }]);
        }
        sheet::edit_at_once(&services, &who, wishes, &t).await
    };
    match made.await {
        Ok(wrong) if wrong.is_empty() => see("/admin/sensors"),
        Ok(wrong) => page(&request, &services, &who, &form, wrong).await,
        Err::<_, Error>(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// The sensors and channels to be described.
fn wishes(form: &Form, description: &Description) -> Result<Vec<Wish>, Error> {
    let mut wishes: Vec<Wish> = Vec::new();
    for number in 0..form.all("key").count() {
        let nth = |name: &str| form.all(name).nth(number).unwrap_or_default().to_owned();
        let chosen = form.text(&format!("purpose.{number}"));
        if chosen.is_empty() {
            continue;
        }
        let purpose: Purpose = serde_json::from_str(chosen).map_err(|_| Error::Invalid {
            field: "purpose".to_owned(),
            rule: "is nothing a channel can be used for".to_owned(),
        })?;
        let (gateway, device, key) = (nth("gateway"), nth("device"), nth("key"));
        let sensor = Key::Sensor(gateway.clone(), device.clone());
        let there = description.find(&sensor).map(|(_, item)| item);
        let model = match &there {
            Some(Item::Sensor(sensor)) => sensor.model,
            _ => form.text(&format!("model.{number}")).parse().ok(),
        };
        if there.is_none() && !wishes.iter().any(|wish| wish.key == sensor) {
            wishes.push(Wish {
                key: sensor,
                seen: None,
                wanted: Some(Item::Sensor(Sensor {
                    gateway: gateway.clone(),
                    device: device.clone(),
                    name: form.optional(&format!("name.{number}")),
                    model,
                    stale_after_minutes: None,
                })),
            });
        }
        let counter = counter_of(description, &gateway, model);
        let channel = Channel {
            gateway: gateway.clone(),
            device: device.clone(),
            key: key.clone(),
            purpose,
            counter,
        };
        let known = Key::Channel(gateway, device, key);
        let seen = description
            .find(&known)
            .map(|(_, item)| json!(item).to_string());
        wishes.push(Wish {
            key: known,
            seen,
            wanted: Some(Item::Channel(channel)),
        });
    }
    Ok(wishes)
}
