//! What the operator decided: the settings of the service and the description of the campus. The only reader of either.

mod campus;
mod decisions;
mod destinations;
mod lines;
mod network;
mod settings;
mod written;

use std::io;
use std::path::Path;

pub use crate::domain::network::Network;
pub use campus::{Problem, Problems, read_campus};
pub use decisions::{Decisions, Undecided};
pub use settings::{
    Appliance, Auth, Database, Exchange, Firewall, Log, Mail, MailSecurity, Pages, Reach, Readings,
    Settings, Unusable, Update, Web,
};

/// The text of a file that is named on the command line; of what comes in, where it is called `-`.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    if path == Path::new("-") {
        return io::read_to_string(io::stdin());
    }
    std::fs::read_to_string(path)
}
