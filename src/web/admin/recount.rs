//! Counting now, from a phone: a number, large buttons, and why.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::faults::{Faults, answer_again};
use super::{answer_with, frame_with, see};
use crate::actions::recount_space::{self, Recount};
use crate::auth::secret;
use crate::domain::actor::Place;
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::query::parameter;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;

#[derive(Template)]
#[template(path = "admin/recount.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    once: String,
    slug: String,
    site: String,
    title: String,
    people: String,
    present: String,
    reason: String,
    is_noted: bool,
    faults: Faults,
}

/// `GET /admin/spaces/{slug}/recount`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    slug: web::Path<String>,
) -> HttpResponse {
    page(&request, &services, &who, &slug, None, Faults::default())
}

fn page(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    slug: &str,
    entered: Option<(String, String)>,
    faults: Faults,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let builder = faults.answer();
    let page = || {
        let known = campus
            .space(slug)
            .ok_or_else(|| Error::NotFound(format!("space is called \"{slug}\"")))?;
        who.actor
            .permit(Act::Recount, Place::Site(&known.space.site))?;
        let present = services.board.snapshot().figure(known.id).present;
        let name = known.space.name.in_language(&language);
        let title = t.say_with("recount-title", &[("name", name.into())]);
        let (people, reason) = entered.unwrap_or_else(|| {
            let people = present.unwrap_or_default().to_string();
            (people, t.say("recount-reason-default"))
        });
        Ok(Page {
            frame: frame_with(request, services, &language, &title, who, "tally.js"),
            token: who.csrf.clone(),
            once: secret::random()?,
            slug: slug.to_owned(),
            site: known.space.site.clone(),
            title,
            people,
            present: present.map_or_else(
                || t.say("level-unknown"),
                |present| t.say_with("figure-people", &[("present", present.into())]),
            ),
            reason,
            is_noted: parameter(request, "noted").is_some(),
            faults,
        })
    };
    answer_with(request, services, page(), builder)
}

/// `POST /admin/spaces/{slug}/recount`: one more, one less, or this many.
pub(in crate::web) async fn take(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    slug: web::Path<String>,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let taken = async {
        let people: i64 = form.number("people")?;
        let step = match form.text("do") {
            "less" => -1,
            "more" => 1,
            _ => 0,
        };
        if step != 0 {
            let people = people.saturating_add(step).max(0);
            let entered = Some((people.to_string(), form.text("reason").to_owned()));
            let nothing = Faults::default();
            return Ok(page(&request, &services, &who, &slug, entered, nothing));
        }
        let now = parvis.clock.now();
        let recount = Recount {
            space: slug.clone(),
            people,
            at: now,
            reason: form.text("reason").to_owned(),
        };
        let campus = parvis.campus();
        let (database, key) = (&parvis.database, form.repeatable());
        recount_space::recount(database, &campus, &who.actor, recount, key, now).await?;
        Ok(see(&format!("/admin/spaces/{slug}/recount?noted=1")))
    };
    let fields = [("people", "recount-people"), ("reason", "recount-reason")];
    let taken: Result<HttpResponse, Error> = taken.await;
    match taken {
        Ok(response) => response,
        Err(error) => {
            answer_again(&request, &services, error, &fields, async |faults| {
                let entered = (
                    form.text("people").to_owned(),
                    form.text("reason").to_owned(),
                );
                page(&request, &services, &who, &slug, Some(entered), faults)
            })
            .await
        }
    }
}
