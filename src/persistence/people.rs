//! People and the roles they were given.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::select;

use super::campus;
use super::database::{Transaction, View};
use super::schema::{grants, people, sites};
use crate::domain::actor::{Allowed, Grant};
use crate::domain::ids::PersonId;
use crate::domain::person::{GrantTo, GrantedRole, NewPerson, PeopleAt, Person, Somebody};
use crate::domain::reading::Moment;
use crate::domain::role::Role;
use crate::error::Error;

#[derive(Queryable, Selectable)]
#[diesel(table_name = people)]
struct Row {
    id: i32,
    name: String,
    email: Option<String>,
    login: Option<String>,
    created_at: Moment,
    deactivated_at: Option<Moment>,
}

impl From<Row> for Person {
    fn from(row: Row) -> Self {
        Self {
            id: PersonId(row.id),
            name: row.name,
            email: row.email,
            login: row.login,
            created_at: row.created_at,
            deactivated_at: row.deactivated_at,
        }
    }
}

/// A person.
///
/// # Errors
/// When there is none, or the database is not available.
pub fn person(view: &mut View<'_>, id: PersonId) -> Result<Person, Error> {
    people::table
        .find(id.0)
        .select(Row::as_select())
        .first(view.connection())
        .optional()?
        .map(Person::from)
        .ok_or_else(|| Error::NotFound(format!("person has the number {id}")))
}

/// The person with a local account of this name.
///
/// # Errors
/// When the database is not available.
pub fn by_login(view: &mut View<'_>, login: &str) -> Result<Option<Person>, Error> {
    let row = people::table
        .filter(people::login.eq(login.to_lowercase()))
        .select(Row::as_select())
        .first(view.connection())
        .optional()?;
    Ok(row.map(Person::from))
}

/// Everybody, by name.
///
/// # Errors
/// When the database is not available.
pub fn all(view: &mut View<'_>, _: &Allowed<Somebody>) -> Result<Vec<Person>, Error> {
    let rows = people::table
        .order((people::name, people::id))
        .select(Row::as_select())
        .load(view.connection())?;
    Ok(rows.into_iter().map(Person::from).collect())
}

/// Whoever has a role at a site, by name.
///
/// # Errors
/// When the database is not available.
pub fn at_site(view: &mut View<'_>, at: &Allowed<PeopleAt>) -> Result<Vec<Person>, Error> {
    let there = grants::table
        .inner_join(sites::table)
        .filter(sites::slug.eq(&at.thing().0))
        .select(grants::person_id);
    let rows = people::table
        .filter(people::id.eq_any(there))
        .order((people::name, people::id))
        .select(Row::as_select())
        .load(view.connection())?;
    Ok(rows.into_iter().map(Person::from).collect())
}

/// The person whom a login or an e-mail address names, if it names one only.
///
/// # Errors
/// When nobody or more than one is meant, or the database is not available.
pub fn named(view: &mut View<'_>, name: &str) -> Result<Person, Error> {
    let rows: Vec<Row> = people::table
        .filter(
            people::login
                .eq(name.to_lowercase())
                .or(people::email.eq(name)),
        )
        .limit(2)
        .select(Row::as_select())
        .load(view.connection())?;
    let one = <[Row; 1]>::try_from(rows).map_err(|rows| match rows.len() {
        0 => Error::NotFound(format!("person signs in as \"{name}\" or has that address")),
        _ => Error::Conflict(format!("more than one person has the address \"{name}\"")),
    })?;
    let [row] = one;
    Ok(Person::from(row))
}

/// Adds a person. Nothing about them is proved by that.
///
/// # Errors
/// When the login is taken, or the database is not available.
pub fn add(
    tx: &mut Transaction<'_>,
    new: &Allowed<NewPerson>,
    now: Moment,
) -> Result<PersonId, Error> {
    insert(tx, new.thing(), now)
}

/// Adds whoever an identity provider vouches for: they ask for nothing but to be known.
///
/// # Errors
/// When the database is not available.
pub fn add_signed_in(
    tx: &mut Transaction<'_>,
    name: &str,
    email: Option<&str>,
    now: Moment,
) -> Result<PersonId, Error> {
    let new = NewPerson {
        name: name.to_owned(),
        email: email.map(str::to_owned),
        login: None,
    };
    insert(tx, &new, now)
}

fn insert(tx: &mut Transaction<'_>, new: &NewPerson, now: Moment) -> Result<PersonId, Error> {
    if let Some(login) = &new.login
        && by_login(tx, login)?.is_some()
    {
        return Err(Error::Invalid {
            field: "login".to_owned(),
            rule: format!("somebody signs in as \"{login}\" already; choose another name"),
        });
    }
    let id = diesel::insert_into(people::table)
        .values((
            people::name.eq(&new.name),
            people::email.eq(&new.email),
            people::login.eq(new.login.as_ref().map(|login| login.to_lowercase())),
            people::created_at.eq(now),
        ))
        .returning(people::id)
        .get_result(tx.connection())?;
    Ok(PersonId(id))
}

