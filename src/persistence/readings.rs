//! Raw readings: appended in arrays, read back by channel and day. No row is ever changed.

use chrono::{NaiveDate, TimeDelta, TimeZone as _, Utc};
use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{
    Array, BigInt, Bool, Date, Integer, Nullable, SmallInt, Text, Timestamptz,
};

use super::announcements::Announcement;
use super::database::{Transaction, View};
use super::schema::{channel_days, closed_days};
use crate::domain::counter::CounterState;
use crate::domain::ids::ChannelId;
use crate::domain::reading::{ClockVerdict, Crossings, Identity, Moment, Reading};
use crate::error::Error;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    channel_id: i32,
    #[diesel(sql_type = Timestamptz)]
    at: Moment,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    since: Option<Moment>,
    #[diesel(sql_type = Nullable<BigInt>)]
    total_forward: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    total_backward: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    period_forward: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    period_backward: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    level: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    mark: Option<i64>,
    #[diesel(sql_type = Timestamptz)]
    received_at: Moment,
    #[diesel(sql_type = SmallInt)]
    clock: i16,
}

impl Row {
    fn reading(&self) -> Reading {
        let identity = Identity {
            at: self.at,
            since: self.since,
            total: Crossings {
                forward: self.total_forward,
                backward: self.total_backward,
            },
            period: Crossings {
                forward: self.period_forward,
                backward: self.period_backward,
            },
            level: self.level,
            mark: self.mark,
        };
        let clock = match self.clock {
            0 => ClockVerdict::InStep,
            1 => ClockVerdict::Late,
            2 => ClockVerdict::Ahead,
            _ => ClockVerdict::Untold,
        };
        Reading {
            channel: ChannelId(self.channel_id),
            identity,
            received_at: self.received_at,
            clock,
        }
    }
}

const fn code(clock: ClockVerdict) -> i16 {
    match clock {
        ClockVerdict::InStep => 0,
        ClockVerdict::Late => 1,
        ClockVerdict::Ahead => 2,
        ClockVerdict::Untold => 3,
    }
}

/// Makes room for the readings of a day (UTC). False when the day is closed: its readings were dropped.
///
/// # Errors
/// When the database is not available.
pub fn open_day(tx: &mut Transaction<'_>, day: NaiveDate) -> Result<bool, Error> {
    #[derive(QueryableByName)]
    struct Opened {
        #[diesel(sql_type = Bool)]
        opened: bool,
    }
    let opened: Opened = diesel::sql_query("SELECT open_day($1) AS opened")
        .bind::<Date, _>(day)
        .get_result(tx.connection())?;
    Ok(opened.opened)
}

/// Drops the readings of a day (UTC) for ever and remembers that it did.
///
/// # Errors
/// When the database is not available.
pub fn close_day(tx: &mut Transaction<'_>, day: NaiveDate) -> Result<(), Error> {
    diesel::sql_query("SELECT close_day($1)")
        .bind::<Date, _>(day)
        .execute(tx.connection())?;
    tx.announce(Announcement::ClosedDays)
}

/// Appends readings in one statement, which is one commit where no transaction is open.
///
/// # Errors
/// When the database is not available, or a day was not opened.
pub fn append(tx: &mut Transaction<'_>, batch: i64, readings: &[Reading]) -> Result<(), Error> {
    Append::new(batch, readings).execute(tx.connection())?;
    Ok(())
}

/// Whether a batch is stored.
///
/// # Errors
/// When the database is not available.
pub fn is_stored(view: &mut View<'_>, batch: i64) -> Result<bool, Error> {
    #[derive(QueryableByName)]
    struct Stored {
        #[diesel(sql_type = Bool)]
        stored: bool,
    }
    let stored: Stored =
        diesel::sql_query("SELECT EXISTS (SELECT FROM readings WHERE batch = $1) AS stored")
            .bind::<BigInt, _>(batch)
            .get_result(view.connection())?;
    Ok(stored.stored)
}

/// The statement of every batch, column by column. A type of its own because Diesel prepares it once for each connection,
/// which it never does with `sql_query`: to parse and plan it takes PostgreSQL longer than to insert a small batch.
#[derive(QueryId)]
struct Append {
    channel: Vec<i32>,
    at: Vec<Moment>,
    since: Vec<Option<Moment>>,
    total_forward: Vec<Option<i64>>,
    total_backward: Vec<Option<i64>>,
    period_forward: Vec<Option<i64>>,
    period_backward: Vec<Option<i64>>,
    level: Vec<Option<i64>>,
    mark: Vec<Option<i64>>,
    received_at: Vec<Moment>,
    clock: Vec<i16>,
    batch: i64,
}

impl Append {
    fn new(batch: i64, readings: &[Reading]) -> Self {
        fn column<T>(readings: &[Reading], pick: impl Fn(&Reading) -> T) -> Vec<T> {
            readings.iter().map(pick).collect()
        }
        Self {
            channel: column(readings, |reading| reading.channel.0),
            at: column(readings, |reading| reading.identity.at),
            since: column(readings, |reading| reading.identity.since),
            total_forward: column(readings, |reading| reading.identity.total.forward),
            total_backward: column(readings, |reading| reading.identity.total.backward),
            period_forward: column(readings, |reading| reading.identity.period.forward),
            period_backward: column(readings, |reading| reading.identity.period.backward),
            level: column(readings, |reading| reading.identity.level),
            mark: column(readings, |reading| reading.identity.mark),
            received_at: column(readings, |reading| reading.received_at),
            clock: column(readings, |reading| code(reading.clock)),
            batch,
        }
    }
}

