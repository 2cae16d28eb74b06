//! What was published: a row whenever a figure or its quality changed, with what it was made from.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};

use super::database::{Transaction, View};
use super::schema::publications;
use crate::domain::freshness::Quality;
use crate::domain::ids::SpaceId;
use crate::domain::reading::Moment;
use crate::error::Error;

/// A published figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// The space.
    pub space: SpaceId,
    /// From when on it was shown.
    pub at: Moment,
    /// People; `None` when unknown.
    pub present: Option<i64>,
    /// The sum before rounding, in millionths.
    pub exact: Option<i64>,
    /// How good it was.
    pub quality: Quality,
    /// The newest reading in it.
    pub as_of: Option<Moment>,
    /// Start of the accounting day it was summed over.
    pub day_started_at: Moment,
    /// The last ledger entry it was made from.
    pub position: i64,
    /// The last correction it was made from.
    pub correction: i64,
}

type Row = (
    i32,
    Moment,
    Option<i64>,
    Option<i64>,
    String,
    Option<Moment>,
    Moment,
    i64,
    i64,
);

fn publication(row: Row) -> Publication {
    let (space, at, present, exact, quality, as_of, day_started_at, position, correction) = row;
    let qualities = [Quality::Good, Quality::Degraded, Quality::Stale];
    Publication {
        space: SpaceId(space),
        at,
        present,
        exact,
        quality: qualities
            .into_iter()
            .find(|known| known.name() == quality)
            .unwrap_or(Quality::Unknown),
        as_of,
        day_started_at,
        position,
        correction,
    }
}

/// Appends publications.
///
/// # Errors
/// When the database is not available.
pub fn append(tx: &mut Transaction<'_>, published: &[Publication]) -> Result<(), Error> {
    if published.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO publications (space_id, at, present, exact, quality, as_of, day_started_at, position, \
            correction_id) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Integer>, _>(published.iter().map(|row| row.space.0).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(published.iter().map(|row| row.at).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(published.iter().map(|row| row.present).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(published.iter().map(|row| row.exact).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(published.iter().map(|row| row.quality.name()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(published.iter().map(|row| row.as_of).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(published.iter().map(|row| row.day_started_at).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(published.iter().map(|row| row.position).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(published.iter().map(|row| row.correction).collect::<Vec<_>>())
    .execute(tx.connection())?;
    Ok(())
}

/// What was shown of a space at a moment.
///
/// # Errors
/// When the database is not available.
pub fn at(
    view: &mut View<'_>,
    space: SpaceId,
    moment: Moment,
) -> Result<Option<Publication>, Error> {
    Ok(publications::table
        .filter(publications::space_id.eq(space.0))
        .filter(publications::at.le(moment))
        .order(publications::at.desc())
        .first::<Row>(view.connection())
        .optional()?
        .map(publication))
}

/// What was published of a space after one moment and until another, oldest first.
///
/// # Errors
/// When the database is not available.
pub fn between(
    view: &mut View<'_>,
    space: SpaceId,
    after: Moment,
    until: Moment,
) -> Result<Vec<Publication>, Error> {
    let rows: Vec<Row> = publications::table
        .filter(publications::space_id.eq(space.0))
        .filter(publications::at.gt(after))
        .filter(publications::at.le(until))
        .order(publications::at)
        .load(view.connection())?;
    Ok(rows.into_iter().map(publication).collect())
}
