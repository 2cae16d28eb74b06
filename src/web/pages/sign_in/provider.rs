//! The way to an identity provider and back, and what it tells when a session ended there.

use actix_web::cookie::time;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use askama::Template;

use super::local::{browser, go_on, to_second_step};
use super::{back, signed_out as without_session};
use crate::actions::enrol_second_factor::check_change;
use crate::actions::note_error;
use crate::actions::sign_in_with_provider::{Failed, Leaving, Returned, Returning};
use crate::auth::oidc::{Callback, Code, Refusal};
use crate::auth::secret;
use crate::auth::sessions::SignedIn;
use crate::domain::session::Vouched;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::headers::{self, Kind};
use crate::web::pages::frame::{Frame, Wish};
use crate::web::query::parameter;
use crate::web::services::Services;
use crate::web::signed_in::{self, Visitor};
use crate::web::{admin, cookies, language};

/// Holds the browser's own secret, to which sign-ins on their way are bound.
const ATTEMPT: &str = "__Host-attempt";
/// How long a browser may be at a provider.
const PATIENCE: time::Duration = time::Duration::minutes(15);
/// Holds what must come back from a provider after a sign-out there.
const LEAVING: &str = "__Host-leaving";
/// The largest message of a provider, in bytes.
const LARGEST: usize = 64 * 1024;
/// Seconds after which asking a provider again makes sense.
const RETRY_AFTER: u32 = 10;

#[derive(Template)]
#[template(path = "sign_in_refused.html")]
struct RefusedPage<'t> {
    frame: Frame<'t>,
    advice: String,
    code: &'static str,
    time: String,
    reference: String,
    again: Option<String>,
}

#[derive(Template)]
#[template(path = "leave.html")]
struct LeavePage<'t> {
    frame: Frame<'t>,
    title: String,
    lead: String,
    address: String,
    words: String,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage<'t> {
    frame: Frame<'t>,
    lead: String,
}

/// `GET /sign-in/{key}`: to the provider.
pub(in crate::web) async fn start(
    request: HttpRequest,
    services: web::Data<Services>,
    key: web::Path<String>,
) -> HttpResponse {
    // Each beginning is remembered for a while: nobody may begin without end.
    if let Err(refused) = services.rates.take(&request, &services) {
        return *refused;
    }
    let leaving = begin(&request, &services, &key, back(&request), None).await;
    match leaving {
        Ok((address, cookie)) => {
            let mut builder = HttpResponse::SeeOther();
            headers::put(&mut builder, Kind::Page)
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .insert_header((header::LOCATION, address))
                .cookie(cookie)
                .finish()
        }
        Err(failed) => refuse(&request, &services, &key, failed).await,
    }
}

/// `POST /me/accounts/{key}`: to the provider, to link an account there to who is signed in.
pub(in crate::web) async fn link(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    key: web::Path<String>,
    _form: Form,
) -> HttpResponse {
    if let Err(error) = check_change(&services.parvis, &who).await {
        return admin::done(&request, &services, Err(error));
    }
    let whom = Some(who.person.id);
    match begin(&request, &services, &key, "/me".to_owned(), whom).await {
        Ok((address, cookie)) => {
            let mut response = leave(&request, &services, "link-account", address);
            // Adding a cookie fails only when its name is none.
            let _ = response.add_cookie(&cookie);
            response
        }
        Err(failed) => refuse(&request, &services, &key, failed).await,
    }
}

async fn begin(
    request: &HttpRequest,
    services: &Services,
    key: &str,
    return_to: String,
    link_to: Option<crate::domain::ids::PersonId>,
) -> Result<(String, actix_web::cookie::Cookie<'static>), Failed> {
    // One secret for all sign-ins on their way in a browser: several at once do not disturb each other.
    let browser = match cookies::value(request, ATTEMPT) {
        Some(browser) => browser,
        None => secret::random()?,
    };
    let leaving = Leaving {
        key,
        browser: &browser,
        return_to,
        link_to,
    };
    let address = services.sign_on.begin(leaving).await?;
    let mut cookie = cookies::passing(ATTEMPT, browser);
    cookie.set_max_age(PATIENCE);
    Ok((address, cookie))
}

