//! Identity providers: connecting them, their rules, the addresses to copy, and how they do.

mod form;
mod shown;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::json;

use self::form::{configuration, invalid};
use self::shown::{draw, outcomes};
use super::{Moments, answer, done, frame, place_words};
use crate::actions::manage_issuers;
use crate::domain::actor::Place;
use crate::domain::ids::PersonId;
use crate::domain::issuer::{ExpectationOf, Issuer};
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;

struct Line {
    key: String,
    name: String,
    issuer: String,
    state: String,
}

#[derive(Template)]
#[template(path = "admin/issuers.html")]
struct List<'t> {
    frame: Frame<'t>,
    issuers: Vec<Line>,
}

/// `GET /admin/issuers`
pub(in crate::web) async fn all(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let moments = Moments::of(services.parvis.campus().zone());
    let listed = manage_issuers::list(&services.sign_on, &who.actor).await;
    let page = listed.map(|issuers| List {
        frame: frame(
            &request,
            &services,
            &language,
            &t.say("staff-issuers"),
            &who,
        ),
        issuers: issuers
            .into_iter()
            .map(|(issuer, report)| Line {
                state: match (&report.failure, report.discovered_at) {
                    (Some((at, refusal)), _) => {
                        format!("{} · {}", moments.say(*at), refusal.code.name())
                    }
                    (None, Some(at)) => {
                        t.say_with("issuer-answered", &[("when", moments.say(at).into())])
                    }
                    (None, None) => t.say("issuer-not-asked"),
                },
                key: issuer.key,
                name: issuer.configuration.name,
                issuer: issuer.configuration.issuer,
            })
            .collect(),
    });
    answer(&request, &services, page)
}

/// `GET /admin/issuers/new`
pub(in crate::web) async fn new(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let page = manage_issuers::list(&services.sign_on, &who.actor)
        .await
        .and_then(|_| {
            let nothing = json!({ "name": "", "issuer": "https://", "client_id": "parvis" });
            let configuration = serde_json::from_value(nothing).map_err(Error::internal)?;
            Ok(draw(
                &request,
                &services,
                &language,
                &who,
                None,
                &configuration,
            ))
        });
    answer(&request, &services, page)
}

/// `GET /admin/issuers/{key}`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    key: web::Path<String>,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let shown = manage_issuers::show(&services.sign_on, &who.actor, &key).await;
    let page = shown.map(|shown| {
        let configuration = shown.issuer.configuration.clone();
        draw(
            &request,
            &services,
            &language,
            &who,
            Some(shown),
            &configuration,
        )
    });
    answer(&request, &services, page)
}

/// `POST /admin/issuers`, `POST /admin/issuers/{key}`: what the button says.
pub(in crate::web) async fn change(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let sign_on = &services.sign_on;
    let key = match request.match_info().get("key") {
        Some(key) => key.to_owned(),
        None => form.text("key").to_owned(),
    };
    let here = format!("/admin/issuers/{key}");
    let result = async {
        who.actor.permit(Act::ManageIssuers, Place::Institution)?;
        match form.text("do") {
            "save" => {
                let issuer = Issuer {
                    key: key.clone(),
                    configuration: configuration(&form)?,
                };
                let secret = form.optional("secret");
                manage_issuers::save(sign_on, &who.actor, issuer, secret.as_deref()).await?;
                Ok(here)
            }
            "check" => {
                // Whether it answers stands on the page.
                let _ = manage_issuers::check(sign_on, &who.actor, &key).await?;
                Ok(here)
            }
            "expect" => {
                let expectation = ExpectationOf {
                    person: PersonId(form.number("person")?),
                    claim: form.text("claim").to_owned(),
                    value: form.text("value").to_owned(),
                };
                manage_issuers::expect(sign_on, &who.actor, &key, expectation).await?;
                Ok(here)
            }
            "retire" => {
                manage_issuers::retire(sign_on, &who.actor, &key).await?;
                Ok("/admin/issuers".to_owned())
            }
            other => Err(invalid(
                "do",
                format!("\"{other}\" is nothing that can be done"),
            )),
        }
    };
    if form.text("do") == "try" {
        return try_rules(&request, &services, &who, &key, &form).await;
    }
    done(&request, &services, result.await)
}

/// Tries the rules on pasted claims, and shows what became of each. Nothing is kept.
async fn try_rules(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    key: &str,
    form: &Form,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let text = form.raw("claims");
    let page = async {
        let (issuer, judgement) =
            manage_issuers::try_rules(&services.sign_on, &who.actor, key, text).await?;
        let shown = manage_issuers::show(&services.sign_on, &who.actor, key).await?;
        let configuration = issuer.configuration;
        let mut page = draw(
            request,
            services,
            &language,
            who,
            Some(shown),
            &configuration,
        );
        text.clone_into(&mut page.claims);
        page.outcomes = outcomes(&configuration.rules, &judgement);
        page.verdict = match &judgement.given {
            Err(elsewhere) => elsewhere.to_string(),
            Ok(given) if given.is_empty() => t.say("issuer-no-match"),
            Ok(given) => {
                let campus = services.parvis.campus();
                let roles = given.iter().map(|given| {
                    let role = t.say(&format!("role-{}", given.grant.role));
                    let site = given.grant.site.as_deref();
                    format!("{role} · {}", place_words(&t, &campus, &language, site))
                });
                roles.collect::<Vec<_>>().join("; ")
            }
        };
        Ok(page)
    };
    answer(request, services, page.await)
}
