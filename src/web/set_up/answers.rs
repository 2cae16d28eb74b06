//! The answers of the set-up as fields of a form: which there are, how they are shown and read, and what they come to.

use std::net::Ipv4Addr;

use actix_web::HttpRequest;
use actix_web::http::header;
use serde_json::{Value, json};

use crate::domain::set_up::{self, Answers};
use crate::error::Error;
use crate::web::admin::field::{self, Field, Kind, Languages, Wrong};
use crate::web::texts::Speech;

/// A section that is shown: its name in keys of texts, and its fields.
pub(in crate::web) struct Section {
    pub(in crate::web) key: &'static str,
    pub(in crate::web) fields: Vec<String>,
}

/// A section: its name in keys of texts, and its fields.
pub(in crate::web) type Fields = (&'static str, Vec<Field>);

const LINE: Kind = Kind::Line("text");

/// All sections of the set-up.
pub(super) fn sections(t: &Speech<'_>) -> Vec<Fields> {
    let zones = chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| (zone.name().to_owned(), zone.name().replace('_', " ")));
    vec![
        (
            "institution",
            vec![
                Field::needed("institution/name", Kind::Words { is_long: false }),
                Field::needed("institution/time_zone", Kind::Choice(zones.collect())),
                Field::needed("institution/security_officer", LINE),
                Field::needed("institution/security_contact", LINE),
            ],
        ),
        ("address", vec![Field::needed("web/public_name", LINE)]),
        (
            "administrator",
            vec![
                Field::needed("administrator/name", LINE),
                Field::needed("administrator/login", LINE),
                Field::new("administrator/email", Kind::Line("email")),
                Field::new("administrator/ssh_key", LINE),
            ],
        ),
        mail(t),
        (
            "provider",
            vec![
                Field::new("issuer/name", LINE),
                Field::new("issuer/issuer", Kind::Line("url")),
                Field::new("issuer/client_id", LINE),
                Field::new("issuer/client_secret", Kind::Secret),
            ],
        ),
        (
            "certificate",
            vec![Field::new(
                "certificate/source",
                choice(t, "certificate", &["self-made", "acme", "uploaded"]),
            )],
        ),
    ]
}

/// The section about mail: the same in the set-up and afterwards.
pub(in crate::web) fn mail(t: &Speech<'_>) -> Fields {
    let security = choice(t, "mail-security", &["starttls", "tls", "none"]);
    (
        "mail",
        vec![
            Field::new("mail/relay", LINE),
            Field::new("mail/security", security),
            Field::new("mail/port", Kind::Number),
            Field::new("mail/user", LINE),
            Field::new("mail/password", Kind::Secret),
            Field::new("mail/from", Kind::Line("email")),
        ],
    )
}

fn choice(t: &Speech<'_>, key: &str, values: &[&str]) -> Kind {
    let options = values.iter().map(|value| {
        let words = t.say(&format!("{key}-{value}"));
        ((*value).to_owned(), words)
    });
    Kind::Choice(options.collect())
}

/// The answers before anything was answered: the machine is called as the browser found it, unless that was by an address,
/// which passkeys and certificates of authorities do not take for a name.
pub(super) fn blank(request: &HttpRequest) -> Value {
    let asked = request.headers().get(header::HOST);
    let asked = asked
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let host = asked.split(':').next().unwrap_or_default();
    let is_address = asked.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
    let name = if is_address { "" } else { host };
    let mut value = json!(Answers::default());
    field::put(&mut value, "web/public_name", json!(name));
    field::put(&mut value, "institution/time_zone", json!("Europe/Paris"));
    value
}

/// What is wrong with answers, in words.
pub(in crate::web) fn wrongs(answers: &Answers, t: &Speech<'_>) -> Vec<Wrong> {
    let found = answers.wrongs().into_iter();
    found.map(|wrong| in_words(wrong, t)).collect()
}

pub(in crate::web) fn in_words(wrong: set_up::Wrong, t: &Speech<'_>) -> Wrong {
    let key = format!("rule-{}", wrong.rule);
    let said = t.say(&key);
    Wrong {
        path: wrong.field,
        words: if said == key { wrong.message } else { said },
    }
}

/// Sections with what was answered.
pub(in crate::web) fn show_sections(
    sections: &[Fields],
    value: &Value,
    wrong: &[Wrong],
    languages: &Languages,
    t: &Speech<'_>,
) -> Result<Vec<Section>, Error> {
    let shown = sections.iter().map(|(key, fields)| {
        let fields = field::show(fields, value, wrong, languages, t)?;
        Ok(Section { key, fields })
    });
    shown.collect()
}

/// What the answers come to: each field that was answered, with its name, and no secret.
pub(super) fn summarized(answers: Answers, t: &Speech<'_>) -> Vec<(String, String)> {
    let value = answers.without_secrets();
    let fields = sections(t).into_iter().flat_map(|(_, fields)| fields);
    fields
        .filter_map(|field| {
            let answer = field::at(&value, field.path);
            let words = if let Kind::Choice(options) = &field.kind {
                let chosen = options.iter().find(|(value, _)| answer == json!(value))?;
                chosen.1.clone()
            } else {
                match &answer {
                    Value::Null => return None,
                    Value::String(text) => text.clone(),
                    Value::Object(words) => {
                        let words = words.values().filter_map(Value::as_str);
                        words.collect::<Vec<_>>().join(" / ")
                    }
                    other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_)) => {
                        other.to_string()
                    }
                }
            };
            Some((field.label(t), words))
        })
        .collect()
}
