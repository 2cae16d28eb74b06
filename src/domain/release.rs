//! Releases of the appliance: which follows which, which may be installed, what is asked for and what became of it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::reading::Moment;

/// The most parts of a version.
const PARTS_AT_MOST: usize = 4;

/// How many results are kept.
const RESULTS_AT_MOST: usize = 20;

/// A version: whole numbers with dots between them, ordered as systemd orders them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(Vec<u32>);

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no version: numbers with dots between them, such as 1.4.2")]
pub struct NotAVersion(String);

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let wrong = || NotAVersion(text.to_owned());
        let parts: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
        let version = Self(parts.map_err(|_| wrong())?);
        // One way to write each: what a file is called is what is meant.
        if version.0.len() <= PARTS_AT_MOST && version.to_string() == text {
            Ok(version)
        } else {
            Err(wrong())
        }
    }
}

impl TryFrom<String> for Version {
    type Error = NotAVersion;

    fn try_from(text: String) -> Result<Self, NotAVersion> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        formatter.write_str(&parts.join("."))
    }
}

/// Why something was not done, as a word that has a text in each language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Older than what runs or ran here: correctly signed or not, it is not gone back to.
    Older,
    /// Was installed already.
    Known,
    /// There is nothing newer.
    NothingNewer,
    /// The list of the release has no signature.
    Unsigned,
    /// Signed with a key that this machine does not trust.
    ForeignKey,
    /// The list of the release is not what was signed.
    Altered,
    /// A file of the release is not what the list says.
    Damaged,
    /// Nothing in it is for this machine.
    NotForThisMachine,
    /// Where releases come from does not answer.
    Unreachable,
    /// No address of releases is set.
    NoAddress,
    /// A bundle that cannot be used.
    Bundle,
    /// Too little room on the disk.
    NoRoom,
    /// The copy of the database could not be made.
    DatabaseCopy,
    /// There is no other version to go to.
    NoOther,
    /// The new version did not come up healthy.
    FellBack,
    /// The work ended before it was done.
    Interrupted,
    /// Something of the machine did not work.
    Broken,
}

impl Why {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Older,
        Self::Known,
        Self::NothingNewer,
        Self::Unsigned,
        Self::ForeignKey,
        Self::Altered,
        Self::Damaged,
        Self::NotForThisMachine,
        Self::Unreachable,
        Self::NoAddress,
        Self::Bundle,
        Self::NoRoom,
        Self::DatabaseCopy,
        Self::NoOther,
        Self::FellBack,
        Self::Interrupted,
        Self::Broken,
    ];

    /// The word in files and in keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Older => "older",
            Self::Known => "known",
            Self::NothingNewer => "nothing-newer",
            Self::Unsigned => "unsigned",
            Self::ForeignKey => "foreign-key",
            Self::Altered => "altered",
            Self::Damaged => "damaged",
            Self::NotForThisMachine => "not-for-this-machine",
            Self::Unreachable => "unreachable",
            Self::NoAddress => "no-address",
            Self::Bundle => "bundle",
            Self::NoRoom => "no-room",
            Self::DatabaseCopy => "database-copy",
            Self::NoOther => "no-other",
            Self::FellBack => "fell-back",
            Self::Interrupted => "interrupted",
            Self::Broken => "broken",
        }
    }
}

/// Why something was not done, and what exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    /// Why.
    pub why: Why,
    /// What exactly, for whoever looks into it.
    pub detail: String,
}

impl Failure {
    /// Why, and what exactly.
    pub fn new(why: Why, detail: impl Into<String>) -> Self {
        Self {
            why,
            detail: detail.into(),
        }
    }

    /// Something of the machine that did not work.
    pub fn broken(what: impl fmt::Display) -> Self {
        Self::new(Why::Broken, what.to_string())
    }
}

/// Whether an offered version may be installed: it must be newer than what runs and than whatever ran here before.
///
/// # Errors
/// When it is not.
pub fn judge(
    offered: &Version,
    running: &Version,
    highest: Option<&Version>,
) -> Result<(), Failure> {
    let newest = highest.map_or(running, |highest| highest.max(running));
    if offered > newest {
        return Ok(());
    }
    if offered == newest {
        let detail = format!("{offered} was installed here already");
        return Err(Failure::new(Why::Known, detail));
    }
    let detail = format!(
        "{offered} is older than {newest}, which was installed here: refused, signed or not"
    );
    Err(Failure::new(Why::Older, detail))
}

