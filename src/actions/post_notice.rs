//! Notices: telling the public something, saying it otherwise, and taking it down again.

use serde_json::Value;

use super::answer_once::{Repeatable, once};
use crate::domain::actor::{Actor, Place};
use crate::domain::audit::Event;
use crate::domain::notice::{Breach, Kind, NewNotice};
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::error::Error;
use crate::persistence::{Database, Transaction, audit, notices};

/// What posting, or taking down, a kind of notice takes: either of these.
const fn acts(kind: Kind) -> [Act; 2] {
    match kind {
        Kind::Message | Kind::Warning => [Act::PostMessage, Act::PostMessage],
        Kind::Event => [Act::WriteContents, Act::PostMessage],
    }
}

/// The act by which somebody may handle a kind of notice at a site.
///
/// # Errors
/// Why they may not.
pub fn act(actor: &Actor, kind: Kind, site: &str) -> Result<Act, Error> {
    let [first, other] = acts(kind);
    let place = Place::Site(site);
    match actor.permit(first, place) {
        Ok(()) => Ok(first),
        Err(refused) => actor
            .permit(other, place)
            .map(|()| other)
            .map_err(|_| refused.into()),
    }
}

/// Posts a notice, in place of the one with a number where one is given, and once however often it is sent with the same
/// key; else the rules that it breaks.
///
/// # Errors
/// When the actor may not, the site is not there, or the database is not available.
pub async fn post(
    database: &Database,
    actor: &Actor,
    new: NewNotice,
    instead_of: Option<i32>,
    key: Option<Repeatable>,
    now: Moment,
) -> Result<Vec<Breach>, Error> {
    let act = act(actor, new.kind, &new.site)?;
    let breaches = new.breaches(now);
    if !breaches.is_empty() {
        return Ok(breaches);
    }
    let new = actor.allowed(act, new)?;
    let actor = actor.clone();
    let is_overtaken = database
        .write(move |tx| {
            once(tx, &actor, key.as_ref(), now, |tx| {
                match instead_of.map(|id| remove_within(tx, &actor, id, now)) {
                    Some(Err(Error::NotFound(_))) => return Ok(Value::Bool(true)),
                    Some(removed) => removed?,
                    None => {}
                }
                let id = notices::post(tx, &new, now)?;
                let after = serde_json::to_value(new.thing()).map_err(Error::internal)?;
                let event = Event::done(&actor, "post-notice", format!("notice {id}"))
                    .at(Some(&new.thing().site))
                    .changing(None, Some(after));
                audit::note(tx, event, now)?;
                Ok(Value::Bool(false))
            })
        })
        .await?;
    Ok(if is_overtaken == Value::Bool(true) {
        vec![OVERTAKEN]
    } else {
        Vec::new()
    })
}

/// Somebody else was faster: what is to be replaced is gone.
const OVERTAKEN: Breach = Breach {
    field: "title",
    rule: "notice-overtaken",
};

/// Takes a notice down.
///
/// # Errors
/// When there is none, the actor may not, or the database is not available.
pub async fn remove(database: &Database, actor: &Actor, id: i32, now: Moment) -> Result<(), Error> {
    let actor = actor.clone();
    database
        .write(move |tx| remove_within(tx, &actor, id, now))
        .await
}

fn remove_within(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    id: i32,
    now: Moment,
) -> Result<(), Error> {
    let gone = || Error::NotFound(format!("notice has the number {id}"));
    let mut known = notices::current(tx)?.into_iter();
    let notice = known.find(|notice| notice.id == id).ok_or_else(gone)?;
    let act = act(actor, notice.notice.kind, &notice.notice.site)?;
    let notice = actor.allowed(act, notice)?;
    if !notices::remove(tx, &notice, now)? {
        return Err(gone());
    }
    let before = serde_json::to_value(&notice.thing().notice).map_err(Error::internal)?;
    let event = Event::done(actor, "remove-notice", format!("notice {id}"))
        .at(Some(&notice.thing().notice.site))
        .changing(Some(before), None);
    audit::note(tx, event, now)
}
