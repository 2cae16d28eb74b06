//! Closing finished days: what the end of a day shows to be wrong is shared out over it, as a correction.
//!
//! A late reading changes the sums of a finished day; then its close is made again and the old one revoked.

use chrono::{Days, NaiveDate};

use crate::domain::campus::{Campus, KnownSpace};
use crate::domain::correction::{Correction, DAYS_LOOKED_AT_AGAIN, Kind, NewCorrection};
use crate::domain::reading::Moment;
use crate::domain::zones::Source;
use crate::domain::{day, drift};
use crate::error::Error;
use crate::persistence::{Transaction, corrections, ledger};

/// Closes the last finished days of all spaces that are empty when a day starts.
///
/// # Errors
/// When the database is not available.
pub fn close_recent(tx: &mut Transaction<'_>, campus: &Campus, now: Moment) -> Result<(), Error> {
    for space in &campus.spaces {
        let today = day::date_of(campus.zone(), space.space.day_starts, now);
        let first = today - Days::new(DAYS_LOOKED_AT_AGAIN);
        close(tx, campus, space, first, today, now)?;
    }
    Ok(())
}

/// Learns the drift of today for spaces that do not have it yet: there was not enough history when their day began.
///
/// # Errors
/// When the database is not available.
pub fn learn_drift(tx: &mut Transaction<'_>, campus: &Campus, now: Moment) -> Result<(), Error> {
    for space in campus
        .spaces
        .iter()
        .filter(|space| space.space.drift_correction)
    {
        let today = day::date_of(campus.zone(), space.space.day_starts, now);
        let start = day::start_of(campus.zone(), space.space.day_starts, today);
        let standing = corrections::of_space(tx, space.id, start, now, i64::MAX)?;
        let is_open = standing
            .iter()
            .any(|correction| matches!(correction.kind, Kind::DayStart { .. }));
        let is_known = standing
            .iter()
            .any(|correction| matches!(correction.kind, Kind::Drift { .. }));
        if is_open && !is_known {
            let back = u64::try_from(drift::DAYS_LOOKED_AT).unwrap_or(0);
            let starts = (0..=back).rev().map(|days| {
                day::start_of(
                    campus.zone(),
                    space.space.day_starts,
                    today - Days::new(days),
                )
            });
            if let Some(drift) =
                corrections::learned_drift(tx, space.id, &starts.collect::<Vec<_>>())?
            {
                corrections::append(tx, &drift, now)?;
            }
        }
    }
    Ok(())
}

/// Closes the days of a space from one to before another.
///
/// # Errors
/// When the database is not available.
pub fn close(
    tx: &mut Transaction<'_>,
    campus: &Campus,
    space: &KnownSpace,
    from: NaiveDate,
    until: NaiveDate,
    now: Moment,
) -> Result<(), Error> {
    let is_flow = matches!(campus.zones.source(space.id), Source::Flows(_));
    if !is_flow || !space.space.empty_at_day_start || !space.space.drift_correction {
        return Ok(());
    }
    let start_of = |date| day::start_of(campus.zone(), space.space.day_starts, date);
    let dates: Vec<NaiveDate> = from.iter_days().take_while(|date| *date <= until).collect();
    let bounds: Vec<Moment> = dates.iter().map(|date| start_of(*date)).collect();
    let sums = ledger::sums(tx, space.id, &bounds)?;
    for (span, (entries, exits)) in bounds.windows(2).zip(sums) {
        if let [start, end] = *span {
            let standing = corrections::of_space(tx, space.id, start, end, i64::MAX)?;
            if let Some(close) = close_of(&standing, space, start, (entries, exits)) {
                revoke(tx, &standing, now)?;
                corrections::append(tx, &close, now)?;
            }
        }
    }
    Ok(())
}

/// The close a day needs; `None` when it has it, when nobody moved, or when staff counted: their word stands.
fn close_of(
    standing: &[Correction],
    space: &KnownSpace,
    start: Moment,
    (entries, exits): (i64, i64),
) -> Option<NewCorrection> {
    let mut opened = 0;
    for correction in standing {
        match correction.kind {
            Kind::DayStart { present } => opened = present,
            Kind::DayClose {
                entries: before_in,
                exits: before_out,
                ..
            } if (before_in, before_out) == (entries, exits) => {
                return None;
            }
            Kind::Recount { .. } => return None,
            Kind::Drift { .. } | Kind::DayClose { .. } | Kind::Revocation { .. } => {}
        }
    }
    let (entry_weight, exit_weight) = drift::share_out(entries, exits, opened, 0)?;
    Some(NewCorrection {
        space: space.id,
        at: start,
        kind: Kind::DayClose {
            entry_weight,
            exit_weight,
            entries,
            exits,
        },
        reason: format!("the day ended empty; {entries} entries and {exits} exits were counted"),
        actor: "parvis".to_owned(),
    })
}

fn revoke(tx: &mut Transaction<'_>, standing: &[Correction], now: Moment) -> Result<(), Error> {
    for correction in standing
        .iter()
        .filter(|correction| matches!(correction.kind, Kind::DayClose { .. }))
    {
        let revocation = NewCorrection {
            space: correction.space,
            at: correction.at,
            kind: Kind::Revocation { of: correction.id },
            reason: "late readings changed the sums of the day".to_owned(),
            actor: "parvis".to_owned(),
        };
        corrections::append(tx, &revocation, now)?;
    }
    Ok(())
}
