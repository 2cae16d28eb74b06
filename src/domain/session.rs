//! A session: who is signed in where, since when, and for how long still.

use chrono::TimeDelta;

use super::actor::{Place, Placed};
use super::ids::PersonId;
use super::reading::Moment;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its identifier, which proves nothing.
    pub id: i64,
    /// Who.
    pub person: PersonId,
    /// How they proved it: `oidc`, `password`, `password+totp`, `passkey`, `invitation`.
    pub method: String,
    /// Whether more than a password was part of it.
    pub is_strong: bool,
    /// The provider that vouched, if one did.
    pub vouched: Option<Vouched>,
    /// From where it began.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
    /// When it began.
    pub begun_at: Moment,
    /// When it was last used, to the minute.
    pub seen_at: Moment,
    /// As whom an administrator looks at the pages.
    pub sees_as: Option<PersonId>,
}

/// Looking at the pages as somebody else would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookAs(pub PersonId);

impl Placed for LookAs {
    fn place(&self) -> Place<'_> {
        Place::Institution
    }
}

/// What an identity provider vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// The account there.
    pub subject: String,
    /// The provider's name of its own session.
    pub sid: Option<String>,
    /// The ID token, sealed: the hint when signing out there.
    pub sealed_id_token: Option<Vec<u8>>,
    /// The refresh token, sealed.
    pub sealed_refresh_token: Option<Vec<u8>>,
    /// When the provider was last asked.
    pub checked_at: Option<Moment>,
}

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without being used.
    pub idle: TimeDelta,
    /// At the most.
    pub absolute: TimeDelta,
}

impl Session {
    /// Whether it is still good.
    #[must_use]
    pub fn is_good(&self, limits: Limits, now: Moment) -> bool {
        now < self.seen_at + limits.idle && now < self.begun_at + limits.absolute
    }

    /// Whether its use is worth a note: to the minute is exact enough.
    #[must_use]
    pub fn was_seen_long_ago(&self, now: Moment) -> bool {
        now >= self.seen_at + TimeDelta::seconds(60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_unused_and_when_old() {
        let at = |minutes: i64| Moment::from_timestamp(minutes * 60, 0).unwrap();
        let limits = Limits {
            idle: TimeDelta::minutes(30),
            absolute: TimeDelta::minutes(100),
        };
        let session = |seen| Session {
            id: 1,
            person: PersonId(1),
            method: "passkey".to_owned(),
            is_strong: true,
            vouched: None,
            address: String::new(),
            agent: String::new(),
            begun_at: at(0),
            seen_at: at(seen),
            sees_as: None,
        };
        assert!(session(0).is_good(limits, at(29)));
        assert!(!session(0).is_good(limits, at(30)));
        assert!(session(90).is_good(limits, at(99)));
        assert!(!session(99).is_good(limits, at(100)));
        assert!(!session(0).was_seen_long_ago(at(0)));
        assert!(session(0).was_seen_long_ago(at(1)));
    }
}
