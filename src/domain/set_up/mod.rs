//! What must be answered before a machine is used, and the code that proves that somebody stands before it.

use std::net::IpAddr;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::domain::campus::Institution;
use crate::domain::issuer::{Configuration, Issuer};
use crate::domain::person::{NewPerson, is_address};
use crate::domain::ssh_keys;
use crate::domain::values::is_contact;
use crate::domain::words::Words;

/// Letters and digits of the code: none that looks like another.
pub const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// How many of them: 60 bits.
pub const CODE_LENGTH: usize = 12;

/// Wrong codes after which a new one is made.
pub const WRONG_CODES: i32 = 20;

/// The code as it is compared: however it was typed.
#[must_use]
pub fn normalized(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .take(CODE_LENGTH + 1)
        .collect()
}

/// The code as people read it: `K7QD-3MXP-22HR`.
#[must_use]
pub fn readable(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}

/// All answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answers {
    /// Whose machine it is.
    pub institution: AboutInstitution,
    /// How people reach it.
    pub web: Address,
    /// Who administers it.
    pub administrator: Administrator,
    /// How it sends mail.
    pub mail: Mail,
    /// With what staff sign in.
    pub issuer: Provider,
    /// Where its certificate comes from.
    pub certificate: Certificate,
}

/// Whose machine it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AboutInstitution {
    /// Its name.
    pub name: Words,
    /// The zone of everything people see.
    pub time_zone: String,
    /// Who answers for security.
    pub security_officer: Option<String>,
    /// Where flaws are reported.
    pub security_contact: Option<String>,
}

/// How people reach it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Address {
    /// The host name of links.
    pub public_name: String,
}

/// Who administers it. The password is chosen with a one-time link, at the public name: passkeys are bound to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Administrator {
    /// The name they sign in with.
    pub login: String,
    /// What others call them.
    pub name: String,
    /// Where mail reaches them.
    pub email: Option<String>,
    /// With which public key they come in over SSH as the first operator.
    pub ssh_key: Option<String>,
}

/// How it sends mail; it sends none without a relay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The mail server.
    pub relay: Option<String>,
    /// How it is spoken to: `starttls`, `tls` or `none`.
    pub security: Option<String>,
    /// Its port, where it is not the usual one.
    pub port: Option<i64>,
    /// The account there.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// The sender.
    pub from: Option<String>,
}

/// With what staff sign in; with accounts of the machine only where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Provider {
    /// What the button says.
    pub name: Option<String>,
    /// Its address.
    pub issuer: Option<String>,
    /// What it calls Parvis.
    pub client_id: Option<String>,
    /// The secret it gave.
    pub client_secret: Option<String>,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Certificate {
    /// `self-made`, `acme` or `uploaded`.
    pub source: Option<String>,
}

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which answer: `mail/port`.
    pub field: String,
    /// Which rule.
    pub rule: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// Answers that must be texts, even empty ones.
const TEXTS: [(&str, &str); 4] = [
    ("institution", "time_zone"),
    ("web", "public_name"),
    ("administrator", "login"),
    ("administrator", "name"),
];

impl Answers {
    /// The answers of a form, which says `null` where nothing was entered.
    ///
    /// # Errors
    /// When one is not of its kind.
    pub fn parse(entered: &Value) -> Result<Self, serde_json::Error> {
        let mut entered = entered.clone();
        for (part, field) in TEXTS {
            if let Some(text) = entered.pointer_mut(&format!("/{part}/{field}"))
                && text.is_null()
            {
                *text = json!("");
            }
        }
        serde_json::from_value(entered)
    }

    /// All rules that the answers break, in their order.
    #[must_use]
    pub fn wrongs(&self) -> Vec<Wrong> {
        let mut wrongs = self.institution.wrongs();
        if !is_host(&self.web.public_name) {
            wrongs.push(wrong("web/public_name", "host-name", HOST_NAME));
        }
        wrongs.extend(self.administrator.wrongs());
        wrongs.extend(self.mail.wrongs());
        wrongs.extend(self.issuer.wrongs());
        let sources = ["self-made", "acme", "uploaded"];
        if !self
            .certificate
            .source
            .iter()
            .all(|source| sources.contains(&source.as_str()))
        {
            let message = "choose self-made, acme or uploaded";
            wrongs.push(wrong("certificate/source", "one-of", message));
        }
        wrongs
    }

    /// The institution; what is described of it beyond the answers stays.
    #[must_use]
    pub fn institution(&self, before: Option<&Institution>) -> Institution {
        let said = &self.institution;
        Institution {
            name: said.name.clone(),
            time_zone: said.time_zone.parse().unwrap_or(Tz::UTC),
            holidays: before.and_then(|before| before.holidays.clone()),
            data_licence: before.and_then(|before| before.data_licence.clone()),
            security_officer: said.security_officer.clone(),
            security_contact: said.security_contact.as_deref().map(contact),
        }
    }

    /// The administrator.
    #[must_use]
    pub fn administrator(&self) -> NewPerson {
        let said = &self.administrator;
        NewPerson {
            name: said.name.clone(),
            email: said.email.clone(),
            login: Some(said.login.clone()),
        }
    }

