//! What set-up and the pages of administration decided for this machine: a file of the same keys, laid over the settings.
//!
//! It holds nothing that says where facts are or who may read them: those stay with whoever installs the machine.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::Unusable;
use super::lines::{line_at, line_of};
use super::settings::Settings;
use crate::appliance::files::replace;

/// What may be decided: whole tables, or single keys of one.
const DECIDABLE: [&str; 9] = [
    "auth.ca_file",
    "auth.no_proxy",
    "auth.proxy",
    "certificate",
    "firewall.campus_networks",
    "firewall.outbound",
    "mail",
    "update",
    "web.public_name",
];

/// Only the service and its group read decisions; secrets are files of their own.
const MODE: u32 = 0o640;

/// Secrets that decisions name are read by the service only.
const SECRET_MODE: u32 = 0o600;

/// What was decided for this machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decisions(Table);

/// A decision that cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum Undecided {
    /// The settings name no file for decisions.
    #[error(
        "the settings name no file for decisions: set decisions = \"/var/lib/parvis/decided.toml\""
    )]
    Nowhere,
    /// What stands there cannot be used.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// It cannot be written.
    #[error("{path} cannot be written: {cause}")]
    Unwritten {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

impl Decisions {
    /// Reads what was decided; a file that is not there says that nothing was.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, or holds an unknown key, one that is not decided there, or a value of the
    /// wrong kind or out of its range.
    pub fn read(path: &Path) -> Result<Self, Unusable> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(cause) => {
                let path = path.to_owned();
                return Err(Unusable::Decisions { path, cause });
            }
        };
        Self::parse(&text, path)
    }

    /// Changes what is decided: read, changed, written aside and moved into place, one at a time.
    ///
    /// # Errors
    /// When the file cannot be read or written, or what would stand there cannot be used; then nothing is changed.
    pub fn change(path: &Path, change: impl FnOnce(&mut Self)) -> Result<(), Undecided> {
        let unwritten = |cause| Undecided::Unwritten {
            path: path.to_owned(),
            cause,
        };
        let _held = hold(path).map_err(unwritten)?;
        let mut decisions = Self::read(path)?;
        change(&mut decisions);
        let text = decisions.0.to_string();
        Self::parse(&text, path)?;
        replace(path, text.as_bytes(), MODE).map_err(unwritten)
    }

    /// Keeps a secret, such as the password of a mail server, in a file beside the decisions, and returns its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_secret(path: &Path, name: &str, secret: &[u8]) -> Result<PathBuf, Undecided> {
        let own = path.with_file_name(name);
        match replace(&own, secret, SECRET_MODE) {
            Ok(()) => Ok(own),
            Err(cause) => Err(Undecided::Unwritten { path: own, cause }),
        }
    }

    /// Decides a key, such as `web.public_name`; none leaves it to the settings.
    pub fn decide(&mut self, key: &str, value: Option<impl Into<Value>>) {
        let (tables, name) = match key.rsplit_once('.') {
            Some((tables, name)) => (tables.split('.').collect(), name),
            None => (Vec::new(), key),
        };
        let mut table = &mut self.0;
        for part in tables {
            let inner = table.entry(part).or_insert_with(|| Table::new().into());
            if !inner.is_table() {
                *inner = Table::new().into();
            }
            let Value::Table(inner) = inner else { return };
            table = inner;
        }
        match value {
            Some(value) => drop(table.insert(name.to_owned(), value.into())),
            None => drop(table.remove(name)),
        }
    }

    /// What was decided, for a page.
    ///
    /// # Errors
    /// When it is not to be written as JSON, which a number that is none is not.
    pub fn shown(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::to_value(&self.0)
    }

    /// What was decided about a table, with defaults for what was not; none when nothing was.
    #[must_use]
    pub fn table<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.0.get(name)?.clone().try_into().ok()
    }

    /// The settings with what was decided laid over them, table by table.
    pub(super) fn over(self, settings: Table) -> Table {
        laid_over(settings, self.0)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Unusable> {
        let invalid = |line, rule: &str| Unusable::Invalid {
            path: path.to_owned(),
            line,
            rule: rule.to_owned(),
        };
        // Every setting has a default, so that decisions alone are settings too: errors then have their line.
        let settings: Settings = toml::from_str(text).map_err(|error| {
            let line = line_at(text, error.span().map_or(0, |span| span.start));
            invalid(line, error.message())
        })?;
        if let Some((line, rule)) = settings.out_of_range().map(|out| out.told(text)) {
            return Err(invalid(line, &rule));
        }
        let table: Table = toml::from_str(text).map_err(|error| invalid(1, error.message()))?;
        match undecidable(&table) {
            None => Ok(Self(table)),
            Some((header, key)) => {
                let line = line_of(text, &format!("[{header}]"), 0, key);
                let name = format!("{header}.{key}");
                let rule = format!("{name} is not decided here: it belongs to parvis.toml");
                Err(invalid(line, &rule))
            }
        }
    }
}

