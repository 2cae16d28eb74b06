//! Notices of a site: those that are shown and to come, and the form of a new one or of one to say otherwise.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};

use super::faults::Faults;
use super::field::{self, Field, Kind as Entered, Wrong};
use super::{Moments, answer_with, done, frame, place_words, see};
use crate::actions::post_notice;
use crate::auth::secret;
use crate::domain::day::moment_of;
use crate::domain::notice::{Kind, NewNotice, Notice};
use crate::domain::reading::Moment;
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;
use crate::web::{language, query};

struct Line {
    id: i32,
    kind: String,
    title: String,
    body: String,
    span: String,
    can_be_changed: bool,
}

#[derive(Template)]
#[template(path = "admin/notices.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    once: String,
    site: String,
    /// The number of the notice that the form replaces.
    instead_of: Option<i32>,
    title: String,
    lines: Vec<Line>,
    fields: Vec<String>,
    faults: Faults,
}

fn kinds(who: &Visitor, site: &str, t: &Speech<'_>) -> Vec<(String, String)> {
    Kind::ALL
        .into_iter()
        .filter(|kind| post_notice::act(&who.actor, *kind, site).is_ok())
        .map(|kind| {
            let words = t.say(&format!("notice-{}", kind.name()));
            (kind.name().to_owned(), words)
        })
        .collect()
}

fn fields(kinds: Vec<(String, String)>) -> Vec<Field> {
    vec![
        Field::needed("kind", Entered::Choice(kinds)),
        Field::needed("title", Entered::Words { is_long: false }),
        Field::new("body", Entered::Words { is_long: true }),
        Field::needed("starts_at", Entered::Line("datetime-local")),
        Field::needed("ends_at", Entered::Line("datetime-local")),
    ]
}

/// `GET /admin/sites/{site}/notices`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    site: web::Path<String>,
) -> HttpResponse {
    let campus = services.parvis.campus();
    let zone = campus.zone();
    let now = services.parvis.clock.now();
    let local = |at: Moment| at.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string();
    let wanted = query::parameter(&request, "edit").and_then(|id| id.parse().ok());
    let known = campus
        .notices
        .iter()
        .find(|known| Some(known.id) == wanted && known.notice.site == *site);
    let value = match known {
        Some(Notice { notice, .. }) => json!({
            "kind": notice.kind.name(), "title": notice.title, "body": notice.body,
            "starts_at": local(notice.starts_at), "ends_at": local(notice.ends_at),
        }),
        None => json!({
            "kind": "message", "title": {}, "body": {},
            "starts_at": local(now), "ends_at": local(now + TimeDelta::days(1)),
        }),
    };
    let form = Filled {
        instead_of: known.map(|known| known.id),
        value,
        wrong: Vec::new(),
    };
    page(&request, &services, &who, &site, &form)
}

/// What stands in the form.
struct Filled {
    /// The number of the notice that it replaces.
    instead_of: Option<i32>,
    value: Value,
    wrong: Vec<Wrong>,
}

fn page(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    site: &str,
    form: &Filled,
) -> HttpResponse {
    let Filled { value, wrong, .. } = form;
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let languages = services.texts.languages();
    let campus = services.parvis.campus();
    let moments = Moments::of(campus.zone());
    let now = services.parvis.clock.now();
    let faults = Faults::of(wrong, &t);
    let page = || {
        campus
            .site(site)
            .ok_or_else(|| Error::NotFound(format!("site is called \"{site}\"")))?;
        let kinds = kinds(who, site, &t);
        if kinds.is_empty() {
            post_notice::act(&who.actor, Kind::Message, site)?;
        }
        let name = place_words(&t, &campus, &language, Some(site));
        let title = t.say_with("notices-title", &[("name", name.into())]);
        let own = campus
            .notices
            .iter()
            .filter(|known| known.notice.site == *site && known.notice.ends_at > now);
        let lines = own.map(|known| Line {
            id: known.id,
            kind: t.say(&format!("notice-{}", known.notice.kind.name())),
            title: known.notice.title.in_language(&language).to_owned(),
            body: known.notice.body.in_language(&language).to_owned(),
            span: format!(
                "{} – {}",
                moments.say(known.notice.starts_at),
                moments.say(known.notice.ends_at)
            ),
            can_be_changed: post_notice::act(&who.actor, known.notice.kind, site).is_ok(),
        });
        Ok(Page {
            lines: lines.collect(),
            frame: frame(request, services, &language, &title, who),
            token: who.csrf.clone(),
            once: secret::random()?,
            site: site.to_owned(),
            instead_of: form.instead_of,
            fields: field::show(&fields(kinds), value, wrong, &languages, &t)?,
            faults: faults.clone(),
            title,
        })
    };
    let page: Result<Page<'_>, Error> = page();
    answer_with(request, services, page, faults.answer())
}

