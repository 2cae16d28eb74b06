//! The page about the machine: its public name, mail, the way out, its place in the network, and a restart. What is decided
//! holds from the next start on.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::{Value, json};

use super::faults::Faults;
use super::field::{self, Field, Kind, Wrong};
use super::{answer_with, frame, see};
use crate::actions::decide::{Decision, Proxy, decide};
use crate::appliance::{files, systemd};
use crate::config::{MailSecurity, Network};
use crate::domain::actor::Place;
use crate::domain::role::Act;
use crate::domain::set_up::{self, Mail, is_host};
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::query::parameter;
use crate::web::services::Services;
use crate::web::set_up::answers::{self, Fields, Section, in_words};
use crate::web::set_up::test_mail;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

/// Where the page is.
const HERE: &str = "/admin/machine";

/// The unit that tries a network.
const TRYING: &str = "parvis-network-try.service";

const LINE: Kind = Kind::Line("text");

/// Lists that are entered as one line.
const LISTS: [&str; 6] = [
    "auth/no_proxy",
    "network/addresses",
    "network/gateways",
    "network/dns",
    "network/domains",
    "network/ntp",
];

#[derive(Template)]
#[template(path = "admin/machine.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    sections: Vec<Section>,
    faults: Faults,
    told: Option<String>,
    /// Whether decisions can be kept here.
    decides: bool,
    /// Whether a network is being tried.
    is_trying: bool,
    /// Whether something starts the service again.
    restarts: bool,
}

fn sections(t: &Speech<'_>) -> Vec<Fields> {
    vec![
        ("address", vec![Field::needed("web/public_name", LINE)]),
        answers::mail(t),
        (
            "proxy",
            vec![
                Field::new("auth/proxy", Kind::Line("url")),
                Field::new("auth/no_proxy", LINE),
                Field::new("auth/authorities", Kind::Pem),
            ],
        ),
        (
            "network",
            vec![
                Field::new("network/host_name", LINE),
                Field::new("network/addresses", LINE),
                Field::new("network/gateways", LINE),
                Field::new("network/dns", LINE),
                Field::new("network/domains", LINE),
                Field::new("network/ntp", LINE),
            ],
        ),
    ]
}

/// What holds, or will from the next start on.
fn present(services: &Services) -> Result<Value, Error> {
    let settings = &services.parvis.settings;
    let mut mail = json!({
        "relay": settings.mail.relay, "port": settings.mail.port, "user": settings.mail.user, "from": settings.mail.from,
        "security": match settings.mail.security {
            MailSecurity::Tls => "tls",
            MailSecurity::Starttls => "starttls",
            MailSecurity::None => "none",
        },
        "password_file": settings.mail.password_file,
    });
    let mut web = json!({ "public_name": settings.web.public_name });
    let mut auth = json!({ "proxy": settings.auth.proxy, "no_proxy": settings.auth.no_proxy });
    if settings.decisions.is_some() {
        let decided = services.parvis.decided()?;
        for (value, name) in [(&mut mail, "mail"), (&mut web, "web"), (&mut auth, "auth")] {
            if let (Some(Value::Object(decided)), Value::Object(value)) = (decided.get(name), value)
            {
                value.extend(decided.clone());
            }
        }
    }
    // A secret is never shown; whether there is one is.
    let password = mail.get("password_file").and_then(Value::as_str);
    let password = password.and_then(|path| std::fs::read_to_string(path).ok());
    field::put(
        &mut mail,
        "password",
        json!(password.map(|text| text.trim_end().to_owned())),
    );
    let network = Network::read(&settings.appliance.network_file).unwrap_or_default();
    let mut value = json!({ "web": web, "mail": mail, "auth": auth, "network": network });
    for path in LISTS {
        let list = field::at(&value, path);
        let words: Vec<&str> = list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let line = words.join(" ");
        field::put(&mut value, path, json!(line));
    }
    Ok(value)
}

/// `GET /admin/machine`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    if let Err(error) = who.actor.permit(Act::ManageMachine, Place::Institution) {
        return failure::answer(&request, &services, &error.into(), Reader::Person);
    }
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let told = parameter(&request, "told")
        .and_then(|told| said(&told))
        .map(|key| t.say(key));
    match present(&services) {
        Ok(value) => page(&request, &services, &who, &value, &[], told),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// What became of a decision, as a text says it.
fn said(told: &str) -> Option<&'static str> {
    match told {
        "decided" => Some("machine-decided"),
        "kept" => Some("machine-network-kept"),
        "over" => Some("machine-network-over"),
        "restarting" => Some("machine-restarting"),
        _ => None,
    }
}

fn page(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    value: &Value,
    wrong: &[Wrong],
    told: Option<String>,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let languages = services.texts.languages();
    let sections = answers::show_sections(&sections(&t), value, wrong, &languages, &t);
    let settings = &services.parvis.settings;
    let faults = Faults::of(wrong, &t);
    let page = sections.map(|sections| Page {
        frame: frame(request, services, &language, &t.say("staff-machine"), who),
        token: who.csrf.clone(),
        sections,
        faults: faults.clone(),
        told,
        decides: settings.decisions.is_some(),
        is_trying: Network::proposed(&settings.appliance.network_file).exists(),
        restarts: systemd::looks_after_us(),
    });
    answer_with(request, services, page, faults.answer())
}

