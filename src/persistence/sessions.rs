//! Where people are signed in: digests of the secrets in their cookies, never those.

use diesel::prelude::*;

use super::database::{Transaction, View};
use super::schema::sessions;
use crate::domain::actor::Allowed;
use crate::domain::ids::PersonId;
use crate::domain::reading::Moment;
use crate::domain::session::{LookAs, Session, Vouched};
use crate::error::Error;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct Row {
    id: i64,
    person_id: i32,
    method: String,
    is_strong: bool,
    issuer: Option<String>,
    subject: Option<String>,
    sid: Option<String>,
    id_token: Option<Vec<u8>>,
    refresh_token: Option<Vec<u8>>,
    checked_at: Option<Moment>,
    address: String,
    agent: String,
    begun_at: Moment,
    seen_at: Moment,
    sees_as: Option<i32>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        let vouched = row
            .issuer
            .zip(row.subject)
            .map(|(issuer, subject)| Vouched {
                issuer,
                subject,
                sid: row.sid,
                sealed_id_token: row.id_token,
                sealed_refresh_token: row.refresh_token,
                checked_at: row.checked_at,
            });
        Self {
            id: row.id,
            person: PersonId(row.person_id),
            method: row.method,
            is_strong: row.is_strong,
            vouched,
            address: row.address,
            agent: row.agent,
            begun_at: row.begun_at,
            seen_at: row.seen_at,
            sees_as: row.sees_as.map(PersonId),
        }
    }
}

/// A session to begin.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Who.
    pub person: PersonId,
    /// SHA-256 of the secret.
    pub digest: &'a [u8],
    /// How they proved who they are.
    pub method: &'a str,
    /// Whether more than a password was part of it.
    pub is_strong: bool,
    /// The provider that vouched.
    pub vouched: Option<&'a Vouched>,
    /// From where.
    pub address: &'a str,
    /// What the browser calls itself.
    pub agent: &'a str,
}

