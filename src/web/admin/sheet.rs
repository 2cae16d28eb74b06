//! The form of one thing of the campus: shown, checked, saved or retired, and what to do when somebody else was faster.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;
use serde_json::Value;

use super::faults::Faults;
use super::field::{self, Field, Kind, Wrong};
use super::{answer_with, frame, see};
use crate::actions::edit_campus::{self, Breach, Outcome, Wish};
use crate::domain::actor::Place;
use crate::domain::item::{Item, Key};
use crate::domain::role::Act;
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

/// The form of a thing.
pub(super) struct Sheet {
    /// The list of the thing: `site`, `space`, and so on.
    pub(super) list: &'static str,
    /// Its name, when there is one already.
    pub(super) key: Option<Key>,
    pub(super) title: String,
    pub(super) fields: Vec<Field>,
    /// The thing as it is, or as a new one begins.
    pub(super) value: Value,
    /// Any of these lets somebody use the form, here.
    pub(super) acts: Vec<Act>,
    /// The site; the institution when `None`.
    pub(super) site: Option<String>,
    /// Where to go afterwards.
    pub(super) back: String,
    pub(super) can_be_retired: bool,
    /// What the form will do, before it is done: made from the thing as it is and as it was entered.
    pub(super) preview: Option<Preview>,
}

