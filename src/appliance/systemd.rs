//! What systemd is told: ready, alive, stopping. Without systemd nothing is told and nothing fails.

use std::time::Duration;

use systemd::daemon;

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

/// How often systemd wants to hear that the service is alive: half of what its unit says.
#[must_use]
pub fn watchdog_period() -> Option<Duration> {
    let micros = daemon::watchdog_enabled().ok().filter(|micros| *micros > 0)?;
    Some(Duration::from_micros(micros) / 2)
}
