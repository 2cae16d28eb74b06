//! The file of the machine's place in its network: read strictly, as what it says is done with the rights of root.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::lines::line_at;
use super::{Undecided, Unusable};
use crate::appliance::files;
use crate::domain::network::Network;

/// No file of a network is as large.
const LARGEST: u64 = 64 * 1024;

/// Read by the service and by root.
const MODE: u32 = 0o640;

impl Network {
    /// Reads the file; one that is not there leaves everything to the network. No link is followed.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or holds an unknown key or a value that breaks a rule.
    pub fn read(path: &Path) -> Result<Self, Unusable> {
        let unread = |cause| Unusable::Decisions {
            path: path.to_owned(),
            cause,
        };
        let nofollow = nix::fcntl::OFlag::O_NOFOLLOW.bits();
        let file = match File::options().read(true).custom_flags(nofollow).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(unread(error)),
        };
        let mut text = String::new();
        file.take(LARGEST)
            .read_to_string(&mut text)
            .map_err(unread)?;
        let invalid = |line, rule| Unusable::Invalid {
            path: path.to_owned(),
            line,
            rule,
        };
        let network: Self = toml::from_str(&text).map_err(|error| {
            let line = line_at(&text, error.span().map_or(0, |span| span.start));
            invalid(line, error.message().to_owned())
        })?;
        match network.faults().into_iter().next() {
            None => Ok(network),
            Some(fault) => Err(invalid(1, format!("{}: {}", fault.field, fault.message))),
        }
    }

    /// Writes the file that is tried before it holds, beside the one that does.
    ///
    /// # Errors
    /// When it breaks a rule, or cannot be written.
    pub fn propose(&self, path: &Path) -> Result<PathBuf, Undecided> {
        let proposed = Self::proposed(path);
        let unwritten = |cause| Undecided::Unwritten {
            path: proposed.clone(),
            cause,
        };
        let text = toml::to_string(self).map_err(|error| unwritten(io::Error::other(error)))?;
        files::replace(&proposed, text.as_bytes(), MODE).map_err(unwritten)?;
        Ok(proposed)
    }

    /// Lets what is tried hold; `false` when nothing is tried any more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_proposed(path: &Path) -> Result<bool, Undecided> {
        match std::fs::rename(Self::proposed(path), path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(Undecided::Unwritten {
                path: path.to_owned(),
                cause,
            }),
        }
    }

    /// Where the file that is tried stands.
    #[must_use]
    pub fn proposed(path: &Path) -> PathBuf {
        path.with_extension("proposed.toml")
    }
}