/// Shows what a change will do: the thing as it is, as it becomes, and the language.
pub(super) type Preview = Box<dyn Fn(&Value, &Value, &Speech<'_>) -> Result<String, Error>>;

/// A field that somebody else changed meanwhile.
struct Other {
    label: String,
    was: String,
    is: String,
    yours: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/sheet.html")]
struct Page<'t> {
    frame: Frame<'t>,
    title: String,
    token: String,
    /// Where the form goes: where it came from.
    address: String,
    back: String,
    fields: Vec<String>,
    seen: String,
    faults: Faults,
    others: Vec<Other>,
    is_gone: bool,
    preview: Option<String>,
    has_preview: bool,
    can_be_retired: bool,
}

/// What to tell beside the form.
#[derive(Default)]
struct Told {
    status: StatusCode,
    /// The thing as it was shown, or is to be taken as shown.
    seen: String,
    wrong: Vec<Wrong>,
    others: Vec<Other>,
    is_gone: bool,
    preview: Option<String>,
}

impl Sheet {
    fn place(&self) -> Place<'_> {
        self.site.as_deref().map_or(Place::Institution, Place::Site)
    }

    /// Whether somebody may use it.
    fn check(&self, who: &Visitor) -> Result<(), Error> {
        let mut refused = Ok(());
        for act in &self.acts {
            match who.actor.permit(*act, self.place()) {
                Ok(()) => return Ok(()),
                Err(error) => refused = refused.and(Err(error)),
            }
        }
        Ok(refused?)
    }

    /// Shows it.
    pub(super) fn show(
        self,
        request: &HttpRequest,
        services: &Services,
        who: &Visitor,
    ) -> HttpResponse {
        if let Err(error) = self.check(who) {
            return failure::answer(request, services, &error, Reader::Person);
        }
        let told = Told {
            seen: self
                .key
                .as_ref()
                .map_or_else(String::new, |_| self.value.to_string()),
            ..Told::default()
        };
        self.page(request, services, who, &self.value, told)
    }

    fn page(
        &self,
        request: &HttpRequest,
        services: &Services,
        who: &Visitor,
        value: &Value,
        told: Told,
    ) -> HttpResponse {
        let status = told.status;
        let language = language::of_person(request, &services.texts);
        let t = services.texts.in_language(&language);
        let languages = services.texts.languages();
        let fields = field::show(&self.fields, value, &told.wrong, &languages, &t);
        let page = fields.map(|fields| Page {
            frame: frame(request, services, &language, &self.title, who),
            title: self.title.clone(),
            token: who.csrf.clone(),
            address: super::here(request),
            back: self.back.clone(),
            fields,
            seen: told.seen,
            faults: Faults::of(&told.wrong, &t),
            others: told.others,
            is_gone: told.is_gone,
            preview: told.preview,
            has_preview: self.preview.is_some(),
            can_be_retired: self.can_be_retired && self.key.is_some(),
        });
        answer_with(request, services, page, HttpResponseBuilder::new(status))
    }

    /// Takes what was entered.
    pub(super) async fn take(
        self,
        request: &HttpRequest,
        services: &Services,
        who: &Visitor,
        form: &Form,
    ) -> HttpResponse {
        match self.taken(request, services, who, form).await {
            Ok(response) => response,
            Err(error) => failure::answer(request, services, &error, Reader::Person),
        }
    }

    /// Texts that are needed and were left empty in every language.
    fn unsaid(&self, value: &Value, t: &Speech<'_>) -> Vec<Wrong> {
        let is_unsaid = |field: &&Field| {
            let said = field::at(value, field.path);
            field.is_needed
                && matches!(field.kind, Kind::Words { .. })
                && said.as_object().is_some_and(serde_json::Map::is_empty)
        };
        let unsaid = self.fields.iter().filter(is_unsaid);
        unsaid
            .map(|field| Wrong {
                path: field.path.to_owned(),
                words: t.say("wrong-needed"),
            })
            .collect()
    }

    async fn taken(
        self,
        request: &HttpRequest,
        services: &Services,
        who: &Visitor,
        form: &Form,
    ) -> Result<HttpResponse, Error> {
        self.check(who)?;
        let language = language::of_person(request, &services.texts);
        let t = services.texts.in_language(&language);
        let languages = services.texts.languages();
        let seen = if self.key.is_some() {
            form.raw("seen").to_owned()
        } else {
            String::new()
        };
        // What was shown is what the fields are entered into; whether it still holds, the action finds out.
        let shown: Value = match &self.key {
            Some(_) => serde_json::from_str(&seen).map_err(|_| Error::Invalid {
                field: "seen".to_owned(),
                rule: "the form is not whole; load the page again".to_owned(),
            })?,
            None => self.value.clone(),
        };
        let mut value = shown.clone();
        let mut wrong = field::read(&self.fields, form, &mut value, &languages, &t);
        wrong.extend(self.unsaid(&value, &t));
        let is_retired = form.text("do") == "retire" && self.can_be_retired;
        if wrong.is_empty() && !is_retired && form.text("do") == "preview" {
            let preview = self.preview.as_ref();
            let preview = preview.map(|make| make(&shown, &value, &t)).transpose()?;
            let told = Told {
                seen,
                preview,
                ..Told::default()
            };
            return Ok(self.page(request, services, who, &value, told));
        }
        let item = match Item::parse(self.list, value.clone()) {
            Ok(item) => Some(item),
            Err(_) if is_retired => None,
            Err(error) if wrong.is_empty() => {
                wrong.push(Wrong {
                    path: String::new(),
                    words: format!("{} ({error})", t.say("wrong-form")),
                });
                None
            }
            Err(_) => None,
        };
        if !wrong.is_empty() && !is_retired {
            return Ok(self.refuse(request, services, who, &value, seen, wrong));
        }
        let wish = Wish {
            key: match (&self.key, &item) {
                (Some(key), _) => key.clone(),
                (None, Some(item)) => item.key(),
                (None, None) => return Err(Error::NotFound("such thing".to_owned())),
            },
            seen: self.key.as_ref().map(|_| seen.clone()),
            wanted: item.filter(|_| !is_retired),
        };
        let parvis = &services.parvis;
        let key = wish.key.clone();
        let outcome =
            edit_campus::edit(&parvis.database, &who.actor, vec![wish], parvis.clock.now()).await?;
        Ok(match outcome {
            Outcome::Done => {
                super::refresh(services).await?;
                see(&self.back)
            }
            Outcome::Broken(breaches) => {
                let wrong = wrongs(&breaches, &key, &self.fields, &t);
                self.refuse(request, services, who, &value, seen, wrong)
            }
            Outcome::Overtaken(_, Some(_)) if self.key.is_none() => {
                let name = self.fields.first().map_or("", |field| field.path);
                let wrong = vec![Wrong {
                    path: name.to_owned(),
                    words: t.say("wrong-taken"),
                }];
                self.refuse(request, services, who, &value, seen, wrong)
            }
            Outcome::Overtaken(_, present) => {
                self.overtaken(request, services, who, [shown, value], present, &t)
            }
        })
    }

    fn refuse(
        &self,
        request: &HttpRequest,
        services: &Services,
        who: &Visitor,
        value: &Value,
        seen: String,
        wrong: Vec<Wrong>,
    ) -> HttpResponse {
        let told = Told {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            seen,
            wrong,
            ..Told::default()
        };
        self.page(request, services, who, value, told)
    }

    /// The form again, with what the other changed: fields that were left alone follow, fields that both changed keep what
    /// was entered, and the table says so.
    fn overtaken(
        &self,
        request: &HttpRequest,
        services: &Services,
        who: &Visitor,
        [shown, mut yours]: [Value; 2],
        present: Option<Value>,
        t: &Speech<'_>,
    ) -> HttpResponse {
        let is_gone = present.is_none();
        let present = present.unwrap_or_default();
        let mut others = Vec::new();
        if let (Some(now), Some(before)) = (present.as_object(), shown.as_object()) {
            for (name, is) in now {
                let was = before.get(name).cloned().unwrap_or_default();
                if was == *is {
                    continue;
                }
                let entered = yours.get(name).cloned().unwrap_or_default();
                let is_touched = entered != was;
                if !is_touched {
                    field::put(&mut yours, name, is.clone());
                }
                others.push(Other {
                    label: t.say(&format!("field-{}", name.replace('_', "-"))),
                    was: in_words(&was, t),
                    is: in_words(is, t),
                    yours: is_touched.then(|| in_words(&entered, t)),
                });
            }
        }
        let told = Told {
            status: StatusCode::CONFLICT,
            seen: present.to_string(),
            others,
            is_gone,
            ..Told::default()
        };
        self.page(request, services, who, &yours, told)
    }
}