impl QueryFragment<Pg> for Append {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO readings (channel_id, at, since, total_forward, total_backward, period_forward, \
                period_backward, level, mark, received_at, clock, batch) SELECT *, ",
        );
        out.push_bind_param::<BigInt, _>(&self.batch)?;
        out.push_sql(" FROM unnest(");
        out.push_bind_param::<Array<Integer>, _>(&self.channel)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamptz>, _>(&self.at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Timestamptz>>, _>(&self.since)?;
        for counts in [
            &self.total_forward,
            &self.total_backward,
            &self.period_forward,
            &self.period_backward,
            &self.level,
            &self.mark,
        ] {
            out.push_sql(", ");
            out.push_bind_param::<Array<Nullable<BigInt>>, _>(counts)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamptz>, _>(&self.received_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&self.clock)?;
        out.push_sql(")");
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for Append {}

/// The readings of channels from a moment on that the ledger holds (up to a batch), by channel and identity.
///
/// # Errors
/// When the database is not available.
pub fn since(
    view: &mut View<'_>,
    channels: &[ChannelId],
    from: Moment,
    up_to_batch: i64,
) -> Result<Vec<Reading>, Error> {
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT * FROM readings WHERE at >= $2 AND channel_id = ANY ($1) AND batch <= $3",
    )
    .bind::<Array<Integer>, _>(channels.iter().map(|channel| channel.0).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(from)
    .bind::<BigInt, _>(up_to_batch)
    .load(view.connection())?;
    let mut readings: Vec<Reading> = rows.iter().map(Row::reading).collect();
    readings.sort_by_key(|reading| (reading.channel, reading.identity));
    Ok(readings)
}

/// The readings that are stored but not yet in the ledger.
///
/// # Errors
/// When the database is not available.
pub fn after_batch(view: &mut View<'_>, batch: i64) -> Result<Vec<Reading>, Error> {
    let rows: Vec<Row> = diesel::sql_query("SELECT * FROM readings WHERE batch > $1")
        .bind::<BigInt, _>(batch)
        .load(view.connection())?;
    Ok(rows.iter().map(Row::reading).collect())
}

/// The days (UTC) that hold readings, with the time of the last receipt in each.
///
/// # Errors
/// When the database is not available.
pub fn days(view: &mut View<'_>) -> Result<Vec<NaiveDate>, Error> {
    #[derive(QueryableByName)]
    struct Partition {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let partitions: Vec<Partition> = diesel::sql_query(
        "SELECT relid::text AS name FROM pg_partition_tree('readings') WHERE isleaf ORDER BY name",
    )
    .load(view.connection())?;
    let day = |partition: Partition| {
        NaiveDate::parse_from_str(partition.name.trim_start_matches("readings_"), "%Y%m%d").ok()
    };
    Ok(partitions.into_iter().filter_map(day).collect())
}

/// When the last reading of a day was received.
///
/// # Errors
/// When the database is not available.
pub fn last_received(view: &mut View<'_>, day: NaiveDate) -> Result<Option<Moment>, Error> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = Nullable<Timestamptz>)]
        last: Option<Moment>,
    }
    let start = Utc.from_utc_datetime(&day.and_time(chrono::NaiveTime::MIN));
    let last: Last = diesel::sql_query(
        "SELECT max(received_at) AS last FROM readings WHERE at >= $1 AND at < $2",
    )
    .bind::<Timestamptz, _>(start)
    .bind::<Timestamptz, _>(start + TimeDelta::days(1))
    .get_result(view.connection())?;
    Ok(last.last)
}

/// All days whose readings were dropped.
///
/// # Errors
/// When the database is not available.
pub fn closed_days(view: &mut View<'_>) -> Result<Vec<NaiveDate>, Error> {
    Ok(closed_days::table
        .select(closed_days::day)
        .load(view.connection())?)
}

/// The newest day of each channel and the state of its counter when that day began.
///
/// # Errors
/// When the database is not available.
pub fn newest_openings(
    view: &mut View<'_>,
) -> Result<Vec<(ChannelId, NaiveDate, CounterState)>, Error> {
    let rows: Vec<(i32, NaiveDate, serde_json::Value)> = channel_days::table
        .distinct_on(channel_days::channel_id)
        .order((channel_days::channel_id, channel_days::day.desc()))
        .load(view.connection())?;
    rows.into_iter()
        .map(|(channel, day, state)| Ok((ChannelId(channel), day, state_of(state)?)))
        .collect()
}

/// The newest day of a channel up to a date, and the state of its counter when that day began.
///
/// # Errors
/// When the database is not available.
pub fn opening_before(
    view: &mut View<'_>,
    channel: ChannelId,
    date: NaiveDate,
) -> Result<Option<(NaiveDate, CounterState)>, Error> {
    let row: Option<(NaiveDate, serde_json::Value)> = channel_days::table
        .filter(channel_days::channel_id.eq(channel.0))
        .filter(channel_days::day.le(date))
        .order(channel_days::day.desc())
        .select((channel_days::day, channel_days::opening))
        .first(view.connection())
        .optional()?;
    row.map(|(day, state)| Ok((day, state_of(state)?)))
        .transpose()
}

fn state_of(state: serde_json::Value) -> Result<CounterState, Error> {
    serde_json::from_value(state).map_err(Error::internal)
}

/// The last batch that was given to readings.
///
/// # Errors
/// When the database is not available.
pub fn last_batch(view: &mut View<'_>) -> Result<i64, Error> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = BigInt)]
        last: i64,
    }
    // BRIN cannot answer max(); batches grow with time, so the checkpoint bounds the search from below.
    let last: Last = diesel::sql_query(
        "SELECT greatest((SELECT batch FROM checkpoints), coalesce((SELECT max(batch) FROM readings \
            WHERE batch > (SELECT batch FROM checkpoints)), 0)) AS last",
    )
    .get_result(view.connection())?;
    Ok(last.last)
}
