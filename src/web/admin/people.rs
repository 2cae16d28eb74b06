//! People and their roles: everybody for who manages them, those of a site for its administration.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::faults::{Faults, answer_again};
use super::{
    Moments, ShownAccount, answer_with, done, frame, person_words, place_words, role_words, see,
    shown_account,
};
use crate::actions::manage_people::{self, Change, Known};
use crate::domain::actor::{Actor, Grant, Place};
use crate::domain::campus::Campus;
use crate::domain::ids::PersonId;
use crate::domain::person::{GrantedRole, NewPerson};
use crate::domain::role::{Act, Role};
use crate::domain::session::browser_words;
use crate::error::Error;
use crate::web::form::Form;
use crate::web::language;
use crate::web::pages::frame::Frame;
use crate::web::query::parameter;
use crate::web::services::Services;
use crate::web::signed_in::Visitor;
use crate::web::texts::Speech;

/// The fields of the forms here, each with the key of its label.
const FIELDS: &[(&str, &str)] = &[
    ("name", "person-name"),
    ("email", "person-email"),
    ("login", "person-login"),
    ("who", "role-whom"),
    ("role", "role-which"),
];

struct ShownRole {
    words: String,
    name: &'static str,
    site: String,
    can_be_taken: bool,
}

struct ShownPerson {
    id: PersonId,
    name: String,
    /// What tells them from others of that name.
    contact: String,
    accounts: Vec<ShownAccount>,
    is_deactivated: bool,
    is_linked: bool,
    roles: Vec<ShownRole>,
}

#[derive(Template)]
#[template(path = "admin/people.html")]
struct People<'t> {
    frame: Frame<'t>,
    title: String,
    token: String,
    site: String,
    all: Vec<ShownPerson>,
    can_add: bool,
    /// Role, words, and whether it is chosen.
    roles: Vec<(&'static str, String, bool)>,
    entered: &'t Form,
    faults: Faults,
}

#[derive(Template)]
#[template(path = "admin/person.html")]
struct Person<'t> {
    frame: Frame<'t>,
    token: String,
    id: PersonId,
    title: String,
    contact: String,
    /// What the button of the invitation says; none for who has neither a login nor an account.
    invite: Option<String>,
    /// The details, as they are or were entered.
    name: String,
    email: String,
    login: String,
    is_deactivated: bool,
    is_oneself: bool,
    roles: Vec<ShownRole>,
    accounts: Vec<ShownAccount>,
    sessions: Vec<String>,
    manages: bool,
    all_roles: Vec<(&'static str, String)>,
    sites: Vec<(String, String)>,
    faults: Faults,
}

/// A role, and whether the actor may take it.
fn shown_role(
    actor: &Actor,
    t: &Speech<'_>,
    campus: &Campus,
    language: &str,
    held: &GrantedRole,
) -> ShownRole {
    let (act, place) = match &held.grant.site {
        Some(site) => (Act::GrantSiteRoles, Place::Site(site)),
        None => (Act::ManagePeople, Place::Institution),
    };
    ShownRole {
        words: role_words(t, campus, language, held),
        name: held.grant.role.name(),
        site: held.grant.site.clone().unwrap_or_default(),
        can_be_taken: held.issuer.is_none() && actor.may(act, place),
    }
}

fn role_choices(t: &Speech<'_>, of_institution_too: bool) -> Vec<(&'static str, String)> {
    Role::ALL
        .into_iter()
        .filter(|role| of_institution_too || !role.is_of_institution())
        .map(|role| (role.name(), t.say(&format!("role-{role}"))))
        .collect()
}

/// `GET /admin/people`, `GET /admin/people?site=SLUG`
pub(in crate::web) async fn all(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
) -> HttpResponse {
    let site = parameter(&request, "site").filter(|site| !site.is_empty());
    let nothing = Form::default();
    list(&request, &services, &who, site, &nothing, Faults::default()).await
}

