//! Notices: posted, taken down, and read back while they are not over.

use diesel::prelude::*;
use serde_json::Value;

use super::announcements::Announcement;
use super::campus;
use super::database::{Transaction, View};
use super::schema::{notices, sites};
use crate::domain::actor::Allowed;
use crate::domain::notice::{Kind, NewNotice, Notice};
use crate::domain::reading::Moment;
use crate::domain::words::Words;
use crate::error::Error;

type Row = (i32, String, String, Value, Value, Moment, Moment);

fn notice((id, site, kind, title, body, starts_at, ends_at): Row) -> Result<Notice, Error> {
    let words = |value| serde_json::from_value::<Words>(value).map_err(Error::internal);
    let known = Kind::ALL.into_iter().find(|known| known.name() == kind);
    Ok(Notice {
        id,
        notice: NewNotice {
            site,
            kind: known.unwrap_or(Kind::Message),
            title: words(title)?,
            body: words(body)?,
            starts_at,
            ends_at,
        },
    })
}

/// All that are neither taken down nor over, the next to begin first.
///
/// # Errors
/// When the database is not available.
pub fn current(view: &mut View<'_>) -> Result<Vec<Notice>, Error> {
    let rows: Vec<Row> = notices::table
        .inner_join(sites::table)
        .filter(notices::removed_at.is_null())
        .filter(sites::retired_at.is_null())
        .filter(notices::ends_at.gt(diesel::dsl::now))
        .order((notices::starts_at, notices::id))
        .select((
            notices::id,
            sites::slug,
            notices::kind,
            notices::title,
            notices::body,
            notices::starts_at,
            notices::ends_at,
        ))
        .load(view.connection())?;
    rows.into_iter().map(notice).collect()
}

/// Posts one.
///
/// # Errors
/// When the site is not there, or the database is not available.
pub fn post(tx: &mut Transaction<'_>, new: &Allowed<NewNotice>, now: Moment) -> Result<i32, Error> {
    let new = new.thing();
    let site = campus::site_id(tx, &new.site)?;
    let json = |words: &Words| serde_json::to_value(words).map_err(Error::internal);
    let id = diesel::insert_into(notices::table)
        .values((
            notices::site_id.eq(site),
            notices::kind.eq(new.kind.name()),
            notices::title.eq(json(&new.title)?),
            notices::body.eq(json(&new.body)?),
            notices::starts_at.eq(new.starts_at),
            notices::ends_at.eq(new.ends_at),
            notices::created_at.eq(now),
        ))
        .returning(notices::id)
        .get_result(tx.connection())?;
    tx.announce(Announcement::Campus)?;
    Ok(id)
}

/// Takes one down; whether it was still there.
///
/// # Errors
/// When the database is not available.
pub fn remove(
    tx: &mut Transaction<'_>,
    notice: &Allowed<Notice>,
    now: Moment,
) -> Result<bool, Error> {
    let removed = diesel::update(notices::table.find(notice.thing().id))
        .filter(notices::removed_at.is_null())
        .set(notices::removed_at.eq(now))
        .execute(tx.connection())?;
    tx.announce(Announcement::Campus)?;
    Ok(removed == 1)
}
