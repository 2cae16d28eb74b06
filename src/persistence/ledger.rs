//! The ledger of what was counted, and how far it has come.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Jsonb, Nullable, Timestamptz};

use super::database::{Transaction, View};
use super::schema::{checkpoints, doubted_readings, ledger_entries};
use crate::domain::counter::{CounterState, Doubt};
use crate::domain::ids::{ChannelId, SpaceId};
use crate::domain::reading::{Identity, Moment, Reading, Second};
use crate::error::Error;

/// One row of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Order of entry.
    pub position: i64,
    /// The space that was entered or left.
    pub space: SpaceId,
    /// The channel that saw it.
    pub channel: ChannelId,
    /// When people moved.
    pub second: Second,
    /// People who entered.
    pub entries: i64,
    /// People who left.
    pub exits: i64,
    /// People seen in the space.
    pub level: Option<i64>,
}

/// How far the ledger has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// All batches of readings up to this one are in it, no later one is.
    pub batch: i64,
    /// The last position.
    pub position: i64,
}

/// Where the ledger stands.
///
/// # Errors
/// When the database is not available.
pub fn checkpoint(view: &mut View<'_>) -> Result<Checkpoint, Error> {
    let (batch, position) = checkpoints::table
        .select((checkpoints::batch, checkpoints::position))
        .first(view.connection())?;
    Ok(Checkpoint { batch, position })
}

