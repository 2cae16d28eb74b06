//! Capacities of all spaces of a site at once: from a day on, those that were changed.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use askama::Template;
use chrono::NaiveDate;

use super::{answer_with, frame, place_words, see, sheet};
use crate::actions::edit_campus::{self, Outcome, Wish};
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

struct Line {
    slug: String,
    name: String,
    seen: String,
    comfort: String,
    safety: String,
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
    wrong: Vec<String>,
}

/// `GET /admin/sites/{site}/capacities`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    site: web::Path<String>,
) -> HttpResponse {
    page(&request, &services, &who, &site, None, Vec::new()).await
}

async fn page(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    site: &str,
    form: Option<&Form>,
    wrong: Vec<String>,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let now = services.parvis.clock.now();
    let today = now.with_timezone(&campus.zone()).date_naive();
    let page = async {
        who.actor.permit(Act::ChangeSpace, Place::Site(site))?;
        let description = edit_campus::description(&services.parvis.database).await?;
        let name = place_words(&t, &campus, &language, Some(site));
        let title = t.say_with("capacities-title", &[("name", name.into())]);
        let number =
            |number: Option<i32>| number.map_or_else(String::new, |number| number.to_string());
        let lines = spaces(&description, site).map(|space| {
            let holds = capacity::on(&space.capacities, today);
            let entered = |part: &str, present: String| {
                form.map_or(present, |form| {
                    form.text(&format!("{part}.{}", space.slug)).to_owned()
                })
            };
            Line {
                slug: space.slug.clone(),
                name: space.name.in_language(&language).to_owned(),
                seen: Item::Space(space.clone()).value().to_string(),
                comfort: entered("comfort", number(holds.map(|holds| holds.comfort))),
                safety: entered("safety", number(holds.and_then(|holds| holds.safety))),
            }
        });
        Ok(Page {
            lines: lines.collect(),
            frame: frame(request, services, &language, &title, who),
            token: who.csrf.clone(),
            site: site.to_owned(),
            since: form.map_or_else(|| today.to_string(), |form| form.text("since").to_owned()),
            title,
            wrong: wrong.clone(),
        })
    };
    let status = if wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page: Result<Page<'_>, Error> = page.await;
    answer_with(request, services, page, HttpResponseBuilder::new(status))
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
    let now = parvis.clock.now();
    let today = now.with_timezone(&parvis.campus().zone()).date_naive();
    let made = async {
        who.actor.permit(Act::ChangeSpace, Place::Site(&site))?;
        let description = edit_campus::description(&parvis.database).await?;
        let Ok(since) = form.text("since").parse::<NaiveDate>() else {
            return Ok(vec![t.say("wrong-date")]);
        };
        let mut wishes = Vec::new();
        for space in spaces(&description, &site) {
            let part = |part: &str| form.text(&format!("{part}.{}", space.slug)).to_owned();
            let Ok(wanted) = wanted(since, &part("comfort"), &part("safety")) else {
                let name = space.name.in_language(&language);
                return Ok(vec![format!("{name} : {}", t.say("wrong-number"))]);
            };
            let holds = capacity::on(&space.capacities, today);
            let same = |one: &Capacity, other: &Capacity| {
                (one.comfort, one.safety) == (other.comfort, other.safety)
            };
            if let Some(wanted) = wanted
                && holds.is_none_or(|holds| !same(&holds, &wanted))
            {
                let mut changed = space.clone();
                changed
                    .capacities
                    .retain(|capacity| capacity.since != since);
                changed.capacities.push(wanted);
                changed.capacities.sort_by_key(|capacity| capacity.since);
                wishes.push(Wish {
                    key: Key::Space(space.slug.clone()),
                    seen: Some(form.raw(&format!("seen.{}", space.slug)).to_owned()),
                    wanted: Some(Item::Space(changed)),
                });
            }
        }
        Ok(
            match edit_campus::edit(&parvis.database, &who.actor, wishes, now).await? {
                Outcome::Done => {
                    super::refresh(&services).await?;
                    Vec::new()
                }
                Outcome::Broken(breaches) => {
                    let wrong = sheet::wrongs(&breaches, &Key::Institution, &[], &t);
                    wrong.into_iter().map(|wrong| wrong.words).collect()
                }
                Outcome::Overtaken(key, _) => {
                    vec![t.say_with("adopt-overtaken", &[("thing", key.to_string().into())])]
                }
            },
        )
    };
    match made.await {
        Ok(wrong) if wrong.is_empty() => see(&format!("/admin/sites/{site}")),
        Ok(wrong) => page(&request, &services, &who, &site, Some(&form), wrong).await,
        Err::<_, Error>(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// A capacity as it was entered; nothing where nothing was.
fn wanted(
    since: NaiveDate,
    comfort: &str,
    safety: &str,
) -> Result<Option<Capacity>, std::num::ParseIntError> {
    if comfort.is_empty() && safety.is_empty() {
        return Ok(None);
    }
    Ok(Some(Capacity {
        since,
        comfort: comfort.parse()?,
        safety: (!safety.is_empty()).then(|| safety.parse()).transpose()?,
    }))
}
