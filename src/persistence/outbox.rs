//! Mail that waits to be sent: written in the transaction it tells of.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::database::{Transaction, View};
use super::schema::outbox;
use crate::domain::reading::Moment;
use crate::error::Error;

/// The longest wait between two tries.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(2);

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// To whom.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// Text.
    pub body: String,
}

/// A letter that waits.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct Waiting {
    /// Its identifier.
    pub id: i64,
    /// To whom.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// Text.
    pub body: String,
    /// How often it was tried.
    pub tries: i32,
}

/// Writes a letter.
///
/// # Errors
/// When the database is not available.
pub fn write(tx: &mut Transaction<'_>, letter: &Letter, now: Moment) -> Result<(), Error> {
    diesel::insert_into(outbox::table)
        .values((
            outbox::recipient.eq(&letter.recipient),
            outbox::subject.eq(&letter.subject),
            outbox::body.eq(&letter.body),
            outbox::created_at.eq(now),
            outbox::next_try_at.eq(now),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Letters that are due, oldest first.
///
/// # Errors
/// When the database is not available.
pub fn due(view: &mut View<'_>, now: Moment, count: i64) -> Result<Vec<Waiting>, Error> {
    Ok(outbox::table
        .filter(outbox::sent_at.is_null())
        .filter(outbox::next_try_at.le(now))
        .order(outbox::id)
        .limit(count)
        .select(Waiting::as_select())
        .load(view.connection())?)
}

/// A letter that waits, without its text.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct Unsent {
    /// Its identifier.
    pub id: i64,
    /// To whom.
    pub recipient: String,
    /// Subject.
    pub subject: String,
    /// How often it was tried.
    pub tries: i32,
    /// When it is tried next.
    pub next_try_at: Moment,
    /// Why the last try failed.
    pub failure: Option<String>,
}

/// All letters that wait, oldest first.
///
/// # Errors
/// When the database is not available.
pub fn waiting(view: &mut View<'_>) -> Result<Vec<Unsent>, Error> {
    Ok(outbox::table
        .filter(outbox::sent_at.is_null())
        .order(outbox::id)
        .select(Unsent::as_select())
        .load(view.connection())?)
}

/// Notes that a mail server took a letter; its text is not kept.
///
/// # Errors
/// When the database is not available.
pub fn sent(tx: &mut Transaction<'_>, id: i64, now: Moment) -> Result<(), Error> {
    diesel::update(outbox::table.find(id))
        .set((
            outbox::sent_at.eq(now),
            outbox::body.eq(""),
            outbox::failure.eq(None::<String>),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Notes why a try failed; the next comes after twice the time, at most two hours.
///
/// # Errors
/// When the database is not available.
pub fn failed(
    tx: &mut Transaction<'_>,
    letter: &Waiting,
    why: &str,
    now: Moment,
) -> Result<(), Error> {
    let doublings = u32::try_from(letter.tries).unwrap_or(0).min(12);
    let wait = TimeDelta::seconds(30 * 2_i64.pow(doublings)).min(LONGEST_WAIT);
    diesel::update(outbox::table.find(letter.id))
        .set((
            outbox::tries.eq(letter.tries + 1),
            outbox::next_try_at.eq(now + wait),
            outbox::failure.eq(why),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Forgets letters written before a moment, sent or not.
///
/// # Errors
/// When the database is not available.
pub fn forget(tx: &mut Transaction<'_>, before: Moment) -> Result<usize, Error> {
    let old = outbox::table.filter(outbox::created_at.lt(before));
    Ok(diesel::delete(old).execute(tx.connection())?)
}
