//! What people see of themselves: where they are signed in, what they may, and the tokens of their programs.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::admin::faults::{Faults, answer_again};
use super::admin::{self, Moments, ShownAccount, role_words, shown_account};
use super::form::Form;
use super::language;
use super::pages::frame::Frame;
use super::services::Services;
use super::signed_in::Visitor;
use crate::actions::my_account::{self, Wish};
use crate::actions::unlink_account::unlink_own;
use crate::auth::sessions::SignedIn;
use crate::domain::actor::Place;
use crate::domain::role::Act;
use crate::domain::session::browser_words;
use crate::error::Error;

struct ShownSession {
    id: i64,
    agent: String,
    words: String,
    is_this: bool,
}

struct ShownToken {
    id: i32,
    name: String,
    words: String,
    scopes: String,
}

struct ShownAct {
    name: &'static str,
    words: String,
    is_ticked: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Page<'t> {
    frame: Frame<'t>,
    token: String,
    name: String,
    email: String,
    login: String,
    roles: Vec<String>,
    sessions: Vec<ShownSession>,
    sign_ins: Vec<String>,
    tokens: Vec<ShownToken>,
    acts: Vec<ShownAct>,
    identities: Vec<ShownAccount>,
    /// Providers to link an account of: the key, and the name.
    issuers: Vec<(String, String)>,
    token_made: Option<String>,
    /// The form of a new token, as it was entered.
    entered: &'t Form,
    faults: Faults,
}

/// `GET /me`
pub(super) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let nothing = Form::default();
    let (made, faults) = (None, Faults::default());
    page(&request, &services, &who, made, &nothing, faults).await
}

async fn page(
    request: &HttpRequest,
    services: &Services,
    who: &SignedIn,
    token_made: Option<String>,
    entered: &Form,
    faults: Faults,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let builder = faults.answer();
    let page = build(request, services, who, &language, entered).await;
    let page = page.map(|page| Page {
        token_made,
        faults,
        ..page
    });
    admin::answer_with(request, services, page, builder)
}

async fn build<'t>(
    request: &HttpRequest,
    services: &'t Services,
    who: &SignedIn,
    language: &'t str,
    entered: &'t Form,
) -> Result<Page<'t>, Error> {
    let parvis = &services.parvis;
    let t = services.texts.in_language(language);
    let limits = parvis.settings.auth.limits();
    let account = my_account::show(&parvis.database, who, limits, parvis.clock.now()).await?;
    let moments = Moments::of(parvis.campus().zone());
    let own = who.session.as_ref().map(|session| session.id);
    let campus = parvis.campus();
    let sessions = account.sessions.into_iter().map(|session| ShownSession {
        words: t.say_with(
            "session-words",
            &[
                ("address", session.address.as_str().into()),
                ("begun", moments.say(session.begun_at).into()),
                ("seen", moments.say(session.seen_at).into()),
            ],
        ),
        is_this: own == Some(session.id),
        id: session.id,
        agent: browser_words(&session.agent),
    });
    let tokens = account.tokens.into_iter().map(|token| ShownToken {
        id: token.id,
        words: t.say_with(
            "token-words",
            &[
                ("until", moments.say(token.until).into()),
                (
                    "used",
                    token
                        .used_at
                        .map_or_else(|| "–".to_owned(), |used| moments.say(used))
                        .into(),
                ),
            ],
        ),
        scopes: token
            .scopes
            .iter()
            .map(|act| t.say(&format!("act-{act}")))
            .collect::<Vec<_>>()
            .join(" · "),
        name: token.name,
    });
    let acts = Act::ALL
        .into_iter()
        .filter(|act| who.actor.may(*act, Place::AnySite))
        .map(|act| ShownAct {
            name: act.name(),
            words: t.say(&format!("act-{act}")),
            is_ticked: entered.all("scope").any(|scope| scope == act.name()),
        });
    let sign_ins = account.sign_ins.iter().map(|record| {
        format!(
            "{} · {} · {}",
            moments.say(record.at),
            record.event.address.as_deref().unwrap_or("–"),
            match record.event.outcome.as_str() {
                "done" => t.say("sign-in-done"),
                refused => refused.to_owned(),
            }
        )
    });
    let identities: Vec<ShownAccount> = account
        .identities
        .iter()
        .map(|identity| shown_account(&account.issuers, identity))
        .collect();
    let issuers = account
        .issuers
        .into_iter()
        .map(|issuer| (issuer.key, issuer.configuration.name));
    Ok(Page {
        frame: admin::frame(request, services, language, &t.say("account-title"), who),
        token: who.csrf.clone(),
        name: who.person.name.clone(),
        email: who.person.email.clone().unwrap_or_default(),
        login: who.person.login.clone().unwrap_or_default(),
        roles: account
            .roles
            .iter()
            .map(|held| role_words(&t, &campus, language, held))
            .collect(),
        sessions: sessions.collect(),
        sign_ins: sign_ins.collect(),
        tokens: tokens.collect(),
        acts: acts.collect(),
        identities,
        issuers: issuers.collect(),
        token_made: None,
        entered,
        faults: Faults::default(),
    })
}

/// `POST /me/sessions`
pub(super) async fn end_sessions(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let result = async {
        let one = form
            .optional("session")
            .map(|_| form.number("session"))
            .transpose()?;
        my_account::end_sessions(&parvis.database, &who, one, parvis.clock.now()).await?;
        Ok("/me".to_owned())
    };
    admin::done(&request, &services, result.await)
}

/// `POST /me/accounts`: unlinks an account at an identity provider.
pub(super) async fn unlink(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let result = async {
        form.is_sure()?;
        let id = form.number("account")?;
        unlink_own(&parvis.database, &who, id, parvis.clock.now()).await?;
        Ok("/me".to_owned())
    };
    admin::done(&request, &services, result.await)
}

/// `POST /me/tokens`
pub(super) async fn tokens(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let now = parvis.clock.now();
    if form.has("revoke") {
        let result = async {
            let id = form.number("revoke")?;
            my_account::revoke_token(&parvis.database, &who, id, now).await?;
            Ok("/me".to_owned())
        };
        return admin::done(&request, &services, result.await);
    }
    let made = async {
        let scopes = form
            .all("scope")
            .map(|name| {
                let act = Act::ALL.into_iter().find(|act| act.name() == name);
                act.ok_or_else(|| Error::Invalid {
                    field: "scopes".to_owned(),
                    rule: format!("\"{name}\" is nothing a token may do"),
                })
            })
            .collect::<Result<Vec<Act>, Error>>()?;
        let wish = Wish {
            name: form.text("name").to_owned(),
            scopes,
            days: form.number("days")?,
        };
        my_account::make_token(&parvis.database, &who, wish, now).await
    };
    let fields = [
        ("name", "token-name"),
        ("days", "token-days"),
        ("scopes", "token-scopes"),
    ];
    match made.await {
        Ok(token) => {
            let (nothing, faults) = (Form::default(), Faults::default());
            page(&request, &services, &who, Some(token), &nothing, faults).await
        }
        Err(error) => {
            answer_again(&request, &services, error, &fields, async |faults| {
                page(&request, &services, &who, None, &form, faults).await
            })
            .await
        }
    }
}
