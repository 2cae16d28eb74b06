//! Pages of staff: what each may see is what each may do, asked of the same table.

mod account;
mod adopt;
mod audit;
pub(super) mod certificate;
mod exceptional_days;
pub(super) mod faults;
pub(super) mod field;
mod forms;
mod gateways;
mod home;
mod hours;
pub(super) mod issuers;
mod machine;
mod many;
mod map;
mod notices;
mod people;
mod pictures;
mod ports;
mod recount;
mod sensors;
mod sheet;
mod site;
mod updates;

pub(super) use account::change as change_account;
pub(super) use adopt::{show as adopt, take as take_adopted};
pub(super) use audit::{export as export_audit, show as audit};
pub(super) use exceptional_days::{show as exceptional_days, take as take_exceptional_days};
pub(super) use forms::*;
pub(super) use gateways::{all as gateways, replace_secret, show as gateway_page};
pub(super) use home::show as home;
pub(super) use machine::{change as change_machine, show as machine};
pub(super) use many::{show as capacities, take as take_capacities};
pub(super) use notices::{change as change_notice, show as notices, take as take_notice};
pub(super) use people::{
    add as add_person, all as people, change as change_person, see_as, show as person,
};
pub(super) use pictures::{change as change_picture, show as pictures, take as take_picture};
pub(super) use ports::show as ports;
pub(super) use recount::{show as recount, take as take_recount};
pub(super) use sensors::show as sensors;
pub(super) use site::show as site_page;
pub(super) use updates::{change as change_updates, show as updates, take_bundle};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;
use chrono_tz::Tz;

use super::failure::{self, Reader};
use super::headers::{self, Kind};
use super::pages::frame::{Frame, Link, Visiting, Wish};
use super::services::Services;
use super::texts::Speech;
use super::{cookies, language, pages};
use crate::auth::sessions::SignedIn;
use crate::domain::actor::Place;
use crate::domain::campus::Campus;
use crate::domain::issuer::{Identity, Issuer};
use crate::domain::person::{GrantedRole, Person};
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::error::Error;

/// Where staff may go: the address, the key of its name, and what one must be allowed to do somewhere to go there.
const PLACES: [(&str, &str, Act); 10] = [
    ("/admin", "staff-home", Act::SeeSite),
    ("/admin/gateways", "staff-gateways", Act::SeeArrivals),
    ("/admin/sensors", "staff-sensors", Act::SeeArrivals),
    ("/admin/people", "staff-people", Act::SeePeople),
    ("/admin/issuers", "staff-issuers", Act::ManageIssuers),
    ("/admin/machine", "staff-machine", Act::ManageMachine),
    (
        "/admin/certificate",
        "staff-certificate",
        Act::ManageCertificate,
    ),
    ("/admin/updates", "staff-updates", Act::ManageMachine),
    ("/admin/audit", "staff-audit", Act::ReadAudit),
    ("/admin/ports", "staff-ports", Act::SeeMachine),
];

/// Who is signed in, as the frame of a page shows it.
pub(super) fn visiting(request: &HttpRequest, services: &Services, who: &SignedIn) -> Visiting {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let here = request.path();
    let open = PLACES
        .iter()
        .filter(|(_, _, act)| who.actor.may(*act, Place::AnySite));
    Visiting {
        name: who.person.name.clone(),
        sees_as: who.sees_as.clone(),
        token: who.csrf.clone(),
        places: open
            .map(|(address, key, _)| Link {
                address: (*address).to_owned(),
                words: t.say(key),
                is_current: here == *address
                    || (*address != "/admin" && here.starts_with(&format!("{address}/"))),
            })
            .collect(),
    }
}

/// The frame of a page for somebody who is signed in.
pub(super) fn frame<'t>(
    request: &HttpRequest,
    services: &'t Services,
    language: &'t str,
    title: &str,
    who: &SignedIn,
) -> Frame<'t> {
    let wish = Wish {
        title,
        ..Wish::default()
    };
    let visiting = visiting(request, services, who);
    Frame::private(request, services, language, wish, Some(visiting))
}

/// [`frame`], with a script.
fn frame_with<'t>(
    request: &HttpRequest,
    services: &'t Services,
    language: &'t str,
    title: &str,
    who: &SignedIn,
    script: &str,
) -> Frame<'t> {
    let mut frame = frame(request, services, language, title, who);
    frame
        .scripts
        .push(services.assets.address(script).to_owned());
    frame
}

/// Answers with a page for one person: kept by nobody.
pub(super) fn answer(
    request: &HttpRequest,
    services: &Services,
    page: Result<impl Template, Error>,
) -> HttpResponse {
    answer_with(request, services, page, HttpResponse::Ok())
}

