//! Pictures of a site: those that are shown, and the form of another.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::faults::{Fault, Faults, answer_again};
use super::{answer_with, done, frame, place_words, see};
use crate::actions::publish_picture;
use crate::domain::actor::Place;
use crate::domain::role::Act;
use crate::domain::words::Words;
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::upload::Upload;

/// The largest file, in bytes.
const LARGEST: usize = 15 * 1024 * 1024;

struct Shown {
    id: i32,
    address: String,
    alt: String,
    width: i32,
    height: i32,
}

#[derive(Template)]
#[template(path = "admin/pictures.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    site: String,
    title: String,
    pictures: Vec<Shown>,
    /// Code and name of each language, and what the picture shows in it.
    languages: Vec<(String, String, String)>,
    faults: Faults,
}

/// `GET /admin/sites/{site}/pictures`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    site: web::Path<String>,
) -> HttpResponse {
    let nothing = Words::default();
    page(
        &request,
        &services,
        &who,
        &site,
        &nothing,
        Faults::default(),
    )
}

fn page(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    site: &str,
    alt: &Words,
    faults: Faults,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let builder = faults.answer();
    let page = || {
        campus
            .site(site)
            .ok_or_else(|| Error::NotFound(format!("site is called \"{site}\"")))?;
        who.actor.permit(Act::WriteContents, Place::Site(site))?;
        let name = place_words(&t, &campus, &language, Some(site));
        let title = t.say_with("pictures-title", &[("name", name.into())]);
        let own = campus
            .pictures
            .iter()
            .filter(|picture| picture.site == site);
        let pictures = own.map(|picture| Shown {
            id: picture.id,
            address: format!("/pictures/{}.jpg", picture.digest),
            alt: picture.alt.in_language(&language).to_owned(),
            width: picture.width,
            height: picture.height,
        });
        Ok(Page {
            pictures: pictures.collect(),
            frame: frame(request, services, &language, &title, who),
            token: who.csrf.clone(),
            site: site.to_owned(),
            languages: services
                .texts
                .languages()
                .into_iter()
                .map(|(code, name)| {
                    let said = alt.0.get(&code).cloned().unwrap_or_default();
                    (code, name, said)
                })
                .collect(),
            title,
            faults,
        })
    };
    let page: Result<Page<'_>, Error> = page();
    answer_with(request, services, page, builder)
}

/// `POST /admin/sites/{site}/pictures`: a form with a file.
pub(in crate::web) async fn take(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    site: web::Path<String>,
    body: web::Payload,
) -> HttpResponse {
    if let Err(refused) = who.actor.permit(Act::WriteContents, Place::Site(&site)) {
        return failure::answer(&request, &services, &refused.into(), Reader::Person);
    }
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let upload = match Upload::read(&request, &services, body, LARGEST).await {
        Ok(upload) => upload,
        Err(refusal) if refusal.status == StatusCode::PAYLOAD_TOO_LARGE => {
            // What follows the file was not read either.
            let mut faults = Faults::default();
            faults.push(Fault {
                id: "picture".to_owned(),
                label: t.say("picture-file"),
                words: t.rule(&refusal.detail),
            });
            let nothing = Words::default();
            return page(&request, &services, &who, &site, &nothing, faults);
        }
        Err(refusal) => return failure::refuse(&request, &services, refusal, Reader::Person),
    };
    let alt = services
        .texts
        .languages()
        .into_iter()
        .map(|(code, _)| (code.clone(), upload.text(&format!("alt.{code}"))))
        .filter(|(_, text)| !text.is_empty());
    let alt = Words(alt.collect());
    let parvis = &services.parvis;
    let (site, now) = (site.into_inner(), parvis.clock.now());
    let picture = upload.content("picture").to_vec();
    let published = async {
        let (name, alt) = (site.clone(), alt.clone());
        publish_picture::publish(&parvis.database, &who.actor, name, alt, picture, now).await?;
        super::refresh(&services).await
    };
    let fields = [("picture", "picture-file"), ("alt", "picture-alt")];
    match published.await {
        Ok(()) => see(&format!("/admin/sites/{site}/pictures")),
        Err(error) => {
            answer_again(&request, &services, error, &fields, async |faults| {
                page(&request, &services, &who, &site, &alt, faults)
            })
            .await
        }
    }
}

/// `POST /admin/pictures/{id}`: takes it down.
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
        publish_picture::remove(&parvis.database, &who.actor, *id, now).await?;
        super::refresh(&services).await?;
        Ok(crate::web::pages::sign_in::ours(form.text("back")))
    };
    done(&request, &services, removed.await)
}
