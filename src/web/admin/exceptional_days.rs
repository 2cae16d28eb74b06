//! Exceptional days of several sites at once: those that are set, and a form that sets the same for many.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::faults::Faults;
use super::field::{self, Field, Kind, Wrong};
use super::{answer_with, frame, see, sheet};
use crate::actions::edit_campus::{self, Wish};
use crate::domain::actor::Place;
use crate::domain::campus::{Description, Site};
use crate::domain::hours::ExceptionalDay;
use crate::domain::item::{Item, Key};
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::pages::times;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

/// The most days that are set at once: a summer.
const MOST_DAYS: i64 = 92;

/// A site that may be chosen.
struct Choice {
    slug: String,
    name: String,
    seen: String,
    is_chosen: bool,
}

/// What is set for a day, and where.
struct Line {
    day: String,
    hours: String,
    reason: String,
    sites: String,
}

#[derive(Template)]
#[template(path = "admin/exceptional_days.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    fields: Vec<String>,
    sites: Vec<Choice>,
    lines: Vec<Line>,
    faults: Faults,
}

/// What was entered, and what is wrong with it.
struct Entered {
    value: Value,
    sites: BTreeSet<String>,
    wrong: Vec<Wrong>,
}

fn fields() -> Vec<Field> {
    vec![
        Field::needed("day", Kind::Date),
        Field::new("until", Kind::Date),
        Field::needed("hours", Kind::Line("text")),
        Field::new("reason", Kind::Words { is_long: false }),
    ]
}

/// `GET /admin/exceptional-days`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let nothing = Entered {
        value: json!({ "hours": "off" }),
        sites: BTreeSet::new(),
        wrong: Vec::new(),
    };
    page(&request, &services, &who, &nothing).await
}

async fn page(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    entered: &Entered,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let languages = services.texts.languages();
    let faults = Faults::of(&entered.wrong, &t);
    let today = services.parvis.today();
    let page = async {
        who.actor.permit(Act::SetHours, Place::AnySite)?;
        let description = edit_campus::description(&services.parvis.database).await?;
        let choices = sites(&description, who).map(|site| Choice {
            slug: site.slug.clone(),
            name: site.name.in_language(&language).to_owned(),
            seen: Item::Site(site.clone()).value().to_string(),
            is_chosen: entered.sites.contains(&site.slug),
        });
        Ok(Page {
            sites: choices.collect(),
            lines: lines(sites(&description, who), today, &t),
            fields: field::show(&fields(), &entered.value, &entered.wrong, &languages, &t)?,
            frame: frame(
                request,
                services,
                &language,
                &t.say("exceptional-title"),
                who,
            ),
            token: who.csrf.clone(),
            faults: faults.clone(),
        })
    };
    let page: Result<Page<'_>, Error> = page.await;
    answer_with(request, services, page, faults.answer())
}

/// The sites whose hours somebody may set, and that have hours, or a space that has: only those can be replaced.
fn sites<'d>(description: &'d Description, who: &Visitor) -> impl Iterator<Item = &'d Site> {
    let has_hours = |site: &Site| {
        let mut spaces = description.spaces.iter();
        site.opening_hours.is_some()
            || spaces.any(|space| space.site == site.slug && space.opening_hours.is_some())
    };
    description.sites.iter().filter(move |site| {
        has_hours(site) && who.actor.may(Act::SetHours, Place::Site(&site.slug))
    })
}

/// What is set from today on, each day once for all sites where it is the same.
fn lines<'d>(sites: impl Iterator<Item = &'d Site>, today: NaiveDate, t: &Speech<'_>) -> Vec<Line> {
    let mut set: BTreeMap<(NaiveDate, &str, &str), Vec<&str>> = BTreeMap::new();
    for site in sites {
        for exception in site.exceptional_days.iter().filter(|set| set.day >= today) {
            let reason = exception.reason.in_language(t.language());
            set.entry((exception.day, &exception.hours, reason))
                .or_default()
                .push(site.name.in_language(t.language()));
        }
    }
    let lines = set.into_iter().map(|((day, hours, reason), sites)| Line {
        day: format!("{} {}", times::weekday(day, *t), times::date(day, *t)),
        hours: if hours == "off" {
            t.say("hours-closed")
        } else {
            hours.to_owned()
        },
        reason: reason.to_owned(),
        sites: sites.join(", "),
    });
    lines.collect()
}

/// `POST /admin/exceptional-days`: at all chosen sites or at none. What is set for these days already is replaced.
pub(in crate::web) async fn take(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let mut entered = Entered {
        value: json!({}),
        sites: form.all("site").map(str::to_owned).collect(),
        wrong: Vec::new(),
    };
    let languages = services.texts.languages();
    entered.wrong = field::read(&fields(), &form, &mut entered.value, &languages, &t);
    let days = days(&mut entered, &t);
    let made = async {
        who.actor.permit(Act::SetHours, Place::AnySite)?;
        if !entered.wrong.is_empty() {
            return Ok(());
        }
        let description = edit_campus::description(&parvis.database).await?;
        let chosen = sites(&description, &who).filter(|site| entered.sites.contains(&site.slug));
        let wishes = chosen.map(|site| Wish {
            key: Key::Site(site.slug.clone()),
            seen: Some(form.raw(&format!("seen.{}", site.slug)).to_owned()),
            wanted: Some(Item::Site(with(site, &days))),
        });
        let wrong = sheet::edit_at_once(&services, &who, wishes.collect(), &t).await?;
        entered.wrong.extend(wrong);
        Ok(())
    };
    match made.await {
        Ok(()) if entered.wrong.is_empty() => see("/admin/exceptional-days"),
        Ok(()) => page(&request, &services, &who, &entered).await,
        Err::<(), Error>(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// The days that were entered, and what is wrong with them.
fn days(entered: &mut Entered, t: &Speech<'_>) -> Vec<ExceptionalDay> {
    if entered.sites.is_empty() {
        entered.wrong.push(wrong("", "exceptional-nowhere", t));
    }
    let date = |path| serde_json::from_value(field::at(&entered.value, path)).ok();
    let Some(first): Option<NaiveDate> = date("day") else {
        return Vec::new();
    };
    let last = date("until").unwrap_or(first);
    if last < first {
        entered.wrong.push(wrong("until", "wrong-until", t));
    }
    if (last - first).num_days() >= MOST_DAYS {
        entered.wrong.push(wrong("until", "wrong-until-late", t));
    }
    if !entered.wrong.is_empty() {
        return Vec::new();
    }
    let exception = |day: NaiveDate| ExceptionalDay {
        day,
        hours: field::at(&entered.value, "hours")
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        reason: serde_json::from_value(field::at(&entered.value, "reason")).unwrap_or_default(),
    };
    first
        .iter_days()
        .take_while(|day| *day <= last)
        .map(exception)
        .collect()
}

fn wrong(path: &str, key: &str, t: &Speech<'_>) -> Wrong {
    Wrong {
        path: path.to_owned(),
        words: t.say(key),
    }
}

/// A site with these days, each in the place of what was set for it.
fn with(site: &Site, days: &[ExceptionalDay]) -> Site {
    let mut site = site.clone();
    let is_replaced = |old: &ExceptionalDay| days.iter().any(|new| new.day == old.day);
    site.exceptional_days.retain(|old| !is_replaced(old));
    site.exceptional_days.extend_from_slice(days);
    site.exceptional_days.sort_by_key(|exception| exception.day);
    site
}
