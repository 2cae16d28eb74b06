//! The page when something went wrong: what happened, what to do, what to quote. Never a stack, never a blame.

use actix_web::http::{Method, StatusCode, Uri, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;

use super::HTML;
use super::frame::{Frame, UNSENT, Wish};
use super::sign_in::ours;
use crate::domain::actor::Refused;
use crate::web::admin::encoded;
use crate::web::failure::Refusal;
use crate::web::language;
use crate::web::services::Services;
use crate::web::texts::Speech;

#[derive(Template)]
#[template(path = "error.html")]
struct Page<'t> {
    frame: Frame<'t>,
    title: String,
    advice: String,
    reference: Option<String>,
    /// Whether a sign-in is what is lacking.
    is_signed_out: bool,
    /// Where to go from here: the address, and the words on the button.
    ways: Vec<(String, String)>,
}

/// Completes the answer to a person.
pub(in crate::web) fn page(
    request: &HttpRequest,
    services: &Services,
    mut builder: HttpResponseBuilder,
    refusal: &Refusal,
) -> HttpResponse {
    let is_private = is_private(request);
    let language = language::in_address(request, &services.texts)
        .unwrap_or_else(|| language::of_person(request, &services.texts));
    let t = services.texts.in_language(&language);
    let (title, advice) = match refusal.status {
        StatusCode::NOT_FOUND => (t.say("error-404"), t.say("error-404-advice")),
        StatusCode::UNAUTHORIZED => (t.say("error-401"), t.say("error-401-advice")),
        StatusCode::FORBIDDEN => (t.say("error-403"), in_words(refusal, &t)),
        StatusCode::SERVICE_UNAVAILABLE => (t.say("error-503"), t.say("error-503-advice")),
        StatusCode::INTERNAL_SERVER_ERROR => (t.say("error-500"), t.say("error-500-advice")),
        _ => (t.say("error-other"), in_words(refusal, &t)),
    };
    let wish = Wish {
        title: &title,
        description: &advice,
        ..Wish::default()
    };
    let mut frame = if is_private {
        Frame::private(request, services, &language, wish, None)
    } else {
        Frame::new(request, services, &language, wish)
    };
    // In no language is there a page for search engines.
    for other in &mut frame.languages {
        other.public_address.clear();
    }
    let ways = if is_private {
        ways_of_staff(request, refusal.status, &t)
    } else {
        vec![(frame.home.clone(), t.say("error-home"))]
    };
    let is_signed_out = is_private && refusal.status == StatusCode::UNAUTHORIZED;
    if is_signed_out {
        frame
            .scripts
            .push(services.assets.address(UNSENT).to_owned());
    }
    let page = Page {
        frame,
        is_signed_out,
        advice,
        reference: refusal.reference.clone(),
        ways,
        title: title.clone(),
    };
    // A page of texts alone renders; should it not, the words still arrive.
    builder
        .content_type(HTML)
        .body(page.render().unwrap_or(title))
}

/// What to do, in the reader's language.
fn in_words(refusal: &Refusal, t: &Speech<'_>) -> String {
    if let Some(refused) = refusal.refused {
        let (key, act) = match refused {
            Refused::NoRole(act) => ("refused-no-role", act),
            Refused::NeedsStrongSignIn(act) => ("refused-needs-strong-sign-in", act),
            Refused::OutOfScope(act) => ("refused-out-of-scope", act),
            Refused::OnlyLooks(act) => ("refused-only-looks", act),
            Refused::TokenOnPage => return t.say("refused-token-on-page"),
        };
        return t.say_with(key, &[("act", t.say(&format!("act-{act}")).into())]);
    }
    let named = refusal.field.as_deref().and_then(|field| {
        let rule = refusal.detail.strip_prefix(field)?.strip_prefix(": ")?;
        let inserted = [("field", field.into()), ("rule", t.rule(rule).into())];
        Some(t.say_with("wrong-at", &inserted))
    });
    named.unwrap_or_else(|| t.rule(&refusal.detail))
}

/// Whether a page is one of those of people who sign in.
fn is_private(request: &HttpRequest) -> bool {
    ["/admin", "/me"].into_iter().any(|root| {
        let below = request.path().strip_prefix(root);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Back to the page that the request came from, by way of the sign-in where that is what is lacking, and to the home of
/// staff.
fn ways_of_staff(
    request: &HttpRequest,
    status: StatusCode,
    t: &Speech<'_>,
) -> Vec<(String, String)> {
    let home = ("/admin".to_owned(), t.say("staff-home"));
    let back = came_from(request);
    if status == StatusCode::UNAUTHORIZED {
        let back = back.unwrap_or_else(|| "/admin".to_owned());
        let address = format!("/sign-in?return={}", encoded(&back));
        return vec![(address, t.say("sign-in-title")), home];
    }
    let back = back.map(|back| (back, t.say("error-back")));
    back.into_iter().chain([home]).collect()
}

/// The page of ours that a request came from, as the browser tells it.
fn came_from(request: &HttpRequest) -> Option<String> {
    let told = request.headers().get(header::REFERER)?.to_str().ok()?;
    let told: Uri = told.parse().ok()?;
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    if told.authority()?.as_str() != host {
        return None;
    }
    let path = told.path_and_query()?.as_str();
    let is_elsewhere = request.method() != Method::GET || told.path() != request.path();
    is_elsewhere.then(|| ours(path))
}