/// `POST /admin/sites/{site}/notices`
pub(in crate::web) async fn take(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    site: web::Path<String>,
    form: Form,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let languages = services.texts.languages();
    let parvis = &services.parvis;
    let (zone, now) = (parvis.campus().zone(), parvis.clock.now());
    let mut value = json!({ "title": {}, "body": {} });
    let fields = fields(kinds(&who, &site, &t));
    let mut instead_of = form.optional("instead_of").and_then(|id| id.parse().ok());
    let mut wrong = field::read(&fields, &form, &mut value, &languages, &t);
    let mut moment = |name: &str| {
        let text = value.get(name).and_then(Value::as_str).unwrap_or_default();
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"));
        if local.is_err() && !text.is_empty() {
            wrong.push(Wrong {
                path: name.to_owned(),
                words: t.say("wrong-time"),
            });
        }
        local.ok().map(|local| moment_of(zone, local))
    };
    let (starts_at, ends_at) = (moment("starts_at"), moment("ends_at"));
    let words = |name: &str| {
        let words = value.get(name).cloned().unwrap_or_default();
        serde_json::from_value(words).unwrap_or_default()
    };
    let named = Kind::ALL
        .into_iter()
        .find(|kind| kind.name() == form.text("kind"));
    if let (Some(kind), Some(starts_at), Some(ends_at)) = (named, starts_at, ends_at)
        && wrong.is_empty()
    {
        let new = NewNotice {
            site: site.clone(),
            kind,
            title: words("title"),
            body: words("body"),
            starts_at,
            ends_at,
        };
        let posted = async {
            let (database, key) = (&parvis.database, form.repeatable());
            let posted = post_notice::post(database, &who.actor, new, instead_of, key, now);
            let breaches = posted.await?;
            if breaches.is_empty() {
                super::refresh(&services).await?;
            }
            Ok::<_, Error>(breaches)
        };
        match posted.await {
            Ok(breaches) if breaches.is_empty() => {
                return see(&format!("/admin/sites/{site}/notices"));
            }
            Ok(breaches) => {
                // What was to be replaced may be gone: saving again posts this as a new one.
                let known = &parvis.campus().notices;
                instead_of = instead_of.filter(|id| known.iter().any(|known| known.id == *id));
                wrong.extend(breaches.iter().map(|breach| Wrong {
                    path: breach.field.to_owned(),
                    words: t.say(&format!("rule-{}", breach.rule)),
                }));
            }
            Err(error) => return failure::answer(&request, &services, &error, Reader::Person),
        }
    }
    let form = Filled {
        instead_of,
        value,
        wrong,
    };
    page(&request, &services, &who, &site, &form)
}

/// `POST /admin/notices/{id}`: takes it down.
pub(in crate::web) async fn change(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    id: web::Path<i32>,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let now = parvis.clock.now();
    let removed = async {
        post_notice::remove(&parvis.database, &who.actor, *id, now).await?;
        super::refresh(&services).await?;
        let back = form.text("back");
        Ok(crate::web::pages::sign_in::ours(back))
    };
    done(&request, &services, removed.await)
}
