//! Bearer tokens of programs: digests, scopes, and when they end.

use diesel::prelude::*;
use serde_json::Value;

use super::database::{Transaction, View};
use super::schema::api_tokens;
use crate::domain::ids::PersonId;
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::domain::token::{NewToken, Token};
use crate::error::Error;

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
struct Row {
    id: i32,
    person_id: i32,
    name: String,
    scopes: Value,
    created_at: Moment,
    until: Moment,
    used_at: Option<Moment>,
}

impl TryFrom<Row> for Token {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let scopes: Vec<Act> = serde_json::from_value(row.scopes).map_err(Error::internal)?;
        Ok(Self {
            id: row.id,
            person: PersonId(row.person_id),
            name: row.name,
            scopes,
            created_at: row.created_at,
            until: row.until,
            used_at: row.used_at,
        })
    }
}

/// Keeps a new token of a person.
///
/// # Errors
/// When the database is not available.
pub fn add(
    tx: &mut Transaction<'_>,
    person: PersonId,
    new: &NewToken,
    digest: &[u8],
    now: Moment,
) -> Result<(), Error> {
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::person_id.eq(person.0),
            api_tokens::name.eq(&new.name),
            api_tokens::digest.eq(digest),
            api_tokens::scopes.eq(serde_json::to_value(&new.scopes).map_err(Error::internal)?),
            api_tokens::created_at.eq(now),
            api_tokens::until.eq(new.until),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// The token of this digest that is good now.
///
/// # Errors
/// When the database is not available.
pub fn find(view: &mut View<'_>, digest: &[u8], now: Moment) -> Result<Option<Token>, Error> {
    api_tokens::table
        .filter(api_tokens::digest.eq(digest))
        .filter(api_tokens::revoked_at.is_null())
        .filter(api_tokens::until.gt(now))
        .select(Row::as_select())
        .first(view.connection())
        .optional()?
        .map(Token::try_from)
        .transpose()
}

/// The tokens of a person that were not taken back, newest first.
///
/// # Errors
/// When the database is not available.
pub fn of_person(view: &mut View<'_>, person: PersonId) -> Result<Vec<Token>, Error> {
    let rows = api_tokens::table
        .filter(api_tokens::person_id.eq(person.0))
        .filter(api_tokens::revoked_at.is_null())
        .order(api_tokens::id.desc())
        .select(Row::as_select())
        .load(view.connection())?;
    rows.into_iter().map(Token::try_from).collect()
}

/// Notes that a token was used.
///
/// # Errors
/// When the database is not available.
pub fn see(tx: &mut Transaction<'_>, id: i32, now: Moment) -> Result<(), Error> {
    diesel::update(api_tokens::table.find(id))
        .set(api_tokens::used_at.eq(now))
        .execute(tx.connection())?;
    Ok(())
}

/// Takes a person's token back. Its name, if there was one.
///
/// # Errors
/// When the database is not available.
pub fn revoke(
    tx: &mut Transaction<'_>,
    person: PersonId,
    id: i32,
    now: Moment,
) -> Result<Option<String>, Error> {
    let mine = api_tokens::table
        .find(id)
        .filter(api_tokens::person_id.eq(person.0))
        .filter(api_tokens::revoked_at.is_null());
    Ok(diesel::update(mine)
        .set(api_tokens::revoked_at.eq(now))
        .returning(api_tokens::name)
        .get_result(tx.connection())
        .optional()?)
}
