//! Identity providers: connecting them, their rules, the addresses to copy, and how they do.

mod form;
mod shown;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::json;

use self::form::{configuration, entered_rules, filled, invalid};
use self::shown::{draw, outcomes};
use super::faults::Faults;
use super::{Moments, answer, answer_with, frame, place_words, see};
use crate::actions::manage_issuers;
use crate::domain::actor::Place;
use crate::domain::claims::Judgement;
use crate::domain::ids::PersonId;
use crate::domain::issuer::{Configuration, ExpectationOf, Issuer};
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
    page(&request, &services, &who, None, Told::default()).await
}

/// `GET /admin/issuers/{key}`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    key: web::Path<String>,
) -> HttpResponse {
    page(&request, &services, &who, Some(&key), Told::default()).await
}

/// What to tell beside the forms, and what was entered in them.
#[derive(Default)]
struct Told {
    entered: Form,
    faults: Faults,
    tried: Option<Box<(Issuer, Judgement)>>,
}

/// The page of a provider, or of a new one.
async fn page(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    key: Option<&str>,
    told: Told,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let shown = match key {
        Some(key) => manage_issuers::show(&services.sign_on, &who.actor, key)
            .await
            .map(Some),
        None => who
            .actor
            .permit(Act::ManageIssuers, Place::Institution)
            .map(|()| None)
            .map_err(Error::from),
    };
    let form = shown.and_then(|shown| {
        if told.entered.text("do") == "save" {
            return Ok((shown, told.entered));
        }
        let known = match &shown {
            Some(shown) => filled(&shown.issuer.configuration),
            None => blank()?,
        };
        Ok((shown, told.entered.over(known)))
    });
    let (shown, form) = match form {
        Ok(found) => found,
        Err(error) => return failure::answer(request, services, &error, Reader::Person),
    };
    let builder = told.faults.answer();
    let mut page = draw(request, services, &language, who, shown, &form);
    if let Some(tried) = told.tried {
        let (issuer, judgement) = tried.as_ref();
        page.outcomes = outcomes(&t, &issuer.configuration.rules, judgement);
        page.verdict = verdict(services, &t, judgement);
    }
    page.faults = told.faults;
    answer_with(request, services, Ok(page), builder)
}

/// The form of a new provider.
fn blank() -> Result<Form, Error> {
    let nothing = json!({ "name": "", "issuer": "https://", "client_id": "parvis" });
    let configuration: Configuration = serde_json::from_value(nothing).map_err(Error::internal)?;
    Ok(filled(&configuration))
}

/// `POST /admin/issuers`, `POST /admin/issuers/{key}`: what the button says.
pub(in crate::web) async fn change(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let known = request.match_info().get("key").map(str::to_owned);
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let key = known.as_deref().unwrap_or_else(|| form.text("key"));
    let told = match changed(&services, &who, key, &form).await {
        Ok(Done::Made(address)) => return see(&address),
        Ok(Done::Tried(tried)) => Told {
            tried: Some(tried),
            entered: form,
            ..Told::default()
        },
        Err(error) => match Faults::of_error(at_its_field(error), &labels(&form, &t), &t) {
            Ok(faults) => Told {
                faults,
                entered: form,
                ..Told::default()
            },
            Err(error) => return failure::answer(&request, &services, &error, Reader::Person),
        },
    };
    page(&request, &services, &who, known.as_deref(), told).await
}

/// What became of a form.
enum Done {
    /// It is made; here it shows.
    Made(String),
    /// The rules were tried; nothing is kept.
    Tried(Box<(Issuer, Judgement)>),
}

async fn changed(
    services: &Services,
    who: &Visitor,
    key: &str,
    form: &Form,
) -> Result<Done, Error> {
    let sign_on = &services.sign_on;
    who.actor.permit(Act::ManageIssuers, Place::Institution)?;
    match form.text("do") {
        "save" => {
            let issuer = Issuer {
                key: key.to_owned(),
                configuration: configuration(form)?,
            };
            let secret = form.optional("secret");
            manage_issuers::save(sign_on, &who.actor, issuer, secret.as_deref()).await?;
        }
        "check" => {
            // Whether it answers stands on the page.
            let _ = manage_issuers::check(sign_on, &who.actor, key).await?;
        }
        "expect" => {
            let expectation = ExpectationOf {
                person: PersonId(form.number("person")?),
                claim: form.text("claim").to_owned(),
                value: form.text("value").to_owned(),
            };
            manage_issuers::expect(sign_on, &who.actor, key, expectation).await?;
        }
        "retire" => {
            form.is_sure()?;
            manage_issuers::retire(sign_on, &who.actor, key).await?;
            return Ok(Done::Made("/admin/issuers".to_owned()));
        }
        "try" => {
            let claims = form.raw("claims");
            let tried = manage_issuers::try_rules(sign_on, &who.actor, key, claims).await?;
            return Ok(Done::Tried(Box::new(tried)));
        }
        other => {
            let rule = format!("\"{other}\" is nothing that can be done");
            return Err(invalid("do", rule));
        }
    }
    Ok(Done::Made(format!("/admin/issuers/{key}")))
}

/// An error at the field of the form that holds what it is about: `rules[2]` is one of the table, `split.groups` a line.
fn at_its_field(mut error: Error) -> Error {
    if let Error::Invalid { field, .. } = &mut error {
        let number = field
            .strip_prefix("rules[")
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(number) = number {
            *field = format!("rule-claim-{number}");
        } else if field.starts_with("split.") {
            "splits".clone_into(field);
        }
    }
    error
}

/// The fields that something can be wrong with, and what they are called.
fn labels(form: &Form, t: &Speech<'_>) -> Vec<(String, String)> {
    let fields = [
        ("key", "issuer-key"),
        ("name", "issuer-name"),
        ("issuer", "issuer-issuer"),
        ("client_id", "issuer-client"),
        ("scopes", "issuer-scopes"),
        ("domains", "issuer-domains"),
        ("splits", "issuer-splits"),
        ("claims", "issuer-claims"),
        ("person", "issuer-person"),
        ("claim", "issuer-rule-claim"),
        ("value", "issuer-rule-value"),
    ];
    let fields = fields.map(|(field, key)| (field.to_owned(), t.say(key)));
    let rules = (1..=entered_rules(form).len()).map(|number| {
        let label = format!("{} {number}", t.say("issuer-rule"));
        (format!("rule-claim-{number}"), label)
    });
    fields.into_iter().chain(rules).collect()
}

/// What the rules come to.
fn verdict(services: &Services, t: &Speech<'_>, judgement: &Judgement) -> String {
    match &judgement.given {
        Err(elsewhere) => elsewhere.to_string(),
        Ok(given) if given.is_empty() => t.say("issuer-no-match"),
        Ok(given) => {
            let campus = services.parvis.campus();
            let roles = given.iter().map(|given| {
                let role = t.say(&format!("role-{}", given.grant.role));
                let site = given.grant.site.as_deref();
                format!("{role} · {}", place_words(t, &campus, t.language(), site))
            });
            roles.collect::<Vec<_>>().join("; ")
        }
    }
}
