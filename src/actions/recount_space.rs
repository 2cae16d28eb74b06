//! A recount: a person saw how many people there are, and the figure follows.

use chrono::Days;
use serde_json::{Value, json};

use super::answer_once::{Repeatable, once};
use crate::domain::actor::{Actor, Allowed, Place, Placed};
use crate::domain::audit::Event;
use crate::domain::campus::{Campus, KnownSpace};
use crate::domain::correction::{Correction, DAYS_LOOKED_AT_AGAIN, Kind, NewCorrection};
use crate::domain::day;
use crate::domain::reading::Moment;
use crate::domain::role::Act;
use crate::domain::zones::Source;
use crate::error::Error;
use crate::persistence::{Database, Transaction, audit, corrections};

/// The most people a person can have seen.
pub const MOST: i64 = 100_000;

/// The longest reason.
const LONGEST_REASON: usize = 200;

/// A recount to be made.
#[derive(Debug, Clone)]
pub struct Recount {
    /// The space, by slug.
    pub space: String,
    /// How many people there were.
    pub people: i64,
    /// When; not in the future, and of a day that is not settled yet.
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

/// Makes it, once however often it is sent with the same key.
///
/// # Errors
/// When there is no such space, the actor may not, the number or time makes no sense, the space's sensors see people
/// directly, or the key was used for something else.
pub async fn recount(
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
            once(tx, &actor, key.as_ref(), now, |tx| {
                let made = recount_within(tx, &actor, &counted, now)?;
                Ok(json!({ "correction": made.id, "at": made.at, "recorded_at": made.recorded_at }))
            })
        })
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
    if recount.at < settled_before(campus, known, now) {
        let rule = format!(
            "a recount changes the figure of its day: today, or one of the last {DAYS_LOOKED_AT_AGAIN} days; older ones are settled"
        );
        return Err(refuse("at", &rule));
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

/// When the first accounting day begins that a recount can still change.
fn settled_before(campus: &Campus, known: &KnownSpace, now: Moment) -> Moment {
    let (zone, starts) = (campus.zone(), known.space.day_starts);
    let today = day::date_of(zone, starts, now);
    day::start_of(zone, starts, today - Days::new(DAYS_LOOKED_AT_AGAIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recounts_are_of_days_that_are_not_settled() {
        let (campus, actor) = (one_space(), Actor::console("ada"));
        let now = "2026-11-24T10:00:00Z".parse().unwrap();
        let field = |at: &str| {
            let recount = Recount {
                space: "hall".to_owned(),
                people: 12,
                at: at.parse().unwrap(),
                reason: "counted".to_owned(),
            };
            match checked(&campus, &actor, recount, now) {
                Ok(_) => "",
                Err(Error::Invalid { field, .. }) if field == "at" => "at",
                Err(_) => "another",
            }
        };
        assert_eq!(field("2026-11-24T10:00:00Z"), "");
        assert_eq!(field("2026-11-17T05:00:00Z"), "");
        assert_eq!(field("2026-11-17T04:59:59Z"), "at");
        assert_eq!(field("1990-01-01T00:00:00Z"), "at");
        assert_eq!(field("2026-11-24T10:00:01Z"), "at");
    }

    fn one_space() -> Campus {
        let space = crate::domain::campus::Space {
            slug: "hall".to_owned(),
            site: "hall".to_owned(),
            parent: None,
            name: crate::domain::words::Words::plain("Hall"),
            description: crate::domain::words::Words::default(),
            is_draft: false,
            capacities: Vec::new(),
            day_starts: "05:00:00".parse().unwrap(),
            empty_at_day_start: true,
            drift_correction: true,
            opening_hours: None,
        };
        let mut campus = Campus::undescribed();
        campus.spaces.push(KnownSpace {
            id: crate::domain::ids::SpaceId(1),
            space,
            site: 0,
            parent: None,
            hours: None,
        });
        campus
    }
}
