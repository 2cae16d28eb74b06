//! Releases installed beside the one that runs: systemd-sysupdate checks and writes them, the boot loader counts how often a
//! new one may be tried.
//!
//! The service has no right to any of that. It writes down what is asked for ([`ask`]) and starts `parvis-update.service`,
//! which runs [`work`] with those rights, trusts nothing of the request but its words, and says how far it is in a file. That
//! one has no network: what a server offers it lets another unit [`fetch`], who has nothing but that.

mod boot;
pub mod bundle;
pub mod copies;
pub mod fetch;
mod sysupdate;
pub mod work;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::release::{Failure, Places, Record, Request, Status, Version};

/// The unit that does what is asked.
pub const UNIT: &str = "parvis-update.service";

/// What starts other units.
const SYSTEMCTL: &str = "/usr/bin/systemctl";

/// What says which image runs.
const OS_RELEASE: &str = "/usr/lib/os-release";

/// The largest file of ours that is read whole, in bytes.
const LARGEST: u64 = 1 << 20;

/// Whether releases are installed on this machine at all.
#[must_use]
pub fn is_appliance(places: &Places) -> bool {
    places.told.is_dir()
}

/// The bundle that was handed in.
#[must_use]
pub fn bundle_at(places: &Places) -> PathBuf {
    places.asked.join("bundle")
}

fn request_at(places: &Places) -> PathBuf {
    places.asked.join("request.json")
}

fn wish_at(places: &Places) -> PathBuf {
    places.asked.join("in-the-window.json")
}

fn status_at(places: &Places) -> PathBuf {
    places.told.join("status.json")
}

/// Where to fetch from: the credential of the unit that fetches, since a proxy's address may hold a password.
fn server_at(places: &Places) -> PathBuf {
    places.told.join("server.json")
}

fn record_at(places: &Places) -> PathBuf {
    places.kept.join("record.json")
}

/// How the machine is, as it was last told.
///
/// # Errors
/// When the file cannot be read.
pub fn status(places: &Places) -> Result<Option<Status>, Failure> {
    read(&status_at(places))
}

/// What became of what was asked before.
///
/// # Errors
/// When the file cannot be read.
pub fn record(places: &Places) -> Result<Record, Failure> {
    Ok(read(&record_at(places))?.unwrap_or_default())
}

/// Writes down what is asked for; the unit is started by whoever asks.
///
/// # Errors
/// When it cannot be written.
pub fn ask(places: &Places, request: &Request) -> Result<(), Failure> {
    fs::create_dir_all(&places.asked).map_err(|error| unwritten(&places.asked, &error))?;
    forget_wish(places)?;
    write(&request_at(places), request)
}

/// Takes back what was asked for.
///
/// # Errors
/// When the file cannot be removed.
pub fn withdraw(places: &Places) -> Result<(), Failure> {
    remove(&request_at(places))
}

/// Asks to look at what there is, without touching what is to be done in the window.
///
/// # Errors
/// When it cannot be written.
pub fn ask_to_look(places: &Places) -> Result<(), Failure> {
    fs::create_dir_all(&places.asked).map_err(|error| unwritten(&places.asked, &error))?;
    write(&request_at(places), &Request::check())
}

/// Whether something was asked for that nobody took up yet.
#[must_use]
pub fn is_asked(places: &Places) -> bool {
    request_at(places).exists()
}

/// How much room there is, in bytes.
fn free_bytes(directory: &Path) -> Result<u64, Failure> {
    let status = statvfs(directory)
        .map_err(|error| Failure::broken(format!("{}: {error}", directory.display())))?;
    Ok(status
        .blocks_available()
        .saturating_mul(status.fragment_size()))
}

/// Writes down what is to be done in the window.
///
/// # Errors
/// When it cannot be written.
pub fn wish(places: &Places, request: &Request) -> Result<(), Failure> {
    fs::create_dir_all(&places.asked).map_err(|error| unwritten(&places.asked, &error))?;
    write(&wish_at(places), request)
}

/// What is to be done in the window.
///
/// # Errors
/// When the file cannot be read.
pub fn wished(places: &Places) -> Result<Option<Request>, Failure> {
    read(&wish_at(places))
}

/// Takes back what was to be done in the window.
///
/// # Errors
/// When the file cannot be removed.
pub fn forget_wish(places: &Places) -> Result<(), Failure> {
    remove(&wish_at(places))
}

