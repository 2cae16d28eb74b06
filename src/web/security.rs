//! What people sign in with: their password, codes and passkeys, the browsers they are known to use, and what to do when
//! it was not them.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;

use super::admin::{self, Moments};
use super::failure::{self, Reader};
use super::form::Form;
use super::pages::frame::{Frame, Wish};
use super::pages::sign_in::invitation::{rule, weak};
use super::pages::sign_in::local::{browser, go_on, refusal, to_second_step, waiting};
use super::pages::sign_in::passkey::challenge;
use super::services::Services;
use super::signed_in::Visitor;
use super::{cookies, language};
use crate::actions::choose_password::{Refusal, change};
use crate::actions::disown_sign_in::{WayBack, disown};
use crate::actions::enrol_second_factor::{
    self as enrol, Factors, NewPasskey, Proposed, Removal, add_passkey, confirm_codes, remove,
};
use crate::actions::second_step::step_up;
use crate::auth::sessions::SignedIn;
use crate::domain::role::Role;
use crate::domain::session::{browser_words, has_short_password};
use crate::error::Error;

/// Where the page is.
const HERE: &str = "/me/security";

struct ShownPasskey {
    id: i32,
    name: String,
    words: String,
}

/// The advice to show the second factor that there is.
const CONFIRM: &str = "security-confirm";

#[derive(Template)]
#[template(path = "security.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    /// What the person must do first, in words.
    advice: Option<String>,
    /// Whether confirming is what they must do.
    can_confirm: bool,
    /// Whether the session may add and take away what the person signs in with.
    may_change: bool,
    may_have_passkeys: bool,
    /// What a password must be, for who has one.
    rule: Option<String>,
    codes: Option<String>,
    passkeys: Vec<ShownPasskey>,
    devices: Vec<String>,
    problem: Option<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "codes.html")]
struct Codes<'t> {
    frame: Frame<'t>,
    token: String,
    ceremony: String,
    picture: String,
    typed: String,
    problem: Option<String>,
}

/// `GET /me/security`
pub(super) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    page(&request, &services, &who, None, HttpResponse::Ok()).await
}

async fn page(
    request: &HttpRequest,
    services: &Services,
    who: &SignedIn,
    problem: Option<(&'static str, String)>,
    builder: HttpResponseBuilder,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let page = enrol::show(&services.parvis, who)
        .await
        .map(|factors| build(request, services, who, &language, factors, problem));
    admin::answer_with(request, services, page, builder)
}

fn build<'t>(
    request: &HttpRequest,
    services: &'t Services,
    who: &SignedIn,
    language: &'t str,
    factors: Factors,
    problem: Option<(&'static str, String)>,
) -> Page<'t> {
    let t = services.texts.in_language(language);
    let moments = Moments::of(services.parvis.campus().zone());
    let title = t.say("security-title");
    let wish = Wish {
        title: &title,
        scripts: &["passkey.js"],
        ..Wish::default()
    };
    let has_factor = factors.codes_since.is_some() || !factors.passkeys.is_empty();
    let session = who.session.as_ref();
    let must_confirm = has_factor && !who.actor.is_strong;
    let advice = if session.is_some_and(|session| has_short_password(&session.method)) {
        Some("security-too-short")
    } else if must_confirm {
        Some(CONFIRM)
    } else if factors.needs_invitation {
        Some("security-needs-invitation")
    } else if factors.is_administrator && !who.actor.is_strong {
        Some("security-too-weak")
    } else {
        None
    };
    let visiting = admin::visiting(request, services, who);
    let passkeys = factors.passkeys.into_iter().map(|key| ShownPasskey {
        id: key.id,
        words: t.say_with(
            "passkey-words",
            &[
                ("created", moments.say(key.created_at).into()),
                (
                    "used",
                    key.used_at
                        .map_or_else(|| "–".to_owned(), |used| moments.say(used))
                        .into(),
                ),
            ],
        ),
        name: key.name,
    });
    let devices = factors.devices.into_iter().map(|device| {
        t.say_with(
            "device-words",
            &[
                ("agent", browser_words(&device.agent).into()),
                ("address", device.address.into()),
                ("first", moments.say(device.first_seen_at).into()),
                ("last", moments.say(device.last_seen_at).into()),
            ],
        )
    });
    Page {
        frame: Frame::private(request, services, language, wish, Some(visiting)),
        token: who.csrf.clone(),
        advice: advice.map(|key| t.say(key)),
        can_confirm: advice == Some(CONFIRM),
        may_change: !must_confirm && !factors.needs_invitation,
        may_have_passkeys: services
            .parvis
            .settings
            .web
            .public_name
            .parse::<std::net::IpAddr>()
            .is_err(),
        rule: factors
            .has_password
            .then(|| rule(&t, factors.is_administrator)),
        codes: factors
            .codes_since
            .map(|since| t.say_with("codes-since", &[("since", moments.say(since).into())])),
        passkeys: passkeys.collect(),
        devices: devices.collect(),
        problem,
    }
}

