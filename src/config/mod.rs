//! What the operator decided: the settings of the service and the description of the campus. The only reader of either.

mod campus;
mod decisions;
mod destinations;
mod lines;
mod network;
mod ranges;
mod settings;
mod written;

use std::io::{self, Read as _};
use std::path::Path;

pub use crate::domain::network::Network;
pub use campus::{Problem, Problems, read_campus};
pub use decisions::{Decisions, Undecided};
pub use settings::{
    Appliance, Auth, Database, Exchange, Firewall, Log, Mail, MailSecurity, Pages, Reach, Readings,
    Settings, Unusable, Update, Web,
};

/// What a file holds that is named on the command line; what comes in, where it is called `-`.
///
/// # Errors
/// When it cannot be read.
pub fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file, as [`read_bytes`] takes it.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_bytes(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