/// The address below which releases lie, as it is used: with a slash at its end.
///
/// # Errors
/// When it is not one of the web. Everything else on this machine is none of its business.
pub fn server_address(text: &str) -> Result<String, NotAnAddress> {
    let is_web = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    let is_plain = text
        .chars()
        .all(|letter| letter.is_ascii_graphic() && !"\"'%\\".contains(letter));
    if is_web && is_plain {
        Ok(format!("{}/", text.trim_end_matches('/')))
    } else {
        Err(NotAnAddress(text.to_owned()))
    }
}

/// A text that is no address of releases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no address of releases: one that begins with https://, without quotation marks or percent signs"
)]
pub struct NotAnAddress(String);

/// The hours of the day in which an update may be installed unasked, in the institution's time. It may span midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    from: NaiveTime,
    until: NaiveTime,
}

/// A text that is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no window: two times of the day, such as 02:00-05:00")]
pub struct NotAWindow(String);

impl Window {
    /// Whether a time of the day is in it.
    #[must_use]
    pub fn holds(self, time: NaiveTime) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&time)
        } else {
            time >= self.from || time < self.until
        }
    }
}

impl Default for Window {
    /// While nobody is there.
    fn default() -> Self {
        let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN);
        Self {
            from: at(2),
            until: at(5),
        }
    }
}

impl FromStr for Window {
    type Err = NotAWindow;

    fn from_str(text: &str) -> Result<Self, NotAWindow> {
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let (from, until) = text
            .split_once('-')
            .ok_or_else(|| NotAWindow(text.to_owned()))?;
        match (time(from), time(until)) {
            (Some(from), Some(until)) if from != until => Ok(Self { from, until }),
            _ => Err(NotAWindow(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Window {
    type Error = NotAWindow;

    fn try_from(text: String) -> Result<Self, NotAWindow> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from.format("%H:%M"), self.until.format("%H:%M"));
        write!(formatter, "{from}-{until}")
    }
}

/// Where a release comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The address that the settings name.
    Server,
    /// The bundle that was handed in.
    Bundle,
}

/// What is asked of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// See what there is.
    Check,
    /// Install a release beside the one that runs.
    Install,
    /// Boot the version that is installed beside the one that runs.
    RollBack,
    /// Boot what is installed.
    Restart,
}

impl Action {
    /// The word in files, in the audit and in keys of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Install => "install",
            Self::RollBack => "roll-back",
            Self::Restart => "restart",
        }
    }
}

/// A request, as it is handed to the unit that has the rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What.
    pub action: Action,
    /// From where.
    pub origin: Origin,
    /// Only this version: the one that was shown to whoever asks.
    pub version: Option<Version>,
    /// Whether the machine restarts when it is done.
    pub restart: bool,
}

impl Request {
    /// To see what there is.
    #[must_use]
    pub const fn check() -> Self {
        Self::to(Action::Check)
    }

    /// To do something that needs to know no more.
    #[must_use]
    pub const fn to(action: Action) -> Self {
        Self {
            action,
            origin: Origin::Server,
            version: None,
            restart: false,
        }
    }
}

/// How far the work is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
pub enum Phase {
    /// Looks at what is offered and at its signature.
    Checking,
    /// Copies the database.
    Copying,
    /// Fetches a file of the release.
    Fetching {
        /// Which.
        file: String,
        /// How much of it.
        percent: u8,
    },
    /// Puts it in place.
    Installing,
}

/// Work that is being done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// What.
    pub action: Action,
    /// Which version, once that is known.
    pub version: Option<Version>,
    /// How far.
    #[serde(flatten)]
    pub phase: Phase,
    /// Since when.
    pub since: Moment,
}

/// A version that can be booted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Which version.
    pub version: Version,
    /// What the boot loader calls it.
    pub entry: String,
    /// How often it may still be tried; `None` when it came up healthy once.
    pub tries_left: Option<u32>,
}