/// `POST /me/password`
pub(super) async fn password(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let language = language::of_person(&request, &services.texts);
    let t = services.texts.in_language(&language);
    let (old, new) = (form.raw("old").to_owned(), form.raw("password").to_owned());
    if new != form.raw("again") {
        let problem = Some(("password", t.say("password-differs")));
        return page(&request, &services, &who, problem, refusal(&services, None)).await;
    }
    let changed = change(
        &services.parvis,
        &services.local,
        &who,
        (old, new),
        browser(&request),
    );
    let (problem, wait) = match changed.await {
        Ok(Ok(())) => return admin::see(HERE),
        Ok(Err(Refusal::Wrong)) => (("old", t.say("password-wrong")), None),
        Ok(Err(Refusal::Weak(weakness))) => (("password", weak(&t, weakness)), None),
        Ok(Err(Refusal::Wait(wait))) => (("old", waiting(&t, wait)), Some(wait)),
        Err(error) => return failure::answer(&request, &services, &error, Reader::Person),
    };
    page(
        &request,
        &services,
        &who,
        Some(problem),
        refusal(&services, wait),
    )
    .await
}

/// `POST /me/confirm`: the second factor, for a session that began without it.
pub(super) async fn confirm(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    _form: Form,
) -> HttpResponse {
    let method = who
        .session
        .as_ref()
        .map_or_else(String::new, |session| session.method.clone());
    let begun = step_up(
        &services.parvis,
        &services.local,
        who.person.id,
        method,
        HERE.to_owned(),
    );
    match begun.await {
        Ok(step) => to_second_step(step),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// Where a second factor that was just set up leads: to the administration, for who could not go there without one.
fn after(who: &SignedIn) -> &'static str {
    let mut roles = who.actor.grants.iter().map(|grant| grant.role);
    if !who.actor.is_strong && roles.any(Role::needs_strong_sign_in) {
        "/admin"
    } else {
        HERE
    }
}

/// `POST /me/codes`: proposes a generator, confirms one, or takes it away.
pub(super) async fn codes(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let (parvis, local) = (&services.parvis, &services.local);
    if form.has("remove") {
        let removed = remove(parvis, &who, Removal::Codes).await;
        return admin::done(&request, &services, removed.map(|()| HERE.to_owned()));
    }
    let Some(ceremony) = form.optional("ceremony") else {
        let proposed = enrol::propose_codes(parvis, local, &who).await;
        return propose(&request, &services, &who, proposed, None);
    };
    let confirmation = (ceremony.clone(), form.text("code").to_owned());
    match confirm_codes(parvis, local, &who, confirmation, browser(&request)).await {
        Ok(Some(begun)) => go_on(begun, after(&who)),
        Ok(None) => {
            let language = language::of_person(&request, &services.texts);
            let words = services.texts.in_language(&language).say("second-wrong");
            let proposed = enrol::proposed(parvis, local, &who, ceremony).await;
            propose(&request, &services, &who, proposed, Some(words))
        }
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

fn propose(
    request: &HttpRequest,
    services: &Services,
    who: &SignedIn,
    proposed: Result<Proposed, Error>,
    problem: Option<String>,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let title = services.texts.in_language(&language).say("codes-title");
    let builder = match problem {
        None => HttpResponse::Ok(),
        Some(_) => refusal(services, None),
    };
    let page = proposed.and_then(|proposed| {
        Ok(Codes {
            frame: admin::frame(request, services, &language, &title, who),
            token: who.csrf.clone(),
            picture: picture(&proposed.address)?,
            ceremony: proposed.ceremony,
            typed: proposed.typed,
            problem,
        })
    });
    admin::answer_with(request, services, page, builder)
}

/// A QR code, dark on light whatever the colours of the page are: authenticators read no other.
fn picture(address: &str) -> Result<String, Error> {
    let code = QrCode::new(address.as_bytes()).map_err(Error::internal)?;
    let svg = code
        .render::<svg::Color<'_>>()
        .min_dimensions(220, 220)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    let start = svg.find("<svg").unwrap_or(0);
    Ok(svg.get(start..).unwrap_or_default().to_owned())
}

/// `POST /me/passkeys/begin`
pub(super) async fn begin_passkey(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    _form: Form,
) -> HttpResponse {
    let begun = enrol::begin_passkey(&services.parvis, &services.local, &who).await;
    challenge(&request, &services, begun)
}

/// `POST /me/passkeys`: adds one, or takes one away.
pub(super) async fn passkeys(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    if form.has("remove") {
        let removed = async {
            let id = form.number("remove")?;
            remove(&services.parvis, &who, Removal::Passkey(id)).await?;
            Ok(HERE.to_owned())
        };
        return admin::done(&request, &services, removed.await);
    }
    let added = async {
        let answer = serde_json::from_str(form.raw("answer")).map_err(|_| Error::Invalid {
            field: "passkey".to_owned(),
            rule: "the browser gave no answer".to_owned(),
        })?;
        let new = NewPasskey {
            ceremony: cookies::value(&request, cookies::CEREMONY).unwrap_or_default(),
            answer,
            name: form
                .optional("name")
                .unwrap_or_else(|| "passkey".to_owned()),
        };
        add_passkey(
            &services.parvis,
            &services.local,
            &who,
            new,
            browser(&request),
        )
        .await
    };
    match added.await {
        Ok(begun) => go_on(begun, after(&who)),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}

/// `POST /me/not-me`
pub(super) async fn not_me(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    if !form.has("sure") {
        return admin::see(HERE);
    }
    let signed_out = super::pages::sign_in::signed_out;
    match disown(&services.parvis, &services.local, &who).await {
        Ok(WayBack::Mail) => signed_out("/sign-in?out=disowned"),
        Ok(WayBack::Administration) => signed_out("/sign-in?out=disowned-unsent"),
        Ok(WayBack::Provider) => signed_out("/sign-in?out=disowned-provider"),
        Err(error) => failure::answer(&request, &services, &error, Reader::Person),
    }
}
