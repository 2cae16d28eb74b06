//! The way in for staff, and the way out.

pub(in crate::web) mod invitation;
pub(in crate::web) mod local;
pub(in crate::web) mod passkey;
pub(in crate::web) mod provider;
pub(in crate::web) mod second;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use self::local::LocalForm;
use crate::actions::my_account;
use crate::web::failure::{self, Reader};
use crate::web::form::Form;
use crate::web::headers::{self, Kind};
use crate::web::pages::frame::{Frame, Wish};
use crate::web::query::parameter;
use crate::web::services::Services;
use crate::web::signed_in::{self, Visitor};
use crate::web::{admin, cookies, language};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'t> {
    frame: Frame<'t>,
    out: Option<String>,
    /// Ways in: the address, and the words on the button.
    ways: Vec<(String, String)>,
    local: LocalForm,
}

/// `GET /sign-in`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
) -> HttpResponse {
    // Who is signed in need not do it again.
    if let Ok(Some(_)) = signed_in::who(&request, &services).await {
        return admin::see(&back(&request));
    }
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let title = t.say("sign-in-title");
    let wish = Wish {
        title: &title,
        scripts: &["passkey.js"],
        ..Wish::default()
    };
    let (local, visit) = match LocalForm::new(&request) {
        Ok(form) => form,
        Err(error) => return failure::answer(&request, &services, &error, Reader::Person),
    };
    let asked: String = form_urlencoded::byte_serialize(back(&request).as_bytes()).collect();
    let offered = services.sign_on.offered().await.map(|issuers| {
        let ways = issuers.into_iter().map(|issuer| {
            let name = issuer.configuration.name.into();
            let words = t.say_with("sign-in-with", &[("name", name)]);
            (format!("/sign-in/{}?return={asked}", issuer.key), words)
        });
        ways.collect()
    });
    let page = offered.map(|ways| Page {
        frame: Frame::private(&request, &services, &language, wish, None),
        out: parameter(&request, "out").map(|why| t.say(said(&why))),
        ways,
        local,
    });
    let mut response = admin::answer(&request, &services, page);
    local::visiting(&mut response, visit);
    response
}

/// How a person came to be signed out, as a text says it.
fn said(why: &str) -> &'static str {
    match why {
        "disowned" => "signed-out-disowned",
        "disowned-provider" => "signed-out-disowned-provider",
        "disowned-unsent" => "signed-out-disowned-unsent",
        _ => "signed-out-here",
    }
}

/// `POST /sign-out`
pub(in crate::web) async fn out(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    _form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let ended = my_account::sign_out(&parvis.database, &who, parvis.clock.now()).await;
    if let Err(error) = ended {
        return admin::done(&request, &services, Err(error));
    }
    let vouched = who
        .session
        .as_ref()
        .and_then(|session| session.vouched.as_ref());
    provider::farewell(&request, &services, vouched).await
}

/// The answer that takes the session's cookie away.
pub(in crate::web) fn signed_out(address: &str) -> HttpResponse {
    let mut builder = HttpResponse::SeeOther();
    headers::put(&mut builder, Kind::Page)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::LOCATION, address))
        .insert_header(("clear-site-data", "\"cache\""))
        .cookie(cookies::gone(cookies::SESSION))
        .cookie(cookies::gone(cookies::VISIT))
        .finish()
}

/// The answer that begins a session: its cookie, and on to where the person wanted to go.
pub(in crate::web) fn signed_in(secret: String, address: &str) -> HttpResponse {
    let mut builder = HttpResponse::SeeOther();
    headers::put(&mut builder, Kind::Page)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::LOCATION, address))
        .cookie(cookies::passing(cookies::SESSION, secret))
        .cookie(cookies::gone(cookies::VISIT))
        .finish()
}

/// Where to go after a sign-in: `?return=`, if it is an address of ours.
pub(in crate::web) fn back(request: &HttpRequest) -> String {
    parameter(request, "return").map_or_else(|| "/admin".to_owned(), |asked| ours(&asked))
}

/// An address of ours, or the home of staff: never another host's, however it is written.
pub(in crate::web) fn ours(asked: &str) -> String {
    let is_ours = asked.starts_with('/')
        && !asked.starts_with("//")
        && !asked.contains(['\\', '\r', '\n', '\t'])
        && !asked.starts_with("/sign-")
        && asked.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    if is_ours {
        asked.to_owned()
    } else {
        "/admin".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::ours;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for address in ["/admin/people?site=library", "/", "/me#sessions"] {
            assert_eq!(ours(address), address);
        }
        for address in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/%0d\n",
            "javascript:alert(1)",
            "evil.example",
            "",
            "/sign-out",
            "/é",
        ] {
            assert_eq!(ours(address), "/admin", "{address:?}");
        }
    }
}
