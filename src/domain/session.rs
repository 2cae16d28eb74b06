//! A session: who is signed in where, since when, and for how long still.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

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
    /// How they proved it: `oidc`, `password`, `password+totp`, `passkey`, [`INVITATION`], [`SHORT_PASSWORD`].
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

/// The method of a sign-in with a password.
pub const PASSWORD: &str = "password";

/// The method of a sign-in with a password that is shorter than the roles of its owner ask by now: a session that began so is
/// never strong, whatever followed, until a longer one is chosen.
pub const SHORT_PASSWORD: &str = "short-password";

/// Whether a password that is too short was part of a sign-in.
#[must_use]
pub fn has_short_password(method: &str) -> bool {
    method.split('+').any(|part| part == SHORT_PASSWORD)
}

/// The method of a session whose person held an invitation: by itself, or beside what they signed in with.
pub const INVITATION: &str = "invitation";

/// Whether an invitation was part of a sign-in.
#[must_use]
pub fn has_invitation(method: &str) -> bool {
    method.split('+').any(|part| part == INVITATION)
}

/// Browsers by the words in what they call themselves, each before those whose words it repeats.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, likewise.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// What people call a browser and its system, from what it calls itself (RFC 9110, 10.1.5): `Firefox · Linux`. A stranger is
/// told as it tells itself.
#[must_use]
pub fn browser_words(agent: &str) -> String {
    let known = |names: &[(&str, &'static str)]| {
        let named = names.iter().find(|(word, _)| agent.contains(word));
        named.map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        _ => agent.to_owned(),
    }
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

    #[test]
    fn browsers_are_told_by_the_names_people_know() {
        let kit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        let chrome = "Chrome/140.0.0.0 Safari/537.36";
        for (agent, words) in [
            (
                format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {kit} {chrome} Edg/140.0.0.0"),
                "Edge · Windows",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
                "Firefox · Linux",
            ),
            (
                format!(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {kit} Version/18.5 Safari/604.1"
                ),
                "Safari · iPhone",
            ),
            (
                format!("Mozilla/5.0 (Linux; Android 15) {kit} {chrome}"),
                "Chrome · Android",
            ),
            ("curl/8.5.0".to_owned(), "curl/8.5.0"),
            (String::new(), ""),
        ] {
            assert_eq!(browser_words(&agent), words);
        }
    }
}