/// `POST /admin/machine`: what the button says.
pub(in crate::web) async fn change(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    match changed(&request, &services, &who, &form).await {
        Ok(response) => response,
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

async fn changed(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    form: &Form,
) -> Result<HttpResponse, Error> {
    who.actor.permit(Act::ManageMachine, Place::Institution)?;
    let parvis = &services.parvis;
    let told = |key: &str| see(&format!("{HERE}?told={key}"));
    let asked = form.text("do");
    match asked {
        "restart" if systemd::looks_after_us() => {
            decide(parvis, &who.actor, Decision::Restart).await?;
            services.ask_to_restart();
            return Ok(told("restarting"));
        }
        "keep" => {
            let kept = decide(parvis, &who.actor, Decision::KeepNetwork).await;
            return match kept {
                Ok(()) => Ok(told("kept")),
                Err(Error::Conflict(_)) => Ok(told("over")),
                Err(error) => Err(error),
            };
        }
        _ => {}
    }
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let section = if asked == "test" { "mail" } else { asked };
    let all = sections(&t);
    let Some((_, fields)) = all.into_iter().find(|(key, _)| *key == section) else {
        return Err(Error::Invalid {
            field: "do".to_owned(),
            rule: format!("\"{asked}\" is nothing that can be done"),
        });
    };
    let mut value = present(services)?;
    let languages = services.texts.languages();
    let mut wrong = field::read(&fields, form, &mut value, &languages, &t);
    let decision = match decision(section, &value) {
        Ok(decision) => Some(decision),
        Err(found) => {
            for found in found.into_iter().map(|found| in_words(found, &t)) {
                if !wrong.iter().any(|told| told.path == found.path) {
                    wrong.push(found);
                }
            }
            None
        }
    };
    let Some(decision) = decision.filter(|_| wrong.is_empty()) else {
        return Ok(page(request, services, who, &value, &wrong, None));
    };
    let is_network = matches!(decision, Decision::Network(_));
    let mail = if let Decision::Mail(mail) = &decision {
        Some(mail.clone())
    } else {
        None
    };
    decide(parvis, &who.actor, decision).await?;
    if is_network {
        if let Err(error) = systemd::start_unit(TRYING) {
            // Nobody tries it, so it must not wait for somebody who keeps it.
            let proposed = Network::proposed(&parvis.settings.appliance.network_file);
            files::remove(&proposed).map_err(Error::internal)?;
            return Err(error);
        }
        return Ok(see(HERE));
    }
    if let Some(mail) = mail.filter(|_| asked == "test") {
        let (name, recipient) = (
            &parvis.settings.web.public_name,
            who.person.email.as_deref(),
        );
        let became = test_mail(services, &mail, name, recipient, &t).await?;
        let value = present(services)?;
        return Ok(page(request, services, who, &value, &[], Some(became)));
    }
    Ok(told("decided"))
}

/// What a section decides, or the rules that it breaks.
fn decision(section: &str, value: &Value) -> Result<Decision, Vec<set_up::Wrong>> {
    let text = |path: &str| field::at(value, path).as_str().map(str::to_owned);
    let list = |path: &str| -> Vec<String> {
        let line = text(path).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect()
    };
    let wrong = |field: &str, rule, message: String| set_up::Wrong {
        field: field.to_owned(),
        rule,
        message,
    };
    match section {
        "address" => {
            let name = text("web/public_name").unwrap_or_default();
            if !is_host(&name) {
                let message = "a host name or an address".to_owned();
                return Err(vec![wrong("web/public_name", "host-name", message)]);
            }
            Ok(Decision::PublicName(name))
        }
        "mail" => {
            let mail = Mail {
                relay: text("mail/relay"),
                security: text("mail/security"),
                port: field::at(value, "mail/port").as_i64(),
                user: text("mail/user"),
                // Without a user there is no password to keep.
                password: text("mail/password").filter(|_| text("mail/user").is_some()),
                from: text("mail/from"),
            };
            let wrongs = mail.wrongs();
            if wrongs.is_empty() {
                Ok(Decision::Mail(mail))
            } else {
                Err(wrongs)
            }
        }
        "proxy" => {
            let proxy = Proxy {
                proxy: text("auth/proxy"),
                no_proxy: list("auth/no_proxy"),
                authorities: text("auth/authorities"),
            };
            let wrongs = proxy.wrongs();
            if wrongs.is_empty() {
                Ok(Decision::Proxy(proxy))
            } else {
                Err(wrongs)
            }
        }
        _ => {
            let network = Network {
                host_name: text("network/host_name"),
                addresses: list("network/addresses"),
                gateways: list("network/gateways"),
                dns: list("network/dns"),
                domains: list("network/domains"),
                ntp: list("network/ntp"),
            };
            let faults = network.faults().into_iter();
            let wrongs: Vec<set_up::Wrong> = faults
                .map(|fault| {
                    wrong(
                        &format!("network/{}", fault.field),
                        fault.rule,
                        fault.message,
                    )
                })
                .collect();
            if wrongs.is_empty() {
                Ok(Decision::Network(network))
            } else {
                Err(wrongs)
            }
        }
    }
}
