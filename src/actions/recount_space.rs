//! A recount: a person saw how many people there are, and the figure follows.

use serde_json::{Value, json};

use crate::domain::actor::{Actor, Allowed, Place, Placed};
use crate::domain::audit::Event;
use crate::domain::campus::Campus;
use crate::domain::correction::{Correction, Kind, NewCorrection};
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::domain::zones::Source;
use crate::error::Error;
use crate::persistence::{Database, Transaction, audit, corrections, requests};

/// The most people a person can have seen.
const MOST: i64 = 100_000;

/// The longest reason.
const LONGEST_REASON: usize = 200;

/// A recount to be made.
#[derive(Debug, Clone)]
pub struct Recount {
    /// The space, by slug.
    pub space: String,
    /// How many people there were.
    pub people: i64,
    /// When; not in the future.
    pub at: Moment,
    /// Why, in words.
    pub reason: String,
}

/// The people of a space, to be counted by somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The site of the space, by slug.
    site: String,
    /// What is noted.
    new: NewCorrection,
}

impl Placed for Counted {
    fn place(&self) -> Place<'_> {
        Place::Site(&self.site)
    }
}

/// Makes it.
///
/// # Errors
/// When there is no such space, the actor may not, the number or time makes no sense, or the space's sensors see people
/// directly.
pub async fn recount(
    database: &Database,
    campus: &Campus,
    actor: &Actor,
    recount: Recount,
    now: Moment,
) -> Result<Correction, Error> {
    let counted = checked(campus, actor, recount, now)?;
    let actor = actor.clone();
    database
        .write(move |tx| recount_within(tx, &actor, &counted, now))
        .await
}

/// [`recount`], for a command.
///
/// # Errors
/// See [`recount`].
pub fn recount_blocking(
    database: &Database,
    campus: &Campus,
    actor: &Actor,
    recount: Recount,
    now: Moment,
) -> Result<Correction, Error> {
    let counted = checked(campus, actor, recount, now)?;
    database.write_blocking(|tx| recount_within(tx, actor, &counted, now))
}

/// [`recount`], within a transaction of more.
///
/// # Errors
/// When the database is not available.
pub fn recount_within(
    tx: &mut Transaction<'_>,
    actor: &Actor,
    counted: &Allowed<Counted>,
    now: Moment,
) -> Result<Correction, Error> {
    let Counted { site, new } = counted.thing();
    let made = corrections::append(tx, new, now)?;
    let people = match new.kind {
        Kind::Recount { people } => Some(people),
        Kind::DayStart { .. }
        | Kind::Drift { .. }
        | Kind::DayClose { .. }
        | Kind::Revocation { .. } => None,
    };
    let after = json!({ "people": people, "at": new.at, "reason": new.reason });
    let slug = corrections::slug_of(tx, new.space)?;
    let event = Event::done(actor, "recount", format!("space {slug}"))
        .at(Some(site))
        .changing(None, Some(after));
    audit::note(tx, event, now)?;
    Ok(made)
}

/// A recount that makes sense, with the proof that the actor may make it.
///
/// # Errors
/// See [`recount`].
pub fn checked(
    campus: &Campus,
    actor: &Actor,
    recount: Recount,
    now: Moment,
) -> Result<Allowed<Counted>, Error> {
    let known = campus
        .space(&recount.space)
        .ok_or_else(|| Error::NotFound(format!("space is called \"{}\"", recount.space)))?;
    actor.permit(Act::Recount, Place::Site(&known.space.site))?;
    let refuse = |field: &str, rule: &str| Error::Invalid {
        field: field.to_owned(),
        rule: rule.to_owned(),
    };
    if !(0..=MOST).contains(&recount.people) {
        return Err(refuse("people", "a recount is a number from 0 to 100000"));
    }
    if recount.reason.is_empty() || recount.reason.chars().count() > LONGEST_REASON {
        return Err(refuse("reason", "say why in 1 to 200 characters"));
    }
    if recount.at > now {
        return Err(refuse("at", "nobody has counted in the future"));
    }
    match campus.zones.source(known.id) {
        Source::Flows(_) | Source::Nothing => {}
        Source::Levels(_) => {
            return Err(refuse(
                "space",
                "its sensors see people directly; there is nothing to anchor",
            ));
        }
        Source::Parts(_) => {
            return Err(refuse("space", "it is the sum of its parts; recount those"));
        }
    }
    let new = NewCorrection {
        space: known.id,
        at: recount.at,
        kind: Kind::Recount {
            people: recount.people,
        },
        reason: recount.reason,
        actor: actor.name.clone(),
    };
    let site = known.space.site.clone();
    Ok(actor.allowed(Act::Recount, Counted { site, new })?)
}

/// A request that may be sent again.
#[derive(Debug, Clone)]
pub struct Repeatable {
    /// The key that its sender gave it.
    pub key: String,
    /// SHA-256 of what it asks for.
    pub digest: [u8; 32],
}

/// A recount that a program asks for, made once however often it is sent with the same key.
///
/// # Errors
/// See [`recount`]; also when the key was used for another recount.
pub async fn recount_once(
    database: &Database,
    campus: &Campus,
    actor: &Actor,
    recount: Recount,
    key: Option<Repeatable>,
    now: Moment,
) -> Result<Value, Error> {
    let counted = checked(campus, actor, recount, now)?;
    let actor = actor.clone();
    database
        .write(move |tx| {
            let key = key.zip(actor.person);
            if let Some((key, person)) = &key
                && let Some(answer) = requests::take(tx, *person, &key.key, &key.digest, now)?
            {
                return Ok(answer);
            }
            let made = recount_within(tx, &actor, &counted, now)?;
            let answer =
                json!({ "correction": made.id, "at": made.at, "recorded_at": made.recorded_at });
            if let Some((key, person)) = &key {
                requests::answer(tx, *person, &key.key, &answer)?;
            }
            Ok(answer)
        })
        .await
}
