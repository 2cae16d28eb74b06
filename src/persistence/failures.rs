//! Wrong passwords and codes, counted here so that neither a restart nor a second process forgets them.
//!
//! A try is noted before it is made, as if it were wrong, and taken back when it turns out right. Whoever tries from one
//! source, or at one account, stands in a queue while that is done: a thousand tries at once are no more than a
//! thousand one after the other.

use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use super::database::Transaction;
use super::schema::sign_in_failures;
use crate::domain::reading::Moment;
use crate::domain::throttle::{self, BUDGET, MEMORY, Patience, Source, Tries, WINDOW};
use crate::error::Error;

/// Kinds of queues; two may not share a number.
const SOURCES: i32 = 0x7061_0001;
const ACCOUNTS: i32 = 0x7061_0002;

/// A try that is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try(i64);

/// Whether a try may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may, and counts as wrong until it is forgiven.
    Admitted(Try),
    /// Not yet.
    Wait(chrono::TimeDelta),
}

/// Notes a try at an account, named by a digest, unless it must wait.
///
/// # Errors
/// When the database is not available.
pub fn admit(
    tx: &mut Transaction<'_>,
    account: &[u8; 32],
    source: &Source,
    patience: Patience,
    now: Moment,
) -> Result<Admission, Error> {
    // Sources first, accounts second, everywhere: nobody waits for somebody who waits for them.
    queue(tx, SOURCES, &source.name())?;
    queue(tx, ACCOUNTS, &hex::encode(account))?;
    let budget = i64::try_from(BUDGET).unwrap_or(i64::MAX);
    let of_source: Vec<Moment> = sign_in_failures::table
        .filter(sign_in_failures::source.eq(source.name()))
        .filter(sign_in_failures::at.gt(now - WINDOW))
        .order(sign_in_failures::at.desc())
        .limit(budget)
        .select(sign_in_failures::at)
        .load(tx.connection())?;
    let of_account = of_account(tx, account, now)?;
    if let Some(wait) = throttle::wait(source, &of_source, of_account, patience, now) {
        return Ok(Admission::Wait(wait));
    }
    let id = diesel::insert_into(sign_in_failures::table)
        .values((
            sign_in_failures::login.eq(account.as_slice()),
            sign_in_failures::source.eq(source.name()),
            sign_in_failures::at.eq(now),
        ))
        .returning(sign_in_failures::id)
        .get_result(tx.connection())?;
    Ok(Admission::Admitted(Try(id)))
}

/// Takes back a try that was right, and what its source got wrong at the same account before.
///
/// # Errors
/// When the database is not available.
pub fn forgive(
    tx: &mut Transaction<'_>,
    made: Try,
    account: &[u8; 32],
    source: &Source,
) -> Result<(), Error> {
    let of_both = sign_in_failures::login
        .eq(account.as_slice())
        .and(sign_in_failures::source.eq(source.name()));
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::id.eq(made.0).or(of_both)))
        .execute(tx.connection())?;
    Ok(())
}

/// Forgets tries that count for nothing any more.
///
/// # Errors
/// When the database is not available.
pub fn forget_old(tx: &mut Transaction<'_>, now: Moment) -> Result<usize, Error> {
    let old = sign_in_failures::table.filter(sign_in_failures::at.le(now - MEMORY));
    Ok(diesel::delete(old).execute(tx.connection())?)
}

fn of_account(
    tx: &mut Transaction<'_>,
    account: &[u8; 32],
    now: Moment,
) -> Result<Option<Tries>, Error> {
    let (count, last): (i64, Option<Moment>) = sign_in_failures::table
        .filter(sign_in_failures::login.eq(account.as_slice()))
        .filter(sign_in_failures::source.not_like("device %"))
        .filter(sign_in_failures::at.gt(now - MEMORY))
        .select((count_star(), max(sign_in_failures::at)))
        .first(tx.connection())?;
    Ok(last.map(|last| Tries {
        count: u32::try_from(count).unwrap_or(u32::MAX),
        last,
    }))
}

/// Waits until nobody else of the same name is at it; left with the transaction.
fn queue(tx: &mut Transaction<'_>, kind: i32, name: &str) -> Result<(), Error> {
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, hashtext($2))")
        .bind::<Integer, _>(kind)
        .bind::<Text, _>(name)
        .execute(tx.connection())?;
    Ok(())
}
