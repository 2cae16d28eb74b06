//! Exchange accounts: who may hand in files over SFTP, confined to a directory, and how those files are read.
//!
//! What is decided lies in the service's own directory; the accounts themselves are made anew at each boot from it, as
//! records of systemd's user database and directories of systemd-tmpfiles, since `/etc` is read-only.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::domain::ssh_keys;
use crate::error::Error;

/// Numbers of users that exchange accounts have.
const USERS: std::ops::RangeInclusive<u32> = 30_001..=30_999;

/// The file of an account that says its number.
const NUMBER: &str = "number";
/// The file of an account with its keys.
const KEYS: &str = "keys";

/// An exchange account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name, of the account and of its directory.
    pub name: String,
    /// The number of its user.
    pub user: u32,
    /// Its keys, a line each.
    pub keys: String,
    /// How its files are read: the beginning of their names, and the mapping for them.
    pub mappings: Vec<(String, PathBuf)>,
}

impl Account {
    /// The mapping for a file: the one whose name the file's begins with, the longest of several.
    #[must_use]
    pub fn mapping(&self, file: &str) -> Option<&Path> {
        let fits = |stem: &str| {
            file.strip_prefix(stem)
                .is_some_and(|rest| rest.starts_with(['.', '-', '_']))
        };
        let fitting = self.mappings.iter().filter(|(stem, _)| fits(stem));
        let longest = fitting.max_by_key(|(stem, _)| stem.len())?;
        Some(&longest.1)
    }

    /// Its record in systemd's user database.
    #[must_use]
    pub fn record(&self, group: u32) -> String {
        json!({
            "userName": self.name,
            "realName": "Exchange account of Parvis",
            "uid": self.user,
            "gid": group,
            "disposition": "regular",
            "homeDirectory": "/",
            "shell": "/usr/sbin/nologin",
        })
        .to_string()
    }
}

/// The accounts that were decided.
///
/// # Errors
/// When what lies there cannot be read or is no account.
pub fn accounts(directory: &Path) -> Result<Vec<Account>, Error> {
    let mut accounts = Vec::new();
    for entry in entries(directory)? {
        let name = entry
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        accounts.push(account(&entry, &name.unwrap_or_default())?);
    }
    let mut users = BTreeSet::new();
    if let Some(twice) = accounts.iter().find(|account| !users.insert(account.user)) {
        let rule = format!("{} has the number of another", twice.name);
        return Err(invalid("exchange account", rule));
    }
    Ok(accounts)
}

fn account(path: &Path, name: &str) -> Result<Account, Error> {
    check_name(name)?;
    let text = read(&path.join(NUMBER))?;
    let user = text.trim().parse::<u32>().ok();
    let user = user.filter(|user| USERS.contains(user)).ok_or_else(|| {
        let rule = format!("is no number from {} to {}", USERS.start(), USERS.end());
        invalid(&path.join(NUMBER).display().to_string(), rule)
    })?;
    let mappings = entries(&path.join("mappings"))?
        .into_iter()
        .filter_map(|path| {
            let stem = path.file_stem()?.to_str()?.to_owned();
            Some((stem, path))
        });
    Ok(Account {
        name: name.to_owned(),
        user,
        keys: read(&path.join(KEYS))?,
        mappings: mappings.collect(),
    })
}