/// A key that stands there and is not to be decided, with its table.
fn undecidable(table: &Table) -> Option<(&str, &str)> {
    let is_decidable = |name: &str| DECIDABLE.contains(&name);
    table.iter().find_map(|(header, value)| {
        if is_decidable(header) {
            return None;
        }
        let Some(inner) = value.as_table() else {
            return Some((header.as_str(), ""));
        };
        let key = inner
            .keys()
            .find(|key| !is_decidable(&format!("{header}.{key}")))?;
        Some((header.as_str(), key.as_str()))
    })
}

fn laid_over(mut below: Table, above: Table) -> Table {
    for (key, value) in above {
        let value = match (below.remove(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => laid_over(below, above).into(),
            (_, value) => value,
        };
        below.insert(key, value);
    }
    below
}

/// Keeps others from changing what lies in a directory until the file is dropped.
fn hold(path: &Path) -> io::Result<File> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory)?;
    let held = File::open(directory)?;
    held.lock()?;
    Ok(held)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A directory of one's own that goes with the test.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let directory = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&directory).unwrap();
            Self(directory)
        }

        fn settings(&self, text: &str) -> PathBuf {
            let path = self.0.join("parvis.toml");
            let decisions = self.decided();
            fs::write(&path, format!("decisions = {decisions:?}\n{text}")).unwrap();
            path
        }

        fn decided(&self) -> PathBuf {
            self.0.join("decided.toml")
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn decisions_are_laid_over_the_settings_key_by_key() {
        let place = Place::new("laid-over");
        let settings =
            place.settings("[web]\npublic_name = \"a.example\"\nworkers = 3\n[mail]\nport = 26\n");
        assert_eq!(
            Settings::read(&settings).unwrap().web.public_name,
            "a.example"
        );
        Decisions::change(&place.decided(), |decisions| {
            decisions.decide("web.public_name", Some("b.example"));
            decisions.decide("mail.relay", Some("mail.example"));
            decisions.decide("auth.no_proxy", Some(vec!["c.example"]));
        })
        .unwrap();
        let read = Settings::read(&settings).unwrap();
        assert_eq!(
            (read.web.public_name.as_str(), read.web.workers),
            ("b.example", 3)
        );
        assert_eq!(
            (read.mail.relay.as_deref(), read.mail.port),
            (Some("mail.example"), Some(26))
        );
        assert_eq!(read.auth.no_proxy, ["c.example"]);
        Decisions::change(&place.decided(), |decisions| {
            decisions.decide("web.public_name", None::<String>);
        })
        .unwrap();
        assert_eq!(
            Settings::read(&settings).unwrap().web.public_name,
            "a.example"
        );
    }

    #[test]
    fn what_is_unknown_wrong_or_not_decided_there_is_refused_with_file_and_line() {
        let place = Place::new("refused");
        let settings = place.settings("");
        let told = |text: &str| {
            fs::write(place.decided(), text).unwrap();
            Settings::read(&settings).unwrap_err().to_string()
        };
        let file = place.decided().display().to_string();
        for (text, line, rule) in [
            ("[mail]\nrelay = \"m\"\nrelais = \"m\"", 3, "relais"),
            ("[mail]\nport = \"x\"", 2, "u16"),
            (
                "[database]\nurl = \"postgres://elsewhere\"",
                2,
                "database.url is not decided here",
            ),
            (
                "[web]\npublic_name = \"a\"\nkey = \"/k\"",
                3,
                "web.key is not decided here",
            ),
            ("decisions = \"/elsewhere\"", 1, "not decided here"),
            ("[mail", 1, ""),
        ] {
            let told = told(text);
            assert!(
                told.starts_with(&format!("{file}:{line}: ")),
                "{text}: {told}"
            );
            assert!(told.contains(rule), "{text}: {told}");
        }
    }

    #[test]
    fn a_decision_that_cannot_be_used_changes_nothing() {
        let place = Place::new("unusable");
        let decide = |key: &str, value: &str| {
            Decisions::change(&place.decided(), |decisions| {
                decisions.decide(key, Some(value))
            })
        };
        decide("web.public_name", "a.example").unwrap();
        let before = fs::read_to_string(place.decided()).unwrap();
        assert!(decide("mail.port", "many").is_err());
        assert!(decide("database.url", "postgres://elsewhere").is_err());
        assert_eq!(fs::read_to_string(place.decided()).unwrap(), before);
    }

    #[test]
    fn decisions_made_at_once_are_all_kept_and_others_do_not_read_them() {
        let place = Place::new("at-once");
        let keys = ["mail.relay", "mail.user", "mail.from", "web.public_name"];
        std::thread::scope(|scope| {
            for key in keys {
                scope.spawn(|| {
                    let decide = |decisions: &mut Decisions| decisions.decide(key, Some("x"));
                    Decisions::change(&place.decided(), decide).unwrap();
                });
            }
        });
        let mut expected = Decisions::default();
        for key in keys {
            expected.decide(key, Some("x"));
        }
        assert_eq!(Decisions::read(&place.decided()).unwrap(), expected);
        let secret = Decisions::keep_secret(&place.decided(), "mail.password", b"s").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(&place.decided()) & 0o027, mode(&secret)), (0, 0o600));
    }
}