/// `GET /sign-in/{key}/callback`: back from the provider.
pub(in crate::web) async fn callback(
    request: HttpRequest,
    services: web::Data<Services>,
    key: web::Path<String>,
) -> HttpResponse {
    let here = match signed_in::who(&request, &services).await {
        Ok(here) => here,
        Err(error) => return failure::answer(&request, &services, &error, Reader::Person),
    };
    let state = parameter(&request, "state");
    let attempt = cookies::value(&request, ATTEMPT);
    let returning = Returning {
        key: &key,
        state: state.as_deref(),
        attempt: attempt.as_deref(),
        callback: Callback {
            code: parameter(&request, "code"),
            iss: parameter(&request, "iss"),
            error: parameter(&request, "error"),
            error_description: parameter(&request, "error_description"),
        },
        signed_in: here.as_ref().map(|who| who.person.id),
        from: browser(&request),
    };
    match services.sign_on.finish(returning).await {
        Ok(Returned::SignedIn(begun, address)) => go_on(begun, &address),
        Ok(Returned::SecondStep(step)) => to_second_step(step),
        Ok(Returned::Linked(address)) => admin::see(&address),
        Ok(Returned::Again) => home(here.as_ref()),
        // The back button, or a page that was loaded again: there is nothing to do any more.
        Err(Failed::Refused(refusal)) if refusal.code == Code::State && here.is_some() => {
            home(here.as_ref())
        }
        Err(failed) => refuse(&request, &services, &key, failed).await,
    }
}

fn home(here: Option<&SignedIn>) -> HttpResponse {
    admin::see(if here.is_some() { "/admin" } else { "/" })
}

/// Why there is no sign-in: the code, the time and a reference for people; administrators find the story under it.
async fn refuse(
    request: &HttpRequest,
    services: &Services,
    key: &str,
    failed: Failed,
) -> HttpResponse {
    let refusal = match failed {
        Failed::Refused(refusal) => refusal,
        Failed::Broken(error) => {
            return failure::answer(request, services, &error, Reader::Person);
        }
    };
    let reference = note_error::reference();
    services
        .sign_on
        .note_refused(key, &refusal, &reference)
        .await;
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let title = t.say("sign-in-refused");
    let wish = Wish {
        title: &title,
        ..Wish::default()
    };
    let zone = services.parvis.campus().zone();
    let now = services.parvis.clock.now().with_timezone(&zone);
    let page = RefusedPage {
        frame: Frame::private(request, services, &language, wish, None),
        advice: t.say(advice(refusal.code)),
        code: refusal.code.name(),
        time: now.format("%Y-%m-%d %H:%M:%S %Z").to_string(),
        reference,
        again: (!is_final(refusal.code)).then(|| format!("/sign-in/{key}")),
    };
    let mut builder = HttpResponseBuilder::new(status(&refusal));
    if refusal.code.is_passing() {
        builder.insert_header((header::RETRY_AFTER, RETRY_AFTER.to_string()));
    }
    admin::answer_with(request, services, Ok(page), builder)
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal.code {
        Code::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        Code::State | Code::Browser => StatusCode::BAD_REQUEST,
        Code::Discovery | Code::Provider | Code::Exchange | Code::Userinfo => {
            StatusCode::BAD_GATEWAY
        }
        Code::Denied
        | Code::ResponseIssuer
        | Code::Tokens
        | Code::Signature
        | Code::Time
        | Code::Nonce
        | Code::Audience
        | Code::Issuer
        | Code::Subject
        | Code::Hash
        | Code::Groups
        | Code::NoRole
        | Code::Deactivated
        | Code::Taken => StatusCode::FORBIDDEN,
    }
}

/// What a person can do about it, as a key of the texts.
fn advice(code: Code) -> &'static str {
    match code {
        Code::Unreachable => "sso-unreachable",
        Code::State | Code::Browser => "sso-lost",
        Code::Denied => "sso-denied",
        Code::NoRole => "sso-no-role",
        Code::Deactivated => "sso-deactivated",
        Code::Groups => "sso-groups",
        Code::Taken => "sso-taken",
        Code::Time => "sso-time",
        Code::Discovery
        | Code::Provider
        | Code::ResponseIssuer
        | Code::Exchange
        | Code::Tokens
        | Code::Signature
        | Code::Nonce
        | Code::Audience
        | Code::Issuer
        | Code::Subject
        | Code::Hash
        | Code::Userinfo => "sso-other",
    }
}