/// Decides an account, or changes the keys and mappings of the one of that name.
///
/// # Errors
/// When the name, a key or a mapping's name is not fit, the name is that of another user, or nothing can be written.
pub fn add(
    directory: &Path,
    name: &str,
    keys: &str,
    mappings: &[(String, String)],
    is_taken: impl Fn(&str) -> bool,
) -> Result<u32, Error> {
    check_name(name)?;
    let keys = ssh_keys::read(keys)?;
    for (stem, _) in mappings {
        check_name(stem)?;
    }
    let known = accounts(directory)?;
    let user = match known.iter().find(|account| account.name == name) {
        Some(account) => account.user,
        None if is_taken(name) => {
            let rule = "is the name of a user of the machine; choose another".to_owned();
            return Err(invalid("name", rule));
        }
        None => {
            let used: BTreeSet<u32> = known.iter().map(|account| account.user).collect();
            let full = || invalid("name", "there is no room for another account".to_owned());
            USERS
                .into_iter()
                .find(|user| !used.contains(user))
                .ok_or_else(full)?
        }
    };
    // Made aside and moved into place, so that nobody reads half an account.
    let (path, aside) = (directory.join(name), directory.join(format!(".{name}")));
    let lines: Vec<&str> = keys.iter().map(|key| key.line.as_str()).collect();
    let make = || -> std::io::Result<()> {
        let _ = std::fs::remove_dir_all(&aside);
        std::fs::create_dir_all(aside.join("mappings"))?;
        std::fs::write(aside.join(NUMBER), format!("{user}\n"))?;
        std::fs::write(aside.join(KEYS), lines.join("\n") + "\n")?;
        for (stem, text) in mappings {
            std::fs::write(aside.join("mappings").join(format!("{stem}.toml")), text)?;
        }
        let _ = std::fs::remove_dir_all(&path);
        std::fs::rename(&aside, &path)
    };
    make().map_err(|error| unusable(&path, &error))?;
    Ok(user)
}

/// Takes an account away; its files stay.
///
/// # Errors
/// When there is none of that name, or it cannot be taken away.
pub fn remove(directory: &Path, name: &str) -> Result<(), Error> {
    check_name(name)?;
    let path = directory.join(name);
    if !path.is_dir() {
        return Err(Error::NotFound(format!(
            "exchange account is called \"{name}\""
        )));
    }
    std::fs::remove_dir_all(&path).map_err(|error| unusable(&path, &error))
}

/// Makes the accounts of this boot: records in the user database, and what systemd-tmpfiles is to make.
///
/// # Errors
/// When they cannot be written.
pub fn prepare(
    accounts: &[Account],
    group: u32,
    database: &Path,
    tmpfiles: &Path,
) -> Result<(), Error> {
    let write = |path: &Path, text: &str| {
        std::fs::write(path, text).map_err(|error| unusable(path, &error))
    };
    for directory in [Some(database), tmpfiles.parent()].into_iter().flatten() {
        std::fs::create_dir_all(directory).map_err(|error| unusable(directory, &error))?;
    }
    for stale in entries(database)? {
        let number = std::fs::read_to_string(&stale).ok().and_then(|text| {
            let user: serde_json::Value = serde_json::from_str(&text).ok()?;
            user.get("uid")?.as_u64()
        });
        if number.is_some_and(|number| USERS.contains(&u32::try_from(number).unwrap_or(0))) {
            std::fs::remove_file(&stale).map_err(|error| unusable(&stale, &error))?;
        }
    }
    let mut lines = "d /var/lib/parvis-exchange 0755 root root\n".to_owned();
    for account in accounts {
        let record = account.record(group);
        write(&database.join(format!("{}.user", account.name)), &record)?;
        write(&database.join(format!("{}.user", account.user)), &record)?;
        let home = format!("/var/lib/parvis-exchange/{}", account.name);
        // The account cannot change its directory, nor what was made of its files; what it hands in, the service may take.
        let _ = writeln!(
            lines,
            "d {home} 0755 root root\nd {home}/in 2770 {} parvis\nd {home}/done 2750 parvis exchange\n\
             d {home}/refused 2750 parvis exchange",
            account.user
        );
    }
    write(tmpfiles, &lines)
}

fn check_name(name: &str) -> Result<(), Error> {
    let is_fit = name.len() <= 31
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    if is_fit {
        return Ok(());
    }
    let rule = format!(
        "\"{name}\" must begin with a letter and hold small letters, digits and hyphens only, 31 at the most"
    );
    Err(invalid("name", rule))
}

/// What lies in a directory and is not hidden, by name; nothing where it is not there.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unusable(directory, &error)),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        !name.to_string_lossy().starts_with('.')
    });
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::Conflict(format!("{} cannot be used: {error}", path.display()))
}