/// Changes a person's name and address.
///
/// # Errors
/// When the database is not available.
pub fn save(tx: &mut Transaction<'_>, person: &Allowed<Person>) -> Result<(), Error> {
    let person = person.thing();
    diesel::update(people::table.find(person.id.0))
        .set((
            people::name.eq(&person.name),
            people::email.eq(&person.email),
            people::login.eq(&person.login),
            people::deactivated_at.eq(person.deactivated_at),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// A name and address as the provider now says them, of somebody who signed in there.
///
/// # Errors
/// When the database is not available.
pub fn refresh(
    tx: &mut Transaction<'_>,
    id: PersonId,
    name: &str,
    email: Option<&str>,
) -> Result<(), Error> {
    diesel::update(people::table.find(id.0))
        .set((people::name.eq(name), people::email.eq(email)))
        .execute(tx.connection())?;
    Ok(())
}

/// The roles of a person, as the table of roles reads them.
///
/// # Errors
/// When the database is not available.
pub fn grants_of(view: &mut View<'_>, person: PersonId) -> Result<Vec<Grant>, Error> {
    let roles = roles_of(view, person)?;
    let mut grants: Vec<Grant> = Vec::new();
    for held in roles {
        if !grants.contains(&held.grant) {
            grants.push(held.grant);
        }
    }
    Ok(grants)
}

/// The roles of a person, each with who gave it.
///
/// # Errors
/// When the database is not available.
pub fn roles_of(view: &mut View<'_>, person: PersonId) -> Result<Vec<GrantedRole>, Error> {
    type Row = (i32, String, Option<String>, Option<String>, Moment);
    let rows: Vec<Row> = grants::table
        .left_join(sites::table)
        .filter(grants::person_id.eq(person.0))
        .order((grants::role, sites::slug.nullable()))
        .select((
            grants::id,
            grants::role,
            sites::slug.nullable(),
            grants::issuer,
            grants::granted_at,
        ))
        .load(view.connection())?;
    let known = rows
        .into_iter()
        .filter_map(|(id, role, site, issuer, granted_at)| {
            // A role that a later version knew and this one does not gives nothing.
            let role: Role = role.parse().ok()?;
            Some(GrantedRole {
                id,
                grant: Grant { role, site },
                issuer,
                granted_at,
            })
        });
    Ok(known.collect())
}

/// Gives a role by hand. Whether it was new.
///
/// # Errors
/// When there is no such site, or the database is not available.
pub fn grant(tx: &mut Transaction<'_>, new: &Allowed<GrantTo>, now: Moment) -> Result<bool, Error> {
    let GrantTo { person, grant } = new.thing();
    insert_grant(tx, *person, grant, None, now)
}

/// Takes a role that was given by hand. Whether there was one.
///
/// # Errors
/// When the database is not available.
pub fn take(tx: &mut Transaction<'_>, old: &Allowed<GrantTo>) -> Result<bool, Error> {
    let GrantTo { person, grant } = old.thing();
    let site = site_id(tx, grant)?;
    let taken = diesel::delete(
        grants::table
            .filter(grants::person_id.eq(person.0))
            .filter(grants::role.eq(grant.role.name()))
            .filter(grants::site_id.is_not_distinct_from(site))
            .filter(grants::issuer.is_null()),
    )
    .execute(tx.connection())?;
    Ok(taken > 0)
}

/// Makes the roles that a provider gives a person anew; those by hand and of other providers stay.
///
/// # Errors
/// When the database is not available.
pub fn replace_provided(
    tx: &mut Transaction<'_>,
    person: PersonId,
    issuer: &str,
    provided: &[Grant],
    now: Moment,
) -> Result<(), Error> {
    diesel::delete(
        grants::table
            .filter(grants::person_id.eq(person.0))
            .filter(grants::issuer.eq(issuer)),
    )
    .execute(tx.connection())?;
    for grant in provided {
        // A rule may name a site that is not described any more: it gives nothing then.
        match insert_grant(tx, person, grant, Some(issuer), now) {
            Ok(_) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn insert_grant(
    tx: &mut Transaction<'_>,
    person: PersonId,
    grant: &Grant,
    issuer: Option<&str>,
    now: Moment,
) -> Result<bool, Error> {
    let site = site_id(tx, grant)?;
    let given = diesel::insert_into(grants::table)
        .values((
            grants::person_id.eq(person.0),
            grants::role.eq(grant.role.name()),
            grants::site_id.eq(site),
            grants::issuer.eq(issuer),
            grants::granted_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx.connection())?;
    Ok(given > 0)
}

fn site_id(view: &mut View<'_>, grant: &Grant) -> Result<Option<i32>, Error> {
    let slug = grant.site.as_deref();
    slug.map(|slug| campus::site_id(view, slug)).transpose()
}

/// Whether anybody but one person can still administer the institution: the last one is never locked out.
///
/// # Errors
/// When the database is not available.
pub fn others_administer(view: &mut View<'_>, but: PersonId) -> Result<bool, Error> {
    let others = grants::table
        .inner_join(people::table)
        .filter(grants::role.eq(Role::InstitutionAdministrator.name()))
        .filter(grants::person_id.ne(but.0))
        .filter(people::deactivated_at.is_null());
    Ok(select(exists(others)).get_result(view.connection())?)
}
