//! Pictures: kept, shown by their digest, and taken down.

use diesel::prelude::*;
use serde_json::Value;

use super::announcements::Announcement;
use super::campus;
use super::database::{Transaction, View};
use super::schema::{pictures, sites};
use crate::domain::actor::Allowed;
use crate::domain::picture::{NewPicture, Picture};
use crate::domain::reading::Moment;
use crate::error::Error;

type Row = (i32, String, Value, i32, i32, String);

/// All that are shown, without their content, oldest first.
///
/// # Errors
/// When the database is not available.
pub fn current(view: &mut View<'_>) -> Result<Vec<Picture>, Error> {
    let rows: Vec<Row> = pictures::table
        .inner_join(sites::table)
        .filter(pictures::removed_at.is_null())
        .filter(sites::retired_at.is_null())
        .order(pictures::id)
        .select((
            pictures::id,
            sites::slug,
            pictures::alt,
            pictures::width,
            pictures::height,
            pictures::digest,
        ))
        .load(view.connection())?;
    rows.into_iter()
        .map(|(id, site, alt, width, height, digest)| {
            Ok(Picture {
                id,
                site,
                alt: serde_json::from_value(alt).map_err(Error::internal)?,
                width,
                height,
                digest,
            })
        })
        .collect()
}

/// The content of a picture that is shown.
///
/// # Errors
/// When there is none, or the database is not available.
pub fn content(view: &mut View<'_>, digest: &str) -> Result<Vec<u8>, Error> {
    pictures::table
        .filter(pictures::removed_at.is_null())
        .filter(pictures::digest.eq(digest))
        .select(pictures::content)
        .first(view.connection())
        .optional()?
        .ok_or_else(|| Error::NotFound("picture of this address".to_owned()))
}

/// Keeps one.
///
/// # Errors
/// When the site is not there, or the database is not available.
pub fn add(tx: &mut Transaction<'_>, new: &Allowed<NewPicture>, now: Moment) -> Result<i32, Error> {
    let new = new.thing();
    let site = campus::site_id(tx, &new.site)?;
    let id = diesel::insert_into(pictures::table)
        .values((
            pictures::site_id.eq(site),
            pictures::alt.eq(serde_json::to_value(&new.alt).map_err(Error::internal)?),
            pictures::content.eq(&new.content),
            pictures::width.eq(new.width),
            pictures::height.eq(new.height),
            pictures::digest.eq(&new.digest),
            pictures::created_at.eq(now),
        ))
        .returning(pictures::id)
        .get_result(tx.connection())?;
    tx.announce(Announcement::Campus)?;
    Ok(id)
}

/// Takes one down; its content is forgotten.
///
/// # Errors
/// When the database is not available.
pub fn remove(
    tx: &mut Transaction<'_>,
    picture: &Allowed<Picture>,
    now: Moment,
) -> Result<(), Error> {
    diesel::update(pictures::table.find(picture.thing().id))
        .set((
            pictures::removed_at.eq(now),
            pictures::content.eq(Vec::<u8>::new()),
        ))
        .execute(tx.connection())?;
    tx.announce(Announcement::Campus)
}
