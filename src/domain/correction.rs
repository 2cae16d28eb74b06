//! Corrections: what was changed about a space's count, why and by whom. They lie beside the counts, never in them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ids::SpaceId;
use super::reading::Moment;
use super::space_day::{MILLION, SpaceDay};

/// What a correction does. Amounts and weights are in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Kind {
    /// How many people the day opened with.
    DayStart {
        /// Millionths of people.
        present: i64,
    },
    /// What each exit of the day weighs, from what past days taught.
    Drift {
        /// Millionths.
        exit_weight: i64,
    },
    /// How many people a person saw.
    Recount {
        /// Whole people.
        people: i64,
    },
    /// What entries and exits of a finished day weigh so that it ends as it should.
    DayClose {
        /// Millionths.
        entry_weight: i64,
        /// Millionths.
        exit_weight: i64,
        /// The entries it was computed from.
        entries: i64,
        /// The exits it was computed from.
        exits: i64,
    },
    /// Takes another correction back.
    Revocation {
        /// Which.
        of: i64,
    },
}

/// Finished days whose corrections are looked at again; what is older is settled.
pub const DAYS_LOOKED_AT_AGAIN: u64 = 7;

impl Kind {
    /// Whether it leaves everything as it was counted.
    #[must_use]
    pub const fn is_neutral(self) -> bool {
        match self {
            Self::Drift { exit_weight } => exit_weight == MILLION,
            Self::DayClose {
                entry_weight,
                exit_weight,
                ..
            } => entry_weight == MILLION && exit_weight == MILLION,
            Self::DayStart { .. } | Self::Recount { .. } | Self::Revocation { .. } => false,
        }
    }
}

/// A correction to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCorrection {
    /// The space.
    pub space: SpaceId,
    /// The moment it holds from; of a day, its start.
    pub at: Moment,
    /// What it does.
    pub kind: Kind,
    /// Why, in words.
    pub reason: String,
    /// Who.
    pub actor: String,
}

/// A correction that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Order of entry.
    pub id: i64,
    /// The space.
    pub space: SpaceId,
    /// The moment it holds from; of a day, its start.
    pub at: Moment,
    /// What it does.
    pub kind: Kind,
    /// Why, in words.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When it was made.
    pub recorded_at: Moment,
}

/// The corrections that stand: those that no later one revokes.
#[must_use]
pub fn standing(all: &[Correction]) -> Vec<Correction> {
    let revoked: BTreeSet<i64> = all
        .iter()
        .filter_map(|correction| match correction.kind {
            Kind::Revocation { of } => Some(of),
            Kind::DayStart { .. }
            | Kind::Drift { .. }
            | Kind::Recount { .. }
            | Kind::DayClose { .. } => None,
        })
        .collect();
    let stands = |correction: &&Correction| {
        !revoked.contains(&correction.id) && !matches!(correction.kind, Kind::Revocation { .. })
    };
    all.iter().filter(stands).cloned().collect()
}

/// The weights of a day, as a person learns them with hindsight: those of its close where it has one.
#[must_use]
pub fn weights(corrections: &[Correction], with_hindsight: bool) -> (i64, i64) {
    let mut weights = (MILLION, MILLION);
    for correction in corrections {
        match correction.kind {
            Kind::Drift { exit_weight } if weights.0 == MILLION => weights.1 = exit_weight,
            Kind::DayClose {
                entry_weight,
                exit_weight,
                ..
            } if with_hindsight => weights = (entry_weight, exit_weight),
            Kind::Drift { .. }
            | Kind::DayClose { .. }
            | Kind::DayStart { .. }
            | Kind::Recount { .. }
            | Kind::Revocation { .. } => {}
        }
    }
    weights
}

/// A day that opens as its corrections say, with the weights and recounts among them.
#[must_use]
pub fn corrected_day(corrections: &[Correction], with_hindsight: bool) -> SpaceDay {
    let opening = corrections
        .iter()
        .rev()
        .find_map(|correction| match correction.kind {
            Kind::DayStart { present } => Some(present),
            Kind::Drift { .. }
            | Kind::Recount { .. }
            | Kind::DayClose { .. }
            | Kind::Revocation { .. } => None,
        });
    let mut day = SpaceDay::new(opening.unwrap_or(0));
    let (entries, exits) = weights(corrections, with_hindsight);
    day.set_ratios(entries, exits);
    for correction in corrections {
        if let Kind::Recount { people } = correction.kind {
            day.recount(correction.at, people);
        }
    }
    day
}