fn invalid(field: &str, rule: String) -> Error {
    Error::Invalid {
        field: field.to_owned(),
        rule,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8Ht8Z3j6yDWPBHQtOp/R9rjWvfMYo3MSA/K6q8D86r";

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let name = format!("parvis-exchange-{name}-{}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn accounts_are_read_back_and_each_has_a_number_of_its_own() {
        let place = Place::new("accounts");
        let mappings = [("north".to_owned(), "gateway = 'g'".to_owned())];
        let nobody = |_: &str| false;
        assert_eq!(
            add(&place.0, "gates", KEY, &mappings, nobody).unwrap(),
            30_001
        );
        assert_eq!(add(&place.0, "desks", KEY, &[], nobody).unwrap(), 30_002);
        // Changing one leaves its number.
        assert_eq!(
            add(&place.0, "gates", KEY, &mappings, |_| true).unwrap(),
            30_001
        );
        let known = accounts(&place.0).unwrap();
        let names: Vec<_> = known
            .iter()
            .map(|known| (known.name.as_str(), known.user))
            .collect();
        assert_eq!(names, [("desks", 30_002), ("gates", 30_001)]);
        assert_eq!(known[1].keys, format!("{KEY}\n"));
        remove(&place.0, "desks").unwrap();
        assert_eq!(accounts(&place.0).unwrap().len(), 1);
        assert!(remove(&place.0, "desks").is_err());
    }

    #[test]
    fn names_that_would_lead_elsewhere_are_refused() {
        let place = Place::new("names");
        for name in ["", "../etc", "Gates", ".gates", "a b", "-a", "1a"] {
            assert!(add(&place.0, name, KEY, &[], |_| false).is_err(), "{name}");
        }
        let taken = add(&place.0, "root", KEY, &[], |name| name == "root");
        assert!(taken.unwrap_err().to_string().contains("choose another"));
        let elsewhere = [("../../x".to_owned(), String::new())];
        assert!(add(&place.0, "gates", KEY, &elsewhere, |_| false).is_err());
    }

    #[test]
    fn a_number_outside_of_the_range_makes_no_user() {
        let place = Place::new("number");
        add(&place.0, "gates", KEY, &[], |_| false).unwrap();
        std::fs::write(place.0.join("gates/number"), "0").unwrap();
        assert!(
            accounts(&place.0)
                .unwrap_err()
                .to_string()
                .contains("30001")
        );
    }

    #[test]
    fn records_of_accounts_that_are_gone_are_taken_away_and_others_stay() {
        let place = Place::new("prepare");
        let (database, tmpfiles) = (place.0.join("userdb"), place.0.join("tmpfiles.d/x.conf"));
        let account = |name: &str, user| Account {
            name: name.to_owned(),
            user,
            keys: String::new(),
            mappings: Vec::new(),
        };
        let both = [account("gates", 30_001), account("desks", 30_002)];
        prepare(&both, 990, &database, &tmpfiles).unwrap();
        std::fs::write(database.join("other.user"), "{\"uid\": 60000}").unwrap();
        prepare(&both[..1], 990, &database, &tmpfiles).unwrap();
        let files: Vec<String> = entries(&database)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(files, ["30001.user", "gates.user", "other.user"]);
        let lines = std::fs::read_to_string(&tmpfiles).unwrap();
        assert!(lines.contains("d /var/lib/parvis-exchange/gates/in 2770 30001 parvis"));
        assert!(!lines.contains("desks"));
    }

    #[test]
    fn a_file_is_read_by_the_mapping_its_name_begins_with() {
        let account = Account {
            name: "gates".to_owned(),
            user: 30_001,
            keys: String::new(),
            mappings: ["north", "north-west"]
                .map(|stem| (stem.to_owned(), PathBuf::from(stem)))
                .to_vec(),
        };
        let mapping = |file| account.mapping(file).map(|path| path.display().to_string());
        assert_eq!(mapping("north.csv").as_deref(), Some("north"));
        assert_eq!(mapping("north-2026.csv").as_deref(), Some("north"));
        assert_eq!(mapping("north-west_1.csv").as_deref(), Some("north-west"));
        assert_eq!(mapping("northern.csv"), None);
    }
}
