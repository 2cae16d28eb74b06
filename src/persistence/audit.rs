//! The audit: records appended to a chain, read back, and followed from its beginning to its end.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::{select, sql_query};
use serde_json::Value;

use super::database::{Transaction, View};
use super::schema::{audit_heads, audit_records};
use crate::domain::actor::Allowed;
use crate::domain::audit::{
    Broken, Event, Filter, Record, Recorded, Records, Verification, digest,
};
use crate::domain::ids::PersonId;
use crate::domain::reading::Moment;
use crate::error::Error;

/// Records read at once while a chain is followed.
const PAGE: i64 = 5_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_records)]
struct Row {
    position: i64,
    at: Moment,
    person_id: Option<i32>,
    actor: String,
    via: String,
    address: Option<String>,
    act: String,
    object: String,
    site: Option<String>,
    outcome: String,
    before: Option<Value>,
    after: Option<Value>,
    digest: Vec<u8>,
}

impl From<Row> for Record {
    fn from(row: Row) -> Self {
        Self {
            position: row.position,
            at: row.at,
            event: Recorded {
                person: row.person_id,
                actor: row.actor,
                via: row.via,
                address: row.address,
                act: row.act,
                object: row.object,
                site: row.site,
                outcome: row.outcome,
                before: row.before,
                after: row.after,
            },
            digest: row.digest,
        }
    }
}

/// Appends a record. Whoever appends waits for the one before to commit, so that the chain has one end.
///
/// # Errors
/// When the database is not available.
pub fn note(tx: &mut Transaction<'_>, event: Event, now: Moment) -> Result<(), Error> {
    let (last, previous): (i64, Vec<u8>) = audit_heads::table
        .select((audit_heads::position, audit_heads::digest))
        .for_update()
        .first(tx.connection())?;
    let position = last + 1;
    let event = Recorded::from(event);
    let digest = digest(&previous, position, now, &event);
    diesel::insert_into(audit_records::table)
        .values((
            audit_records::position.eq(position),
            audit_records::at.eq(now),
            audit_records::person_id.eq(event.person),
            audit_records::actor.eq(event.actor),
            audit_records::via.eq(event.via),
            audit_records::address.eq(event.address),
            audit_records::act.eq(event.act),
            audit_records::object.eq(event.object),
            audit_records::site.eq(event.site),
            audit_records::outcome.eq(event.outcome),
            audit_records::before.eq(event.before),
            audit_records::after.eq(event.after),
            audit_records::digest.eq(&digest),
        ))
        .execute(tx.connection())?;
    diesel::update(audit_heads::table)
        .set((
            audit_heads::position.eq(position),
            audit_heads::digest.eq(digest),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// [`note`], unless a record that says the same of the same was appended since a moment: what others can repeat at will must not
/// fill the disk. Whether it was appended.
///
/// # Errors
/// When the database is not available.
pub fn note_once(
    tx: &mut Transaction<'_>,
    event: Event,
    since: Moment,
    now: Moment,
) -> Result<bool, Error> {
    let same = audit_records::table
        .filter(audit_records::at.gt(since))
        .filter(audit_records::act.eq(&event.act))
        .filter(audit_records::object.eq(&event.object))
        .filter(audit_records::outcome.eq(&event.outcome))
        .filter(audit_records::after.is_not_distinct_from(&event.after));
    if select(exists(same)).get_result(tx.connection())? {
        return Ok(false);
    }
    note(tx, event, now)?;
    Ok(true)
}

/// The newest records that pass a filter.
///
/// # Errors
/// When the database is not available.
pub fn newest(
    view: &mut View<'_>,
    of: &Allowed<Records>,
    filter: &Filter,
    count: i64,
) -> Result<Vec<Record>, Error> {
    let mut query = audit_records::table
        .select(Row::as_select())
        .order(audit_records::position.desc())
        .limit(count)
        .into_boxed();
    if let Some(words) = &filter.words {
        let pattern = format!("%{}%", like(words));
        query = query.filter(
            audit_records::actor
                .ilike(pattern.clone())
                .or(audit_records::act.ilike(pattern.clone()))
                .or(audit_records::object.ilike(pattern)),
        );
    }
    if let Some(site) = &of.thing().site {
        query = query.filter(audit_records::site.eq(site));
    }
    if let Some(person) = filter.person {
        query = query.filter(audit_records::person_id.eq(person));
    }
    if let Some(since) = filter.since {
        query = query.filter(audit_records::at.ge(since));
    }
    if let Some(until) = filter.until {
        query = query.filter(audit_records::at.lt(until));
    }
    if let Some(before) = filter.before {
        query = query.filter(audit_records::position.lt(before));
    }
    let rows = query.load(view.connection())?;
    Ok(rows.into_iter().map(Record::from).collect())
}

/// The newest sign-ins of a person, good and refused: for themselves.
///
/// # Errors
/// When the database is not available.
pub fn sign_ins_of(
    view: &mut View<'_>,
    person: PersonId,
    count: i64,
) -> Result<Vec<Record>, Error> {
    let rows = audit_records::table
        .filter(audit_records::person_id.eq(person.0))
        .filter(audit_records::act.eq("sign-in"))
        .order(audit_records::position.desc())
        .limit(count)
        .select(Row::as_select())
        .load(view.connection())?;
    Ok(rows.into_iter().map(Record::from).collect())
}

/// Words as a pattern that means just them.
fn like(words: &str) -> String {
    words
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

/// Follows the whole chain. Returns how many records hold, or where it is broken.
///
/// # Errors
/// When the database is not available.
pub fn verify(view: &mut View<'_>) -> Result<Result<i64, Broken>, Error> {
    // One picture of all pages and of the end, however long the following takes.
    sql_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(view.connection())?;
    let mut verification = Verification::default();
    let mut last = i64::MIN;
    loop {
        let rows: Vec<Row> = audit_records::table
            .filter(audit_records::position.gt(last))
            .order(audit_records::position)
            .limit(PAGE)
            .select(Row::as_select())
            .load(view.connection())?;
        let Some(newest) = rows.last() else { break };
        last = newest.position;
        for row in rows {
            if let Err(broken) = verification.follow(&Record::from(row)) {
                return Ok(Err(broken));
            }
        }
    }
    let head: Option<(i64, Vec<u8>)> = audit_heads::table
        .select((audit_heads::position, audit_heads::digest))
        .first(view.connection())
        .optional()?;
    let (position, digest) = head.unwrap_or((-1, Vec::new()));
    Ok(verification.end(position, &digest))
}
