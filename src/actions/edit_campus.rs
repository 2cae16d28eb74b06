//! Editing the campus: things are put, added and retired one by one or several at once, all of them or none, and each change
//! is on record.

use serde_json::Value;

use crate::domain::actor::{Actor, Place};
use crate::domain::audit::Event;
use crate::domain::campus::Description;
use crate::domain::description::{Violation, violations};
use crate::domain::edit::Edit;
use crate::domain::item::{Item, Key};
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::error::Error;
use crate::persistence::{Database, Transaction, audit, campus, describe};

/// What somebody wants of one thing.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The thing; for a new one, what it will be called.
    pub key: Key,
    /// As they saw it when they began, as the text of its JSON; `None` when there was none.
    pub seen: Option<String>,
    /// As they want it; `None` to retire it.
    pub wanted: Option<Item>,
}

/// What became of an edit.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is made.
    Done,
    /// It breaks rules; nothing is changed.
    Broken(Vec<Breach>),
    /// Somebody else changed a thing meanwhile; nothing is changed. Here is how it is now, if it still is.
    Overtaken(Key, Option<Value>),
}

/// A broken rule, and the thing that breaks it.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// The thing, where it has a name.
    pub key: Option<Key>,
    /// The rule.
    pub violation: Violation,
}

/// Makes an edit of one or more things.
///
/// # Errors
/// When the actor may not, or the database is not available.
pub async fn edit(
    database: &Database,
    actor: &Actor,
    wishes: Vec<Wish>,
    now: Moment,
) -> Result<Outcome, Error> {
    let actor = actor.clone();
    database
        .write(move |tx| edit_within(tx, &actor, &wishes, now))
        .await
}

fn edit_within(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    wishes: &[Wish],
    now: Moment,
) -> Result<Outcome, Error> {
    describe::alone(tx)?;
    let before = campus::description(tx)?
        .ok_or_else(|| Error::NotFound("campus is described yet: parvis apply".to_owned()))?;
    let mut after = before.clone();
    for wish in wishes {
        let present = before.find(&wish.key).map(|(_, item)| item.value());
        // Compared as text: numbers stay as they were written.
        if present.as_ref().map(Value::to_string) != wish.seen {
            // Who may not see it learns nothing of it.
            actor.permit(Act::SeeSite, Place::AnySite)?;
            return Ok(Outcome::Overtaken(wish.key.clone(), present));
        }
        match &wish.wanted {
            Some(item) => after.put(present.is_some().then_some(&wish.key), item.clone()),
            None => after.take(&wish.key),
        }
    }
    if after == before {
        return Ok(Outcome::Done);
    }
    let edit = Edit {
        before: Some(before),
        after,
    };
    let edit = actor.entitled(edit)?;
    let broken = violations(&edit.thing().after);
    if !broken.is_empty() {
        let after = &edit.thing().after;
        let breach = |violation: Violation| Breach {
            key: named(after, &violation),
            violation,
        };
        return Ok(Outcome::Broken(broken.into_iter().map(breach).collect()));
    }
    describe::edit(tx, &edit, now)?;
    note(tx, actor, edit.thing(), now)?;
    Ok(Outcome::Done)
}

/// Puts every change of an edit on record.
///
/// # Errors
/// When the database is not available.
pub fn note(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    edit: &Edit,
    now: Moment,
) -> Result<(), Error> {
    for changed in edit.changed() {
        let act = format!("{}-{}", changed.verb(), changed.key.list());
        let (before, after) = changed.fields();
        let event = Event::done(actor, &act, changed.key.to_string())
            .at(edit.site_of(&changed).as_deref())
            .changing(before, after);
        audit::note(tx, event, now)?;
    }
    Ok(())
}

/// The thing that a violation is about.
fn named(description: &Description, violation: &Violation) -> Option<Key> {
    let place = violation.place;
    let items = description.items();
    let mut list = items
        .iter()
        .map(Item::key)
        .filter(|key| key.list() == place.list);
    list.nth(place.index)
}

/// The campus as it is described.
///
/// # Errors
/// When nothing is described yet, or the database is not available.
pub async fn description(database: &Database) -> Result<Description, Error> {
    let found = database.read(campus::description).await?;
    found.ok_or_else(|| Error::NotFound("campus is described yet: parvis apply".to_owned()))
}
