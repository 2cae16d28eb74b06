//! What staff tell the public beside the figures: messages, warnings and events, each with an end.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::actor::{Place, Placed};
use super::reading::Moment;
use super::words::Words;

/// How long before it begins an event is shown.
const AHEAD: TimeDelta = TimeDelta::days(14);

/// The longest a notice may stay.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// The longest title and text, in characters of one language.
const TITLE: usize = 120;
const BODY: usize = 1_000;

/// What kind of notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something to know.
    Message,
    /// Something to act upon.
    Warning,
    /// Something to come to.
    Event,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Message, Self::Warning, Self::Event];

    /// The word as in the database and keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Warning => "warning",
            Self::Event => "event",
        }
    }
}

/// A notice to be posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewNotice {
    /// The site, by slug.
    pub site: String,
    /// What kind.
    pub kind: Kind,
    /// What it says.
    pub title: Words,
    /// More of it.
    pub body: Words,
    /// From when it is shown; an event begins then.
    pub starts_at: Moment,
    /// Until when.
    pub ends_at: Moment,
}

impl Placed for NewNotice {
    fn place(&self) -> Place<'_> {
        Place::Site(&self.site)
    }
}

/// A notice that was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its identifier.
    pub id: i32,
    /// What it says, where and for how long.
    pub notice: NewNotice,
}

impl Placed for Notice {
    fn place(&self) -> Place<'_> {
        self.notice.place()
    }
}

impl Notice {
    /// Whether the public sees it now.
    #[must_use]
    pub fn is_shown(&self, now: Moment) -> bool {
        let ahead = if self.notice.kind == Kind::Event {
            AHEAD
        } else {
            TimeDelta::zero()
        };
        self.notice.starts_at - ahead <= now && now < self.notice.ends_at
    }
}

/// A rule that a notice breaks: the field, and the rule by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// The field.
    pub field: &'static str,
    /// The rule.
    pub rule: &'static str,
}

impl NewNotice {
    /// All rules it breaks.
    #[must_use]
    pub fn breaches(&self, now: Moment) -> Vec<Breach> {
        let mut breaches = Vec::new();
        let mut note = |field, rule| breaches.push(Breach { field, rule });
        let is_longer =
            |words: &Words, most| words.0.values().any(|text| text.chars().count() > most);
        if self.title.is_empty() {
            note("title", "named");
        }
        if is_longer(&self.title, TITLE) {
            note("title", "notice-length");
        }
        if is_longer(&self.body, BODY) {
            note("body", "notice-length");
        }
        if self.ends_at <= self.starts_at || self.ends_at <= now {
            note("ends_at", "notice-order");
        }
        if self.ends_at > now + LONGEST {
            note("ends_at", "notice-longest");
        }
        breaches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Moment {
        Moment::from_timestamp(day * 86_400, 0).unwrap()
    }

    fn notice(kind: Kind, starts: i64, ends: i64) -> Notice {
        Notice {
            id: 1,
            notice: NewNotice {
                site: "library".to_owned(),
                kind,
                title: Words::plain("Lift out of order"),
                body: Words::default(),
                starts_at: at(starts),
                ends_at: at(ends),
            },
        }
    }

    #[test]
    fn each_ends_by_itself_and_events_are_told_ahead() {
        let message = notice(Kind::Message, 20, 30);
        assert!(!message.is_shown(at(19)) && message.is_shown(at(20)));
        assert!(message.is_shown(at(29)) && !message.is_shown(at(30)));
        let event = notice(Kind::Event, 20, 30);
        assert!(!event.is_shown(at(5)) && event.is_shown(at(6)));
        assert!(!event.is_shown(at(30)));
    }

    #[test]
    fn what_makes_no_sense_is_told_by_field() {
        let rules = |notice: Notice, now| -> Vec<&str> {
            let breaches = notice.notice.breaches(at(now));
            breaches.iter().map(|breach| breach.rule).collect()
        };
        assert!(rules(notice(Kind::Message, 1, 2), 1).is_empty());
        assert_eq!(rules(notice(Kind::Message, 2, 2), 1), ["notice-order"]);
        assert_eq!(rules(notice(Kind::Message, 1, 2), 3), ["notice-order"]);
        assert_eq!(rules(notice(Kind::Message, 1, 400), 1), ["notice-longest"]);
        let mut wordy = notice(Kind::Message, 1, 2);
        wordy.notice.title = Words::plain(&"a".repeat(121));
        assert_eq!(rules(wordy, 1), ["notice-length"]);
    }
}