/// What the machine is and does, for the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The version that runs.
    pub running: Version,
    /// The version beside it.
    pub other: Option<Slot>,
    /// A version that the server offers and that may be installed.
    pub available: Option<Version>,
    /// When the server was last looked at.
    pub checked_at: Option<Moment>,
    /// Why nothing is available, when it was last looked.
    pub unavailable: Option<Failure>,
    /// A version that waits for a restart.
    pub waits: Option<Version>,
    /// What is being done.
    pub work: Option<Work>,
}

/// What became of something that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "became")]
pub enum Became {
    /// Installed, and not restarted since.
    Installed,
    /// Done.
    Done,
    /// Not done, and why.
    Failed(Failure),
}

/// A result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When.
    pub at: Moment,
    /// What was asked.
    pub action: Action,
    /// The version that ran.
    pub from: Version,
    /// The version it was about.
    pub version: Option<Version>,
    /// What became of it.
    #[serde(flatten)]
    pub became: Became,
}

/// What outlives restarts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The highest version that was ever installed here.
    pub highest: Option<Version>,
    /// Results, newest first.
    pub outcomes: Vec<Outcome>,
}

impl Record {
    /// Adds a result.
    pub fn add(&mut self, outcome: Outcome) {
        self.outcomes.insert(0, outcome);
        self.outcomes.truncate(RESULTS_AT_MOST);
    }

    /// Remembers that a version was installed.
    pub fn raise(&mut self, version: &Version) {
        if self
            .highest
            .as_ref()
            .is_none_or(|highest| highest < version)
        {
            self.highest = Some(version.clone());
        }
    }

    /// After a restart: what became of what was installed before it.
    pub fn settle(&mut self, running: &Version) {
        let Some(last) = self.outcomes.first_mut() else {
            return;
        };
        if last.became != Became::Installed {
            return;
        }
        last.became = match &last.version {
            Some(version) if version != running => Became::Failed(Failure::new(
                Why::FellBack,
                format!(
                    "{version} did not come up healthy; the machine went back to {running} by itself"
                ),
            )),
            _ => Became::Done,
        };
    }
}

/// Where everything about releases lies.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Places {
    /// What the service and commands ask for, and a bundle that they hand in: theirs.
    pub asked: PathBuf,
    /// What outlives restarts: root's.
    pub kept: PathBuf,
    /// How far the work is: root's, gone with a restart, and only there where releases are installed at all.
    pub told: PathBuf,
    /// What was fetched from a server: theirs who fetch it.
    pub fetched: PathBuf,
    /// Copies of the database, made before a release is installed: of the owner of the schema.
    pub copies: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            asked: PathBuf::from("/var/lib/parvis/update"),
            kept: PathBuf::from("/var/lib/parvis-update"),
            told: PathBuf::from("/run/parvis-update"),
            fetched: PathBuf::from("/var/lib/parvis-fetch"),
            copies: PathBuf::from("/var/lib/parvis-copies"),
        }
    }
}

/// What may happen unasked.
#[derive(Debug, Clone, Copy)]
pub struct Unasked<'w> {
    /// Whether releases are installed unasked.
    pub automatic: bool,
    /// When.
    pub window: Window,
    /// What somebody asked for, to be done in the window.
    pub wish: Option<&'w Request>,
}

