//! The two files of the pair in use. They are replaced one after the other: the certificate lies ready before the key is
//! replaced, so that an installation that a crash interrupts is ended at the next start. A third file holds the last pair
//! that was good, whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, chown, geteuid};

use super::Pair;
use crate::error::Error;

/// Where the pair is.
#[derive(Debug, Clone)]
pub struct Files {
    /// The chain, PEM.
    pub certificate: PathBuf,
    /// The key, PEM.
    pub key: PathBuf,
}

/// What a file looked like: replaced or rewritten, it looks otherwise.
pub(super) type Look = Option<(u64, i64, i64, u64)>;

impl Files {
    /// The files of the settings.
    #[must_use]
    pub fn of(certificate: &Path, key: &Path) -> Self {
        Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }
    }

    /// A file beside the key, where only the service reads.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.key.with_file_name(name)
    }

    /// Writes a file beside the key.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_beside(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.beside(name);
        replace(&path, bytes, 0o600).map_err(|error| unwritten(&path, &error))
    }

    /// Removes a file beside the key, if it is there.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_beside(&self, name: &str) -> Result<(), Error> {
        let path = self.beside(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritten(&path, &error)),
            _ => Ok(()),
        }
    }

    /// The last pair that was good, chain and key in one file.
    fn whole(&self) -> PathBuf {
        self.beside("pair.pem")
    }

    /// Puts a pair in place.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn install(&self, pair: &Pair) -> Result<(), Error> {
        let (chain, key) = (pair.chain_pem()?, pair.key_pem()?);
        let _held = hold(&self.key).map_err(|error| unwritten(&self.key, &error))?;
        self.keep(&chain, &key)?;
        self.put(&chain, &key)
    }

    /// Reads the pair in place.
    ///
    /// # Errors
    /// When a file cannot be read, is not PEM, or the two do not belong together.
    pub fn read(&self) -> Result<Pair, Error> {
        let read = |path: &Path| {
            fs::read(path).map_err(|error| Error::Invalid {
                field: path.display().to_string(),
                rule: format!("cannot be read: {error}"),
            })
        };
        let pair = Pair::from_pem(&read(&self.certificate)?, &read(&self.key)?, "");
        pair.map_err(|error| Error::Invalid {
            field: format!("{} and {}", self.certificate.display(), self.key.display()),
            rule: format!("are not a certificate chain and its key in PEM: {error}"),
        })
    }

    /// Keeps a pair that was found good, so that it is there when the files are spoilt.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_whole(&self, pair: &Pair) -> Result<(), Error> {
        self.keep(&pair.chain_pem()?, &pair.key_pem()?)
    }

    /// What to serve when the two do not belong together: the pair of an installation that a crash interrupted, which is
    /// ended now, else the last that was good.
    ///
    /// # Errors
    /// When there is neither.
    pub fn last_good(&self) -> Result<Pair, Error> {
        if let Some(pair) = self.interrupted() {
            let ready = ready(&self.certificate);
            fs::rename(&ready, &self.certificate).map_err(|error| unwritten(&ready, &error))?;
            return Ok(pair);
        }
        let whole = fs::read(self.whole()).map_err(|error| unwritten(&self.whole(), &error))?;
        Pair::from_pem(&whole, &whole, "")
    }

    fn interrupted(&self) -> Option<Pair> {
        let chain = fs::read(ready(&self.certificate)).ok()?;
        Pair::from_pem(&chain, &fs::read(&self.key).ok()?, "").ok()
    }

    pub(super) fn look(&self) -> [Look; 2] {
        let look = |path: &Path| {
            let found = fs::metadata(path).ok()?;
            Some((found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
        };
        [look(&self.certificate), look(&self.key)]
    }

    fn keep(&self, chain: &[u8], key: &[u8]) -> Result<(), Error> {
        let whole = [chain, key].concat();
        replace(&self.whole(), &whole, 0o600).map_err(|error| unwritten(&self.whole(), &error))
    }

    fn put(&self, chain: &[u8], key: &[u8]) -> Result<(), Error> {
        let ready = ready(&self.certificate);
        write(&ready, chain, 0o644).map_err(|error| unwritten(&ready, &error))?;
        replace(&self.key, key, 0o600).map_err(|error| unwritten(&self.key, &error))?;
        rename(&ready, &self.certificate).map_err(|error| unwritten(&self.certificate, &error))
    }
}

/// Where a certificate lies ready while its key is replaced.
fn ready(certificate: &Path) -> PathBuf {
    with_end(certificate, "ready")
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    PathBuf::from(name)
}

pub(super) fn unwritten(path: &Path, error: &io::Error) -> Error {
    Error::Conflict(format!("{}: {error}", path.display()))
}

/// Keeps other processes from installing until the file is dropped.
fn hold(path: &Path) -> io::Result<File> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory)?;
    let held = File::open(directory)?;
    held.lock()?;
    Ok(held)
}

/// Writes aside and moves into place: whoever reads finds the old or the new, whole.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let aside = with_end(path, &format!("{}.new", std::process::id()));
    write(&aside, bytes, mode)?;
    rename(&aside, path)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    File::open(to.parent().unwrap_or(Path::new("/")))?.sync_all()
}

/// Writes a file to the disk. Made by root, it belongs to whoever its directory belongs to, so that the service can read it.
fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)?;
    if geteuid().is_root() {
        let owner = fs::metadata(directory)?;
        let (user, group) = (Uid::from_raw(owner.uid()), Gid::from_raw(owner.gid()));
        chown(path, Some(user), Some(group))?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}