/// Everybody, or those of a site, and the form as it was entered.
async fn list(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    site: Option<String>,
    entered: &Form,
    faults: Faults,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let builder = faults.answer();
    let listed = async {
        let database = &services.parvis.database;
        let known = manage_people::list(database, &who.actor, site.clone()).await?;
        Ok((known, services.sign_on.offered().await?))
    };
    let page = listed.await.map(|(known, issuers)| {
        let sees_people = who.actor.may(Act::SeePeople, Place::Institution);
        let people = known.into_iter().map(|known| {
            let Known {
                person,
                roles,
                accounts,
                ..
            } = known;
            let roles = roles
                .iter()
                .filter(|held| site.is_none() || held.grant.site == site)
                .map(|held| shown_role(&who.actor, &t, &campus, &language, held));
            let accounts = accounts.iter();
            ShownPerson {
                roles: roles.collect(),
                id: person.id,
                contact: person_words(&t, &person),
                accounts: accounts
                    .map(|account| shown_account(&issuers, account))
                    .collect(),
                name: person.name,
                is_deactivated: person.deactivated_at.is_some(),
                is_linked: sees_people,
            }
        });
        let people = people.collect();
        let title = match &site {
            None => t.say("staff-people"),
            Some(slug) => {
                let name = place_words(&t, &campus, &language, Some(slug));
                t.say_with("people-at", &[("site", name.into())])
            }
        };
        People {
            frame: frame(request, services, &language, &title, who),
            title,
            token: who.csrf.clone(),
            can_add: site.is_none() && who.actor.may(Act::ManagePeople, Place::Institution),
            site: site.clone().unwrap_or_default(),
            all: people,
            roles: role_choices(&t, false)
                .into_iter()
                .map(|(role, words)| (role, words, entered.text("role") == role))
                .collect(),
            entered,
            faults,
        }
    });
    answer_with(request, services, page, builder)
}

/// Where the people of a site are listed, or everybody.
fn address(site: Option<&str>) -> String {
    site.map_or_else(
        || "/admin/people".to_owned(),
        |site| format!("/admin/people?site={site}"),
    )
}

/// `POST /admin/people`: somebody new, or a role at a site for somebody known by login or address.
pub(in crate::web) async fn add(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let now = parvis.clock.now();
    let result = async {
        if let Some(name) = form.optional("who") {
            let grant = grant(&form)?;
            let back = address(Some(grant.site.as_deref().unwrap_or_default()));
            let given =
                manage_people::give_by_name(&parvis.database, &who.actor, name, grant, now).await;
            return given
                .map(|()| back)
                .map_err(|error| error.not_found_at("who", "nobody has this login or address"));
        }
        let id = manage_people::add(&parvis.database, &who.actor, details(&form), now).await?;
        Ok(format!("/admin/people/{id}"))
    };
    match result.await {
        Ok(address) => see(&address),
        Err(error) => {
            answer_again(&request, &services, error, FIELDS, async |faults| {
                let site = form.optional("site");
                list(&request, &services, &who, site, &form, faults).await
            })
            .await
        }
    }
}

/// `GET /admin/people/{id}`
pub(in crate::web) async fn show(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    id: web::Path<i32>,
) -> HttpResponse {
    let (id, nothing) = (PersonId(*id), Faults::default());
    person(&request, &services, &who, id, None, nothing).await
}

