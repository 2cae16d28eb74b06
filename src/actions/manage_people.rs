//! People and their roles: who is known, who may what, and who may no longer.

use serde_json::json;

use super::unlink_account::{account_of, unlink};
use crate::domain::actor::{Actor, Allowed, Grant};
use crate::domain::audit::Event;
use crate::domain::ids::PersonId;
use crate::domain::issuer::Identity;
use crate::domain::person::{GrantTo, GrantedRole, NewPerson, PeopleAt, Person, Somebody};
use crate::domain::reading::Moment;
use crate::domain::role::{Act, Role};
use crate::domain::session::{LookAs, Session};
use crate::error::Error;
use crate::persistence::sessions::Ending;
use crate::persistence::{Database, Transaction, audit, issuers, people, sessions};

/// A person with what they may.
#[derive(Debug)]
pub struct Known {
    /// Who.
    pub person: Person,
    /// Their roles, each with who gave it.
    pub roles: Vec<GrantedRole>,
    /// Their accounts at identity providers.
    pub accounts: Vec<Identity>,
    /// Where they are signed in; empty for who may not know.
    pub sessions: Vec<Session>,
}

/// Everybody; at a site, those with a role there.
///
/// # Errors
/// When the actor may not know, or the database is not available.
pub async fn list(
    database: &Database,
    actor: &Actor,
    site: Option<String>,
) -> Result<Vec<Known>, Error> {
    enum Whom {
        All(Allowed<Somebody>),
        At(Allowed<PeopleAt>),
    }
    let whom = match site {
        None => Whom::All(actor.allowed(Act::SeePeople, Somebody)?),
        Some(site) => Whom::At(actor.allowed(Act::GrantSiteRoles, PeopleAt(site))?),
    };
    database
        .read(move |view| {
            let found = match &whom {
                Whom::All(everybody) => people::all(view, everybody)?,
                Whom::At(site) => people::at_site(view, site)?,
            };
            found
                .into_iter()
                .map(|person| {
                    Ok(Known {
                        roles: people::roles_of(view, person.id)?,
                        accounts: issuers::of_person(view, person.id)?,
                        person,
                        sessions: Vec::new(),
                    })
                })
                .collect()
        })
        .await
}

/// One person.
///
/// # Errors
/// When there is none, the actor may not know, or the database is not available.
pub async fn show(database: &Database, actor: &Actor, id: PersonId) -> Result<Known, Error> {
    let actor = actor.clone();
    database
        .read(move |view| {
            let person = actor
                .allowed(Act::SeePeople, people::person(view, id)?)?
                .into_thing();
            Ok(Known {
                roles: people::roles_of(view, id)?,
                accounts: issuers::of_person(view, id)?,
                sessions: sessions::of_person(view, id)?,
                person,
            })
        })
        .await
}

/// Adds a person. They can sign in when they are invited, or when an identity provider vouches for them.
///
/// # Errors
/// When a value breaks a rule, the actor may not, or the database is not available.
pub async fn add(
    database: &Database,
    actor: &Actor,
    new: NewPerson,
    now: Moment,
) -> Result<PersonId, Error> {
    let actor = actor.clone();
    database
        .write(move |tx| add_within(tx, &actor, new, now))
        .await
}

/// [`add`], within a transaction of more.
///
/// # Errors
/// See [`add`].
pub fn add_within(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    new: NewPerson,
    now: Moment,
) -> Result<PersonId, Error> {
    let new = actor.allowed(Act::ManagePeople, new)?;
    check(new.thing())?;
    let id = people::add(tx, &new, now)?;
    let person = people::person(tx, id)?;
    let event = Event::done(actor, "add-person", person.object()).changing(
        None,
        Some(json!({ "email": person.email, "login": person.login })),
    );
    audit::note(tx, event, now)?;
    Ok(id)
}

/// Whether what is said of a person keeps the rules.
fn check(new: &NewPerson) -> Result<(), Error> {
    let Some((field, rule)) = new.faults().into_iter().next() else {
        return Ok(());
    };
    Err(Error::Invalid {
        field: field.to_owned(),
        rule: rule.to_owned(),
    })
}

/// What is changed about a person.
#[derive(Debug, Clone)]
pub enum Change {
    /// Their name, address and login.
    Details(NewPerson),
    /// They may no longer sign in; all their sessions end.
    Deactivate,
    /// They may again.
    Reactivate,
    /// All their sessions end.
    EndSessions,
    /// An account at an identity provider is theirs no more, by its number.
    Unlink(i32),
    /// They get a role.
    Give(Grant),
    /// They lose a role that was given by hand.
    Take(Grant),
}

/// Changes something about a person.
///
/// # Errors
/// When a rule is broken, the actor may not, or the database is not available.
pub async fn change(
    database: &Database,
    actor: &Actor,
    id: PersonId,
    change: Change,
    now: Moment,
) -> Result<(), Error> {
    let actor = actor.clone();
    database
        .write(move |tx| change_within(tx, &actor, id, change, now))
        .await
}

