//! The account of a person with this service, for those who manage people: an invitation, and the way back for whoever lost
//! a second factor.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{answer, done, frame};
use crate::actions::choose_password::{invite, reset_second_factor};
use crate::domain::ids::PersonId;
use crate::error::Error;
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;

#[derive(Template)]
#[template(path = "admin/invited.html")]
struct Page<'t> {
    frame: Frame<'t>,
    back: String,
    link: String,
}

/// `POST /admin/people/{id}/account`: what the button says.
pub(in crate::web) async fn change(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    id: web::Path<i32>,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let id = PersonId(*id);
    let back = format!("/admin/people/{id}");
    match form.text("do") {
        "invite" => {
            let language = language::of_person(&request, &services.texts);
            let title = services.texts.in_language(&language).say("invited-title");
            let page = invite(parvis, &who.actor, id).await.map(|secret| Page {
                frame: frame(&request, &services, &language, &title, &who),
                back,
                link: format!(
                    "{}/invitation/{secret}",
                    parvis.settings.web.public_address()
                ),
            });
            answer(&request, &services, page)
        }
        "reset-second-factor" => {
            let reset = async {
                form.is_sure()?;
                reset_second_factor(parvis, &who.actor, id).await?;
                Ok(back)
            };
            done(&request, &services, reset.await)
        }
        other => {
            let refused = Error::Invalid {
                field: "do".to_owned(),
                rule: format!("\"{other}\" is nothing that can be done"),
            };
            done(&request, &services, Err(refused))
        }
    }
}
