//! The corrections of the ledger: rows with a reason, taken back by rows that revoke them.

use diesel::prelude::*;

use super::announcements::Announcement;
use super::database::{Transaction, View};
use super::ledger;
use super::schema::{corrections, spaces};
use crate::domain::correction::{Correction, Kind, NewCorrection};
use crate::domain::drift;
use crate::domain::ids::SpaceId;
use crate::domain::reading::Moment;
use crate::error::Error;

#[derive(Queryable, Selectable)]
#[diesel(table_name = corrections)]
struct Row {
    id: i64,
    space_id: i32,
    kind: String,
    at: Moment,
    amount: Option<i64>,
    entry_weight: Option<i64>,
    exit_weight: Option<i64>,
    entries: Option<i64>,
    exits: Option<i64>,
    revokes: Option<i64>,
    reason: String,
    actor: String,
    recorded_at: Moment,
}

impl Row {
    fn correction(self) -> Option<Correction> {
        let kind = match self.kind.as_str() {
            "day_start" => Kind::DayStart {
                present: self.amount?,
            },
            "drift" => Kind::Drift {
                exit_weight: self.exit_weight?,
            },
            "recount" => Kind::Recount {
                people: self.amount?,
            },
            "day_close" => Kind::DayClose {
                entry_weight: self.entry_weight?,
                exit_weight: self.exit_weight?,
                entries: self.entries?,
                exits: self.exits?,
            },
            "revocation" => Kind::Revocation { of: self.revokes? },
            _ => return None,
        };
        Some(Correction {
            id: self.id,
            space: SpaceId(self.space_id),
            at: self.at,
            kind,
            reason: self.reason,
            actor: self.actor,
            recorded_at: self.recorded_at,
        })
    }
}

/// Appends a correction.
///
/// # Errors
/// When the database is not available.
pub fn append(
    tx: &mut Transaction<'_>,
    new: &NewCorrection,
    now: Moment,
) -> Result<Correction, Error> {
    let (kind, amount, entry_weight, exit_weight, counted, revokes) = match new.kind {
        Kind::DayStart { present } => ("day_start", Some(present), None, None, None, None),
        Kind::Drift { exit_weight } => ("drift", None, None, Some(exit_weight), None, None),
        Kind::Recount { people } => ("recount", Some(people), None, None, None, None),
        Kind::DayClose {
            entry_weight,
            exit_weight,
            entries,
            exits,
        } => (
            "day_close",
            None,
            Some(entry_weight),
            Some(exit_weight),
            Some((entries, exits)),
            None,
        ),
        Kind::Revocation { of } => ("revocation", None, None, None, None, Some(of)),
    };
    // One writer at a time, so that whoever has read up to an identifier has missed none before it.
    diesel::sql_query("LOCK TABLE corrections IN SHARE ROW EXCLUSIVE MODE")
        .execute(tx.connection())?;
    let id = diesel::insert_into(corrections::table)
        .values((
            corrections::space_id.eq(new.space.0),
            corrections::kind.eq(kind),
            corrections::at.eq(new.at),
            corrections::amount.eq(amount),
            corrections::entry_weight.eq(entry_weight),
            corrections::exit_weight.eq(exit_weight),
            corrections::entries.eq(counted.map(|(entries, _)| entries)),
            corrections::exits.eq(counted.map(|(_, exits)| exits)),
            corrections::revokes.eq(revokes),
            corrections::reason.eq(&new.reason),
            corrections::actor.eq(&new.actor),
            corrections::recorded_at.eq(now),
        ))
        .returning(corrections::id)
        .get_result(tx.connection())?;
    tx.announce(Announcement::Corrections)?;
    Ok(Correction {
        id,
        space: new.space,
        at: new.at,
        kind: new.kind,
        reason: new.reason.clone(),
        actor: new.actor.clone(),
        recorded_at: now,
    })
}

/// The slug of a space, for the audit.
///
/// # Errors
/// When there is none, or the database is not available.
pub fn slug_of(view: &mut View<'_>, space: SpaceId) -> Result<String, Error> {
    Ok(spaces::table
        .find(space.0)
        .select(spaces::slug)
        .first(view.connection())?)
}

/// The drift of the day that begins with the last of `starts`, learned from the days that begin with the others.
///
/// # Errors
/// When the database is not available.
pub fn learned_drift(
    view: &mut View<'_>,
    space: SpaceId,
    starts: &[Moment],
) -> Result<Option<NewCorrection>, Error> {
    let mut days = ledger::sums(view, space, starts)?;
    days.reverse();
    Ok(drift::learn(&days)
        .zip(starts.last())
        .map(|(learned, start)| NewCorrection {
            space,
            at: *start,
            kind: Kind::Drift {
                exit_weight: learned.exit_weight,
            },
            reason: format!("median of entries / exits on {} days", learned.days),
            actor: "parvis".to_owned(),
        }))
}

/// All corrections of a space that hold from a moment within a span on, revoked ones left out.
///
/// # Errors
/// When the database is not available.
pub fn of_space(
    view: &mut View<'_>,
    space: SpaceId,
    from: Moment,
    until: Moment,
    up_to: i64,
) -> Result<Vec<Correction>, Error> {
    let rows: Vec<Row> = corrections::table
        .filter(corrections::space_id.eq(space.0))
        .filter(corrections::at.ge(from))
        .filter(corrections::at.lt(until))
        .filter(corrections::id.le(up_to))
        .order(corrections::id)
        .select(Row::as_select())
        .load(view.connection())?;
    let all: Vec<Correction> = rows.into_iter().filter_map(Row::correction).collect();
    Ok(crate::domain::correction::standing(&all))
}

/// All corrections after an identifier, in order of entry.
///
/// # Errors
/// When the database is not available.
pub fn after(view: &mut View<'_>, id: i64) -> Result<Vec<Correction>, Error> {
    let rows: Vec<Row> = corrections::table
        .filter(corrections::id.gt(id))
        .order(corrections::id)
        .select(Row::as_select())
        .load(view.connection())?;
    Ok(rows.into_iter().filter_map(Row::correction).collect())
}

/// The last identifier given.
///
/// # Errors
/// When the database is not available.
pub fn last_id(view: &mut View<'_>) -> Result<i64, Error> {
    let last: Option<i64> = corrections::table
        .select(diesel::dsl::max(corrections::id))
        .first(view.connection())?;
    Ok(last.unwrap_or(0))
}