/// Whether trying again leads to the same, until an administrator did something.
fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::NoRole | Code::Deactivated | Code::Groups | Code::Taken
    )
}

/// `POST /sign-in/{key}/back-channel`: the provider tells that a session ended there.
pub(in crate::web) async fn back_channel(
    request: HttpRequest,
    services: web::Data<Services>,
    key: web::Path<String>,
    payload: web::Payload,
) -> HttpResponse {
    let Ok(Ok(body)) = payload.to_bytes_limited(LARGEST).await else {
        return not_a_logout("the message did not arrive whole");
    };
    let token = form_urlencoded::parse(&body).find(|(name, _)| name == "logout_token");
    let Some((_, token)) = token else {
        return not_a_logout("there is no logout_token");
    };
    let address = signed_in::address(&request);
    match services.sign_on.end_by_token(&key, &token, &address).await {
        Ok(Ok(_)) => closed(HttpResponse::Ok()).finish(),
        Ok(Err(why)) => not_a_logout(&format!("the logout token {why}")),
        Err(error) => failure::answer(&request, &services, &error, Reader::Program),
    }
}

fn not_a_logout(why: &str) -> HttpResponse {
    closed(HttpResponse::BadRequest()).json(serde_json::json!({
        "error": "invalid_request", "error_description": why,
    }))
}

fn closed(mut builder: HttpResponseBuilder) -> HttpResponseBuilder {
    headers::put(&mut builder, Kind::Closed);
    builder.insert_header((header::CACHE_CONTROL, "no-store"));
    builder
}

/// After signing out here: on to the provider, where it has such a place; signed out here it is in any case.
pub(in crate::web) async fn farewell(
    request: &HttpRequest,
    services: &Services,
    vouched: Option<&Vouched>,
) -> HttpResponse {
    let here = without_session(if vouched.is_some() {
        "/signed-out"
    } else {
        "/sign-in?out=here"
    });
    let (Some(vouched), Ok(state)) = (vouched, secret::random()) else {
        return here;
    };
    let Some(address) = services.sign_on.farewell(vouched, &state).await else {
        return here;
    };
    let mut response = leave(request, services, "sign-out", address);
    let mut leaving = cookies::passing(LEAVING, state);
    leaving.set_max_age(PATIENCE);
    let ended = [
        cookies::gone(cookies::SESSION),
        cookies::gone(cookies::VISIT),
        leaving,
    ];
    for cookie in &ended {
        // Adding a cookie fails only when its name is none.
        let _ = response.add_cookie(cookie);
    }
    response
}

/// A page that leads to a provider at once. Browsers refuse to follow a form of ours to another host, so it is no redirect.
fn leave(request: &HttpRequest, services: &Services, key: &str, address: String) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let title = t.say(&format!("{key}-leaving"));
    let wish = Wish {
        title: &title,
        ..Wish::default()
    };
    let page = LeavePage {
        frame: Frame::private(request, services, &language, wish, None),
        title: title.clone(),
        lead: t.say(&format!("{key}-leaving-lead")),
        address,
        words: t.say(&format!("{key}-leaving-go")),
    };
    admin::answer(request, services, Ok(page))
}

/// `GET /signed-out`: where one is after a sign-out. It signs nobody in again.
pub(in crate::web) async fn signed_out(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    let (state, expected) = (
        parameter(&request, "state"),
        cookies::value(&request, LEAVING),
    );
    let (status, lead) = match (&state, &expected) {
        (Some(state), Some(expected)) if is_same(state, expected) => {
            (StatusCode::OK, "signed-out-everywhere")
        }
        (None, None) => (StatusCode::OK, "signed-out-here"),
        // An answer to a sign-out that was not begun here, or not with this.
        (Some(_), _) | (None, Some(_)) => (StatusCode::BAD_REQUEST, "signed-out-uncertain"),
    };
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let title = t.say("signed-out-title");
    let wish = Wish {
        title: &title,
        ..Wish::default()
    };
    let page = SignedOutPage {
        frame: Frame::private(&request, &services, &language, wish, None),
        lead: t.say(lead),
    };
    let mut builder = HttpResponseBuilder::new(status);
    builder.cookie(cookies::gone(LEAVING));
    admin::answer_with(&request, &services, Ok(page), builder)
}

fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && openssl::memcmp::eq(one.as_bytes(), other.as_bytes())
}
