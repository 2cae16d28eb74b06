//! Deciding something for the machine itself: it holds from the next start of the service on. Each decision is on record,
//! without its secrets.

use std::path::PathBuf;
use std::sync::Arc;

use openssl::x509::X509;
use serde_json::{Value, json};
use url::Url;

use crate::domain::actor::{Actor, Place};
use crate::domain::audit::Event;
use crate::domain::network::Network;
use crate::domain::role::Act;
use crate::domain::set_up::{Mail, Wrong, is_host};
use crate::error::Error;
use crate::parvis::Parvis;
use crate::persistence::audit;

/// The file with the password of the mail server, beside the decisions.
const MAIL_PASSWORD: &str = "mail.password";

/// The file with the certificate authorities that are trusted beside the usual ones.
const AUTHORITIES: &str = "authorities.pem";

/// The way out.
#[derive(Debug, Clone, Default)]
pub struct Proxy {
    /// Its address.
    pub proxy: Option<String>,
    /// Hosts reached without it.
    pub no_proxy: Vec<String>,
    /// Authorities, PEM; those there are stay when none are given.
    pub authorities: Option<String>,
}

impl Proxy {
    /// All rules that it breaks.
    #[must_use]
    pub fn wrongs(&self) -> Vec<Wrong> {
        let mut wrongs = Vec::new();
        let mut wrong = |field: &str, rule, message: &str| {
            wrongs.push(Wrong {
                field: format!("auth/{field}"),
                rule,
                message: message.to_owned(),
            });
        };
        let is_proxy = |text: &String| {
            Url::parse(text)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
        };
        if !self.proxy.iter().all(is_proxy) {
            wrong("proxy", "proxy", "a proxy is written http://host:port");
        }
        if !self
            .no_proxy
            .iter()
            .all(|host| is_host(host.trim_start_matches('.')))
        {
            wrong("no_proxy", "host-name", "name hosts, separated by spaces");
        }
        let is_some = |pem: &String| {
            X509::stack_from_pem(pem.as_bytes()).is_ok_and(|found| !found.is_empty())
        };
        if !self.authorities.iter().all(is_some) {
            wrong(
                "authorities",
                "authorities",
                "this is no certificate in PEM",
            );
        }
        wrongs
    }
}

/// What is decided; what it says was checked.
#[derive(Debug, Clone)]
pub enum Decision {
    /// The host name of links and redirects.
    PublicName(String),
    /// How mail is sent.
    Mail(Mail),
    /// The way out.
    Proxy(Proxy),
    /// The place in the network; it is tried, and kept by another decision.
    Network(Network),
    /// The place in the network that is tried.
    KeepNetwork,
    /// To begin again with what was decided.
    Restart,
}

impl Decision {
    const fn act(&self) -> &'static str {
        match self {
            Self::PublicName(_) => "decide-public-name",
            Self::Mail(_) => "decide-mail",
            Self::Proxy(_) => "decide-proxy",
            Self::Network(_) => "try-network",
            Self::KeepNetwork => "keep-network",
            Self::Restart => "restart-service",
        }
    }

    /// What the audit is told: no secret, and no certificate by the page.
    fn told(&self) -> Option<Value> {
        match self {
            Self::PublicName(name) => Some(json!({ "public_name": name })),
            Self::Mail(mail) => {
                let mut told = json!(mail);
                if let Some(password) = told
                    .get_mut("password")
                    .filter(|password| !password.is_null())
                {
                    *password = json!("***");
                }
                Some(told)
            }
            Self::Proxy(proxy) => {
                let digest = |pem: &String| hex::encode(openssl::sha::sha256(pem.as_bytes()));
                let authorities = proxy.authorities.as_ref().map(digest);
                Some(
                    json!({ "proxy": proxy.proxy, "no_proxy": proxy.no_proxy, "authorities_sha256": authorities }),
                )
            }
            Self::Network(network) => Some(json!(network)),
            Self::KeepNetwork | Self::Restart => None,
        }
    }
}

/// Decides, and puts it on record.
///
/// # Errors
/// When the actor may not, it cannot be written, or the database is not available.
pub async fn decide(parvis: &Arc<Parvis>, actor: &Actor, decision: Decision) -> Result<(), Error> {
    actor.permit(Act::ManageMachine, Place::Institution)?;
    let (own, actor, now) = (Arc::clone(parvis), actor.clone(), parvis.clock.now());
    parvis
        .database
        .write(move |tx| {
            let event = Event::done(&actor, decision.act(), "machine");
            audit::note(tx, event.changing(None, decision.told()), now)?;
            // Last: a file is not part of the transaction.
            write(&own, decision)
        })
        .await
}

fn write(parvis: &Parvis, decision: Decision) -> Result<(), Error> {
    let refused = |error: &dyn std::error::Error| Error::Conflict(error.to_string());
    let file = &parvis.settings.appliance.network_file;
    match decision {
        Decision::PublicName(name) => parvis.decide(|decisions| {
            decisions.decide("web.public_name", Some(name));
        }),
        Decision::Mail(mail) => decide_mail(parvis, &mail).map(drop),
        Decision::Proxy(proxy) => decide_proxy(parvis, proxy),
        Decision::Network(network) => network
            .propose(file)
            .map(drop)
            .map_err(|error| refused(&error)),
        Decision::KeepNetwork => match Network::keep_proposed(file) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Conflict(
                "nothing is being tried any more".to_owned(),
            )),
            Err(error) => Err(refused(&error)),
        },
        Decision::Restart => Ok(()),
    }
}

fn decide_proxy(parvis: &Parvis, proxy: Proxy) -> Result<(), Error> {
    let pem = proxy.authorities.as_ref();
    let path = pem.map(|pem| parvis.keep_secret(AUTHORITIES, pem.as_bytes()));
    let path = path.transpose()?;
    parvis.decide(|decisions| {
        decisions.decide("auth.proxy", proxy.proxy);
        decisions.decide("auth.no_proxy", Some(proxy.no_proxy));
        if let Some(path) = path {
            decisions.decide("auth.ca_file", Some(path.display().to_string()));
        }
    })
}

/// Decides how mail is sent; returns the file with the password, where there is one.
///
/// # Errors
/// When it cannot be written.
pub fn decide_mail(parvis: &Parvis, mail: &Mail) -> Result<Option<PathBuf>, Error> {
    let password = mail.password.as_ref().filter(|_| mail.relay.is_some());
    let file = password.map(|password| parvis.keep_secret(MAIL_PASSWORD, password.as_bytes()));
    let file = file.transpose()?;
    let path = file.as_ref().map(|path| path.display().to_string());
    parvis.decide(|decisions| {
        decisions.decide("mail", None::<String>);
        if let Some(relay) = &mail.relay {
            let security = mail.security.as_deref().unwrap_or("starttls");
            decisions.decide("mail.relay", Some(relay.as_str()));
            decisions.decide("mail.security", Some(security));
            decisions.decide("mail.port", mail.port);
            decisions.decide("mail.user", mail.user.as_deref());
            decisions.decide("mail.password_file", path.as_deref());
            decisions.decide("mail.from", mail.from.as_deref());
        }
    })?;
    Ok(file)
}
