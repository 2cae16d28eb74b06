//! Forgetting: raw readings after their time, old notes of errors, and what sign-ins leave behind. The ledger is kept.

use chrono::{Days, TimeDelta};

use crate::domain::reading::Moment;
use crate::error::Error;
use crate::persistence::{Database, ceremonies, errors, failures, outbox, readings};

/// Drops the raw readings of days that are old and have not been added to for as long; returns how many days.
///
/// # Errors
/// When the database is not available.
pub async fn readings(database: &Database, keep_days: u32, now: Moment) -> Result<usize, Error> {
    let oldest = now.date_naive() - Days::new(u64::from(keep_days));
    let quiet_since = now - TimeDelta::days(i64::from(keep_days));
    let old = database
        .read(move |view| {
            let mut old = Vec::new();
            for day in readings::days(view)?
                .into_iter()
                .filter(|day| *day < oldest)
            {
                // Imported days are old from the start; they stay as long as days that were lived. A day without readings
                // was opened for some that are on their way.
                let last = readings::last_received(view, day)?;
                if last.is_some_and(|last| last < quiet_since) {
                    old.push(day);
                }
            }
            Ok(old)
        })
        .await?;
    let count = old.len();
    for day in old {
        database
            .write(move |tx| readings::close_day(tx, day))
            .await?;
        log::info!("readings: those of {day} are dropped; the ledger keeps what they counted");
    }
    Ok(count)
}

/// Forgets old notes of errors.
///
/// # Errors
/// When the database is not available.
pub async fn notes_of_errors(database: &Database, now: Moment) -> Result<(), Error> {
    database
        .write(move |tx| errors::forget_old(tx, now))
        .await
        .map(drop)
}

/// Forgets wrong tries and unfinished sign-ins of yesterday, and letters of last week, sent or not.
///
/// # Errors
/// When the database is not available.
pub async fn traces_of_sign_ins(database: &Database, now: Moment) -> Result<(), Error> {
    database
        .write(move |tx| {
            failures::forget_old(tx, now)?;
            ceremonies::forget(tx, now - TimeDelta::days(1))?;
            outbox::forget(tx, now - TimeDelta::days(7))?;
            Ok(())
        })
        .await
}