/// Moves the checkpoint.
///
/// # Errors
/// When the database is not available.
pub fn set_checkpoint(tx: &mut Transaction<'_>, checkpoint: Checkpoint) -> Result<(), Error> {
    diesel::update(checkpoints::table)
        .set((
            checkpoints::batch.eq(checkpoint.batch),
            checkpoints::position.eq(checkpoint.position),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Appends entries.
///
/// # Errors
/// When the database is not available.
pub fn append(tx: &mut Transaction<'_>, entries: &[Entry], now: Moment) -> Result<(), Error> {
    if entries.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO ledger_entries (position, space_id, channel_id, moved_at, entries, exits, level, recorded_at) \
         SELECT *, $8 FROM unnest($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind::<Array<BigInt>, _>(entries.iter().map(|entry| entry.position).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(entries.iter().map(|entry| entry.space.0).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(entries.iter().map(|entry| entry.channel.0).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(entries.iter().map(|entry| entry.second.moment()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(entries.iter().map(|entry| entry.entries).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(entries.iter().map(|entry| entry.exits).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(entries.iter().map(|entry| entry.level).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .execute(tx.connection())?;
    Ok(())
}

/// Which entries to read.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Movements after this moment.
    pub after: Moment,
    /// Movements until this moment.
    pub until: Moment,
    /// Entries up to this position.
    pub up_to: i64,
}

/// The entries of a space in a span, in order of entry.
///
/// # Errors
/// When the database is not available.
pub fn of_space(view: &mut View<'_>, space: SpaceId, span: Span) -> Result<Vec<Entry>, Error> {
    type Row = (i64, i32, i32, Moment, i64, i64, Option<i64>);
    let rows: Vec<Row> = ledger_entries::table
        .filter(ledger_entries::space_id.eq(space.0))
        .filter(ledger_entries::moved_at.gt(span.after))
        .filter(ledger_entries::moved_at.le(span.until))
        .filter(ledger_entries::position.le(span.up_to))
        .order(ledger_entries::position)
        .select((
            ledger_entries::position,
            ledger_entries::space_id,
            ledger_entries::channel_id,
            ledger_entries::moved_at,
            ledger_entries::entries,
            ledger_entries::exits,
            ledger_entries::level,
        ))
        .load(view.connection())?;
    let entry = |(position, space, channel, moved_at, entries, exits, level): Row| Entry {
        position,
        space: SpaceId(space),
        channel: ChannelId(channel),
        second: Second::ending(moved_at),
        entries,
        exits,
        level,
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// The entries and exits of a space between consecutive moments: `bounds` of n moments give n - 1 sums.
///
/// # Errors
/// When the database is not available.
pub fn sums(
    view: &mut View<'_>,
    space: SpaceId,
    bounds: &[Moment],
) -> Result<Vec<(i64, i64)>, Error> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = Integer)]
        bucket: i32,
        #[diesel(sql_type = BigInt)]
        entries: i64,
        #[diesel(sql_type = BigInt)]
        exits: i64,
    }
    let (Some(first), Some(last)) = (bounds.first(), bounds.last()) else {
        return Ok(Vec::new());
    };
    // width_bucket counts a moment that equals a bound to the bucket it begins; a movement that ends there is before.
    let rows: Vec<Sum> = diesel::sql_query(
        "SELECT width_bucket(moved_at - interval '1 microsecond', $4) AS bucket, \
            sum(entries)::bigint AS entries, sum(exits)::bigint AS exits \
         FROM ledger_entries WHERE space_id = $1 AND moved_at > $2 AND moved_at <= $3 GROUP BY bucket",
    )
    .bind::<Integer, _>(space.0)
    .bind::<Timestamptz, _>(first)
    .bind::<Timestamptz, _>(last)
    .bind::<Array<Timestamptz>, _>(bounds)
    .load(view.connection())?;
    let by_bucket: BTreeMap<i32, (i64, i64)> = rows
        .into_iter()
        .map(|row| (row.bucket, (row.entries, row.exits)))
        .collect();
    Ok((1..)
        .zip(bounds.iter().skip(1))
        .map(|(bucket, _)| by_bucket.get(&bucket).copied().unwrap_or_default())
        .collect())
}

/// The people each channel counted in and out of the spaces around it since a moment: forward and backward mixed up is
/// what a wrongly mounted sensor looks like.
///
/// # Errors
/// When the database is not available.
pub fn by_channel(
    view: &mut View<'_>,
    since: Moment,
) -> Result<BTreeMap<ChannelId, (i64, i64)>, Error> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = Integer)]
        channel_id: i32,
        #[diesel(sql_type = BigInt)]
        entries: i64,
        #[diesel(sql_type = BigInt)]
        exits: i64,
    }
    // A channel at a door of a floor stands in the ledger of the floor and of the building: one of them is enough.
    let rows: Vec<Sum> = diesel::sql_query(
        "SELECT DISTINCT ON (channel_id) channel_id, sum(entries)::bigint AS entries, sum(exits)::bigint AS exits \
         FROM ledger_entries WHERE moved_at > $1 GROUP BY channel_id, space_id ORDER BY channel_id, space_id",
    )
    .bind::<Timestamptz, _>(since)
    .load(view.connection())?;
    Ok(rows
        .into_iter()
        .map(|row| (ChannelId(row.channel_id), (row.entries, row.exits)))
        .collect())
}

/// Writes the states of counters before their first reading of a day.
///
/// # Errors
/// When the database is not available.
pub fn write_openings(
    tx: &mut Transaction<'_>,
    openings: &[(ChannelId, NaiveDate, CounterState)],
) -> Result<(), Error> {
    if openings.is_empty() {
        return Ok(());
    }
    let states = openings
        .iter()
        .map(|(_, _, state)| serde_json::to_value(state).map_err(Error::internal))
        .collect::<Result<Vec<_>, _>>()?;
    diesel::sql_query(
        "INSERT INTO channel_days (channel_id, day, opening) SELECT * FROM unnest($1, $2, $3) \
         ON CONFLICT (channel_id, day) DO UPDATE SET opening = excluded.opening",
    )
    .bind::<Array<Integer>, _>(
        openings
            .iter()
            .map(|(channel, _, _)| channel.0)
            .collect::<Vec<_>>(),
    )
    .bind::<Array<Date>, _>(openings.iter().map(|(_, day, _)| *day).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(states)
    .execute(tx.connection())?;
    Ok(())
}

/// Puts readings into quarantine.
///
/// # Errors
/// When the database is not available.
pub fn doubt(tx: &mut Transaction<'_>, doubted: &[(Reading, Doubt)]) -> Result<(), Error> {
    for (reading, doubt) in doubted {
        release(tx, reading.channel, &[reading.identity])?;
        diesel::insert_into(doubted_readings::table)
            .values((
                doubted_readings::channel_id.eq(reading.channel.0),
                doubted_readings::at.eq(reading.identity.at),
                doubted_readings::identity
                    .eq(serde_json::to_value(reading.identity).map_err(Error::internal)?),
                doubted_readings::reason.eq(serde_json::to_value(doubt).map_err(Error::internal)?),
                doubted_readings::received_at.eq(reading.received_at),
            ))
            .execute(tx.connection())?;
    }
    Ok(())
}

/// Lets readings out of quarantine.
///
/// # Errors
/// When the database is not available.
pub fn release(
    tx: &mut Transaction<'_>,
    channel: ChannelId,
    identities: &[Identity],
) -> Result<(), Error> {
    for identity in identities {
        let text = serde_json::to_value(identity).map_err(Error::internal)?;
        diesel::delete(
            doubted_readings::table
                .filter(doubted_readings::channel_id.eq(channel.0))
                .filter(doubted_readings::at.eq(identity.at))
                .filter(doubted_readings::identity.eq(text)),
        )
        .execute(tx.connection())?;
    }
    Ok(())
}

/// The newest readings in quarantine.
///
/// # Errors
/// When the database is not available.
pub fn doubted(
    view: &mut View<'_>,
    count: i64,
) -> Result<Vec<(ChannelId, Identity, Doubt)>, Error> {
    let rows: Vec<(i32, serde_json::Value, serde_json::Value)> = doubted_readings::table
        .order(doubted_readings::at.desc())
        .limit(count)
        .select((
            doubted_readings::channel_id,
            doubted_readings::identity,
            doubted_readings::reason,
        ))
        .load(view.connection())?;
    rows.into_iter()
        .map(|(channel, identity, doubt)| {
            let identity = serde_json::from_value(identity).map_err(Error::internal)?;
            Ok((
                ChannelId(channel),
                identity,
                serde_json::from_value(doubt).map_err(Error::internal)?,
            ))
        })
        .collect()
}
