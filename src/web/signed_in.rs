//! Who asks: the person whose session a cookie names, or for whom a program shows a token. A handler that takes
//! [`Visitor`] answers nobody else.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::{Method, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse};

use super::failure::{self, Reader};
use super::headers::{self, Kind};
use super::services::Services;
use super::{cookies, pages};
use crate::auth::sessions::{self, SignedIn};
use crate::domain::actor::Refused;
use crate::error::Error;

/// Somebody who is signed in.
pub(super) struct Visitor(pub(super) SignedIn);

impl std::ops::Deref for Visitor {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl FromRequest for Visitor {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, actix_web::Error>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let services = pages::services_of(&request);
            match who(&request, &services).await {
                Ok(Some(signed_in)) => Ok(Self(signed_in)),
                Ok(None) => Err(refuse(&request, &services, &Error::Unauthenticated)),
                Err(error) => Err(refuse(&request, &services, &error)),
            }
        })
    }
}

/// Who asks, if they are known.
pub(super) async fn who(
    request: &HttpRequest,
    services: &Arc<Services>,
) -> Result<Option<SignedIn>, Error> {
    let parvis = &services.parvis;
    let now = parvis.clock.now();
    let address = address(request);
    // A token is no cookie: whoever shows one acts by it alone.
    // Pages show more of a person than any scope says: they are for sessions.
    if let Some(authorization) = request.headers().get(header::AUTHORIZATION) {
        let token = authorization
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim().to_owned());
        let Some(token) = token else { return Ok(None) };
        if !is_for_programs(request.path()) {
            return Err(Refused::TokenOnPage.into());
        }
        return sessions::recognise_token(&parvis.database, token, address, now).await;
    }
    let Some(secret) = cookies::value(request, cookies::SESSION) else {
        return Ok(None);
    };
    let limits = parvis.settings.auth.limits();
    sessions::recognise(&parvis.database, secret, address, limits, now).await
}

/// Whether programs may ask there with a token.
fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/") || path == "/admin/audit.csv"
}

/// From where a request comes.
pub(super) fn address(request: &HttpRequest) -> String {
    request
        .peer_addr()
        .map_or_else(String::new, |peer| peer.ip().to_canonical().to_string())
}

/// What the browser calls itself.
pub(super) fn agent(request: &HttpRequest) -> String {
    let agent = request.headers().get(header::USER_AGENT);
    String::from_utf8_lossy(agent.map(header::HeaderValue::as_bytes).unwrap_or_default())
        .into_owned()
}

/// A person who only wants to look is sent to the sign-in and comes back; everybody else is told.
fn refuse(request: &HttpRequest, services: &Services, error: &Error) -> actix_web::Error {
    let is_program = request.path().starts_with("/api/");
    let response = if matches!(error, Error::Unauthenticated)
        && !is_program
        && request.method() == Method::GET
    {
        to_sign_in(request)
    } else {
        let reader = if is_program {
            Reader::Program
        } else {
            Reader::Person
        };
        failure::answer(request, services, error, reader)
    };
    InternalError::from_response("refused", response).into()
}

fn to_sign_in(request: &HttpRequest) -> HttpResponse {
    let back = request
        .uri()
        .path_and_query()
        .map_or("/", |address| address.as_str());
    let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    let mut builder = HttpResponse::SeeOther();
    headers::put(&mut builder, Kind::Page)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::LOCATION, format!("/sign-in?return={back}")))
        .finish()
}