/// The name and version of the image that runs.
///
/// # Errors
/// When none does.
pub fn image() -> Result<(String, Version), Failure> {
    image_of(Path::new(OS_RELEASE)).ok_or_else(|| {
        Failure::broken(format!(
            "{OS_RELEASE} names no image: nothing is installed here"
        ))
    })
}

fn image_of(os_release: &Path) -> Option<(String, Version)> {
    let text = fs::read_to_string(os_release).ok()?;
    let value = |key: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim_matches(['"', '\'']).to_owned())
    };
    let version = value("IMAGE_VERSION")?.parse().ok()?;
    Some((value("IMAGE_ID")?, version))
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::broken(format!("{} cannot be written: {error}", path.display()))
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritten(path, &error)),
        _ => Ok(()),
    }
}

/// Reads a file of ours; `None` when it is not there.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    let unread = |error: &dyn std::fmt::Display| {
        Failure::broken(format!("{} cannot be read: {error}", path.display()))
    };
    // Whoever may write there could put a link in its place, or something that never ends.
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
    let file = match File::options()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)
    {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread(&error)),
    };
    let mut text = String::new();
    io::Read::read_to_string(&mut io::Read::take(file, LARGEST), &mut text)
        .map_err(|error| unread(&error))?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| unread(&error))
}

/// Writes a file of ours, for everybody to read.
fn write(path: &Path, content: &impl Serialize) -> Result<(), Failure> {
    write_with(path, content, 0o644)
}

/// Writes a file of ours that may hold a secret.
fn write_for_root(path: &Path, content: &impl Serialize) -> Result<(), Failure> {
    write_with(path, content, 0o600)
}

/// Writes a file aside and moves it into place.
fn write_with(path: &Path, content: &impl Serialize, mode: u32) -> Result<(), Failure> {
    let aside = path.with_extension("new");
    let text = serde_json::to_vec_pretty(content).map_err(Failure::broken)?;
    let written = || {
        remove(&aside).ok();
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&aside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
    };
    written().map_err(|error| unwritten(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::release::{Action, Phase, Work};

    #[test]
    fn what_is_asked_and_told_comes_through_the_files() {
        let directory = std::env::temp_dir().join(format!("releases-{}", std::process::id()));
        let at = |name: &str| directory.join(name);
        let places = Places {
            asked: at("asked"),
            kept: at("kept"),
            told: at("told"),
            fetched: at("fetched"),
            copies: at("copies"),
        };
        assert!(!is_appliance(&places));
        assert_eq!(record(&places), Ok(Record::default()));
        wish(&places, &Request::to(Action::Install)).unwrap();
        assert_eq!(wished(&places), Ok(Some(Request::to(Action::Install))));
        // Whoever asks for something now has decided anew.
        ask(&places, &Request::check()).unwrap();
        assert_eq!((is_asked(&places), wished(&places)), (true, Ok(None)));

        fs::create_dir_all(&places.told).unwrap();
        let told = Status {
            running: "1".parse().unwrap(),
            other: None,
            available: None,
            checked_at: None,
            unavailable: None,
            waits: None,
            work: Some(Work {
                action: Action::Install,
                version: None,
                phase: Phase::Fetching {
                    file: "x.root".to_owned(),
                    percent: 7,
                },
                since: crate::domain::reading::Moment::UNIX_EPOCH,
            }),
        };
        write(&status_at(&places), &told).unwrap();
        assert_eq!(status(&places), Ok(Some(told)));

        // A link in the place of a file is not followed.
        let elsewhere = at("elsewhere");
        fs::rename(status_at(&places), &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, status_at(&places)).unwrap();
        assert!(status(&places).is_err());
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn the_image_says_its_name_and_version() {
        let path = std::env::temp_dir().join(format!("os-release-{}", std::process::id()));
        fs::write(
            &path,
            "ID=debian\nVERSION_ID=\"13\"\nIMAGE_ID=parvis-cloud\nIMAGE_VERSION=\"0.2.0\"\n",
        )
        .unwrap();
        let image = image_of(&path);
        fs::remove_file(&path).unwrap();
        assert_eq!(
            image,
            Some(("parvis-cloud".to_owned(), "0.2.0".parse().unwrap()))
        );
        assert_eq!(image_of(Path::new("/nowhere")), None);
    }
}
