//! What is wrong with a form, as its page tells it: at the top, each with a link, and beside the field. What was entered stays.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use super::field::{self, Wrong};
use crate::error::Error;
use crate::web::failure::{self, Reader};
use crate::web::language;
use crate::web::services::Services;
use crate::web::texts::Speech;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct Fault {
    /// The field in its page; empty when it is about the whole form.
    pub(in crate::web) id: String,
    /// What the field is called; empty when it is about the whole form.
    pub(in crate::web) label: String,
    /// What is wrong, in words.
    pub(in crate::web) words: String,
}

/// The answer to a form that failed: its page again with what is wrong, or the error where no other entry mends it. `fields`
/// are those of the form, each with the key of its label.
pub(in crate::web) async fn answer_again(
    request: &HttpRequest,
    services: &Services,
    error: Error,
    fields: &[(&str, &str)],
    page: impl AsyncFnOnce(Faults) -> HttpResponse,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let labelled: Vec<(&str, String)> = fields.iter().map(|(id, key)| (*id, t.say(key))).collect();
    match Faults::of_error(error, &labelled, &t) {
        Ok(faults) => page(faults).await,
        Err(error) => failure::answer(request, services, &error, Reader::Person),
    }
}

/// All that is wrong with a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::web) struct Faults(Vec<Fault>);

impl Faults {
    /// Those of fields that [`field::show`] shows.
    pub(in crate::web) fn of(wrong: &[Wrong], t: &Speech<'_>) -> Self {
        let fault = |wrong: &Wrong| Fault {
            id: if wrong.path.is_empty() {
                String::new()
            } else {
                field::id(&wrong.path)
            },
            label: field::label_of(&wrong.path, t),
            words: wrong.words.clone(),
        };
        Self(wrong.iter().map(fault).collect())
    }

    /// What an error says about a form with these fields, each with its label. An error that no other entry mends is given
    /// back.
    pub(in crate::web) fn of_error(
        error: Error,
        fields: &[(impl AsRef<str>, String)],
        t: &Speech<'_>,
    ) -> Result<Self, Error> {
        let (id, words) = match &error {
            Error::Invalid { field, rule } => (field.as_str(), t.rule(rule)),
            Error::Conflict(rule) => ("", t.rule(rule)),
            Error::NotFound(_)
            | Error::Unauthenticated
            | Error::Forbidden(_)
            | Error::Unavailable { .. }
            | Error::Internal(_) => return Err(error),
        };
        let found = fields.iter().find(|(field, _)| field.as_ref() == id);
        let (id, label) = found
            .map(|(field, label)| (field.as_ref().to_owned(), label.clone()))
            .unwrap_or_default();
        Ok(Self(vec![Fault { id, label, words }]))
    }

    /// Those with others.
    pub(in crate::web) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Whether nothing is wrong.
    pub(in crate::web) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub(in crate::web) fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// What is wrong with a field.
    pub(in crate::web) fn at(&self, id: &str) -> impl Iterator<Item = &str> {
        let mine = self.0.iter().filter(move |fault| fault.id == id);
        mine.map(|fault| fault.words.as_str())
    }

    /// Whether something is wrong with a field.
    pub(in crate::web) fn has(&self, id: &str) -> bool {
        self.0.iter().any(|fault| fault.id == id)
    }

    /// The answer with the form.
    pub(in crate::web) fn answer(&self) -> HttpResponseBuilder {
        HttpResponseBuilder::new(if self.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::texts::Texts;

    fn invalid(field: &str, rule: &str) -> Error {
        Error::Invalid {
            field: field.to_owned(),
            rule: rule.to_owned(),
        }
    }

    #[test]
    fn an_error_is_told_beside_its_field_in_the_language_of_the_page() {
        let texts = Texts::built_in();
        let t = texts.in_language("fr");
        let fields = [("name", "Nom".to_owned())];
        let faults = Faults::of_error(invalid("name", "must not be empty"), &fields, &t).unwrap();
        assert_eq!(
            faults.at("name").collect::<Vec<_>>(),
            ["Il manque une valeur."]
        );
        assert_eq!(faults.answer().finish().status(), 422);
        // What is about no field of the form is told at its head.
        let faults = Faults::of_error(invalid("space", "odd"), &fields, &t).unwrap();
        let told: Vec<&str> = faults.at("").collect();
        assert_eq!(told, ["odd"]);
        assert!(Faults::of_error(Error::Unauthenticated, &fields, &t).is_err());
    }

    #[test]
    fn the_labels_of_rows_and_parts_are_said() {
        let texts = Texts::built_in();
        let t = texts.in_language("en");
        let wrong = |path: &str| Wrong {
            path: path.to_owned(),
            words: String::new(),
        };
        let faults = Faults::of(&[wrong("capacities.1.since"), wrong("")], &t);
        let labels: Vec<&str> = faults.iter().map(|fault| fault.label.as_str()).collect();
        assert_eq!(labels, ["Capacities, 2, From", ""]);
    }
}
