//! Capacities of all spaces of a site at once: from a day on, those that were changed.

use std::num::IntErrorKind;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::faults::{Fault, Faults};
use super::{answer_with, frame, place_words, see};
use crate::actions::edit_campus::{self, Breach, Outcome, Wish};
use crate::domain::actor::Place;
use crate::domain::campus::{Description, Space};
use crate::domain::capacity::{self, Capacity};
use crate::domain::item::{Item, Key};
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

struct Line {
    slug: String,
    name: String,
    seen: String,
    parts: Vec<Part>,
}

/// One gauge of a capacity.
struct Part {
    id: String,
    name: String,
    label: String,
    value: String,
}

#[derive(Template)]
#[template(path = "admin/capacities.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    site: String,
    title: String,
    since: String,
    lines: Vec<Line>,
    faults: Faults,
}

/// `GET /admin/sites/{site}/capacities`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    site: web::Path<String>,
) -> HttpResponse {
    page(&request, &services, &who, &site, None, Faults::default()).await
}

async fn page(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    site: &str,
    form: Option<&Form>,
    faults: Faults,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let today = services.parvis.today();
    let page = async {
        who.actor.permit(Act::ChangeSpace, Place::Site(site))?;
        let description = edit_campus::description(&services.parvis.database).await?;
        let name = place_words(&t, &campus, &language, Some(site));
        let title = t.say_with("capacities-title", &[("name", name.into())]);
        let number =
            |number: Option<i32>| number.map_or_else(String::new, |number| number.to_string());
        let lines = spaces(&description, site).map(|space| {
            let holds = capacity::on(&space.capacities, today);
            let part = |part: &str, present: String| {
                let name = format!("{part}.{}", space.slug);
                Part {
                    id: format!("{part}-{}", space.slug),
                    label: t.say(&format!("field-{part}")),
                    value: form.map_or(present, |form| form.text(&name).to_owned()),
                    name,
                }
            };
            Line {
                slug: space.slug.clone(),
                name: space.name.in_language(&language).to_owned(),
                seen: Item::Space(space.clone()).value().to_string(),
                parts: vec![
                    part("comfort", number(holds.map(|holds| holds.comfort))),
                    part("safety", number(holds.and_then(|holds| holds.safety))),
                ],
            }
        });
        Ok(Page {
            lines: lines.collect(),
            frame: frame(request, services, &language, &title, who),
            token: who.csrf.clone(),
            site: site.to_owned(),
            since: form.map_or_else(|| today.to_string(), |form| form.text("since").to_owned()),
            title,
            faults: faults.clone(),
        })
    };
    let page: Result<Page<'_>, Error> = page.await;
    answer_with(request, services, page, faults.answer())
}

fn spaces<'d>(description: &'d Description, site: &str) -> impl Iterator<Item = &'d Space> {
    let site = site.to_owned();
    description
        .spaces
        .iter()
        .filter(move |space| space.site == site)
}

/// `POST /admin/sites/{site}/capacities`
pub(in crate::web) async fn take(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    site: web::Path<String>,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let (now, today) = (parvis.clock.now(), parvis.today());
    let made = async {
        who.actor.permit(Act::ChangeSpace, Place::Site(&site))?;
        let description = edit_campus::description(&parvis.database).await?;
        let (changed, faults) = entered(&form, spaces(&description, &site), today, &t);
        if !faults.is_empty() {
            return Ok(faults);
        }
        let wishes = changed.into_iter().map(|space| Wish {
            key: Key::Space(space.slug.clone()),
            seen: Some(form.raw(&format!("seen.{}", space.slug)).to_owned()),
            wanted: Some(Item::Space(space)),
        });
        let wishes = wishes.collect();
        Ok(
            match edit_campus::edit(&parvis.database, &who.actor, wishes, now).await? {
                Outcome::Done => {
                    super::refresh(&services).await?;
                    Faults::default()
                }
                Outcome::Broken(breaches) => broken(&breaches, &description, &t),
                Outcome::Overtaken(key, _) => {
                    let thing = [("thing", key.to_string().into())];
                    let mut faults = Faults::default();
                    faults.push(Fault {
                        id: String::new(),
                        label: String::new(),
                        words: t.say_with("adopt-overtaken", &thing),
                    });
                    faults
                }
            },
        )
    };
    match made.await {
        Ok(faults) if faults.is_empty() => see(&format!("/admin/sites/{site}")),
        Ok(faults) => page(&request, &services, &who, &site, Some(&form), faults).await,
        Err::<_, Error>(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// The spaces whose capacity was changed, each as it becomes, and what is wrong with what was entered.
fn entered<'d>(
    form: &Form,
    spaces: impl Iterator<Item = &'d Space>,
    today: NaiveDate,
    t: &Speech<'_>,
) -> (Vec<Space>, Faults) {
    let mut faults = Faults::default();
    let since = form.text("since").parse::<NaiveDate>().ok();
    if since.is_none() {
        faults.push(Fault {
            id: "since".to_owned(),
            label: t.say("field-since"),
            words: t.say("wrong-date"),
        });
    }
    let mut changed = Vec::new();
    for space in spaces {
        let mut number = |part: &str| {
            let text = form.text(&format!("{part}.{}", space.slug));
            let parsed = (!text.is_empty()).then(|| text.parse::<i32>());
            parsed.map(|parsed| {
                parsed.map_err(|error| faults.push(fault(part, space, number_rule(&error), t)))
            })
        };
        let (comfort, safety) = (number("comfort"), number("safety"));
        if comfort.is_none() && safety.is_some() {
            faults.push(fault("comfort", space, "wrong-needed", t));
        }
        let (Some(since), Some(Ok(comfort)), Ok(safety)) = (since, comfort, safety.transpose())
        else {
            continue;
        };
        let holds = capacity::on(&space.capacities, today);
        if holds.is_some_and(|holds| (holds.comfort, holds.safety) == (comfort, safety)) {
            continue;
        }
        let mut space = space.clone();
        space.capacities.retain(|capacity| capacity.since != since);
        space.capacities.push(Capacity {
            since,
            comfort,
            safety,
        });
        space.capacities.sort_by_key(|capacity| capacity.since);
        changed.push(space);
    }
    (changed, faults)
}

fn number_rule(error: &std::num::ParseIntError) -> &'static str {
    if matches!(
        error.kind(),
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow
    ) {
        "wrong-number-too-large"
    } else {
        "wrong-number"
    }
}

fn fault(part: &str, space: &Space, key: &str, t: &Speech<'_>) -> Fault {
    let name = space.name.in_language(t.language());
    Fault {
        id: format!("{part}-{}", space.slug),
        label: format!("{name}, {}", t.say(&format!("field-{part}"))),
        words: t.say(key),
    }
}

/// Broken rules, each at the capacity of the space that breaks it.
fn broken(breaches: &[Breach], description: &Description, t: &Speech<'_>) -> Faults {
    let mut faults = Faults::default();
    for breach in breaches {
        let space = description
            .spaces
            .iter()
            .find(|space| breach.key.as_ref() == Some(&Key::Space(space.slug.clone())));
        let key = format!("rule-{}", breach.violation.rule);
        faults.push(match space {
            Some(space) => fault("comfort", space, &key, t),
            None => Fault {
                id: String::new(),
                label: String::new(),
                words: t.say(&key),
            },
        });
    }
    faults
}
