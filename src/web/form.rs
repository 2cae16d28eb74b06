//! Forms that people send, proved to be ours: the origin that the browser tells, and the token of its session or visit.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, web};

use super::failure::{self, Reader, Refusal};
use super::services::Services;
use super::{cookies, pages};
use crate::actions::answer_once::Repeatable;
use crate::auth::csrf;
use crate::error::Error;

/// The largest form, in bytes.
const LARGEST: usize = 256 * 1024;

/// The field that holds the token.
pub(super) const TOKEN: &str = "token";

/// The field that holds the number of a page with a form: what is sent twice with it is done once.
const ONCE: &str = "once";

/// The most that is taken of it.
const LONGEST_ONCE: usize = 100;

/// The fields of a form, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// A form with these fields.
    pub(super) fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// These fields, before those of another form: a field that both have is the first one's.
    pub(super) fn over(mut self, below: Self) -> Self {
        self.0.extend(below.0);
        self
    }

    /// The value of a field without space around it, empty when it is lacking.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The value of a field just as it came, for passwords.
    pub(super) fn raw(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The value of a field, where something was entered.
    pub(super) fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name))
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    /// Whether a box was ticked or a button of this name pressed.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// Whether the box was ticked that stands beside what takes something away.
    ///
    /// # Errors
    /// When it was not.
    pub(super) fn is_sure(&self) -> Result<(), Error> {
        if self.has("sure") {
            return Ok(());
        }
        Err(Error::Invalid {
            field: "sure".to_owned(),
            rule: "tick the box above the button to say that you mean it".to_owned(),
        })
    }

    /// All values of a field that may be there more than once.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// All fields but the token.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(|(field, _)| field != TOKEN)
            .map(|(field, value)| (field.as_str(), value.as_str()))
    }

    /// What the form asks for, to be done once however often this page of it is sent.
    pub(super) fn repeatable(&self) -> Option<Repeatable> {
        let number = self.optional(ONCE)?;
        let mut hasher = openssl::sha::Sha256::new();
        for (name, value) in self.fields() {
            for text in [name, value] {
                hasher.update(text.as_bytes());
                hasher.update(b"\0");
            }
        }
        Some(Repeatable {
            key: format!(
                "form {}",
                number.chars().take(LONGEST_ONCE).collect::<String>()
            ),
            digest: hasher.finish(),
        })
    }

    /// A number.
    ///
    /// # Errors
    /// When the field is lacking or is no number.
    pub(super) fn number<N: std::str::FromStr>(&self, name: &str) -> Result<N, Error> {
        self.text(name).parse().map_err(|_| Error::Invalid {
            field: name.to_owned(),
            rule: "a whole number is needed".to_owned(),
        })
    }
}

impl FromRequest for Form {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let body = web::Payload::from_request(&request, payload);
        Box::pin(async move {
            let services = pages::services_of(&request);
            let refuse = |refusal: Refusal| -> actix_web::Error {
                let response = failure::refuse(&request, &services, refusal, Reader::Person);
                InternalError::from_response("refused", response).into()
            };
            if !is_from_here(&request, &services) {
                return Err(refuse(not_ours()));
            }
            let body = body.await?;
            let bytes = match body.to_bytes_limited(LARGEST).await {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(_)) => {
                    let rule = "the form did not arrive whole; send it again";
                    return Err(refuse(Refusal::new(StatusCode::BAD_REQUEST, rule)));
                }
                Err(_) => {
                    let rule = "the form is larger than 256 KB";
                    return Err(refuse(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, rule)));
                }
            };
            let form = Self(form_urlencoded::parse(&bytes).into_owned().collect());
            if !has_token(&request, form.raw(TOKEN)) {
                return Err(refuse(not_ours()));
            }
            Ok(form)
        })
    }
}

/// Whether the browser says that a request comes from one of our pages.
pub(super) fn is_from_here(request: &HttpRequest, services: &Services) -> bool {
    let said = |name: header::HeaderName| request.headers().get(name)?.to_str().ok();
    // Before the machine has a name, its pages are where the browser says it found them.
    let here = if services.is_being_set_up {
        format!("https://{}", said(header::HOST).unwrap_or_default())
    } else {
        services.parvis.settings.web.public_address()
    };
    let site = said(header::HeaderName::from_static("sec-fetch-site"));
    csrf::is_from_here(said(header::ORIGIN), site, &here)
}

/// Whether a token is the one of the session that the cookie names, or without one of the visit.
pub(super) fn has_token(request: &HttpRequest, token: &str) -> bool {
    let secret = cookies::value(request, cookies::SESSION)
        .or_else(|| cookies::value(request, cookies::VISIT));
    secret.is_some_and(|secret| csrf::is_proved(&secret, token))
}

/// The refusal of a form that is not ours.
pub(super) fn not_ours() -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "this form was not made for this browser, or its sign-in ended; go back, load the page again and send it once more",
    )
}