/// [`change`], within a transaction of more.
///
/// # Errors
/// See [`change`].
pub fn change_within(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    id: PersonId,
    change: Change,
    now: Moment,
) -> Result<(), Error> {
    let person = people::person(tx, id)?;
    let object = person.object();
    let event = match change {
        Change::Details(new) => {
            let person = actor.allowed(Act::ManagePeople, person)?;
            check(&new)?;
            let before = details(person.thing());
            if let Some(login) = &new.login
                && people::by_login(tx, login)?.is_some_and(|other| other.id != id)
            {
                return Err(Error::Invalid {
                    field: "login".to_owned(),
                    rule: format!("somebody else signs in as \"{login}\""),
                });
            }
            let person = person.map(|person| Person {
                name: new.name,
                email: new.email,
                login: new.login.map(|login| login.to_lowercase()),
                ..person
            });
            people::save(tx, &person)?;
            Event::done(actor, "change-person", object)
                .changing(Some(before), Some(details(person.thing())))
        }
        Change::Deactivate => {
            let person = actor.allowed(Act::ManagePeople, person)?;
            if actor.person == Some(id) {
                let rule = "you can not deactivate yourself; somebody else who manages people can";
                return Err(Error::Conflict(rule.to_owned()));
            }
            keep_an_administrator(tx, id)?;
            let person = person.map(|person| Person {
                deactivated_at: Some(now),
                ..person
            });
            people::save(tx, &person)?;
            sessions::end(tx, Ending::All(id), now)?;
            Event::done(actor, "deactivate-person", object)
        }
        Change::Reactivate => {
            let person = actor.allowed(Act::ManagePeople, person)?;
            let person = person.map(|person| Person {
                deactivated_at: None,
                ..person
            });
            people::save(tx, &person)?;
            Event::done(actor, "reactivate-person", object)
        }
        Change::EndSessions => {
            actor.allowed(Act::EndSessions, person)?;
            sessions::end(tx, Ending::All(id), now)?;
            Event::done(actor, "end-sessions", object)
        }
        Change::Unlink(account) => {
            let person = actor.allowed(Act::ManagePeople, person)?;
            let account = account_of(tx, person.thing().id, account)?;
            let was = unlink(tx, id, &account, now)?;
            Event::done(actor, "unlink-account", object).changing(Some(was), None)
        }
        Change::Give(grant) => {
            let to = allowed_grant(actor, id, grant)?;
            let given = to.thing().grant.clone();
            if !people::grant(tx, &to, now)? {
                return Err(Error::Conflict("they have this role already".to_owned()));
            }
            Event::done(actor, "grant-role", object)
                .at(given.site.as_deref())
                .changing(None, Some(role(&given)))
        }
        Change::Take(grant) => {
            let of = allowed_grant(actor, id, grant)?;
            let taken = of.thing().grant.clone();
            if taken.role == Role::InstitutionAdministrator {
                keep_an_administrator(tx, id)?;
            }
            if !people::take(tx, &of)? {
                let rule = "they have no such role by hand; one that an identity provider gives ends with its rule";
                return Err(Error::Conflict(rule.to_owned()));
            }
            Event::done(actor, "take-role", object)
                .at(taken.site.as_deref())
                .changing(Some(role(&taken)), None)
        }
    };
    audit::note(tx, event, now)
}

fn details(person: &Person) -> serde_json::Value {
    json!({ "name": person.name, "email": person.email, "login": person.login })
}

fn role(grant: &Grant) -> serde_json::Value {
    json!({ "role": grant.role, "site": grant.site })
}

/// A role that the actor may give or take. Roles of the institution are given by who manages people; roles of a site also by
/// its administration.
fn allowed_grant(actor: &Actor, person: PersonId, grant: Grant) -> Result<Allowed<GrantTo>, Error> {
    if grant.role.is_of_institution() && grant.site.is_some() {
        return Err(Error::Invalid {
            field: "site".to_owned(),
            rule: format!("{} holds for the institution, not for a site", grant.role),
        });
    }
    let act = if grant.site.is_some() {
        Act::GrantSiteRoles
    } else {
        Act::ManagePeople
    };
    Ok(actor.allowed(act, GrantTo { person, grant })?)
}

fn keep_an_administrator(tx: &mut Transaction<'_>, id: PersonId) -> Result<(), Error> {
    let administers = people::grants_of(tx, id)?
        .iter()
        .any(|grant| grant.role == Role::InstitutionAdministrator);
    if administers && !people::others_administer(tx, id)? {
        return Err(Error::Conflict(
            "they are the last institution administrator; give somebody else the role first"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Gives or takes a site's role by login or address: for who may not see everybody.
///
/// # Errors
/// When nobody or more than one is meant, the actor may not, or the database is not available.
pub async fn give_by_name(
    database: &Database,
    actor: &Actor,
    name: String,
    grant: Grant,
    now: Moment,
) -> Result<(), Error> {
    let actor = actor.clone();
    database
        .write(move |tx| {
            // Asked first, so that who may not give roles learns of nobody.
            allowed_grant(&actor, PersonId(0), grant.clone())?;
            let person = people::named(tx, &name)?;
            change_within(tx, &actor, person.id, Change::Give(grant), now)
        })
        .await
}

/// Lets an administrator look at the pages as somebody else would, or as themselves again. The actor is who they really are.
///
/// # Errors
/// When the actor may not, there is no such person, or the database is not available.
pub async fn look_as(
    database: &Database,
    actor: &Actor,
    session: i64,
    whom: Option<PersonId>,
    now: Moment,
) -> Result<(), Error> {
    let actor = actor.clone();
    database
        .write(move |tx| {
            let Some(whom) = whom else {
                return sessions::look_as(tx, session, None);
            };
            let allowed = actor.allowed(Act::SeeAs, LookAs(whom))?;
            let person = people::person(tx, whom)?;
            sessions::look_as(tx, session, Some(&allowed))?;
            audit::note(tx, Event::done(&actor, "see-as", person.object()), now)
        })
        .await
}
