//! The ports of the machine: what may be reached, what listens now, whom the machine speaks to. On the appliance that is the
//! list of its firewall; on another machine it is where Parvis itself listens, and the rest is its operator's.

use std::collections::BTreeSet;
use std::path::Path;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use nix::unistd::User;

use super::{answer, frame};
use crate::appliance::{firewall, listeners};
use crate::config::Web;
use crate::domain::actor::Place;
use crate::domain::ports::{Destination, Inbound, Listener, Outbound, To};
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

struct Open {
    port: String,
    service: String,
    purpose: String,
    unit: String,
    listens: Vec<String>,
}

struct Way {
    kind: String,
    user: String,
    purpose: String,
    to: Vec<String>,
}

#[derive(Template)]
#[template(path = "admin/ports.html")]
struct Page<'t> {
    frame: Frame<'t>,
    /// Whether the firewall of Parvis is in force.
    is_guarded: bool,
    strangers: Vec<String>,
    inbound: Vec<Open>,
    outbound: Vec<Way>,
}

/// `GET /admin/ports`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let page = page(&request, &services, &language, &who);
    answer(&request, &services, page)
}

fn page<'t>(
    request: &HttpRequest,
    services: &'t Services,
    language: &'t str,
    who: &Visitor,
) -> Result<Page<'t>, Error> {
    who.actor.permit(Act::SeeMachine, Place::Institution)?;
    let t = services.texts.in_language(language);
    let list = firewall::list()?;
    let listening = listeners::all()?;
    let settings = &services.parvis.settings;
    let is_guarded = settings.firewall.watches_ports;
    let providers = services.sign_on.providers().hosts().borrow().all();
    let mut destinations = settings.destinations(&providers);
    destinations.extend(firewall::name_servers(Path::new(firewall::NAME_SERVERS)));
    let (strangers, inbound) = if is_guarded {
        (list.strangers(&listening), list.inbound)
    } else {
        (Vec::new(), own(list.inbound, &settings.web))
    };
    Ok(Page {
        frame: frame(request, services, language, &t.say("staff-ports"), who),
        is_guarded,
        strangers: strangers
            .iter()
            .map(|stranger| format!("{} {}", stranger.protocol, words(&t, stranger)))
            .collect(),
        inbound: inbound
            .iter()
            .map(|port| open(&t, language, port, &listening))
            .collect(),
        outbound: list
            .outbound
            .iter()
            .map(|way| outbound(&t, language, way, &destinations))
            .collect(),
    })
}

/// The ports of the list at which Parvis itself listens, by the numbers that the settings give them.
fn own(listed: Vec<Inbound>, web: &Web) -> Vec<Inbound> {
    let of = |port: &Inbound| match port.service.as_str() {
        "HTTP" => Some(web.http.port()),
        "HTTPS" => Some(web.https.port()),
        _ => None,
    };
    let own = listed.into_iter().filter_map(|port| {
        Some(Inbound {
            port: of(&port)?,
            ..port
        })
    });
    own.collect()
}

fn open(t: &Speech<'_>, language: &str, port: &Inbound, listening: &[Listener]) -> Open {
    let is_there = |listener: &&Listener| {
        listener.protocol == port.protocol && listener.at.port() == port.port
    };
    Open {
        port: format!("{}/{}", port.port, port.protocol),
        service: port.service.clone(),
        purpose: port.purpose.in_language(language).to_owned(),
        unit: port.unit.clone(),
        listens: listening
            .iter()
            .filter(is_there)
            .map(|listener| words(t, listener))
            .collect(),
    }
}

fn outbound(
    t: &Speech<'_>,
    language: &str,
    way: &Outbound,
    destinations: &BTreeSet<Destination>,
) -> Way {
    let to: Vec<String> = match way.to {
        To::Anyone => vec![format!("{} ({})", t.say("ports-anyone"), way.port)],
        To::Configured => destinations
            .iter()
            .filter(|destination| destination.kind == way.kind)
            .map(|destination| format!("{} ({})", destination.host, destination.port))
            .collect(),
    };
    Way {
        kind: t.say(&format!("port-kind-{}", way.kind)),
        user: way.user.clone(),
        purpose: way.purpose.in_language(language).to_owned(),
        to,
    }
}

/// Where somebody listens, and the name of the user; its number where it has none.
fn words(t: &Speech<'_>, listener: &Listener) -> String {
    let user = User::from_uid(listener.user.into()).ok().flatten();
    let user = user.map_or_else(|| listener.user.to_string(), |user| user.name);
    let address = listener.at.to_string();
    t.say_with(
        "ports-of-user",
        &[("address", address.into()), ("user", user.into())],
    )
}
