//! A recount: a person saw how many people there are, and the figure follows.

use crate::domain::campus::Campus;
use crate::domain::correction::{Correction, Kind, NewCorrection};
use crate::domain::reading::Moment;
use crate::domain::zones::Source;
use crate::error::Error;
use crate::persistence::{Database, corrections};

/// The most people a person can have seen.
const MOST: i64 = 100_000;

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
    /// Who counted.
    pub actor: String,
}

/// Makes it.
///
/// # Errors
/// When there is no such space, the number or time makes no sense, or the space's sensors see people directly.
pub fn recount(
    database: &Database,
    campus: &Campus,
    recount: Recount,
    now: Moment,
) -> Result<Correction, Error> {
    let known = campus
        .space(&recount.space)
        .ok_or_else(|| Error::NotFound(format!("space is called \"{}\"", recount.space)))?;
    let refuse = |field: &str, rule: &str| Error::Invalid {
        field: field.to_owned(),
        rule: rule.to_owned(),
    };
    if !(0..=MOST).contains(&recount.people) {
        return Err(refuse("people", "a recount is a number from 0 to 100000"));
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
        actor: recount.actor,
    };
    database.write_blocking(|tx| corrections::append(tx, &new, now))
}