/// Begins a session.
///
/// # Errors
/// When the database is not available.
pub fn begin(tx: &mut Transaction<'_>, new: &NewSession<'_>, now: Moment) -> Result<(), Error> {
    let vouched = new.vouched;
    diesel::insert_into(sessions::table)
        .values((
            (
                sessions::digest.eq(new.digest),
                sessions::person_id.eq(new.person.0),
                sessions::method.eq(new.method),
                sessions::is_strong.eq(new.is_strong),
                sessions::address.eq(new.address),
                sessions::agent.eq(new.agent),
                sessions::begun_at.eq(now),
                sessions::seen_at.eq(now),
            ),
            (
                sessions::issuer.eq(vouched.map(|vouched| &vouched.issuer)),
                sessions::subject.eq(vouched.map(|vouched| &vouched.subject)),
                sessions::sid.eq(vouched.and_then(|vouched| vouched.sid.as_ref())),
                sessions::id_token.eq(vouched.and_then(|vouched| vouched.sealed_id_token.as_ref())),
                sessions::refresh_token
                    .eq(vouched.and_then(|vouched| vouched.sealed_refresh_token.as_ref())),
                sessions::checked_at.eq(vouched.map(|_| now)),
            ),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// The session with a secret of this digest, if it was not ended.
///
/// # Errors
/// When the database is not available.
pub fn find(view: &mut View<'_>, digest: &[u8]) -> Result<Option<Session>, Error> {
    let row = sessions::table
        .filter(sessions::digest.eq(digest))
        .filter(sessions::ended_at.is_null())
        .select(Row::as_select())
        .first(view.connection())
        .optional()?;
    Ok(row.map(Session::from))
}

/// The sessions of a person that were not ended, the one used last first.
///
/// # Errors
/// When the database is not available.
pub fn of_person(view: &mut View<'_>, person: PersonId) -> Result<Vec<Session>, Error> {
    let rows = sessions::table
        .filter(sessions::person_id.eq(person.0))
        .filter(sessions::ended_at.is_null())
        .order(sessions::seen_at.desc())
        .select(Row::as_select())
        .load(view.connection())?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Notes that a session was used.
///
/// # Errors
/// When the database is not available.
pub fn see(tx: &mut Transaction<'_>, id: i64, now: Moment) -> Result<(), Error> {
    diesel::update(sessions::table.find(id))
        .set(sessions::seen_at.eq(now))
        .execute(tx.connection())?;
    Ok(())
}

/// Lets an administrator look as somebody else, or as themselves again.
///
/// # Errors
/// When the database is not available.
pub fn look_as(
    tx: &mut Transaction<'_>,
    id: i64,
    whom: Option<&Allowed<LookAs>>,
) -> Result<(), Error> {
    diesel::update(sessions::table.find(id))
        .set(sessions::sees_as.eq(whom.map(|whom| whom.thing().0.0)))
        .execute(tx.connection())?;
    Ok(())
}

/// Notes that a provider was asked again and still vouches.
///
/// # Errors
/// When the database is not available.
pub fn checked(
    tx: &mut Transaction<'_>,
    id: i64,
    sealed_refresh_token: Option<&[u8]>,
    now: Moment,
) -> Result<(), Error> {
    diesel::update(sessions::table.find(id))
        .set((
            sessions::checked_at.eq(now),
            sessions::refresh_token.eq(sealed_refresh_token),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// The sessions in use whose provider can be asked again and was not since a moment, the one longest ago first.
///
/// # Errors
/// When the database is not available.
pub fn to_check(
    view: &mut View<'_>,
    seen_after: Moment,
    checked_before: Moment,
    at_most: i64,
) -> Result<Vec<Session>, Error> {
    let rows = sessions::table
        .filter(sessions::ended_at.is_null())
        .filter(sessions::refresh_token.is_not_null())
        .filter(sessions::seen_at.gt(seen_after))
        .filter(sessions::checked_at.lt(checked_before))
        .order(sessions::checked_at)
        .limit(at_most)
        .select(Row::as_select())
        .load(view.connection())?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy)]
pub enum Ending<'a> {
    /// One.
    One(i64),
    /// One, if it is this person's.
    OneOf(PersonId, i64),
    /// All of a person.
    All(PersonId),
    /// All of a person but one.
    AllBut(PersonId, i64),
    /// All that a provider vouched for with this name of its own session.
    Sid(&'a str, &'a str),
    /// All that a provider vouched for with this account.
    Subject(&'a str, &'a str),
    /// Those of them whose name at the provider was never told.
    Unnamed(&'a str, &'a str),
}

/// Ends sessions; how many.
///
/// # Errors
/// When the database is not available.
pub fn end(tx: &mut Transaction<'_>, which: Ending<'_>, now: Moment) -> Result<usize, Error> {
    let mut living = sessions::table
        .filter(sessions::ended_at.is_null())
        .select(sessions::id)
        .into_boxed();
    living = match which {
        Ending::One(id) => living.filter(sessions::id.eq(id)),
        Ending::OneOf(person, id) => living
            .filter(sessions::id.eq(id))
            .filter(sessions::person_id.eq(person.0)),
        Ending::All(person) => living.filter(sessions::person_id.eq(person.0)),
        Ending::AllBut(person, id) => living
            .filter(sessions::person_id.eq(person.0))
            .filter(sessions::id.ne(id)),
        Ending::Sid(issuer, sid) => living
            .filter(sessions::issuer.eq(issuer))
            .filter(sessions::sid.eq(sid)),
        Ending::Subject(issuer, subject) => living
            .filter(sessions::issuer.eq(issuer))
            .filter(sessions::subject.eq(subject)),
        Ending::Unnamed(issuer, subject) => living
            .filter(sessions::issuer.eq(issuer))
            .filter(sessions::subject.eq(subject))
            .filter(sessions::sid.is_null()),
    };
    let ids: Vec<i64> = living.load(tx.connection())?;
    // What could be read back of an ended session is not kept.
    Ok(
        diesel::update(sessions::table.filter(sessions::id.eq_any(ids)))
            .set((
                sessions::ended_at.eq(now),
                sessions::id_token.eq(None::<Vec<u8>>),
                sessions::refresh_token.eq(None::<Vec<u8>>),
            ))
            .execute(tx.connection())?,
    )
}

/// Forgets sessions that ended or were last used before a moment.
///
/// # Errors
/// When the database is not available.
pub fn forget(tx: &mut Transaction<'_>, before: Moment) -> Result<usize, Error> {
    let old = sessions::table.filter(
        sessions::ended_at
            .lt(before)
            .or(sessions::seen_at.lt(before)),
    );
    Ok(diesel::delete(old).execute(tx.connection())?)
}