    /// The answers without their secrets, for eyes and for the audit.
    #[must_use]
    pub fn without_secrets(mut self) -> Value {
        let hide = |secret: &mut Option<String>| *secret = secret.take().map(|_| "***".to_owned());
        hide(&mut self.mail.password);
        hide(&mut self.issuer.client_secret);
        without_nulls(json!(self))
    }
}

impl AboutInstitution {
    fn wrongs(&self) -> Vec<Wrong> {
        let mut wrongs = Vec::new();
        let needed =
            |text: &Option<String>| text.as_ref().is_none_or(|text| text.trim().is_empty());
        if self.name.is_empty() {
            wrongs.push(wrong(
                "institution/name",
                "named",
                "the institution needs a name",
            ));
        }
        if self.time_zone.parse::<Tz>().is_err() {
            let message = "name a zone of the IANA list, such as Europe/Paris";
            wrongs.push(wrong("institution/time_zone", "time-zone", message));
        }
        if needed(&self.security_officer) {
            let message = "name who answers for security";
            wrongs.push(wrong("institution/security_officer", "needed", message));
        }
        if !self
            .security_contact
            .as_deref()
            .is_some_and(|text| is_contact(&contact(text)))
        {
            let message =
                "name where flaws are reported: an e-mail address, or mailto:, https: or tel:";
            wrongs.push(wrong(
                "institution/security_contact",
                "contact-form",
                message,
            ));
        }
        wrongs
    }
}

impl Administrator {
    fn wrongs(&self) -> Vec<Wrong> {
        let person = NewPerson {
            name: self.name.clone(),
            email: self.email.clone(),
            login: Some(self.login.clone()),
        };
        let rules = person.faults().into_iter();
        let mut wrongs: Vec<Wrong> = rules
            .map(|(field, message)| {
                let rule = match field {
                    "login" => "login-form",
                    "email" => "address-form",
                    _ => "named",
                };
                wrong(&format!("administrator/{field}"), rule, message)
            })
            .collect();
        if let Some(Err(error)) = self.ssh_key.as_deref().map(ssh_keys::read) {
            let message = error.to_string();
            wrongs.push(wrong("administrator/ssh_key", "ssh-key", &message));
        }
        wrongs
    }
}

impl Mail {
    /// All rules that it breaks.
    #[must_use]
    pub fn wrongs(&self) -> Vec<Wrong> {
        let mut wrongs = Vec::new();
        let Some(relay) = &self.relay else {
            return wrongs;
        };
        if !is_host(relay) {
            wrongs.push(wrong("mail/relay", "host-name", HOST_NAME));
        }
        let security = self.security.as_deref().unwrap_or("starttls");
        if !["starttls", "tls", "none"].contains(&security) {
            wrongs.push(wrong(
                "mail/security",
                "one-of",
                "choose starttls, tls or none",
            ));
        }
        if self.port.is_some_and(|port| !(1..=65_535).contains(&port)) {
            wrongs.push(wrong(
                "mail/port",
                "port",
                "a port is a number from 1 to 65535",
            ));
        }
        if self.user.is_some() != self.password.is_some() {
            let message = "a user name and a password go together";
            wrongs.push(wrong("mail/password", "together", message));
        }
        if security == "none" && self.password.is_some() {
            let message = "a password is not sent without TLS";
            wrongs.push(wrong("mail/security", "password-in-clear", message));
        }
        if self.from.as_deref().is_some_and(|from| !is_address(from)) {
            let message = "an e-mail address is written name@host";
            wrongs.push(wrong("mail/from", "address-form", message));
        }
        wrongs
    }
}

impl Provider {
    /// The provider, where one is named.
    #[must_use]
    pub fn issuer(&self) -> Option<Issuer> {
        let address = self.issuer.clone()?;
        let configuration = json!({
            "name": self.name.clone().unwrap_or_default(),
            "issuer": address,
            "client_id": self.client_id.clone().unwrap_or_default(),
        });
        let configuration: Configuration = serde_json::from_value(configuration).ok()?;
        let key = "campus".to_owned();
        Some(Issuer { key, configuration })
    }

    fn wrongs(&self) -> Vec<Wrong> {
        let unfit = self.issuer().and_then(|issuer| issuer.check(false).err());
        let wrongs =
            unfit.map(|unfit| wrong(&format!("issuer/{}", unfit.field), "issuer", &unfit.rule));
        wrongs.into_iter().collect()
    }
}

const HOST_NAME: &str =
    "a host name such as places.example.edu, or an address; without https:// and without a port";

fn wrong(field: &str, rule: &'static str, message: &str) -> Wrong {
    Wrong {
        field: field.to_owned(),
        rule,
        message: message.to_owned(),
    }
}

/// An e-mail address is a contact too, as people write it.
fn contact(text: &str) -> String {
    let text = text.trim();
    if is_address(text) && !text.contains(':') {
        return format!("mailto:{text}");
    }
    text.to_owned()
}

/// Whether a text names a host: a name of the DNS, or an address.
#[must_use]
pub fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // What ends in a number is an address or nothing.
    let is_name = text.len() <= 253
        && text.split('.').all(is_label)
        && !text
            .rsplit('.')
            .next()
            .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    is_name || text.parse::<IpAddr>().is_ok()
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            let fields: Map<String, Value> = fields
                .map(|(name, value)| (name, without_nulls(value)))
                .collect();
            Value::Object(fields)
        }
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)) => other,
    }
}

#[cfg(test)]
mod tests;
