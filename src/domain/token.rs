//! Bearer tokens: with one, a program acts for a person, within scopes and until a day.

use chrono::TimeDelta;

use super::ids::PersonId;
use super::reading::Moment;
use super::role::Act;

/// The longest a token may be good.
pub const LONGEST: TimeDelta = TimeDelta::days(400);

/// A token, as far as it is known: not itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its identifier.
    pub id: i32,
    /// For whom it acts.
    pub person: PersonId,
    /// What it is for.
    pub name: String,
    /// What it may do, of what its person may.
    pub scopes: Vec<Act>,
    /// When it was made.
    pub created_at: Moment,
    /// Until when it is good.
    pub until: Moment,
    /// When it was last used, to the minute.
    pub used_at: Option<Moment>,
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Act>,
    /// Until when it is good.
    pub until: Moment,
}