impl Unasked<'_> {
    /// What is due at a time of the day.
    #[must_use]
    pub fn due(&self, status: &Status, time: NaiveTime) -> Option<Request> {
        if !self.window.holds(time) || status.work.is_some() {
            return None;
        }
        if let Some(wish) = self.wish {
            return Some(Request {
                restart: true,
                ..wish.clone()
            });
        }
        if !self.automatic {
            return None;
        }
        if status.waits.is_some() {
            return Some(Request::to(Action::Restart));
        }
        status.available.as_ref().map(|version| Request {
            version: Some(version.clone()),
            restart: true,
            ..Request::to(Action::Install)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_ordered_by_their_numbers_and_written_in_one_way() {
        let sorted = ["0.1", "0.1.0", "0.2.9", "0.2.10", "0.10.0", "1", "26.3.1"];
        for pair in sorted.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        for text in [
            "",
            "1.",
            ".1",
            "01.2",
            "1.2-rc1",
            "+1",
            "1 ",
            "1.2.3.4.5",
            "99999999999",
            "../1",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_what_is_newer_than_all_before_is_installed() {
        let judged = |offered: &str, running: &str, highest: Option<&str>| {
            let highest = highest.map(version);
            judge(&version(offered), &version(running), highest.as_ref())
                .map_err(|failure| failure.why)
        };
        assert_eq!(judged("2", "1", None), Ok(()));
        assert_eq!(judged("2", "1", Some("1")), Ok(()));
        assert_eq!(judged("1", "2", None), Err(Why::Older));
        // After a return to 1, the releases up to 3 stay refused.
        assert_eq!(judged("2", "1", Some("3")), Err(Why::Older));
        assert_eq!(judged("3", "1", Some("3")), Err(Why::Known));
        assert_eq!(judged("4", "1", Some("3")), Ok(()));
        assert_eq!(judged("1", "1", Some("0.9")), Err(Why::Known));
    }

    #[test]
    fn releases_come_from_the_web_only() {
        assert_eq!(
            server_address("https://u.example/parvis").unwrap(),
            "https://u.example/parvis/"
        );
        assert_eq!(
            server_address("http://u.example/").unwrap(),
            "http://u.example/"
        );
        for text in [
            "",
            "file:///var",
            "https://",
            "https:///x",
            "https://u/\nPath=",
            "https://u/%A",
            "ftp://u",
            "u.example",
        ] {
            assert!(server_address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_window_may_span_midnight() {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let night: Window = "23:30-04:00".parse().unwrap();
        let holds = ["23:30", "00:00", "03:59"].map(|text| night.holds(time(text)));
        assert_eq!(holds, [true; 3]);
        let lacks = ["04:00", "12:00", "23:29"].map(|text| night.holds(time(text)));
        assert_eq!(lacks, [false; 3]);
        let early: Window = "02:00-05:00".parse().unwrap();
        assert_eq!(early, Window::default());
        assert!(early.holds(time("02:00")) && !early.holds(time("05:00")));
        for text in ["", "02:00", "2-5", "02:00-02:00", "25:00-26:00"] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
    }

    fn status() -> Status {
        Status {
            running: version("1"),
            other: None,
            available: Some(version("2")),
            checked_at: None,
            unavailable: None,
            waits: None,
            work: None,
        }
    }

    #[test]
    fn what_happens_unasked_happens_in_the_window_and_only_when_it_was_wished() {
        let at = |hour| NaiveTime::from_hms_opt(hour, 30, 0).unwrap();
        let unasked = |automatic, wish| Unasked {
            automatic,
            window: Window::default(),
            wish,
        };
        assert_eq!(unasked(true, None).due(&status(), at(12)), None);
        assert_eq!(unasked(false, None).due(&status(), at(3)), None);
        let due = unasked(true, None).due(&status(), at(3)).unwrap();
        assert_eq!(
            (due.action, due.version, due.restart),
            (Action::Install, Some(version("2")), true)
        );
        let waiting = Status {
            waits: Some(version("2")),
            available: None,
            ..status()
        };
        let due = unasked(true, None).due(&waiting, at(3)).unwrap();
        assert_eq!(due.action, Action::Restart);
        let wish = Request {
            origin: Origin::Bundle,
            ..Request::to(Action::Install)
        };
        assert_eq!(unasked(false, Some(&wish)).due(&status(), at(12)), None);
        let due = unasked(false, Some(&wish)).due(&status(), at(3)).unwrap();
        assert_eq!((due.origin, due.restart), (Origin::Bundle, true));
    }

    #[test]
    fn after_a_restart_the_record_says_whether_the_new_version_came_up() {
        let mut record = Record::default();
        record.raise(&version("2"));
        record.raise(&version("1"));
        assert_eq!(record.highest, Some(version("2")));
        record.add(Outcome {
            at: Moment::UNIX_EPOCH,
            action: Action::Install,
            from: version("1"),
            version: Some(version("2")),
            became: Became::Installed,
        });
        let mut fell = record.clone();
        record.settle(&version("2"));
        assert_eq!(record.outcomes[0].became, Became::Done);
        fell.settle(&version("1"));
        let Became::Failed(failure) = &fell.outcomes[0].became else {
            panic!("{fell:?}");
        };
        assert_eq!(failure.why, Why::FellBack);
        // Files say it in the same words as texts.
        let text = serde_json::to_string(&fell).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), fell);
        for why in Why::ALL {
            assert_eq!(serde_json::to_value(why).unwrap(), why.name());
        }
    }
}
