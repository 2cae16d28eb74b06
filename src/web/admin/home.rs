//! The first page of staff: their sites, and what they may do there.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{answer, frame};
use crate::domain::actor::Place;
use crate::domain::campus::Institution;
use crate::domain::role::Act;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

struct Site {
    name: String,
    slug: String,
    acts: Vec<String>,
    gives_roles: bool,
    shows_audit: bool,
}

#[derive(Template)]
#[template(path = "admin/home.html")]
struct Page<'t> {
    frame: Frame<'t>,
    sites: Vec<Site>,
    needs_strong_sign_in: bool,
    /// What the institution has not said yet.
    lacking: Vec<String>,
    describes_institution: bool,
    /// Whether the hours of several sites are in these hands.
    sets_hours: bool,
    /// What to warn of.
    certificate: Option<String>,
}

/// `GET /admin`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let sites = campus.sites.iter().filter_map(|site| {
        let place = Place::Site(&site.slug);
        let may = |act: Act| who.actor.may(act, place);
        may(Act::SeeSite).then(|| Site {
            name: site.name.in_language(&language).to_owned(),
            slug: site.slug.clone(),
            acts: Act::ALL
                .into_iter()
                .filter(|act| *act != Act::SeeSite && may(*act))
                .map(|act| t.say(&format!("act-{act}")))
                .collect(),
            gives_roles: may(Act::GrantSiteRoles),
            shows_audit: may(Act::ReadAudit),
        })
    });
    let sites = sites.collect();
    let mut with_hours_to_set = campus
        .sites
        .iter()
        .filter(|site| who.actor.may(Act::SetHours, Place::Site(&site.slug)));
    let page = Page {
        sets_hours: with_hours_to_set.nth(1).is_some(),
        frame: frame(&request, &services, &language, &t.say("staff-home"), &who),
        sites,
        lacking: lacking(&campus.institution, &t),
        certificate: super::certificate::warned(&services, &who.actor, &t),
        describes_institution: who.actor.may(Act::DescribeInstitution, Place::Institution),
        needs_strong_sign_in: !who.actor.is_strong
            && who
                .actor
                .grants
                .iter()
                .any(|grant| grant.role.needs_strong_sign_in()),
    };
    answer(&request, &services, Ok(page))
}

/// What the institution must still say, so that whoever finds a flaw knows whom to tell.
fn lacking(institution: &Institution, t: &Speech<'_>) -> Vec<String> {
    let fields = [
        ("field-name", institution.name.is_empty()),
        (
            "field-security-officer",
            institution.security_officer.is_none(),
        ),
        (
            "field-security-contact",
            institution.security_contact.is_none(),
        ),
    ];
    let lacking = fields.into_iter().filter(|(_, is_lacking)| *is_lacking);
    lacking.map(|(key, _)| t.say(key)).collect()
}