/// Edits several things, all of them or none; gives what is wrong, which is nothing once it is made.
pub(super) async fn edit_at_once(
    services: &Services,
    who: &Visitor,
    wishes: Vec<Wish>,
    t: &Speech<'_>,
) -> Result<Vec<Wrong>, Error> {
    let parvis = &services.parvis;
    let now = parvis.clock.now();
    Ok(
        match edit_campus::edit(&parvis.database, &who.actor, wishes, now).await? {
            Outcome::Done => {
                super::refresh(services).await?;
                Vec::new()
            }
            Outcome::Broken(breaches) => wrongs(&breaches, &Key::Institution, &[], t),
            Outcome::Overtaken(key, _) => vec![Wrong {
                path: String::new(),
                words: t.say_with("adopt-overtaken", &[("thing", key.to_string().into())]),
            }],
        },
    )
}

/// Broken rules, each at its field, or at the head of the form when it is about something else.
pub(super) fn wrongs(
    breaches: &[Breach],
    key: &Key,
    fields: &[Field],
    t: &Speech<'_>,
) -> Vec<Wrong> {
    let wrong = |breach: &Breach| {
        let violation = &breach.violation;
        let said = format!("rule-{}", violation.rule);
        let mut words = t.say(&said);
        if words == said {
            words = t.rule(&violation.message);
        } else if violation.rule == "mapping" {
            words = format!("{words} ({})", violation.message);
        }
        let is_here = breach.key.as_ref() == Some(key);
        let path = match violation.place.field {
            "capacity" => "capacities",
            "passage" | "space" => "purpose",
            "wrap" => "counter/wrap",
            other => other,
        };
        let path = fields
            .iter()
            .map(|field| field.path)
            .find(|own| *own == path);
        if !is_here {
            let name = breach.key.as_ref().map(ToString::to_string);
            words = format!("{}: {words}", name.unwrap_or_default());
        }
        Wrong {
            path: path.filter(|_| is_here).unwrap_or_default().to_owned(),
            words,
        }
    };
    breaches.iter().map(wrong).collect()
}

/// A value as people read it.
pub(super) fn in_words(value: &Value, t: &Speech<'_>) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => t.say("said-yes"),
        Value::Bool(false) => t.say("said-no"),
        Value::String(text) if text.is_empty() => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "–".to_owned(),
        Value::Array(values) => {
            let all: Vec<String> = values.iter().map(|value| in_words(value, t)).collect();
            all.join("; ")
        }
        Value::Object(fields) if fields.is_empty() => "–".to_owned(),
        Value::Object(fields) => {
            let all = fields.iter().map(|(name, value)| {
                if name.is_empty() {
                    in_words(value, t)
                } else {
                    format!("{name}: {}", in_words(value, t))
                }
            });
            all.collect::<Vec<_>>().join(", ")
        }
        Value::Number(number) => number.to_string(),
    }
}
