//! What systemd is told (ready, alive, stopping) and what it hands over. Without systemd nothing is told, nothing is handed
//! over, and nothing fails.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use systemd::daemon;

use crate::error::Error;

fn tell(state: &[(&str, &str)]) {
    if let Err(error) = daemon::notify(state.iter()) {
        log::warn!("systemd: not told {state:?}: {error}");
    }
}

/// The service answers.
pub fn ready() {
    tell(&[("READY", "1"), ("STATUS", "serving")]);
}

/// The service stops.
pub fn stopping() {
    tell(&[("STOPPING", "1")]);
}

/// The service is alive.
pub fn alive() {
    tell(&[("WATCHDOG", "1")]);
}

/// Starts one of the units that do what needs more rights than ours; a rule of polkit lets the service start exactly those.
///
/// # Errors
/// When systemd does not start it, in its own words.
pub fn start_unit(name: &str) -> Result<(), Error> {
    let output = Command::new("/usr/bin/systemctl")
        .args(["start", "--no-block", "--no-ask-password", name])
        .output()
        .map_err(|error| Error::Conflict(format!("systemctl cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(Error::Conflict(format!(
        "{name} is not started: {}",
        told.trim()
    )))
}

/// How often systemd wants to hear that the service is alive: half of what its unit says.
#[must_use]
pub fn watchdog_period() -> Option<Duration> {
    let micros = daemon::watchdog_enabled()
        .ok()
        .filter(|micros| *micros > 0)?;
    Some(Duration::from_micros(micros) / 2)
}

/// The socket that systemd listens on under a name (`FileDescriptorName=` of the socket unit), if it does: then the
/// service needs no right to bind ports, and nobody is refused while it restarts. Each may be taken once.
///
/// # Errors
/// When what was handed over is no listening TCP socket.
pub fn listener(name: &str) -> Result<Option<TcpListener>, Error> {
    let wrong = |error| {
        Error::Conflict(format!(
            "the socket {name} that systemd hands over cannot be used: {error}"
        ))
    };
    let handed_over = daemon::listen_fds_with_names().map_err(wrong)?;
    let descriptor = handed_over.iter_named(name).map_err(wrong)?.next();
    descriptor
        .map(|descriptor| daemon::tcp_listener(descriptor).map_err(wrong))
        .transpose()
}
