//! Requests that are answered once, however often they are sent.

use diesel::prelude::*;
use serde_json::Value;

use super::database::Transaction;
use super::schema::answered_requests;
use crate::domain::ids::PersonId;
use crate::domain::reading::Moment;
use crate::error::Error;

/// How long an answer is remembered.
const REMEMBERED: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// Takes a key for a request; when it was taken already, what was answered then. Two at once wait for each other.
///
/// # Errors
/// When the key was used for another request, or the database is not available.
pub fn take(
    tx: &mut Transaction<'_>,
    person: PersonId,
    key: &str,
    digest: &[u8],
    now: Moment,
) -> Result<Option<Value>, Error> {
    diesel::delete(answered_requests::table.filter(answered_requests::at.lt(now - REMEMBERED)))
        .execute(tx.connection())?;
    let is_new = diesel::insert_into(answered_requests::table)
        .values((
            answered_requests::person_id.eq(person.0),
            answered_requests::key.eq(key),
            answered_requests::digest.eq(digest),
            answered_requests::answer.eq(Value::Null),
            answered_requests::at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(tx.connection())?
        == 1;
    if is_new {
        return Ok(None);
    }
    let (known, answer): (Vec<u8>, Value) = answered_requests::table
        .find((person.0, key))
        .select((answered_requests::digest, answered_requests::answer))
        .first(tx.connection())?;
    if known != digest {
        return Err(Error::Conflict(
            "this Idempotency-Key was used for another request".to_owned(),
        ));
    }
    Ok(Some(answer))
}

/// Keeps the answer to a request whose key was taken.
///
/// # Errors
/// When the database is not available.
pub fn answer(
    tx: &mut Transaction<'_>,
    person: PersonId,
    key: &str,
    answer: &Value,
) -> Result<(), Error> {
    diesel::update(answered_requests::table.find((person.0, key)))
        .set(answered_requests::answer.eq(answer))
        .execute(tx.connection())?;
    Ok(())
}