/// [`answer`], with a status of one's own.
pub(super) fn answer_with(
    request: &HttpRequest,
    services: &Services,
    page: Result<impl Template, Error>,
    mut builder: HttpResponseBuilder,
) -> HttpResponse {
    let html = page.and_then(|page| page.render().map_err(Error::internal));
    match html {
        Ok(html) => {
            if let Some(language) = language::chosen(request, &services.texts) {
                builder.cookie(cookies::lasting(cookies::LANGUAGE, language));
            }
            headers::put(&mut builder, Kind::Page)
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .content_type(pages::HTML)
                .body(html)
        }
        Err(error) => failure::answer(request, services, &error, Reader::Person),
    }
}

/// After a change: to the page that shows it.
pub(super) fn see(address: &str) -> HttpResponse {
    let mut builder = HttpResponse::SeeOther();
    headers::put(&mut builder, Kind::Page)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::LOCATION, address))
        .finish()
}

/// The address of a page with what it was asked.
pub(super) fn here(request: &HttpRequest) -> String {
    request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string)
}

/// Reads the campus again after a change, so that the next page shows it.
pub(super) async fn refresh(services: &Services) -> Result<(), Error> {
    let parvis = std::sync::Arc::clone(&services.parvis);
    let database = services.parvis.database.clone();
    database.read(move |_| parvis.reload_campus()).await?;
    services.board.look_again();
    Ok(())
}

/// A part of an address.
pub(super) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// After a change that was made, to the page that shows it; else what was wrong.
pub(super) fn done(
    request: &HttpRequest,
    services: &Services,
    result: Result<String, Error>,
) -> HttpResponse {
    match result {
        Ok(address) => see(&address),
        Err(error) => failure::answer(request, services, &error, Reader::Person),
    }
}

/// Moments as staff read them: to the minute, in the institution's zone.
#[derive(Clone, Copy)]
pub(super) struct Moments(Tz);

impl Moments {
    pub(super) fn of(zone: Tz) -> Self {
        Self(zone)
    }

    pub(super) fn say(self, at: Moment) -> String {
        at.with_timezone(&self.0)
            .format("%Y-%m-%d %H:%M")
            .to_string()
    }

    /// With the zone that the clock of the place was in.
    pub(super) fn say_zoned(self, at: Moment) -> String {
        at.with_timezone(&self.0)
            .format("%Y-%m-%d %H:%M %Z")
            .to_string()
    }

    pub(super) fn say_seconds(self, at: Moment) -> String {
        at.with_timezone(&self.0)
            .format("%Y-%m-%d %H:%M:%S")
            .to_string()
    }
}

/// A role in words: what, where, and from whom when not by hand.
pub(super) fn role_words(
    t: &Speech<'_>,
    campus: &Campus,
    language: &str,
    held: &GrantedRole,
) -> String {
    let role = t.say(&format!("role-{}", held.grant.role));
    let place = place_words(t, campus, language, held.grant.site.as_deref());
    let place = if held.grant.role.is_of_institution() {
        String::new()
    } else {
        format!(" · {place}")
    };
    let origin = held.issuer.as_ref().map(|issuer| {
        format!(
            " ({})",
            t.say_with("role-from", &[("issuer", issuer.into())])
        )
    });
    format!("{role}{place}{}", origin.unwrap_or_default())
}

/// An account at an identity provider, as a page shows it.
pub(super) struct ShownAccount {
    pub(super) id: i32,
    pub(super) words: String,
}

/// An account in words: the provider, by its name or by its address where it is not in use any more, and what it calls the
/// account.
pub(super) fn shown_account(issuers: &[Issuer], account: &Identity) -> ShownAccount {
    let mut known = issuers.iter().map(|issuer| &issuer.configuration);
    let provider = known
        .find(|known| known.issuer == account.issuer)
        .map_or(&account.issuer, |known| &known.name);
    ShownAccount {
        id: account.id,
        words: format!("{provider} · {}", account.subject),
    }
}

/// What tells people of the same name apart: their number, and where they have them login and address.
fn person_words(t: &Speech<'_>, person: &Person) -> String {
    let number = t.say_with("person-number", &[("number", person.id.to_string().into())]);
    let own = [person.login.as_deref(), person.email.as_deref()];
    let words = std::iter::once(number.as_str()).chain(own.into_iter().flatten());
    words.collect::<Vec<_>>().join(" · ")
}

/// A site's name, or that all are meant.
pub(super) fn place_words(
    t: &Speech<'_>,
    campus: &Campus,
    language: &str,
    site: Option<&str>,
) -> String {
    let Some(slug) = site else {
        return t.say("all-sites");
    };
    let known = campus.sites.iter().find(|site| site.slug == slug);
    known.map_or_else(
        || slug.to_owned(),
        |site| site.name.in_language(language).to_owned(),
    )
}