/// The page of a person, with what was entered of the details.
async fn person(
    request: &HttpRequest,
    services: &Services,
    who: &Visitor,
    id: PersonId,
    entered: Option<NewPerson>,
    faults: Faults,
) -> HttpResponse {
    let language = language::of_person(request, &services.texts);
    let t = services.texts.in_language(&language);
    let campus = services.parvis.campus();
    let moments = Moments::of(campus.zone());
    let builder = faults.answer();
    let shown = async {
        let database = &services.parvis.database;
        let known = manage_people::show(database, &who.actor, id).await?;
        Ok((known, services.sign_on.offered().await?))
    };
    let page = shown.await.map(|(known, issuers)| {
        let Known {
            person,
            roles,
            accounts,
            sessions,
        } = known;
        let sessions = sessions.into_iter().map(|session| {
            format!(
                "{} · {} · {}",
                moments.say(session.seen_at),
                session.address,
                browser_words(&session.agent)
            )
        });
        let sites = campus.sites.iter().map(|site| {
            (
                site.slug.clone(),
                site.name.in_language(&language).to_owned(),
            )
        });
        let contact = person_words(&t, &person);
        let details = entered.unwrap_or_else(|| NewPerson {
            name: person.name.clone(),
            email: person.email.clone(),
            login: person.login.clone(),
        });
        Person {
            frame: frame(request, services, &language, &person.name, who),
            token: who.csrf.clone(),
            id: person.id,
            contact,
            invite: match (&person.login, accounts.is_empty()) {
                (Some(_), _) => Some(t.say("person-invite")),
                (None, false) => Some(t.say("person-invite-own")),
                (None, true) => None,
            },
            title: person.name,
            name: details.name,
            email: details.email.unwrap_or_default(),
            login: details.login.unwrap_or_default(),
            is_deactivated: person.deactivated_at.is_some(),
            is_oneself: who.person.id == person.id,
            accounts: accounts
                .iter()
                .map(|account| shown_account(&issuers, account))
                .collect(),
            roles: roles
                .iter()
                .map(|held| shown_role(&who.actor, &t, &campus, &language, held))
                .collect(),
            sessions: sessions.collect(),
            manages: who.actor.may(Act::ManagePeople, Place::Institution),
            all_roles: role_choices(&t, true),
            sites: sites.collect(),
            faults,
        }
    });
    answer_with(request, services, page, builder)
}

/// `POST /admin/people/{id}`: what the button says.
pub(in crate::web) async fn change(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    id: web::Path<i32>,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let result = async {
        let change = match form.text("do") {
            "change" => Change::Details(details(&form)),
            "deactivate" => {
                form.is_sure()?;
                Change::Deactivate
            }
            "unlink" => {
                form.is_sure()?;
                Change::Unlink(form.number("account")?)
            }
            "reactivate" => Change::Reactivate,
            "end-sessions" => Change::EndSessions,
            "give" => Change::Give(grant(&form)?),
            "take" => Change::Take(grant(&form)?),
            other => {
                return Err(Error::Invalid {
                    field: "do".to_owned(),
                    rule: format!("\"{other}\" is nothing that can be done"),
                });
            }
        };
        let (id, now) = (PersonId(*id), parvis.clock.now());
        manage_people::change(&parvis.database, &who.actor, id, change, now).await
    };
    // From a list one comes back to it: its reader need not be one who sees the page of a person.
    let listed = form.has("list").then(|| form.optional("list"));
    match (result.await, listed) {
        (Ok(()), Some(site)) => see(&address(site.as_deref())),
        (Ok(()), None) => see(&format!("/admin/people/{}", *id)),
        (Err(error), listed) => {
            answer_again(&request, &services, error, FIELDS, async |faults| {
                if let Some(site) = listed {
                    return list(&request, &services, &who, site, &form, faults).await;
                }
                let entered = (form.text("do") == "change").then(|| details(&form));
                person(&request, &services, &who, PersonId(*id), entered, faults).await
            })
            .await
        }
    }
}

/// `POST /admin/see-as`: look as somebody else would, or as oneself again.
pub(in crate::web) async fn see_as(
    request: HttpRequest,
    services: web::Data<Services>,
    who: Visitor,
    form: Form,
) -> HttpResponse {
    let parvis = &services.parvis;
    let result = async {
        let session = who.session.as_ref().ok_or(Error::Unauthenticated)?.id;
        let whom = form
            .optional("person")
            .map(|_| form.number("person").map(PersonId))
            .transpose()?;
        let now = parvis.clock.now();
        manage_people::look_as(&parvis.database, &who.actor, session, whom, now).await?;
        Ok("/admin".to_owned())
    };
    done(&request, &services, result.await)
}

fn details(form: &Form) -> NewPerson {
    NewPerson {
        name: form.text("name").to_owned(),
        email: form.optional("email"),
        login: form.optional("login"),
    }
}

fn grant(form: &Form) -> Result<Grant, Error> {
    let role: Role = form.text("role").parse().map_err(|error| Error::Invalid {
        field: "role".to_owned(),
        rule: crate::domain::role::NotARole::to_string(&error),
    })?;
    Ok(Grant {
        role,
        // Roles of the institution are for no site, whatever the list beside them says.
        site: form.optional("site").filter(|_| !role.is_of_institution()),
    })
}
